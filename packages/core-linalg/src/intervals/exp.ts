import { decide, decideBoth, floorFixed } from './decide.ts';
import { compareDyadic, dyadicFromNumber, negateDyadic, subtractDyadic, topExponent, type Dyadic } from './dyadic.ts';
import { expFixed } from './expFixed.ts';
import { fromDyadic, isPoint, type Interval } from './interval.ts';
import { assertBits } from './round.ts';

// |k| = |x| / ln 2 then stays below 2^44, as `expFixed` asks.
const LARGEST = dyadicFromNumber(1e13);
const LARGEST_TOP = topExponent(LARGEST);
const ONE: Dyadic = { m: 1n, e: 0 };

// The first try fails where the bits after the last one kept are all equal but for the last 8: once in 2^24 values.
const GUARD = 32;

/**
 * $\lbrace e^x : x \in a \rbrace$, in the smallest interval of `bits` bits: each end is correctly rounded. Results as
 * small as $e^{-10^{13}}$ keep all their bits.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if `a` reaches beyond $\pm 10^{13}$, or for `bits` out of range
 * @example
 * toFloat64(exp(fromNumber(1), 53)); // => { low: 2.718281828459045, high: 2.7182818284590455 }
 * @example
 * log2Size(exp(fromNumber(-100000), 64)); // => -144269
 */
export function exp(a: Interval, bits: number): Interval {
  assertBits('exp', bits);
  assertSize(a.low);
  if (isPoint(a)) return expOf(a.low, bits);
  assertSize(a.high);
  return expNear(a, bits) ?? { low: expOf(a.low, bits).low, high: expOf(a.high, bits).high };
}

function assertSize(x: Dyadic): void {
  const top = topExponent(x);
  if (top < LARGEST_TOP) return;
  if (top > LARGEST_TOP || compareDyadic(x.m < 0n ? negateDyadic(x) : x, LARGEST) > 0) {
    throw new RangeError(`exp: the interval must lie within 1e13 of 0, got one that reaches 2^${top - 1}`);
  }
}

// Multiples of 64, so that precisions share tables.
const fractionFor = (precision: number): number => Math.ceil(precision / 64) * 64;

/** e^x rounded down and up. */
function expOf(x: Dyadic, bits: number): Interval {
  if (x.m === 0n) return fromDyadic(ONE);
  if (topExponent(x) < -bits - 2) {
    // |x| < 2^(-bits - 2): 1 < e^x < 1 + 2 x for x > 0 and 1 + x < e^x < 1 otherwise, next to 1 on its side.
    return x.m > 0n
      ? { low: ONE, high: { m: (1n << BigInt(bits - 1)) + 1n, e: 1 - bits } }
      : { low: { m: (1n << BigInt(bits)) - 1n, e: -bits }, high: ONE };
  }
  // e^x is irrational for x != 0: some precision decides, the second even where x is as small as 2^-bits.
  for (let precision = bits + GUARD; ; precision += bits + GUARD) {
    const fraction = fractionFor(precision);
    const result = expFixed(floorFixed(x, fraction), fraction);
    const decided = decide(result, result.k - fraction, bits);
    if (decided) return decided;
  }
}

/** Both ends from one exponential, or undefined where that does not decide. */
function expNear(a: Interval, bits: number): Interval | undefined {
  // The exponential of 0 is 1, which no enclosure decides; nor does one of so few bits near it.
  if (a.low.m === 0n || a.high.m === 0n || topExponent(a.low) < -bits) return undefined;
  const fraction = fractionFor(bits + GUARD);
  const width = subtractDyadic(a.high, a.low);
  if (3 * topExponent(width) > -fraction) return undefined;
  const low = expFixed(floorFixed(a.low, fraction), fraction);
  // 1 + w + w^2 / 2 <= e^w <= 1 + w + w^2 / 2 + w^3 / 5 for 0 <= w <= 1/2, and the value times w^3 / 5 is below 2.1 / 5 units.
  // Two floors, that and the error times e^w - 1 stay below 4 units.
  const first = low.value * width.m;
  const second = first * width.m;
  const high = { value: low.value + (first >> BigInt(-width.e)) + (second >> BigInt(1 - 2 * width.e)), error: low.error + 4n };
  return decideBoth(low, high, low.k - fraction, bits);
}
