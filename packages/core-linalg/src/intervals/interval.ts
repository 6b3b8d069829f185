import { assertFiniteNumber, describe } from '../checks/checks.ts';
import { bitLength, compareDyadic, dyadicFromNumber, powerOfTwo, subtractDyadic, topExponent, type Dyadic } from './dyadic.ts';
import { divide } from './divide.ts';
import type { Float64Interval } from './float64Interval.ts';
import { assertBits, BITS, roundDown, roundUp } from './round.ts';

/** All real numbers x with low <= x <= high. A number known exactly has low = high. */
export interface Interval {
  /** Lower end, part of the interval. */
  readonly low: Dyadic;
  /** Upper end, part of the interval. */
  readonly high: Dyadic;
}

/** The smallest interval of `bits` bits around low <= high; an exact number that fits stays one object. */
export function outward(low: Dyadic, high: Dyadic, bits: number): Interval {
  if (low !== high) return { low: roundDown(low, bits), high: roundUp(high, bits) };
  const down = roundDown(low, bits);
  return down === low ? { low, high } : { low: down, high: roundUp(low, bits) };
}

/** Whether the interval is one number. */
export const isPoint = ({ low, high }: Interval): boolean => low === high || (low.e === high.e && low.m === high.m);

/**
 * The float64 `x` as an interval, exact.
 *
 * @throws RangeError if `x` is NaN or infinite
 * @throws TypeError if it is not a number
 * @example
 * toFloat64(fromNumber(0.1)); // => { low: 0.1, high: 0.1 }
 */
export function fromNumber(x: number): Interval {
  assertFiniteNumber('fromNumber', 'x', x);
  return fromDyadic(dyadicFromNumber(x));
}

/**
 * The interval that holds only $m 2^e$; exact.
 *
 * @throws TypeError if `m` is no bigint
 * @throws RangeError if `e` is no safe integer
 * @example
 * toFloat64(fromDyadic({ m: 3n, e: -1 })); // => { low: 1.5, high: 1.5 }
 */
export function fromDyadic(x: Dyadic): Interval {
  if (typeof x?.m !== 'bigint') throw new TypeError(`fromDyadic: m must be a bigint, got ${describe(x?.m)}`);
  if (!Number.isSafeInteger(x.e)) throw new RangeError(`fromDyadic: e must be an integer below 2^53, got ${describe(x.e)}`);
  return { low: x, high: x };
}

/**
 * The smallest interval of `bits` bits that holds numerator / denominator.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if the denominator is 0, or for `bits` out of range
 * @example
 * relativeWidth(fromRational(1n, 10n, 64)); // => 6.7762635780344e-20
 */
export function fromRational(numerator: bigint, denominator: bigint, bits: number): Interval {
  assertBits('fromRational', bits);
  if (denominator === 0n) throw new RangeError('fromRational: denominator must not be 0, got 0n');
  return divide(fromDyadic({ m: numerator, e: 0 }), fromDyadic({ m: denominator, e: 0 }), bits);
}

/**
 * The smallest interval that holds both; exact.
 *
 * @example
 * toFloat64(hull(fromNumber(3), fromNumber(-1))); // => { low: -1, high: 3 }
 */
export function hull(a: Interval, b: Interval): Interval {
  return {
    low: compareDyadic(a.low, b.low) <= 0 ? a.low : b.low,
    high: compareDyadic(a.high, b.high) >= 0 ? a.high : b.high,
  };
}

/**
 * What both intervals hold, or undefined where they share nothing; exact.
 *
 * @example
 * intersect(fromNumber(3), fromNumber(-1)); // => undefined
 */
export function intersect(a: Interval, b: Interval): Interval | undefined {
  const low = compareDyadic(a.low, b.low) >= 0 ? a.low : b.low;
  const high = compareDyadic(a.high, b.high) <= 0 ? a.high : b.high;
  return compareDyadic(low, high) <= 0 ? { low, high } : undefined;
}

