import type { FloatArray } from '../tokens/tokens.ts';

/** The transpose of a row-major `rows` x `columns` matrix, in the same precision. */
export function transposed(rows: number, columns: number, source: FloatArray): FloatArray {
  const result = source instanceof Float64Array ? new Float64Array(rows * columns) : new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = source[i * columns + j]!;
  }
  return result;
}

/**
 * C = alpha A B^T + beta C with A m x k and B n x k, every sum in float64 in the order of k.
 * With beta = 0 the old C is not read. Two rows by four columns at a time, so that six loads feed eight products.
 */
export function plainGemmNT(
  m: number, n: number, k: number, alpha: number, a: FloatArray, b: FloatArray, beta: number, c: FloatArray,
): void {
  const put = (at: number, sum: number): void => {
    c[at] = beta === 0 ? alpha * sum : alpha * sum + beta * c[at]!;
  };
  for (let j = 0; j < n; j += 4) {
    // At the edge the missing columns repeat the last one and are not stored.
    const width = Math.min(4, n - j);
    const b0 = j * k;
    const b1 = (width > 1 ? j + 1 : j) * k;
    const b2 = (width > 2 ? j + 2 : j) * k;
    const b3 = (width > 3 ? j + 3 : j) * k;
    for (let i = 0; i < m; i += 2) {
      const a0 = i * k;
      const two = i + 1 < m;
      const a1 = two ? a0 + k : a0;
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      for (let p = 0; p < k; p++) {
        const x0 = a[a0 + p]!, x1 = a[a1 + p]!;
        const y0 = b[b0 + p]!, y1 = b[b1 + p]!, y2 = b[b2 + p]!, y3 = b[b3 + p]!;
        s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
        s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
      }
      const at = i * n + j;
      put(at, s00);
      if (width > 1) put(at + 1, s01);
      if (width > 2) put(at + 2, s02);
      if (width > 3) put(at + 3, s03);
      if (!two) continue;
      put(at + n, s10);
      if (width > 1) put(at + n + 1, s11);
      if (width > 2) put(at + n + 2, s12);
      if (width > 3) put(at + n + 3, s13);
    }
  }
}
