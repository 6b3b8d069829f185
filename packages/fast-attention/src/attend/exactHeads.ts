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

/** Tokens that are held in range at a time. */
const run = 128;

/** Holds outputs in the range of V: rounding may leave it by an ulp or so, the true output does not. Rows that see nothing stay 0. */
function clamp({ shape, group, values }: CheckedProblem, keyHeads: readonly number[], output: FloatArray): void {
  const { heads, dv, queries, causal } = shape;
  const width = heads * dv;
  const low = new Float64Array(width).fill(-Infinity);
  const high = new Float64Array(width).fill(Infinity);
  for (const head of keyHeads) {
    for (let c = 0; c < group * dv; c++) {
      low[head * group * dv + c] = values.low[head * dv + (c % dv)]!;
      high[head * group * dv + c] = values.high[head * dv + (c % dv)]!;
    }
  }
  const first = causal === null ? 0 : Math.min(queries, Math.max(0, -causal));
  // Row by row within a run of tokens that stays in the first-level cache, so that the row's range stays in registers.
  for (let from = first; from < queries; from += run) {
    const end = Math.min(queries, from + run) * width;
    for (let c = 0; c < width; c++) {
      const [bottom, top] = [low[c]!, high[c]!];
      for (let at = from * width + c; at < end; at += width) {
        const z = output[at]!;
        if (z < bottom) output[at] = bottom;
        else if (z > top) output[at] = top;
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
  clamp(checked, keyHeads, output);
}