/**
 * Whether `a` holds `x`; exact.
 *
 * @example
 * contains(fromRational(1n, 3n, 64), dyadicFromNumber(1 / 3)); // => false
 */
export function contains(a: Interval, x: Dyadic): boolean {
  return compareDyadic(a.low, x) <= 0 && compareDyadic(x, a.high) <= 0;
}

/**
 * $\log_2$ of the largest magnitude in the interval, rounded up to an integer: $|x| < 2^{n}$ for every x in it, and
 * $|x| \ge 2^{n-1}$ for one of them. -Infinity for the interval that holds only 0.
 *
 * @example
 * log2Size(fromNumber(-1000)); // => 10
 */
export function log2Size(a: Interval): number {
  return Math.max(topExponent(a.low), topExponent(a.high));
}

/**
 * (high - low) / min $|x|$, rounded up to a float64: Infinity where the interval holds 0 and another number, 0 for a single
 * number.
 *
 * @example
 * relativeWidth(fromNumber(0.1)); // => 0
 */
export function relativeWidth(a: Interval): number {
  if (compareDyadic(a.low, a.high) === 0) return 0;
  const smallest = a.low.m > 0n ? a.low : a.high.m < 0n ? a.high : undefined;
  // Ends apart by more bits than a float64 has exponents: the quotient is above 2^1024.
  if (smallest === undefined || log2Size(a) - topExponent(smallest) > 1100) return Infinity;
  const size = { m: smallest.m < 0n ? -smallest.m : smallest.m, e: smallest.e };
  return toFloat64(divide(fromDyadic(subtractDyadic(a.high, a.low)), fromDyadic(size), BITS.least)).high;
}

/**
 * The middle of the interval rounded to the nearest float64, as good as 1 ulp; no bound is claimed, use `toFloat64` for one.
 * Values beyond the float64 range give 0 or an infinity.
 *
 * @example
 * midpoint(fromRational(1n, 3n, 64)); // => 0.3333333333333333
 */
export function midpoint(a: Interval): number {
  const { low, high } = toFloat64(a);
  if (low === -Infinity || high === Infinity) return low === -Infinity ? (high === Infinity ? 0 : low) : high;
  return low / 2 + high / 2;
}

/**
 * The smallest float64 interval that holds `a`: ends beyond the largest float64 become infinite, ends below the
 * smallest subnormal become 0 or that subnormal.
 *
 * @example
 * toFloat64(fromRational(1n, 10n, 64)); // => { low: 0.09999999999999999, high: 0.1 }
 */
export function toFloat64(a: Interval): Float64Interval {
  const low = floorToNumber(a.low);
  return { low, high: a.low === a.high && exact(low, a.low) ? low : 0 - floorToNumber({ m: -a.high.m, e: a.high.e }) };
}

const exact = (x: number, a: Dyadic): boolean => Number.isFinite(x) && compareDyadic(dyadicFromNumber(x), a) === 0;

/** The largest float64 not above a. */
function floorToNumber(a: Dyadic): number {
  if (a.m === 0n) return 0;
  const length = bitLength(a.m);
  const top = a.e + length;
  if (top > 1024) return a.m > 0n ? Number.MAX_VALUE : -Infinity;
  if (top < -1074) return a.m > 0n ? 0 : -Number.MIN_VALUE;
  // The last place of the float64s in [2^(top - 1), 2^top), where subnormals share 2^-1074. Rounding -m away from 0 can
  // reach 2^53, still exact.
  const last = Math.max(top - 53, -1074);
  const shift = last - a.e;
  const m = Number(shift > 0 ? a.m >> BigInt(shift) : a.m);
  // In two steps, since 2^e may be too large or too small where m 2^e is not; neither rounds, as m 2^e is a float64.
  const e = Math.max(last, a.e);
  const half = Math.trunc(e / 2);
  const value = m * powerOfTwo(half) * powerOfTwo(e - half);
  return value === 0 ? 0 : value; // no -0
}
