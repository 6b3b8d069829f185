import { QR, type Matrix } from 'ml-matrix';
import { matrixOf, type MatrixLike } from '../tokens/matrix.ts';
import { scaled } from './scale.ts';

/** A thin QR decomposition $A = Q R$ of an r x c matrix, r >= c. */
export interface QrDecomposition {
  /** r x c, orthonormal columns. */
  readonly q: Matrix;
  /** c x c, upper triangular, diagonal >= 0. */
  readonly r: Matrix;
}

/**
 * Thin QR decomposition $A = Q R$ by Householder reflections (ml-matrix). The diagonal of R is made non-negative,
 * so for a matrix of full column rank the decomposition is the unique one.
 *
 * @param a - tokens or an ml-matrix, r x c with r >= c >= 1 and finite entries; not changed. Rank-deficient
 * matrices are welcome: Q still has orthonormal columns
 * @returns factors whose product differs from A by a small multiple of r c $2^{-52} \|A\|_F$
 *
 * @throws RangeError if a is wide, has no entry, or an entry is NaN or infinite
 * @example
 * qr(new Matrix([[0, 1], [-2, 0]])).r.to2DArray(); // => [[2, 0], [0, 1]]
 */
export function qr(a: MatrixLike): QrDecomposition {
  const checked = matrixOf('qr', 'a', a);
  const { rows, columns } = checked;
  if (rows < columns) throw new RangeError(`qr: a must have at least as many rows as columns, got ${rows} x ${columns}`);
  const { matrix, scale } = scaled(checked);
  const result = new QR(matrix);
  const q = result.orthogonalMatrix;
  const r = result.upperTriangularMatrix;
  for (let k = 0; k < columns; k++) {
    const sign = r.get(k, k) < 0 ? -1 : 1;
    // Adding 0 turns -0 into 0.
    for (let i = 0; i < rows; i++) q.set(i, k, sign * q.get(i, k) + 0);
    for (let j = 0; j < columns; j++) r.set(k, j, j < k ? 0 : sign * scale * r.get(k, j) + 0);
  }
  return { q, r };
}
