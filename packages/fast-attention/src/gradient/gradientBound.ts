import { assertFiniteNumber, assertInRange, assertInteger } from '@prompt-limits/core-linalg';
import { expPolynomial } from '../polynomial/expPolynomial.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { monomialCount } from '../polynomial/monomialCount.ts';
import type { PerInput } from './attendVjp.ts';
import { ratioTable, relativeErrors, rowTable } from './rowErrors.ts';

/** A class of heads: sizes and largest entries. */
export interface GradientClass {
  /** Query tokens. */
  readonly queries: number;
  /** Key tokens. */
  readonly keys: number;
  /** Width of a query and a key. */
  readonly d: number;
  /** Width of a value. */
  readonly dv: number;
  /** B: no entry of Q, K or V exceeds it in absolute value. */
  readonly largest: number;
  /** No entry of dZ exceeds it in absolute value. */
  readonly outputGradient: number;
  /** Factor on the scores. */
  readonly scale: number;
  /** As for `attendVjp`; above 0 and below 1. */
  readonly tolerance: number;
}

/** What holds for every head of a class. */
export interface GradientBound {
  /** R = |scale| d B^2: no score leaves [-R, R]. */
  readonly halfWidth: number;
  /** The least degree that meets the tolerance on [-R, R] in exact arithmetic; null where R exceeds 8. */
  readonly degree: number | null;
  /** Its number of monomials, likewise. */
  readonly rank: bigint | null;
  /** No entry is further from the exact gradient than this, besides the storage of the result, where `attendVjp` plans 'polynomial'. */
  readonly bound: PerInput<number>;
}

/**
 * A bound on the error of `attendVjp` from the largest entries, n and d alone (kind 'a-priori'), for every head without a mask.
 *
 * The tolerance tau is met in the natural sizes of `GradientCertificate.relative`, which the box bounds: centres lie in it, so
 * $|k_j - c|_\infty \le 2B$ and $|q_i - q_0|_\infty + |q_0|_\infty \le 3B$; $G_i \le 2B\,dv\,|dZ|$; and all scores of a row lie within 2R of
 * each other, so $P_{ij} \le \min(1, e^{2R} / n)$. So dQ errs by at most $\tau |scale|\,4 B^2 dv |dZ|$, dV by
 * $\tau\,m \min(1, e^{2R} / n) |dZ|$ and dK by $\tau |scale|\,m \min(1, e^{2R} / n)\,6 B^2 dv |dZ|$, m the number of queries.
 *
 * Paper: the form of Theorem 3.2's guarantee, for the gradient; scores there are q . k / d, so R = B^2
 *
 * @throws RangeError if a size is no integer >= 1, B or |dZ| is negative or not finite, or the tolerance is not in (0, 1)
 * @example
 * const { degree, rank, bound } = gradientBound({ queries: 1000, keys: 1000, d: 8, dv: 8, largest: 0.5, outputGradient: 1, scale: 1 / 8, tolerance: 1e-3 });
 * [degree, rank]; // => [3, 165n]
 * bound.queries; // => 0.001
 */
export function gradientBound({ queries, keys, d, dv, largest, outputGradient, scale, tolerance }: GradientClass): GradientBound {
  const fn = 'gradientBound';
  for (const [name, value] of Object.entries({ queries, keys, d, dv })) assertInteger(fn, name, value, 1);
  assertInRange(fn, 'largest', largest, 0, Number.MAX_VALUE);
  assertInRange(fn, 'outputGradient', outputGradient, 0, Number.MAX_VALUE);
  assertFiniteNumber(fn, 'scale', scale);
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  const up = 1 + 2 ** -48; // covers the roundings of each product below
  const halfWidth = Math.abs(scale) * d * largest * largest * up;
  const share = Math.min(1, (Math.exp(2 * halfWidth) / keys) * up);
  const mass = queries * share * outputGradient;
  const G = 2 * largest * dv * outputGradient;
  const degree = halfWidth <= largestMinimaxHalfWidth ? leastDegree(halfWidth, tolerance) : null;
  return {
    halfWidth,
    degree,
    rank: degree === null ? null : monomialCount(d, degree),
    bound: {
      queries: tolerance * Math.abs(scale) * 2 * largest * G * up,
      keys: tolerance * Math.abs(scale) * queries * share * G * 3 * largest * up,
      values: tolerance * mass * up,
    },
  };
}

function leastDegree(halfWidth: number, tolerance: number): number | null {
  for (let degree = 1; degree <= 48; degree++) {
    const table = ratioTable(expPolynomial(halfWidth, degree, { aim: 'derivative' }));
    const { queries, keys, values } = relativeErrors(rowTable(table, 0, false), table.low.length - 1, 0, 0, 0);
    if (Math.max(queries, keys, values) <= tolerance) return degree;
  }
  return null;
}
