import { assertFinite, assertNonEmpty } from '@prompt-limits/core-linalg';

/** Scores seen from their maximum, the form in which nothing overflows. */
export interface Weights {
  /** $\max_i z_i$. */
  readonly top: number;
  /** $g_i = \max_j z_j - z_i \ge 0$; Infinity where the spread is beyond float64. */
  readonly gaps: Float64Array;
  /** $w_i = e^{-g_i}$, in [0, 1]; one of them is 1. */
  readonly weights: Float64Array;
  /** $\sum_i w_i - 1$, the sum over all but one maximum. */
  readonly rest: number;
  /** $\sum_i g_i w_i / \sum_i w_i = \max_i z_i - \mathrm{Boltz}(z)$, in [0, ln n]. */
  readonly depth: number;
}

/**
 * Checks z and shifts it by its maximum, which changes no softmax weight.
 *
 * @internal
 */
export function weightsOf(fn: string, z: ArrayLike<number>): Weights {
  assertNonEmpty(fn, 'z', z);
  assertFinite(fn, 'z', z);
  let at = 0;
  for (let i = 1; i < z.length; i++) if (z[i]! > z[at]!) at = i;
  const top = z[at]!;
  const gaps = new Float64Array(z.length);
  const weights = new Float64Array(z.length);
  let rest = 0;
  let weighted = 0;
  for (let i = 0; i < z.length; i++) {
    const gap = top - z[i]!;
    const weight = Math.exp(-gap);
    gaps[i] = gap;
    weights[i] = weight;
    if (i !== at) rest += weight;
    if (weight > 0) weighted += gap * weight; // Infinity * 0 would be NaN when z spans the whole range
  }
  return { top, gaps, weights, rest, depth: weighted / (1 + rest) };
}
