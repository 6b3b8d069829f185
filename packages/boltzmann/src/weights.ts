import { assertFinite, assertNonEmpty } from '@prompt-limits/core-linalg';

// Its exponential is 0 as that of all below it, and unlike -Infinity it can be multiplied by that 0.
const LOWEST = -746;

/** Sums over scores seen from their maximum, the form in which nothing overflows. */
export interface Moments {
  /** $\max_i z_i$. */
  readonly top: number;
  /** $\sum_i w_i - 1$ with $w_i = e^{-g_i}$, $g_i = \max_j z_j - z_i$: the sum over all but one maximum. */
  readonly rest: number;
  /** $\sum_i g_i w_i / \sum_i w_i = \max_i z_i - \mathrm{Boltz}(z)$, in [0, ln n]. */
  readonly depth: number;
}

/** The moments and what they are sums of. */
export interface Weights extends Moments {
  /** $g_i \ge 0$; Infinity where the spread is beyond float64. */
  readonly gaps: Float64Array;
  /** $w_i = e^{-g_i}$, in [0, 1]; one of them is 1. */
  readonly weights: Float64Array;
}

/**
 * Checks z and shifts it by its maximum, which changes no softmax weight. Keeps no array: one pass for the maximum, one for the sums.
 *
 * @internal
 */
export function momentsOf(fn: string, z: ArrayLike<number>): Moments {
  const at = checkedMaximum(fn, z);
  const sums = { rest: 0, weighted: 0 };
  // Two runs leave out the maximum itself, whose weight is 1 and whose gap is 0, without a branch in the loop.
  addRun(z, 0, at, z[at]!, sums);
  addRun(z, at + 1, z.length, z[at]!, sums);
  return { top: z[at]!, rest: sums.rest, depth: sums.weighted / (1 + sums.rest) };
}

function addRun(z: ArrayLike<number>, from: number, to: number, top: number, sums: { rest: number; weighted: number }): void {
  let { rest, weighted } = sums;
  for (let i = from; i < to; i++) {
    const drop = Math.max(z[i]! - top, LOWEST);
    const weight = Math.exp(drop);
    rest += weight;
    weighted -= drop * weight;
  }
  sums.rest = rest;
  sums.weighted = weighted;
}

/**
 * The same, bit for bit, with gaps and weights kept.
 *
 * @internal
 */
export function weightsOf(fn: string, z: ArrayLike<number>): Weights {
  const moments = momentsOf(fn, z);
  const gaps = Float64Array.from(z, (score) => moments.top - score);
  return { ...moments, gaps, weights: gaps.map((gap) => Math.exp(-gap)) };
}

function checkedMaximum(fn: string, z: ArrayLike<number>): number {
  assertNonEmpty(fn, 'z', z);
  let at = 0;
  let top = z[0]!;
  let zero = 0;
  for (let i = 0; i < z.length; i++) {
    const score = z[i]!;
    if (score > top) {
      at = i;
      top = score;
    }
    zero += score - score; // stays 0 unless a score is NaN, infinite or no number
  }
  // Only then is the slow check, which says which one, worth its pass; strings that look like numbers are caught by the type.
  if (zero !== 0 || !ArrayBuffer.isView(z)) assertFinite(fn, 'z', z);
  return at;
}
