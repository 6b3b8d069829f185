import { assertFinite, describe, Matrix, tokens, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';

/**
 * W Z for an r x d matrix and d x n tokens, in the storage of the tokens: sums in float64 in index order, rounded once. An entry is
 * off by at most d 2^-53 times the sum of the absolute products, and the rounding to float32.
 */
export function linearMap<A extends FloatArray>(w: Matrix, z: Tokens<A>): Tokens<A> {
  const { rows, columns: d } = w;
  const weights = w.to1DArray();
  const Storage = z.data.constructor as new (length: number) => A;
  const result = new Storage(rows * z.n);
  for (let k = 0; k < z.n; k++) {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += weights[i * d + c]! * z.data[k * d + c]!;
      result[k * rows + i] = sum;
    }
  }
  return tokens(rows, result);
}

/** Throws unless `w` is a finite rows x columns ml-matrix. */
export function assertWeights(fn: string, name: string, w: Matrix, rows: number, columns: number): void {
  if (!Matrix.isMatrix(w)) throw new TypeError(`${fn}: ${name} must be an ml-matrix, got ${describe(w)}`);
  if (w.rows !== rows || w.columns !== columns) throw new RangeError(`${fn}: ${name} must be ${rows} x ${columns}, got ${w.rows} x ${w.columns}`);
  assertFinite(fn, name, w.to1DArray());
}
