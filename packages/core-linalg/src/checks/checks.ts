/**
 * The checks that every package makes before it works. Each message reads
 * "function: requirement, got actual"; values raise RangeError, kinds raise TypeError.
 */

/**
 * How a value reads in an error message: numbers and short strings as they are, the rest by kind and length.
 *
 * @example
 * describe(new Float32Array(3)); // => 'Float32Array(3)'
 */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return String(value);
  if (value instanceof DataView) return `DataView(${value.byteLength} bytes)`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Float64Array).length})`;
  if (Array.isArray(value)) return `Array(${value.length})`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'Object') : typeof value;
}

/**
 * Passes any number, NaN and infinities included.
 *
 * @throws TypeError if `value` is not a number
 * @example
 * assertNumber('boltz', 'z', '1'); // throws TypeError: boltz: z must be a number, got "1"
 * @example
 * assertNumber('f', 'x', NaN); // => undefined
 */
export function assertNumber(fn: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${fn}: ${name} must be a number, got ${describe(value)}`);
}

/**
 * Passes a finite number.
 *
 * @throws RangeError if `value` is NaN or infinite
 * @throws TypeError if it is not a number
 * @example
 * assertFiniteNumber('attend', 'scale', NaN); // throws RangeError: attend: scale must be finite, got NaN
 * @example
 * assertFiniteNumber('f', 'x', -1.5); // => undefined
 * @example
 * assertFinite('f', 'z', new Float32Array(3)); // => undefined
 */
export function assertFiniteNumber(fn: string, name: string, value: unknown): asserts value is number {
  assertNumber(fn, name, value);
  if (!Number.isFinite(value)) throw new RangeError(`${fn}: ${name} must be finite, got ${value}`);
}

/**
 * Passes a finite number above 0.
 *
 * @throws RangeError if `value` is NaN, infinite, 0 or below
 * @throws TypeError if it is not a number
 * @example
 * assertPositive('bumpNetwork', 'width', 0); // throws RangeError: bumpNetwork: width must be above 0, got 0
 * @example
 * assertPositive('f', 'x', 5e-324); // => undefined
 */
export function assertPositive(fn: string, name: string, value: unknown): asserts value is number {
  assertFiniteNumber(fn, name, value);
  if (value <= 0) throw new RangeError(`${fn}: ${name} must be above 0, got ${value}`);
}

/**
 * Passes `low <= value <= high`; both ends belong to the range.
 *
 * @throws RangeError if `value` is NaN or outside
 * @throws TypeError if it is not a number
 * @example
 * assertInRange('tunePrompt', 'beta', 1.5, 0, 1); // throws RangeError: tunePrompt: beta must lie in [0, 1], got 1.5
 * @example
 * assertInRange('f', 'x', 2, 0, 2); // => undefined
 */
export function assertInRange(fn: string, name: string, value: unknown, low: number, high: number): asserts value is number {
  assertNumber(fn, name, value);
  if (!(value >= low && value <= high)) throw new RangeError(`${fn}: ${name} must lie in [${low}, ${high}], got ${value}`);
}

/**
 * Passes an integer with `low <= value <= high`, by default from 0 to $2^{53} - 1$.
 *
 * @throws RangeError if `value` is not an integer, outside, or so large that neighbouring integers merge
 * @throws TypeError if it is not a number
 * @example
 * assertInteger('tokens', 'd', 0, 1); // throws RangeError: tokens: d must be at least 1, got 0
 * @example
 * assertInteger('f', 'n', 7, 1, 7); // => undefined
 */
export function assertInteger(fn: string, name: string, value: unknown, low: number = 0, high: number = Number.MAX_SAFE_INTEGER): asserts value is number {
  assertNumber(fn, name, value);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${fn}: ${name} must be an integer${Number.isInteger(value) ? ' below 2^53' : ''}, got ${value}`);
  }
  if (value < low || value > high) {
    const range = high === Number.MAX_SAFE_INTEGER ? `at least ${low}` : `an integer from ${low} to ${high}`;
    throw new RangeError(`${fn}: ${name} must be ${range}, got ${value}`);
  }
}

/**
 * Passes an array or typed array with at least one value.
 *
 * @throws RangeError if `values` is empty
 * @throws TypeError if it has no length
 * @example
 * assertNonEmpty('boltz', 'z', []); // throws RangeError: boltz: z must hold at least one value, got none
 * @example
 * assertNonEmpty('f', 'z', [0]); // => undefined
 */
export function assertNonEmpty(fn: string, name: string, values: ArrayLike<unknown>): void {
  assertArrayLike(fn, name, values, 'an array');
  if (values.length === 0) throw new RangeError(`${fn}: ${name} must hold at least one value, got none`);
}

/**
 * Passes an array or typed array of length `length`; `what` says where that length comes from.
 *
 * @throws RangeError if the length differs
 * @throws TypeError if `values` has no length
 * @example
 * assertLength('attend', 'mask', [1, 2], 3); // throws RangeError: attend: mask must have length 3, got 2
 * @example
 * assertLength('f', 'z', [0, 0], 2, 'd'); // => undefined
 */
export function assertLength(fn: string, name: string, values: ArrayLike<unknown>, length: number, what: string = ''): void {
  assertArrayLike(fn, name, values, 'an array');
  if (values.length !== length) {
    throw new RangeError(`${fn}: ${name} must have length ${length}${what ? ` (${what})` : ''}, got ${values.length}`);
  }
}

/**
 * Passes an array or typed array of finite numbers; it may be empty.
 *
 * @throws RangeError at the first NaN or infinity, naming its index
 * @throws TypeError at the first value that is no number, or if `values` has no length
 * @example
 * assertFinite('boltz', 'z', [0, Infinity]); // throws RangeError: boltz: z must be finite, got Infinity at index 1
 */
export function assertFinite(fn: string, name: string, values: ArrayLike<number>): void {
  assertArrayLike(fn, name, values, 'an array of numbers');
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    if (typeof values[i] !== 'number') throw new TypeError(`${fn}: ${name} must hold numbers, got ${describe(values[i])} at index ${i}`);
    throw new RangeError(`${fn}: ${name} must be finite, got ${values[i]} at index ${i}`);
  }
}

/**
 * Passes one of the strings `allowed`.
 *
 * @throws RangeError if `value` is another string
 * @throws TypeError if it is no string
 * @example
 * assertOneOf('pack', 'form', 'X', ['N', 'T']); // throws RangeError: pack: form must be one of N, T, got "X"
 * @example
 * assertOneOf('f', 'form', 'NT', ['NN', 'NT']); // => undefined
 */
export function assertOneOf<T extends string>(fn: string, name: string, value: unknown, allowed: readonly T[]): asserts value is T {
  if (typeof value !== 'string') throw new TypeError(`${fn}: ${name} must be a string, got ${describe(value)}`);
  if (!allowed.includes(value as T)) {
    throw new RangeError(`${fn}: ${name} must be one of ${allowed.join(', ')}, got ${describe(value)}`);
  }
}

function assertArrayLike(fn: string, name: string, values: unknown, kind: string): void {
  if (typeof values !== 'object' || typeof (values as ArrayLike<unknown> | null)?.length !== 'number') {
    throw new TypeError(`${fn}: ${name} must be ${kind}, got ${describe(values)}`);
  }
}
