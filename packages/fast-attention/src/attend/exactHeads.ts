import type { AttentionProblem } from '@prompt-limits/attention';
import type { FloatArray, Kernels, Tokens } from '@prompt-limits/core-linalg';
import type { CheckedProblem } from './problem.ts';

/** Columns `from` to `from + width - 1` of every token, together. */
function part(t: Tokens, from: number, width: number): FloatArray {
  if (t.d === width) return t.data;
  const data = new (t.data.constructor as new (length: number) => FloatArray)(width * t.n);
  for (let i = 0; i < t.n; i++) for (let c = 0; c < width; c++) data[i * width + c] = t.data[i * t.d + from + c]!;
  return data;
}

/** Holds the outputs of one key head in the range of V: rounding may leave it by an ulp or so, the true output does not. Unseen rows stay 0. */
function clamp({ shape, group, values }: CheckedProblem, head: number, output: FloatArray): void {
  const { heads, dv, queries, causal } = shape;
  const first = causal === null ? 0 : Math.min(queries, Math.max(0, -causal));
  for (let c = 0; c < dv; c++) {
    const [low, high] = [values.low[head * dv + c]!, values.high[head * dv + c]!];
    for (let j = 0; j < group; j++) {
      const from = (head * group + j) * dv + c;
      for (let i = first, at = first * heads * dv + from; i < queries; i++, at += heads * dv) {
        const z = output[at]!;
        if (z < low) output[at] = low;
        else if (z > high) output[at] = high;
      }
    }
  }
}

/**
 * Exact attention of some key heads and their queries, in the columns of the output and the log partitions that are theirs. The problem is
 * checked, so the kernels are called as they are: once if all heads are exact, else head by head on copies.
 */
export function exactHeads(problem: AttentionProblem, checked: CheckedProblem, keyHeads: readonly number[], kernels: Kernels, output: FloatArray, logs: FloatArray): void {
  const { shape, group } = checked;
  const { heads, d, dv, queries } = shape;
  if (keyHeads.length === shape.keyHeads) {
    kernels.attention(shape, problem.queries.data, problem.keys.data, problem.values.data, output, logs);
  } else {
    const Storage = problem.queries.data.constructor as new (length: number) => FloatArray;
    const z = new Storage(queries * group * dv);
    for (const head of keyHeads) {
      const [q, k, v] = [part(problem.queries, head * group * d, group * d), part(problem.keys, head * d, d), part(problem.values, head * dv, dv)];
      kernels.attention({ ...shape, heads: group, keyHeads: 1 }, q, k, v, z, logs.subarray(head * group * queries, (head + 1) * group * queries));
      for (let i = 0; i < queries; i++) for (let j = 0; j < group * dv; j++) output[i * heads * dv + head * group * dv + j] = z[i * group * dv + j]!;
    }
  }
  for (const head of keyHeads) clamp(checked, head, output);
}
