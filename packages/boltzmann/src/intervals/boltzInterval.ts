import type { Float64Interval, Interval } from '@prompt-limits/core-linalg/intervals';
import { assertFinite, assertInteger, assertNonEmpty } from '@prompt-limits/core-linalg';
import { scaledDifference } from './difference.ts';
import { enclosedMomentsOf } from './moments.ts';
import { float64Reals, type Reals, total, wideReals } from './reals.ts';

/**
 * An interval that holds $\mathrm{Boltz}(z)$: of float64, or of `bits` bits (53 to 1,000,000).
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns an enclosure that does not rely on `Math.exp`. Its width is of the order of n (1 + ln n) + |max z| units of the last place
 *
 * Paper: Definition C.1, Eq. (C.1).
 *
 * @throws RangeError if z is empty or holds NaN or an infinity, or for `bits` out of range
 * @throws TypeError if z is not an array of numbers
 * @example
 * const { low, high } = boltzInterval([0, Math.log(3)]);
 * low <= 0.8239592165010822 && 0.8239592165010822 <= high; // => true
 * high - low < 1e-13; // => true
 */
export function boltzInterval(z: ArrayLike<number>): Float64Interval;
export function boltzInterval(z: ArrayLike<number>, bits: number): Interval;
export function boltzInterval(z: ArrayLike<number>, bits?: number): Float64Interval | Interval {
  return enclose('boltzInterval', z, bits, (r) => {
    const { top, depth } = enclosedMomentsOf(r, z);
    return r.subtract(top, depth);
  });
}

/**
 * An interval that holds the log partition $\ln \sum_i e^{z_i}$: of float64, or of `bits` bits (53 to 1,000,000).
 *
 * @param z - scores, length n >= 1, any finite float64 values
 *
 * Paper: Eq. (C.2).
 *
 * @throws RangeError if z is empty or holds NaN or an infinity, or for `bits` out of range
 * @throws TypeError if z is not an array of numbers
 * @example
 * import { toFloat64 } from '@prompt-limits/core-linalg/intervals';
 * toFloat64(logPartitionInterval([0, 0, 0], 128)); // => { low: 1.0986122886681096, high: 1.09861228866811 }
 */
export function logPartitionInterval(z: ArrayLike<number>): Float64Interval;
export function logPartitionInterval(z: ArrayLike<number>, bits: number): Interval;
export function logPartitionInterval(z: ArrayLike<number>, bits?: number): Float64Interval | Interval {
  return enclose('logPartitionInterval', z, bits, (r) => {
    const { top, sum } = enclosedMomentsOf(r, z);
    return r.add(top, r.log(sum));
  });
}

/**
 * An interval that holds the Gibbs entropy $-\sum_i p_i \ln p_i$ of $p = \mathrm{softmax}(z)$: of float64, or of `bits` bits (53 to 1,000,000). It takes the scores, as
 * the weights of most scores are no float64 numbers.
 *
 * @param z - scores, length n >= 1, any finite float64 values
 *
 * Paper: Eq. (C.2), with Eq. (J.1) for $\ln p_i$.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity, or for `bits` out of range
 * @throws TypeError if z is not an array of numbers
 * @example
 * import { toFloat64 } from '@prompt-limits/core-linalg/intervals';
 * toFloat64(entropyInterval([5, 5], 128)); // => { low: 0.6931471805599453, high: 0.6931471805599454 }
 */
export function entropyInterval(z: ArrayLike<number>): Float64Interval;
export function entropyInterval(z: ArrayLike<number>, bits: number): Interval;
export function entropyInterval(z: ArrayLike<number>, bits?: number): Float64Interval | Interval {
  return enclose('entropyInterval', z, bits, (r) => enclosedEntropy(r, z));
}

/**
 * An interval that holds $\mathrm{Boltz}(a) - \mathrm{Boltz}(b)$, with what the two vectors share cancelled by hand: its relative width does not
 * depend on how small the difference is, $e^{-10000}$ included.
 *
 * @param a - scores, length >= 1, any finite float64 values, in any order
 * @param b - scores, likewise; the length may differ
 * @param bits - precision, 53 to 1,000,000
 *
 * Paper: the left sides of Lemmas C.5 to C.9.
 *
 * @throws RangeError if a vector is empty or holds NaN or an infinity, or for `bits` out of range
 * @throws TypeError if a vector is not an array of numbers
 * @example
 * import { log2Size, relativeWidth } from '@prompt-limits/core-linalg/intervals';
 * const gap = boltzDifference([0, -10000], [0, -10010], 100);
 * log2Size(gap); // => -14413
 * relativeWidth(gap) < 2 ** -80; // => true
 */
export function boltzDifference(a: ArrayLike<number>, b: ArrayLike<number>, bits: number): Interval {
  assertScores('boltzDifference', 'a', a);
  assertScores('boltzDifference', 'b', b);
  assertInteger('boltzDifference', 'bits', bits, 53, 1_000_000);
  const r = wideReals(bits);
  const { scaled, exponent } = scaledDifference(r, a, b);
  return r.multiply(scaled, r.exp(r.subtract(r.of(0), exponent)));
}

/** $\sum_i p_i (g_i + \ln \sum_j w_j)$. @internal */
export function enclosedEntropy<T>(r: Reals<T>, z: ArrayLike<number>): T {
  const { top, sum } = enclosedMomentsOf(r, z);
  const log = r.log(sum);
  return total(r, Array.from(z, (score) => {
    const gap = r.subtract(top, r.of(score));
    return r.multiply(r.divide(r.exp(r.subtract(r.of(0), gap)), sum), r.add(gap, log));
  }));
}

/** @internal */
export function assertScores(fn: string, name: string, z: ArrayLike<number>): void {
  assertNonEmpty(fn, name, z);
  assertFinite(fn, name, z);
}

function enclose(fn: string, z: ArrayLike<number>, bits: number | undefined, formula: <T>(r: Reals<T>) => T): Float64Interval | Interval {
  assertScores(fn, 'z', z);
  if (bits === undefined) return formula(float64Reals);
  assertInteger(fn, 'bits', bits, 53, 1_000_000);
  return formula(wideReals(bits));
}
