import { addDyadic, compareDyadic, dyadicFromNumber, multiplyDyadic, subtractDyadic, topExponent, type Dyadic } from './dyadic.ts';
import { expFixed } from './expFixed.ts';
import { fromDyadic, isPoint, type Interval } from './interval.ts';
import { assertBits, roundDown, roundUp } from './round.ts';

// |k| = |x| / ln 2 then stays below 2^44, as `expFixed` asks.
const LARGEST = dyadicFromNumber(1e13);
const ONE: Dyadic = { m: 1n, e: 0 };

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
  for (const end of [a.low, a.high]) {
    if (compareDyadic({ m: end.m < 0n ? -end.m : end.m, e: end.e }, LARGEST) > 0) {
      throw new RangeError(`exp: the interval must lie within 1e13 of 0, got one that reaches 2^${topExponent(end) - 1}`);
    }
  }
  if (isPoint(a)) return expOf(a.low, bits);
  const width = subtractDyadic(a.high, a.low);
  // e^high from e^low while width^2 is below the working precision's unit, so one evaluation serves both ends.
  if (2 * topExponent(width) < -bits - GUARD) {
    const both = near(a.low, width, bits);
    if (both) return both;
  }
  return { low: expOf(a.low, bits).low, high: expOf(a.high, bits).high };
}

// Wrong at the first try where 30 or so bits after the last one kept are all equal: about once in 2^24 values.
const GUARD = 32;

/** e^x rounded down and up. */
function expOf(x: Dyadic, bits: number): Interval {
  if (x.m === 0n) return fromDyadic(ONE);
  const top = topExponent(x);
  if (top < -bits - 2) {
    // |x| < 2^(-bits - 2): 1 < e^x < 1 + 2 x for x > 0 and 1 + x < e^x < 1 otherwise, next to 1 on its side.
    return x.m > 0n
      ? { low: ONE, high: { m: (1n << BigInt(bits - 1)) + 1n, e: 1 - bits } }
      : { low: { m: (1n << BigInt(bits)) - 1n, e: -bits }, high: ONE };
  }
  // e^x is irrational for x != 0: some precision decides. That of the second try decides too where x is as small as 2^-bits.
  for (let extra = GUARD; ; extra += bits) {
    const { low, high } = enclose(x, bits + extra);
    const down = roundDown(low, bits);
    const up = roundUp(high, bits);
    if (isPoint({ low: down, high: roundDown(high, bits) }) && isPoint({ low: roundUp(low, bits), high: up })) return { low: down, high: up };
  }
}

/** e^low and e^(low + width) at once, or undefined where 32 more bits do not decide. */
function near(x: Dyadic, width: Dyadic, bits: number): Interval | undefined {
  if (x.m === 0n || topExponent(x) < -bits - 2) return undefined;
  const { low, high } = enclose(x, bits + GUARD);
  // 1 + w <= e^w <= 1 + w + w^2 for 0 <= w <= 1.
  const least = addDyadic(low, multiplyDyadic(low, width));
  const most = addDyadic(high, multiplyDyadic(high, addDyadic(width, multiplyDyadic(width, width))));
  const down = roundDown(low, bits);
  const up = roundUp(most, bits);
  return isPoint({ low: down, high: roundDown(high, bits) }) && isPoint({ low: roundUp(least, bits), high: up }) ? { low: down, high: up } : undefined;
}

/** Numbers below and above e^x that agree in about `precision` bits. */
function enclose(x: Dyadic, precision: number): Interval {
  // A multiple of 64, so that precisions share tables.
  const fraction = Math.ceil(precision / 64) * 64;
  const shift = x.e + fraction;
  const { value, error, k } = expFixed(shift >= 0 ? x.m << BigInt(shift) : x.m >> BigInt(-shift), fraction);
  return { low: { m: value, e: k - fraction }, high: { m: value + BigInt(error), e: k - fraction } };
}
