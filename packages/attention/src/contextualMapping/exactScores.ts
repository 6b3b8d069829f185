import type { Matrix, Tokens } from '@prompt-limits/core-linalg';
import { addDyadic, compareDyadic, dyadicFromNumber, multiplyDyadic, subtractDyadic, type Dyadic } from '@prompt-limits/core-linalg/intervals';

/** A vector of exact numbers. */
export type DyadicVector = readonly Dyadic[];

/** The number 0. */
export const ZERO: Dyadic = { m: 0n, e: 0 };

/** $x \cdot y$, exact. */
export function dotExactly(x: DyadicVector, y: DyadicVector): Dyadic {
  let sum = ZERO;
  for (let i = 0; i < x.length; i++) sum = addDyadic(sum, multiplyDyadic(x[i]!, y[i]!));
  return sum;
}

/** $x - y$, exact. */
export const subtractExactly = (x: DyadicVector, y: DyadicVector): DyadicVector => x.map((a, i) => subtractDyadic(a, y[i]!));

/** The tokens as exact vectors. */
export function exactTokens({ d, n, data }: Tokens): readonly DyadicVector[] {
  return Array.from({ length: n }, (_, k) => Array.from(data.subarray(k * d, (k + 1) * d), dyadicFromNumber));
}

/** The rows of a matrix as exact vectors. */
export const exactRows = (matrix: Matrix): readonly DyadicVector[] => matrix.to2DArray().map((row) => row.map(dyadicFromNumber));

/** $A v$ for every v, exact: entry a is the image of token a. */
export function imagesExactly(rows: readonly DyadicVector[], vectors: readonly DyadicVector[]): readonly DyadicVector[] {
  return vectors.map((v) => rows.map((row) => dotExactly(row, v)));
}

/** Scores $\mathrm{scale} \cdot (W_K v_a)^\top W_Q v_c$, exact: `scores[c][a]`. */
export function scoresExactly(wK: Matrix, wQ: Matrix, vectors: readonly DyadicVector[], scale: number = 1): readonly DyadicVector[] {
  const keys = imagesExactly(exactRows(wK), vectors);
  const factor = dyadicFromNumber(scale);
  const queries = imagesExactly(exactRows(wQ), vectors).map((query) => query.map((x) => multiplyDyadic(factor, x)));
  return queries.map((query) => keys.map((key) => dotExactly(key, query)));
}

/** The smaller of two exact numbers. */
export const lesser = (a: Dyadic, b: Dyadic): Dyadic => (compareDyadic(a, b) <= 0 ? a : b);

/** The larger of two exact numbers. */
export const greater = (a: Dyadic, b: Dyadic): Dyadic => (compareDyadic(a, b) >= 0 ? a : b);

/** The absolute value, exact. */
export const absoluteDyadic = (a: Dyadic): Dyadic => (a.m < 0n ? { m: -a.m, e: a.e } : a);

/** Indices of the numbers in increasing order; equal ones keep their order. */
export const increasing = (values: DyadicVector): number[] => values.map((_, i) => i).sort((a, b) => compareDyadic(values[a]!, values[b]!) || a - b);

/** Columns as rows; `columns` is the number of rows of the result where there is no row. */
export const transposed = (rows: readonly DyadicVector[], columns: number = rows[0]?.length ?? 0): readonly DyadicVector[] =>
  Array.from({ length: columns }, (_, i) => rows.map((row) => row[i]!));
