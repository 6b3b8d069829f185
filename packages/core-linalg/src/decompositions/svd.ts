import { Matrix, SVD, type AbstractMatrix } from 'ml-matrix';
import { matrixOf, type MatrixLike } from '../tokens/matrix.ts';
import { scaled } from './scale.ts';

/** A thin singular value decomposition $A = U\, \mathrm{diag}(\sigma)\, V^\top$ of an r x c matrix, k = min(r, c). */
export interface SingularValueDecomposition {
  /** r x k, orthonormal columns. */
  readonly u: Matrix;
  /** k values >= 0, decreasing. */
  readonly values: Float64Array;
  /** c x k, orthonormal columns. */
  readonly v: Matrix;
}

/**
 * Thin singular value decomposition $A = U\, \mathrm{diag}(\sigma)\, V^\top$ by ml-matrix (Golub and Kahan's algorithm).
 *
 * @param a - tokens or an ml-matrix, r x c with r, c >= 1 and finite entries; not changed
 * @returns factors whose product differs from A by a small multiple of max(r, c) $2^{-52} \sigma_1$ in the spectral norm.
 * Signs of singular vectors are not fixed
 *
 * @throws RangeError if a has no entry, or an entry is NaN or infinite
 * @example
 * svd(new Matrix([[3, 0], [0, -4]])).values; // => new Float64Array([4, 3])
 */
export function svd(a: MatrixLike): SingularValueDecomposition {
  return decompose(matrixOf('svd', 'a', a), true);
}

/**
 * Singular values $\sigma_1 \ge \sigma_2 \ge \dots \ge 0$ of an r x c matrix, min(r, c) of them.
 *
 * @param a - tokens or an ml-matrix with r, c >= 1 and finite entries; not changed
 * @returns values with an absolute error of a small multiple of max(r, c) $2^{-52} \sigma_1$
 *
 * @throws RangeError if a has no entry, or an entry is NaN or infinite
 * @example
 * singularValues(new Matrix([[0, 2, 0]])); // => new Float64Array([2])
 */
export function singularValues(a: MatrixLike): Float64Array {
  return decompose(matrixOf('singularValues', 'a', a), false).values;
}

function decompose(a: AbstractMatrix, vectors: boolean): SingularValueDecomposition {
  const { matrix, scale } = scaled(a);
  const result = new SVD(matrix, {
    autoTranspose: true, // without it a wide matrix prints a warning
    computeLeftSingularVectors: vectors,
    computeRightSingularVectors: vectors,
  });
  const k = Math.min(a.rows, a.columns);
  const values = Float64Array.from(result.diagonal.slice(0, k), (value) => value * scale);
  return { u: thin(result.leftSingularVectors, k), values, v: thin(result.rightSingularVectors, k) };
}

function thin(vectors: Matrix, k: number): Matrix {
  return vectors.columns > k ? vectors.subMatrix(0, vectors.rows - 1, 0, k - 1) : vectors;
}
