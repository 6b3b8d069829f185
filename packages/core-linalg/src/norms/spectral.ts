import { assertInRange } from '../checks/checks.ts';
import { singularValues } from '../decompositions/svd.ts';
import type { MatrixLike } from '../tokens/matrix.ts';

/**
 * Spectral norm $\|A\|_2 = \sigma_1(A)$, the largest singular value.
 *
 * @param a - tokens or an ml-matrix, r x c with r, c >= 1 and finite entries
 * @returns the norm with a relative error of a small multiple of max(r, c) $2^{-52}$
 *
 * @throws RangeError if a has no entry, or an entry is NaN or infinite
 * @example
 * spectralNorm(new Matrix([[3, 0], [0, -4]])); // => 4
 */
export function spectralNorm(a: MatrixLike): number {
  return singularValues(a)[0]!;
}

/**
 * Numerical rank: how many singular values exceed `tolerance`.
 *
 * @param a - tokens or an ml-matrix, r x c with r, c >= 1 and finite entries
 * @param tolerance - absolute, >= 0; unless given $\max(r, c)\, \sigma_1\, 2^{-52}$: a matrix that close to one of lower rank
 * cannot be told from it after rounding. The same rule is behind `solve`
 *
 * @throws RangeError if a has no entry, an entry is NaN or infinite, or the tolerance is negative or NaN
 * @example
 * numericalRank(new Matrix([[1, 2], [2, 4]])); // => 1
 */
export function numericalRank(a: MatrixLike, tolerance?: number): number {
  if (tolerance !== undefined) assertInRange('numericalRank', 'tolerance', tolerance, 0, Infinity);
  const values = singularValues(a);
  const [rows, columns] = 'd' in a ? [a.d, a.n] : [a.rows, a.columns];
  return rankOf(values, rows, columns, tolerance);
}

/**
 * How many of the decreasing `values` of an r x c matrix exceed the tolerance.
 *
 * @internal
 */
export function rankOf(values: Float64Array, rows: number, columns: number, tolerance?: number): number {
  const least = tolerance ?? Math.max(rows, columns) * Number.EPSILON * values[0]!;
  return values.filter((v) => v > least).length;
}
