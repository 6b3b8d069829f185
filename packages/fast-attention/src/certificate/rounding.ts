import { monomialRounding, type Kernels, type MonomialSet } from '@prompt-limits/core-linalg';
import { absoluteSum, type ExpPolynomial } from '../polynomial/expPolynomial.ts';

/** Half an ulp of 1 in the precision of an array. */
export const unitRoundoff = (kernels: Pick<Kernels, 'precision'>): number => (kernels.precision === 'float32' ? 2 ** -24 : 2 ** -53);

const unit64 = 2 ** -53;

/** Rounding of a polynomial's sums: with |x| <= r the numerator and the denominator are off by at most (`relative` p_abs(r) + `absolute`) sum omega. */
export interface SumRounding {
  readonly relative: number;
  readonly absolute: number;
}

/** The sizes on which the rounding of the sums depends. */
export interface SumSizes {
  /** Keys in the sums. */
  readonly keys: number;
  /** Most keys summed by one call of `monomialMoments`; the results of the calls are added in float64. */
  readonly block: number;
  /** Calls whose results are added; keys / block, rounded up, unless given. */
  readonly calls?: number;
  /** Largest absolute entry of the features' variables, both sides. */
  readonly largest: number;
}

/**
 * Rounding of moments, weights and readings together. Moments are off by m A, A the sum of absolute values of their terms
 * (`monomialRounding`, and one float64 addition a block), weights w_a S_a rounded to the kernels' precision by u, the reading by r
 * of its own sum of absolute terms: $(1 + m)(1 + u)(1 + r) - 1$ in all, of
 * $\sum_a |w_a| |\phi_a(q)| \sum_j |\phi_a(k_j)| |y_j| \le p_{abs}(R) \sum_j |y_j|$ with $|y_j| \le \omega_j$, because
 * $\sum_{|a| = m} \frac{m!}{a!} |q|^a |k|^a = (\sum_c |q_c| |k_c|)^m \le R^m$.
 *
 * Underflow adds an absolute part. With Y = max(1, largest)^g, s = d max(1, largest): moments err by at most f Y n (1 + |y|) each,
 * which $\sum_a |w_a \phi_a(q)| \le p_{abs}(s)$ multiplies; weights and readings by f Y (rank + sum |w_a S_a|), at most
 * f Y (2 rank + n p_abs(s)). All |y| are at most 2; the sum of the omega is at least `least`.
 *
 * @internal
 */
export function sumRounding(set: MonomialSet, p: Pick<ExpPolynomial, 'coefficients'>, kernels: Kernels, sizes: SumSizes, least: number = 1): SumRounding {
  const { moments, read, underflow } = monomialRounding(set, Math.min(sizes.block, sizes.keys), kernels);
  const { calls = Math.ceil(sizes.keys / sizes.block) } = sizes;
  const grown = (1 + moments) * (1 + (calls + 1) * unit64) * (1 + unitRoundoff(kernels) + 3 * unit64) * (1 + read);
  const largest = Math.max(1, sizes.largest);
  const all = Math.max(1, absoluteSum(p, set.d * largest));
  const absolute = (underflow * largest ** set.degree * (4 * sizes.keys + 4 * set.rank) * all) / least;
  return { relative: (grown - 1) * (1 + 2 ** -40), absolute: absolute * (1 + 2 ** -40) };
}

/** How exact attention rounds: factors e^{+-eta} on the weights, and `sums` relative to sum |weight value| and to sum weight. */
export interface ExactRounding {
  readonly eta: number;
  readonly sums: number;
  /** Absolute error of a log partition beyond eta and sums. */
  readonly log: number;
}

/**
 * Rounding of `Kernels.attention`, u its unit roundoff, S >= |scale| sum_c |q_c| |k_c|, tiles of 256 keys.
 *
 * Float32: the scaled query and d products, (d + 2) u S; s - max, 2 u S; the exponential, $2^{-22} + 2 S\,2^{-23}$ = (4 + 4 S) u; each of the
 * tiles may raise the maximum, whose factors err by 4 u each and 4 S u in all: eta = ((d + 12) S + 4 + 4 tiles) u. Sums: 256 terms a tile,
 * two roundings a tile after that, the quotient. Weights below e^{-88} of the largest are dropped. Plain Float32 kernels round the
 * scores and the results only. Float64: the same eta (Math.exp taken to be within 4 ulp), and sums of all keys one after another.
 *
 * @internal
 */
export function exactRounding(kernels: Pick<Kernels, 'precision'>, keys: number, d: number, S: number): ExactRounding {
  const u = unitRoundoff(kernels);
  const tiles = Math.ceil(keys / 256);
  const inTile = kernels.precision === 'float32' ? Math.min(keys, 256) : keys;
  return {
    eta: ((d + 12) * S + 4 + 4 * tiles) * u * (1 + 2 ** -10),
    sums: (inTile + 2 * tiles + 8) * u * (1 + 2 ** -10) + keys * Math.exp(-87),
    log: (4 * S + 4 * Math.log(keys + 1) + 4) * u,
  };
}
