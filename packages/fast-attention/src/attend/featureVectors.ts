import type { Kernels } from '@prompt-limits/core-linalg';
import { truncated, type AdaptiveTruncation } from '../anisotropic/adaptiveTruncation.ts';
import type { TokenSource } from '../anisotropic/coordinates.ts';
import { absoluteSum, valueRatio, type ExpPolynomial } from '../polynomial/expPolynomial.ts';
import type { CentredHead } from './centredHead.ts';
import { packVectors } from './pack.ts';
import type { Vectors } from './views.ts';

/** What bounds need to know of a polynomial of the scores, whatever its coordinates. */
export interface ScorePolynomial {
  readonly degree: number;
  /** Bounds of P / e^x where |x| <= r. */
  ratio(r: number): { readonly low: number; readonly high: number };
  /** At least the sum of all |w_a q^a k^a| where sum |q_c k_c| <= r. */
  absolute(r: number): number;
  /** C_m with sum over |a| = m of |w_a q^a k^a| <= C_m (sum |q_c| max |k_c|)^m for any q and k. */
  readonly coefficients: Float64Array;
}

/** The vectors whose monomials are taken: those of the centred head, or the same in other coordinates. */
export interface FeatureVectors {
  readonly queries: Vectors;
  readonly keys: Vectors;
  readonly queryCentre: Float64Array;
  readonly keyCentre: Float64Array;
  readonly queryFactor: number;
  readonly keyFactor: number;
  readonly queryNorm: number;
  readonly keyNorm: number;
  /** R: |x| <= R in these coordinates. */
  readonly halfWidth: number;
  /** At least the change of a score by the change of coordinates. */
  readonly shift: number;
}

/** The isotropic polynomial. */
export const isotropicScores = (p: ExpPolynomial): ScorePolynomial =>
  ({ degree: p.degree, coefficients: p.coefficients, ratio: (r) => valueRatio(p, r), absolute: (r) => absoluteSum(p, r) });

/** The polynomial in blocks; its bounds are those of all pairs, whatever r. */
export function blockScores({ polynomial: { set, weights, error, absolute } }: AdaptiveTruncation): ScorePolynomial {
  const coefficients = new Float64Array(set.degree + 1);
  for (let a = 0; a < set.rank; a++) {
    let degree = 0;
    for (let c = 0; c < set.d; c++) degree += set.exponents[a * set.d + c]!;
    // |q^a k^a| is one term of (sum |q_c| max |k|)^m where all |k_c| are at most their maximum.
    coefficients[degree]! += Math.abs(weights[a]!);
  }
  const ratio = { low: 1 - error, high: 1 + error };
  return { degree: set.degree, coefficients, ratio: () => ratio, absolute: () => absolute };
}

const sourceOf = (v: Vectors, centre: Float64Array, factor: number): TokenSource =>
  ({ tokens: v.n, per: v.per, copy: (from, to, out) => packVectors(v, from, to, centre, factor, v.d, out) });

/** The head in balanced coordinates with its polynomial, or null if more than `mostRank` monomials would be needed. */
export function adaptiveVectors(head: CentredHead, tolerance: number, mostRank: number, kernels: Kernels): { found: AdaptiveTruncation; vectors: FeatureVectors } | null {
  const { queries, keys } = head;
  const found = truncated(keys.d, sourceOf(queries, head.queryCentre, head.queryFactor), sourceOf(keys, head.keyCentre, head.keyFactor), { tolerance, mostRank }, kernels);
  if (found === null) return null;
  const d = found.polynomial.used;
  const none = new Float64Array(d);
  return {
    found,
    vectors: {
      queries: { data: found.queries, n: queries.n, stride: queries.per * d, offset: 0, per: queries.per, d },
      keys: { data: found.keys, n: keys.n, stride: d, offset: 0, per: 1, d },
      queryCentre: none, keyCentre: none, queryFactor: 1, keyFactor: 1,
      queryNorm: found.queryNorm, keyNorm: found.keyNorm, halfWidth: found.halfWidth, shift: found.shift,
    },
  };
}
