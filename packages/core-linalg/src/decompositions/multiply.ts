import type { Matrix } from 'ml-matrix';
import { matrixOf, type MatrixLike } from '../tokens/matrix.ts';

/**
 * Matrix product $A B$ in Float64.
 *
 * @param a - tokens or an ml-matrix, r x k with r, k >= 1 and finite entries; not changed
 * @param b - tokens or an ml-matrix, k x c with c >= 1 and finite entries; not changed
 * @returns r x c; entry (i, j) is off by at most k $2^{-52} \sum_l |A_{i,l} B_{l,j}|$
 *
 * @throws RangeError if the inner dimensions differ, or an argument has no entry or one that is not finite
 * @example
 * multiply(new Matrix([[1, 2]]), new Matrix([[3], [4]])).get(0, 0); // => 11
 */
export function multiply(a: MatrixLike, b: MatrixLike): Matrix {
  const left = matrixOf('multiply', 'a', a);
  const right = matrixOf('multiply', 'b', b);
  if (right.rows !== left.columns) {
    throw new RangeError(`multiply: b must have as many rows as a has columns (${left.columns}), got ${right.rows} x ${right.columns}`);
  }
  return left.mmul(right);
}
