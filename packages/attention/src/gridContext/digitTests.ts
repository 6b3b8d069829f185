import { add, compareDyadic, divide, exp, fromDyadic, fromNumber, log2Size, multiply, multiplyDyadic, scaleByPowerOfTwo, subtract, dyadicFromNumber, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { GridContextMapping } from './gridContextMapping.ts';
import { spread, type FixedNumber } from './queryPowers.ts';

/** Finds digits one by one; null where none fits. */
export interface DigitTests {
  /** The digit at position i < n, from the sum over the codes after i and the weight $e^{-\lambda (R (n - i) + D)}$. */
  before(i: number, above: bigint, weight: FixedNumber): number | null;
  /** The digit of the last position. */
  last(): number | null;
}

/** What depends on the temperature alone. */
interface Tables {
  readonly bits: number;
  /** $\sum_{r=1}^{N} q^r$ for N = 0, ..., n - 1. */
  readonly sums: readonly Interval[];
  /** $\sum_{r=1}^{N} r q^r$. */
  readonly moments: readonly Interval[];
  /** $e^{\lambda c}$. */
  grown(c: number): Interval;
}

const cache = new WeakMap<GridContextMapping, Map<string, Tables>>();
const KEPT = 64;

/**
 * The tests of `decodeContext` for a mean, in few bits: terms are at most $2 G e^{\lambda D}$, G = R (n + 1), and have to be right to a small part of mu.
 * With $\log_2(G e^{\lambda D} / \mu) + 64$ bits each rounding is below $2^{-60} \mu$.
 */
export function digitTests(mapping: GridContextMapping, lambda: Dyadic, mean: bigint, fraction: number): DigitTests {
  const { R, D, n } = mapping.codes;
  const { margin, topMargin } = mapping.separation;
  const mu = topMargin !== null && compareDyadic(topMargin.low, margin.low) < 0 ? topMargin.low : margin.low;
  const half: Interval = fromDyadic({ m: mu.m, e: mu.e - 1 });
  const { bits, sums, moments, grown } = tablesFor(mapping, lambda, mu);
  const A = roundTo(mean, -fraction, bits);
  const over = (code: number): Interval => subtract(A, fromNumber(code), bits);

  return {
    before(i, above, { value, error }) {
      // The weight's relative error and that of `above` are below 2^-60 mu: both were computed for IDs 2^64 times finer than w.
      const weight: Interval = { low: { m: value, e: -fraction }, high: { m: value + BigInt(error), e: -fraction } };
      const scaled = divide(fromDyadic({ m: above, e: -fraction }), weight, bits);
      const rest = add(multiply(over(R * i), sums[i - 1]!, bits), multiply(fromNumber(R), moments[i - 1]!, bits), bits);
      const budget = add(subtract(scaled, rest, bits), half, bits);
      return largestDigit(D, (c) => subtract(budget, multiply(over(R * i + c), grown(c), bits), bits).low.m >= 0n);
    },
    last() {
      const rest = multiply(grown(D), add(multiply(over(R * n + D), sums[n - 1]!, bits), multiply(fromNumber(R), moments[n - 1]!, bits), bits), bits);
      const budget = add(rest, half, bits);
      return largestDigit(D, (c) => add(budget, multiply(over(R * n + c), grown(c), bits), bits).low.m >= 0n);
    },
  };
}

/** The largest c from 0 to D that passes, for a test that small digits pass and large ones fail. */
function largestDigit(D: number, passes: (c: number) => boolean): number | null {
  if (!passes(0)) return null;
  let low = 0;
  let high = D + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function tablesFor(mapping: GridContextMapping, lambda: Dyadic, mu: Dyadic): Tables {
  const tables = cache.get(mapping) ?? new Map<string, Tables>();
  cache.set(mapping, tables);
  const key = `${lambda.m}e${lambda.e}`;
  const known = tables.get(key);
  if (known) return known;
  const { R, D, n } = mapping.codes;
  const bits = Math.ceil(Math.log2(R * (n + 1)) + spread(mapping.beta, R * n + D, D)) - log2Size(fromDyadic(mu)) + 80;
  const power = (E: number): Interval => exp(fromDyadic(multiplyDyadic(lambda, dyadicFromNumber(E))), bits);
  const q = power(-R);
  const [sums, moments] = [[fromNumber(0)], [fromNumber(0)]];
  let term = fromNumber(1);
  for (let r = 1; r < n; r++) {
    term = multiply(term, q, bits);
    sums.push(add(sums[r - 1]!, term, bits));
    moments.push(add(moments[r - 1]!, multiply(fromNumber(r), term, bits), bits));
  }
  const powers = new Map<number, Interval>();
  const grown = (c: number): Interval => {
    const value = powers.get(c) ?? power(c);
    powers.set(c, value);
    return value;
  };
  const made: Tables = { bits, sums, moments, grown };
  if (tables.size >= KEPT) tables.delete(tables.keys().next().value!);
  tables.set(key, made);
  return made;
}

/** value 2^e cut to `bits` bits, outwards. */
function roundTo(value: bigint, e: number, bits: number): Interval {
  const cut = Math.max(0, log2Size(fromDyadic({ m: value, e: 0 })) - bits);
  const low = value >> BigInt(cut);
  return scaleByPowerOfTwo({ low: { m: low, e: 0 }, high: { m: low + 1n, e: 0 } }, cut + e);
}
