/** What compiled examples call: the comparison of a value with the value that the documentation prints. */
import { inspect, isDeepStrictEqual } from 'node:util';

/** A printed decimal: stands for every number that rounds to it. */
export class Near {
  readonly value: number;
  readonly half: number;

  constructor(value: number, half: number) {
    this.value = value;
    this.half = half;
  }

  accepts(actual: unknown): boolean {
    // The printed decimal becomes a float64 with an error of at most half an ulp of itself, eps / 2 |value|.
    return typeof actual === 'number' && Math.abs(actual - this.value) <= this.half + (Number.EPSILON / 2) * Math.abs(this.value);
  }
}

/** A printed decimal and half a unit of its last digit. */
export const near = (value: number, half: number): Near => new Near(value, half);

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Whether `actual` is what is printed: arrays (typed ones too) and objects entry by entry, the rest exactly. */
export function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof Near) return expected.accepts(actual);
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected);
  if (typeof actual !== 'object' || actual === null) return false;
  if (Array.isArray(expected)) {
    const list = Array.isArray(actual) || (ArrayBuffer.isView(actual) && !(actual instanceof DataView)) ? (actual as ArrayLike<unknown>) : undefined;
    return list !== undefined && list.length === expected.length && expected.every((e, i) => matches(list[i], e));
  }
  if (!isPlain(expected)) return isDeepStrictEqual(actual, expected);
  if (Array.isArray(actual) || ArrayBuffer.isView(actual)) return false;
  const keys = Object.keys(expected);
  return Object.keys(actual).length === keys.length && keys.every((k) => Object.hasOwn(actual, k) && matches((actual as Record<string, unknown>)[k], (expected as Record<string, unknown>)[k]));
}

/** Fails unless `actual` is what is printed. */
export function check(actual: unknown, expected: unknown, where: string, printed: string): void {
  if (!matches(actual, expected)) throw new Error(`${where}: the documentation says ${printed}, got ${inspect(actual, { depth: 6 })}`);
}

/** Fails unless `body` throws an error of that name whose message holds `part`. */
export async function throws(body: () => unknown, name: string, part: string, where: string): Promise<void> {
  let result: unknown;
  try {
    result = await body();
  } catch (error) {
    if (error instanceof Error && error.name === name && error.message.includes(part)) return;
    throw new Error(`${where}: the documentation says ${name}: ${part}, got ${String(error)}`, { cause: error });
  }
  throw new Error(`${where}: the documentation says ${name}: ${part}, got no error but ${inspect(result)}`);
}
