import { bitLength, topExponent, ZERO, type Dyadic } from './dyadic.ts';
import { isPoint, type Interval } from './interval.ts';
import { negate } from './arithmetic.ts';
import { assertBits, roundDown, roundUp } from './round.ts';

/**
 * $\lbrace x / y : x \in a, y \in b \rbrace$, in the smallest interval of `bits` bits. Any exponents.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if b holds 0, for `bits` out of range, or if the exponent of the quotient leaves the safe integers
 * @example
 * toFloat64(divide(fromNumber(1), fromNumber(3), 53)); // => { low: 0.3333333333333333, high: 0.33333333333333337 }
 */
export function divide(a: Interval, b: Interval, bits: number): Interval {
  assertBits('divide', bits);
  if (b.low.m <= 0n && b.high.m >= 0n) {
    const what = b.low.m === 0n && b.high.m === 0n ? '0' : `one of size 2^${Math.max(topExponent(b.low), topExponent(b.high))} that does`;
    throw new RangeError(`divide: the divisor must not hold 0, got ${what}`);
  }
  if (b.high.m < 0n) return divide(negate(a), negate(b), bits);
  if (isPoint(a) && isPoint(b)) return quotients(a.low, b.low, bits);
  // The divisor is positive: a negative end gets further from 0 by the smaller divisor.
  return {
    low: quotients(a.low, a.low.m < 0n ? b.low : b.high, bits).low,
    high: quotients(a.high, a.high.m < 0n ? b.high : b.low, bits).high,
  };
}

/** a / b rounded down and up, b above 0. */
function quotients(a: Dyadic, b: Dyadic, bits: number): Interval {
  if (a.m === 0n) return { low: ZERO, high: ZERO };
  // |a.m| 2^shift / b.m > 2^(length(a) - 1 + shift - length(b)) >= 2^bits: at least bits + 1 bits before the point.
  const shift = Math.max(0, bits + 1 + bitLength(b.m) - bitLength(a.m));
  const numerator = a.m << BigInt(shift);
  const truncated = numerator / b.m;
  const e = a.e - b.e - shift;
  if (truncated * b.m === numerator) {
    const low = roundDown({ m: truncated, e }, bits);
    return { low, high: low.m << BigInt(low.e - e) === truncated ? low : roundUp({ m: truncated, e }, bits) };
  }
  // Truncation is towards 0. Rounding to an integer and then to fewer bits in the same direction is one rounding, as
  // the integers hold all numbers of `bits` bits above 2^bits.
  const floor = a.m < 0n ? truncated - 1n : truncated;
  return { low: roundDown({ m: floor, e }, bits), high: roundUp({ m: floor + 1n, e }, bits) };
}
