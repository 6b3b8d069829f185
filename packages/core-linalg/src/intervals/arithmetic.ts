import { compareDyadic, multiplyDyadic, negateDyadic, ZERO, type Dyadic } from './dyadic.ts';
import { isPoint, outward, type Interval } from './interval.ts';
import { addForRounding, assertBits, roundDown, roundUp } from './round.ts';

/**
 * $\lbrace x + y : x \in a, y \in b \rbrace$, in the smallest interval of `bits` bits. Any exponents.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError for `bits` out of range
 * @example
 * toFloat64(add(fromNumber(0.1), fromNumber(0.2), 53)); // => { low: 0.3, high: 0.30000000000000004 }
 */
export function add(a: Interval, b: Interval, bits: number): Interval {
  assertBits('add', bits);
  const low = addForRounding(a.low, b.low, bits);
  return outward(low, isPoint(a) && isPoint(b) ? low : addForRounding(a.high, b.high, bits), bits);
}

/**
 * $\lbrace x - y : x \in a, y \in b \rbrace$, in the smallest interval of `bits` bits. Any exponents. The two are taken as independent:
 * a - a holds 0 and is not 0 unless a is one number.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError for `bits` out of range
 * @example
 * toFloat64(subtract(fromNumber(1), fromNumber(0.75), 53)); // => { low: 0.25, high: 0.25 }
 */
export function subtract(a: Interval, b: Interval, bits: number): Interval {
  assertBits('subtract', bits);
  return add(a, negate(b), bits);
}

/**
 * $\lbrace -x : x \in a \rbrace$, exact.
 *
 * @example
 * toFloat64(negate(fromNumber(3))); // => { low: -3, high: -3 }
 */
export function negate(a: Interval): Interval {
  const low = negateDyadic(a.high);
  return { low, high: a.low === a.high ? low : negateDyadic(a.low) };
}

/**
 * $\lbrace |x| : x \in a \rbrace$, exact.
 *
 * @example
 * toFloat64(absolute(hull(fromNumber(-3), fromNumber(2)))); // => { low: 0, high: 3 }
 */
export function absolute(a: Interval): Interval {
  if (a.low.m >= 0n) return a;
  const flipped = negate(a);
  if (a.high.m <= 0n) return flipped;
  return { low: ZERO, high: compareDyadic(flipped.high, a.high) >= 0 ? flipped.high : a.high };
}

/**
 * $\lbrace x y : x \in a, y \in b \rbrace$, in the smallest interval of `bits` bits. Any exponents.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError for `bits` out of range, or if the exponent of the product leaves the safe integers
 * @example
 * toFloat64(multiply(fromNumber(0.1), fromNumber(0.1), 53)); // => { low: 0.01, high: 0.010000000000000002 }
 */
export function multiply(a: Interval, b: Interval, bits: number): Interval {
  assertBits('multiply', bits);
  const [low, high] = exactProduct(a, b);
  return outward(low, high, bits);
}

/** Both ends of the product, exact; one object for the product of two numbers. */
export function exactProduct(a: Interval, b: Interval): readonly [Dyadic, Dyadic] {
  if (isPoint(a) && isPoint(b)) {
    const product = multiplyDyadic(a.low, b.low);
    return [product, product];
  }
  // 1: all of it is 0 or above, -1: 0 or below, 0: both signs. The ends of a product are products of ends; the signs
  // say which, unless both intervals have both.
  const signA = side(a);
  const signB = side(b);
  if (signA === 0 && signB === 0) {
    const [p, q] = [multiplyDyadic(a.low, b.high), multiplyDyadic(a.high, b.low)];
    const [r, s] = [multiplyDyadic(a.low, b.low), multiplyDyadic(a.high, b.high)];
    return [compareDyadic(p, q) <= 0 ? p : q, compareDyadic(r, s) >= 0 ? r : s];
  }
  if (signA === 0) return exactProduct(b, a);
  if (signA < 0) {
    const [low, high] = exactProduct(negate(a), b);
    return [negateDyadic(high), negateDyadic(low)];
  }
  return [multiplyDyadic(signB > 0 ? a.low : a.high, b.low), multiplyDyadic(signB < 0 ? a.low : a.high, b.high)];
}

const side = (a: Interval): -1 | 0 | 1 => (a.low.m >= 0n ? 1 : a.high.m <= 0n ? -1 : 0);

/**
 * $a\,2^k$, exact.
 *
 * @param k - any integer
 * @throws RangeError if the exponent leaves the safe integers
 * @example
 * toFloat64(scaleByPowerOfTwo(fromNumber(3), -2)); // => { low: 0.75, high: 0.75 }
 */
export function scaleByPowerOfTwo(a: Interval, k: number): Interval {
  const shifted = ({ m, e }: Dyadic): Dyadic => (m === 0n ? ZERO : { m, e: e + k });
  const low = shifted(a.low);
  const high = a.low === a.high ? low : shifted(a.high);
  if (!Number.isSafeInteger(k) || !Number.isSafeInteger(low.e) || !Number.isSafeInteger(high.e)) {
    throw new RangeError(`scaleByPowerOfTwo: k must be an integer that keeps the exponent below 2^53, got ${k}`);
  }
  return { low, high };
}

/**
 * The interval in the smallest one of `bits` bits around it.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError for `bits` out of range
 * @example
 * relativeWidth(round(fromDyadic({ m: 3n ** 99n, e: 0 }), 53)) < 2 ** -51; // => true
 */
export function round(a: Interval, bits: number): Interval {
  assertBits('round', bits);
  return a.low === a.high ? outward(a.low, a.low, bits) : { low: roundDown(a.low, bits), high: roundUp(a.high, bits) };
}
