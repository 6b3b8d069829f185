import { bitLength, subtractDyadic, topExponent, ZERO, type Dyadic } from './dyadic.ts';
import { expFixed } from './expFixed.ts';
import { fromDyadic, isPoint, type Interval } from './interval.ts';
import { ln2 } from './ln2.ts';
import { assertBits, roundDown, roundUp } from './round.ts';

const ONE: Dyadic = { m: 1n, e: 0 };
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
  return { low: logOf(a.low, bits).low, high: logOf(a.high, bits).high };
}

/** ln x rounded down and up. */
function logOf(x: Dyadic, bits: number): Interval {
  const distance = subtractOne(x);
  if (distance?.m === 0n) return fromDyadic(ZERO);
  // ln x is irrational for x != 1: some precision decides.
  for (let extra = GUARD; ; extra += bits) {
    const { low, high } = enclose(x, distance, bits + extra);
    const down = roundDown(low, bits);
    const up = roundUp(high, bits);
    if (isPoint({ low: down, high: roundDown(high, bits) }) && isPoint({ low: roundUp(low, bits), high: up })) return { low: down, high: up };
  }
}

/** x - 1, if x lies between 1/2 and 2. */
function subtractOne(x: Dyadic): Dyadic | undefined {
  const top = topExponent(x);
  return top === 0 || top === 1 ? subtractDyadic(x, ONE) : undefined;
}

/** Numbers below and above ln x that agree in about `precision` bits; `distance` is x - 1 where x is near 1. */
function enclose(x: Dyadic, distance: Dyadic | undefined, precision: number): Interval {
  // ln x has the size of x - 1 near 1 (at least half of it), so as many more bits after the point; above ln 2 elsewhere.
  const closeness = distance ? Math.max(0, -topExponent(distance)) : 0;
  const fraction = Math.ceil((precision + closeness + 2) / 64) * 64;
  // x = 2^k f with f from 1/2 to 2; k = 0 wherever x - 1 is small.
  const length = bitLength(x.m);
  const k = distance ? 0 : x.e + length;
  const e = x.e - k;
  const shift = e + fraction;
  const f = shift >= 0 ? x.m << BigInt(shift) : x.m >> BigInt(-shift);
  const { value, error } = logFixed(f, fraction);
  if (k === 0) return { low: { m: value, e: -fraction }, high: { m: value + BigInt(error), e: -fraction } };
  // k ln 2 with bits enough for k: within 1 unit of 2^-F.
  const wide = bitLength(BigInt(k)) + 1;
  const multiple = (BigInt(k) * ln2(fraction + wide)) >> BigInt(wide);
  // k L 2^-wide differs from k ln 2 2^F by less than 1 on the side of k's sign, its floor by 1 more.
  const sum = value + multiple;
  return { low: { m: sum - 1n, e: -fraction }, high: { m: sum + BigInt(error) + 2n, e: -fraction } };
}

/**
 * ln f for f from below within 1 unit, $f \in [A, A + 1]\, 2^{-F}$, from 1/2 to 2.
 *
 * @returns value and error with $2^F \ln f \in [value, value + error]$
 */
export function logFixed(f: bigint, fraction: number): { value: bigint; error: number } {
  const shift = BigInt(fraction);
  const one = 1n << shift;
  // ln f = y + ln(f e^-y) for any y; a good y makes t = f e^-y - 1 small and the series for ln(1 + t) short.
  const y = guess(f, fraction);
  let t = f - one;
  let below = 0n;
  let above = 1n;
  if (y !== 0n) {
    const power = expFixed(-y, fraction);
    const product = power.k >= 0 ? f * (power.value << BigInt(power.k)) : f * power.value;
    const down = power.k >= 0 ? shift : shift + BigInt(-power.k);
    t = (product >> down) - one;
    // f (e^-y + error) is above by at most 2 error 2^k, f + 1 by e^-y <= 2.1, the floor by 1.
    above = BigInt(Math.ceil(2 * power.error * 2 ** Math.max(power.k, 0)) + 5);
  }
  // 2 atanh(z) with z = t / (2 + t): odd powers of z. dz/dt = 2 / (2 + t)^2 < 1 for |t| < 1/2.
  const z = (t << shift) / ((one << 1n) + t);
  const square = (z * z) >> shift;
  let sum = z;
  let term = z;
  let n = 1;
  while (term !== 0n && term !== -1n) {
    term = (term * square) >> shift;
    n += 2;
    sum += term / BigInt(n);
  }
  // Every term: at most 3 units from square, floor and division; the tail below one more term.
  const slack = BigInt(3 * n + 8);
  below = slack;
  return { value: y + 2n * sum - below, error: Number(below + slack + above + above) };
}

/** An integer near 2^F ln f, within about half of its bits. */
function guess(f: bigint, fraction: number): bigint {
  const distance = f - (1n << BigInt(fraction));
  const size = bitLength(distance);
  // Near 1 the series alone is short; its terms fall by 2 (fraction - size) bits each.
  if (2 * (fraction - size) * 8 > fraction) return 0n;
  if (fraction <= 512) {
    const y = Math.log(Number(f >> BigInt(fraction - 53)) / 2 ** 53);
    return BigInt(Math.round(y * 2 ** 53)) << BigInt(fraction - 53);
  }
  const half = Math.ceil(fraction / 128) * 64;
  return logFixed(f >> BigInt(fraction - half), half).value << BigInt(fraction - half);
}
