import { Matrix } from 'ml-matrix';
import { rankOf } from '../norms/spectral.ts';
import { matrixOf, type MatrixLike } from '../tokens/matrix.ts';
import { scaled } from './scale.ts';
import { svd } from './svd.ts';

/** What `solve` found. */
export interface Solution {
  /** c x m: one solution a column. */
  readonly x: Matrix;
  /** Numerical rank of A. Equal to c: the solution is the only one. */
  readonly rank: number;
}

/**
 * Least squares: among all X that minimise $\|A X - B\|_F$, the one of smallest norm, $X = A^+ B$.
 *
 * @param a - tokens or an ml-matrix, r x c with finite entries: square, tall, wide or rank-deficient; not changed
 * @param b - tokens or an ml-matrix, r x m with finite entries; not changed
 * @returns the solution and the rank that was used: singular values up to $\max(r, c)\, \sigma_1\, 2^{-52}$ count as 0.
 * With full rank the relative error of X is a small multiple of cond(A) max(r, c) $2^{-52}$ where A X = B is solvable;
 * entries beyond float64 become infinite
 *
 * @throws RangeError if the rows differ, or an argument has no entry or one that is not finite
 * @example
 * solve(new Matrix([[2, 0], [0, 4]]), new Matrix([[2], [2]])).x.to1DArray(); // => [1, 0.5]
 */
export function solve(a: MatrixLike, b: MatrixLike): Solution {
  const left = matrixOf('solve', 'a', a);
  const right = matrixOf('solve', 'b', b);
  if (right.rows !== left.rows) {
    throw new RangeError(`solve: b must have as many rows as a (${left.rows}), got ${right.rows} x ${right.columns}`);
  }
  // Near the ends of float64 singular values and products would lose their bits; powers of two cost none.
  const [scaledLeft, scaledRight] = [scaled(left), scaled(right)];
  const { u, values, v } = svd(scaledLeft.matrix);
  const rank = rankOf(values, left.rows, left.columns);
  if (rank === 0) return { x: Matrix.zeros(left.columns, right.columns), rank };
  const leading = (m: Matrix) => m.subMatrix(0, m.rows - 1, 0, rank - 1);
  const projected = leading(u).transpose().mmul(scaledRight.matrix);
  for (let k = 0; k < rank; k++) {
    for (let j = 0; j < right.columns; j++) projected.set(k, j, projected.get(k, j) / values[k]!);
  }
  return { x: leading(v).mmul(projected).mul(scaledRight.scale / scaledLeft.scale), rank };
}
