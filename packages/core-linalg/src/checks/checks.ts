/**
 * The checks that every package makes before it works. Each message reads
 * "function: requirement, got actual"; values raise RangeError, kinds raise TypeError.
 */

/** How a value reads in an error message: numbers and short strings as they are, the rest by kind. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value === null || value === undefined) return String(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Float64Array).length})`;
  if (Array.isArray(value)) return `Array(${value.length})`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'Object') : typeof value;
}

/** Throws TypeError unless `value` is a number (NaN and infinities included). */
export function assertNumber(fn: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${fn}: ${name} must be a number, got ${describe(value)}`);
}

/** Throws unless `value` is a finite number. */
export function assertFiniteNumber(fn: string, name: string, value: unknown): asserts value is number {
  assertNumber(fn, name, value);
  if (!Number.isFinite(value)) throw new RangeError(`${fn}: ${name} must be finite, got ${value}`);
}

/** Throws unless `value` is a finite number above 0. */
export function assertPositive(fn: string, name: string, value: unknown): asserts value is number {
  assertFiniteNumber(fn, name, value);
  if (value <= 0) throw new RangeError(`${fn}: ${name} must be above 0, got ${value}`);
}

/** Throws unless `low <= value <= high`; both ends belong to the range. */
export function assertInRange(fn: string, name: string, value: unknown, low: number, high: number): asserts value is number {
  assertNumber(fn, name, value);
  if (!(value >= low && value <= high)) throw new RangeError(`${fn}: ${name} must lie in [${low}, ${high}], got ${value}`);
}

/** Throws unless `value` is a safe integer with `low <= value <= high`. */
export function assertInteger(fn: string, name: string, value: unknown, low: number = 0, high: number = Number.MAX_SAFE_INTEGER): asserts value is number {
  assertNumber(fn, name, value);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${fn}: ${name} must be an integer, got ${value}`);
  if (value < low || value > high) {
    const range = high === Number.MAX_SAFE_INTEGER ? `at least ${low}` : `an integer from ${low} to ${high}`;
    throw new RangeError(`${fn}: ${name} must be ${range}, got ${value}`);
  }
}

/** Throws RangeError if `values` is empty. */
export function assertNonEmpty(fn: string, name: string, values: ArrayLike<unknown>): void {
  if (values.length === 0) throw new RangeError(`${fn}: ${name} must hold at least one value, got none`);
}

/** Throws RangeError unless `values.length === length`; `what` says where the length comes from. */
export function assertLength(fn: string, name: string, values: ArrayLike<unknown>, length: number, what: string = ''): void {
  if (values.length !== length) {
    throw new RangeError(`${fn}: ${name} must have length ${length}${what ? ` (${what})` : ''}, got ${values.length}`);
  }
}

/** Throws RangeError at the first NaN or infinity, naming its index. */
export function assertFinite(fn: string, name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new RangeError(`${fn}: ${name} must be finite, got ${values[i]} at index ${i}`);
  }
}

/** Throws RangeError unless `value` is one of `allowed`. */
export function assertOneOf<T extends string>(fn: string, name: string, value: unknown, allowed: readonly T[]): asserts value is T {
  if (typeof value !== 'string') throw new TypeError(`${fn}: ${name} must be a string, got ${describe(value)}`);
  if (!allowed.includes(value as T)) {
    throw new RangeError(`${fn}: ${name} must be one of ${allowed.join(', ')}, got ${describe(value)}`);
  }
}
