import { decide, decideBoth, floorFixed } from './decide.ts';
import { bitLength, subtractDyadic, topExponent, ZERO, type Dyadic } from './dyadic.ts';
import type { Fixed } from './expFixed.ts';
import { fromDyadic, isPoint, type Interval } from './interval.ts';
import { ln2 } from './ln2.ts';
import { logFixed } from './logFixed.ts';
import { assertBits } from './round.ts';

const ONE: Dyadic = { m: 1n, e: 0 };

// The first try fails where the bits after the last one kept are all equal but for the last 10: once in 2^22 values.
const GUARD = 32;

/**
 * $\lbrace \ln x : x \in a \rbrace$, in the smallest interval of `bits` bits: each end is correctly rounded, near 1 too.
 * Any exponents.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if `a` reaches 0 or below, or for `bits` out of range
 * @example
 * toFloat64(log(fromNumber(10), 53)); // => { low: 2.302585092994045, high: 2.302585092994046 }
 */
export function log(a: Interval, bits: number): Interval {
  assertBits('log', bits);
  if (a.low.m <= 0n) throw new RangeError(`log: the interval must lie above 0, got one that ${a.low.m === 0n ? 'starts at 0' : 'reaches below'}`);
  if (isPoint(a)) return logOf(a.low, bits);
  return logNear(a, bits) ?? { low: logOf(a.low, bits).low, high: logOf(a.high, bits).high };
}

/** ln x rounded down and up. */
function logOf(x: Dyadic, bits: number): Interval {
  const distance = distanceFromOne(x);
  if (distance?.m === 0n) return fromDyadic(ZERO);
  // ln x is irrational for x != 1: some precision decides.
  for (let precision = bits + GUARD; ; precision += bits) {
    const fraction = fractionFor(distance, precision);
    const decided = decide(enclose(x, distance !== undefined, fraction), -fraction, bits);
    if (decided) return decided;
  }
}

/** Both ends from one logarithm, or undefined where that does not decide. */
function logNear(a: Interval, bits: number): Interval | undefined {
  const distance = distanceFromOne(a.low);
  // The logarithm of 1 is 0, which no enclosure decides.
  if (distance?.m === 0n || distanceFromOne(a.high)?.m === 0n) return undefined;
  const fraction = fractionFor(distance, bits + GUARD);
  const width = subtractDyadic(a.high, a.low);
  if (3 * (topExponent(width) - topExponent(a.low) + 1) > -fraction) return undefined;
  const low = enclose(a.low, distance !== undefined, fraction);
  // v - v^2 / 2 <= ln(1 + v) <= v - v^2 / 2 + v^3 / 3 for v = width / low. v^3 is below 1 unit, v from below within 2 (a shift
  // may cut too), v^2 / 2 within next to nothing more and its floor.
  const v = (width.m << BigInt(fraction + width.e - a.low.e)) / a.low.m;
  const rise = v - ((v * v) >> BigInt(fraction + 1));
  return decideBoth(low, { value: low.value + rise - 1n, error: low.error + 5n }, -fraction, bits);
}

/** x - 1, if x lies between 1/2 and 2. */
function distanceFromOne(x: Dyadic): Dyadic | undefined {
  const top = topExponent(x);
  return top === 0 || top === 1 ? subtractDyadic(x, ONE) : undefined;
}

/** Bits after the point for `precision` bits of ln x: near 1 it has the size of x - 1, at least 0.69 of it; else above ln 2. */
function fractionFor(distance: Dyadic | undefined, precision: number): number {
  const closeness = distance ? Math.max(0, -topExponent(distance)) : 0;
  return Math.ceil((precision + closeness + 2) / 64) * 64;
}

/** ln x in units of 2^-F; `near` says that x lies between 1/2 and 2. */
function enclose(x: Dyadic, near: boolean, fraction: number): Fixed {
  // x = 2^k f with f from 1/2 to 2; k = 0 wherever x - 1 is small.
  const k = near ? 0 : topExponent(x);
  const log1 = logFixed(floorFixed({ m: x.m, e: x.e - k }, fraction), fraction);
  if (k === 0) return log1;
  // L <= 2^(F + g) ln 2 <= L + 1 with |k| <= 2^g: k L 2^-g is within 1 unit of 2^F k ln 2 on the side of k's sign, and
  // its floor adds 1.
  const g = bitLength(BigInt(k));
  const multiple = (BigInt(k) * ln2(fraction + g)) >> BigInt(g);
  return { value: log1.value + multiple - 1n, error: log1.error + 3n };
}
