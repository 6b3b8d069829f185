import { Matrix, type AbstractMatrix } from 'ml-matrix';
import { assertFinite, assertInteger, describe } from '../checks/checks.ts';
import { zeroTokens, type FloatArrayOf, type Precision, type Tokens } from './tokens.ts';

/** What norms and decompositions read: tokens, a $d \times n$ matrix, or any matrix of ml-matrix. None is changed. */
export type MatrixLike = Tokens | AbstractMatrix;

/**
 * Tokens as an ml-matrix of the same shape, $d$ rows and $n$ columns, copied.
 *
 * @param t - tokens with finite values; n = 0 gives a matrix without columns
 * @returns a new matrix: changing one leaves the other alone; every value is exact
 *
 * @throws RangeError if a value is NaN or infinite
 * @example
 * tokensToMatrix(tokens(2, Float64Array.of(1, 2, 3, 4, 5, 6))).to2DArray(); // => [[1, 3, 5], [2, 4, 6]]
 */
export function tokensToMatrix(t: Tokens): Matrix {
  assertFinite('tokensToMatrix', 'the tokens', t.data);
  const matrix = new Matrix(t.d, t.n);
  for (let k = 0; k < t.n; k++) {
    for (let i = 0; i < t.d; i++) matrix.set(i, k, t.data[k * t.d + i]!);
  }
  return matrix;
}

/**
 * The columns of an ml-matrix as tokens, copied.
 *
 * @param matrix - at least one row; finite values
 * @param precision - of the storage, 'float64' (exact) unless given; 'float32' rounds to nearest
 * @returns tokens with d = rows and n = columns
 *
 * @throws RangeError if there is no row, or a value is NaN, infinite or beyond the range of the precision
 * @throws TypeError if matrix is not an ml-matrix
 * @example
 * tokensFromMatrix(new Matrix([[1, 3], [2, 4]])).data; // => new Float64Array([1, 2, 3, 4])
 */
export function tokensFromMatrix<P extends Precision = 'float64'>(matrix: AbstractMatrix, precision?: P): Tokens<FloatArrayOf<P>> {
  if (!Matrix.isMatrix(matrix)) throw new TypeError(`tokensFromMatrix: matrix must be an ml-matrix, got ${describe(matrix)}`);
  assertInteger('tokensFromMatrix', 'rows', matrix.rows, 1);
  const t = zeroTokens(matrix.rows, matrix.columns, precision);
  for (let k = 0; k < t.n; k++) {
    for (let i = 0; i < t.d; i++) t.data[k * t.d + i] = matrix.get(i, k);
  }
  assertFinite('tokensFromMatrix', `matrix rounded to ${precision ?? 'float64'}`, t.data);
  return t;
}

/** Tells an ml-matrix from tokens. */
function isMatrix(x: unknown): x is AbstractMatrix {
  return Matrix.isMatrix(x);
}

/**
 * The entries of `x` in an order of no meaning, checked to be finite. Tokens are not copied.
 *
 * @internal
 */
export function entriesOf(fn: string, name: string, x: MatrixLike): ArrayLike<number> {
  const values = isMatrix(x) ? x.to1DArray() : tokensOf(fn, name, x).data;
  assertFinite(fn, name, values);
  return values;
}

/**
 * `x` as an ml-matrix with finite entries and at least one row and one column, not to be changed:
 * an ml-matrix is passed on as it is.
 *
 * @internal
 */
export function matrixOf(fn: string, name: string, x: MatrixLike): AbstractMatrix {
  entriesOf(fn, name, x);
  const matrix = isMatrix(x) ? x : tokensToMatrix(x);
  if (matrix.rows === 0 || matrix.columns === 0) {
    throw new RangeError(`${fn}: ${name} must have at least one row and one column, got ${matrix.rows} x ${matrix.columns}`);
  }
  return matrix;
}

function tokensOf(fn: string, name: string, x: Tokens): Tokens {
  const { data } = (x ?? {}) as Partial<Tokens>;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`${fn}: ${name} must be tokens or an ml-matrix, got ${describe(x)}`);
  }
  return x;
}
