import { column, sliceColumns, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { checkedShape, type AttentionProblem } from '../exact/problem.ts';

/** What `attendReference` returns: the result of `attend` in Float64, and the weights. */
export interface AttentionReference {
  /** Z, (heads dv) x queries. */
  readonly output: Tokens<Float64Array>;
  /** Log partition at `head * queries + i`. */
  readonly logPartition: Float64Array;
  /** The softmax of every head, keys x queries: column i holds the weights of query i, summing to 1 (or all 0 if it sees no key). */
  readonly weights: readonly Tokens<Float64Array>[];
}

/** Rows `head * d` to `head * d + d - 1` of every token, copied to Float64. */
export function headOf(t: Tokens, head: number, d: number): Tokens<Float64Array> {
  const part = zeroTokens(d, t.n);
  for (let k = 0; k < t.n; k++) part.data.set(column(t, k).subarray(head * d, (head + 1) * d), k * d);
  return part;
}

/** Inner product of two vectors of the same length. */
export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

/**
 * Attention straight from its formula, to check others by: all scores first, then for each query the largest, the sum of
 * the shifted exponentials, the weights, and the weighted sum of the values. It shares no code with `attend` but the
 * checks of its arguments.
 *
 * **O(queries x keys) memory** per head, and slow: meant for tests and small cases.
 *
 * @param problem - as for `attend`, of either precision; computed in Float64
 * @returns Z, the log partition and the weights
 *
 * Paper: Eq. (1.3).
 *
 * @throws TypeError, RangeError as `attend`
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const one = tokens(1, Float64Array.of(1, 2, 3));
 * const { weights } = attendReference({ queries: one, keys: one, values: one, scale: 0 });
 * weights[0].data[0]; // => 0.333333333333
 */
export function attendReference(problem: AttentionProblem): AttentionReference {
  const { queries, keys, heads, keyHeads, d, dv, scale, causal } = checkedShape('attendReference', problem);
  const output = zeroTokens(heads * dv, queries);
  const logPartition = new Float64Array(heads * queries).fill(-Infinity);
  const weights: Tokens<Float64Array>[] = [];
  for (let a = 0; a < heads; a++) {
    const group = Math.floor((a * keyHeads) / heads);
    const Q = headOf(problem.queries, a, d);
    const K = headOf(problem.keys, group, d);
    const V = headOf(problem.values, group, dv);
    const A = zeroTokens(Math.max(1, keys), queries);
    for (let i = 0; i < queries; i++) {
      const visible = causal === null ? keys : Math.min(keys, Math.max(0, i + causal + 1));
      if (visible === 0) continue;
      const scores = Float64Array.from({ length: visible }, (_, j) => scale * dot(column(K, j), column(Q, i)));
      const top = scores.reduce((x, y) => Math.max(x, y));
      const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
      logPartition[a * queries + i] = top + Math.log(total);
      scores.forEach((s, j) => {
        const weight = Math.exp(s - top) / total;
        column(A, i)[j] = weight;
        for (let c = 0; c < dv; c++) output.data[i * heads * dv + a * dv + c]! += weight * column(V, j)[c]!;
      });
    }
    weights.push(keys === 0 ? sliceColumns(A, 0, 0) : A);
  }
  return { output, logPartition, weights };
}
