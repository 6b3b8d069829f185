import { assertInteger } from '../checks/checks.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { assertMonomialSet, type MonomialSet } from './monomialSet.ts';

/** How far the monomial kernels can be from exact arithmetic; made by `monomialRounding`. */
export interface MonomialRounding {
  /** Relative bound for `monomialMoments`. */
  readonly moments: number;
  /** Relative bound for `monomialRead`. */
  readonly read: number;
  /** Absolute bound that underflow needs beside either. */
  readonly underflow: number;
}

/**
 * Bounds on the rounding errors of `monomialMoments` over n tokens and of `monomialRead`, for the kernels that run: with
 * $Y = \max(1, \max |x|)^g$, g the degree of the set,
 *
 * - moments: $|\hat m_{ac} - m_{ac}| \le moments\,(|old_{ac}| + \sum_t |\phi_a(x_t) y_{tc}|) + underflow\,Y \sum_t (1 + |y_{tc}|)$,
 * - read: $|\hat o_{tc} - o_{tc}| \le read \sum_a |\phi_a(x_t) w_{ac}| + underflow\,Y \sum_a (1 + |w_{ac}|)$,
 *
 * as long as nothing overflows; an overflow shows as an infinity or NaN, never as another finite value.
 *
 * @param set - the monomials
 * @param n - tokens in the sums of `monomialMoments`, an integer >= 0
 * @param kernels - the kernels that run
 *
 * @throws TypeError if `set` is not from `monomialSet` or `monomialSetOf`
 * @throws RangeError if n is no integer >= 0
 * @example
 * const { moments } = monomialRounding(monomialSet(8, 2), 1000, createPlainKernels({ precision: 'float64' }));
 * moments < 1100 * 2 ** -53; // => true
 */
export function monomialRounding(set: MonomialSet, n: number, kernels: Kernels): MonomialRounding {
  assertMonomialSet('monomialRounding', 'set', set);
  assertInteger('monomialRounding', 'n', n);
  const single = kernels.precision === 'float32' ? 1 : 0;
  // Roundings that one term passes: g of its feature and its product with y or w, one for each addition in float64, one
  // of the result. For float32 all but the last are float64 roundings of float32 data.
  return {
    moments: gamma(single, set.degree + n + 2),
    read: gamma(single, set.degree + set.rank + 2),
    underflow: (set.degree + 2) * (single === 1 ? 2 ** -149 : 2 ** -1074),
  };
}

/** A bound of $(1 + 2^{-24})^s (1 + 2^{-53})^m - 1$, itself rounded up: $e^t - 1 \le t / (1 - t)$. */
function gamma(s: number, m: number): number {
  const t = s * 2 ** -24 + m * 2 ** -53;
  return t < 1 ? (t / (1 - t)) * (1 + 2 ** -50) : Infinity;
}
