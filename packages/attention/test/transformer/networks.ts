import { fc } from '@fast-check/vitest';
import { Matrix, tokens, type Tokens } from '@prompt-limits/core-linalg';
import type { AttentionHead, FeedForward } from '../../src/index.ts';

/** A rows x columns matrix of integers from -bound to bound: products with integer tokens are exact. */
export function integerMatrix(rows: number, columns: number, bound: number): fc.Arbitrary<Matrix> {
  return fc
    .array(fc.integer({ min: -bound, max: bound }), { minLength: rows * columns, maxLength: rows * columns })
    .map((values) => new Matrix(Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns))));
}

/** A head of size s with weights of integers up to `bound`. */
export function integerHead(d: number, s: number, bound: number, scale: fc.Arbitrary<number> = fc.constantFrom(1, 0.25)): fc.Arbitrary<AttentionHead> {
  const into = integerMatrix(s, d, bound);
  return fc.record({ wO: integerMatrix(d, s, bound), wV: into, wK: into, wQ: into, scale });
}

/** d x n tokens of integers up to `bound`. */
export function integerTokens(d: number, n: number, bound: number): fc.Arbitrary<Tokens<Float64Array>> {
  return integerMatrix(n, d, bound).map((m) => tokens(d, Float64Array.from(m.to1DArray())));
}

/** The layer that changes nothing, with one idle neuron. */
export const idle = (d: number, r: number = 1): FeedForward => ({ d, r, w1: new Float64Array(r * d), b1: new Float64Array(r), w2: new Float64Array(d * r), b2: new Float64Array(d) });

/** W z for one token. */
export const times = (w: Matrix, z: ArrayLike<number>): number[] =>
  Array.from({ length: w.rows }, (_, i) => Array.from(z).reduce((sum, x, c) => sum + w.get(i, c) * x, 0));

/** The columns of tokens. */
export const columns = (t: Tokens): number[][] => Array.from({ length: t.n }, (_, k) => Array.from(t.data.subarray(k * t.d, (k + 1) * t.d)));

/** `w` filled up with zeros to `rows` x `width`. */
export function padded(w: Matrix, rows: number, width: number): Matrix {
  const result = Matrix.zeros(rows, width);
  result.setSubMatrix(w, 0, 0);
  return result;
}
