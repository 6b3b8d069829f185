import type { AttentionProblem } from '@prompt-limits/attention';
import type { FloatArray, Kernels, Tokens } from '@prompt-limits/core-linalg';
import { ifRoom } from './kernelMemory.ts';
import type { CheckedProblem } from './problem.ts';

/** Columns `from` to `from + width - 1` of every token, together. */
export function part(t: Tokens, from: number, width: number): FloatArray {
  if (t.d === width) return t.data;
  const data = new (t.data.constructor as new (length: number) => FloatArray)(width * t.n);
  for (let i = 0; i < t.n; i++) for (let c = 0; c < width; c++) data[i * width + c] = t.data[i * t.d + from + c]!;
  return data;
}

/**
 * Holds outputs of queries of `heads` key heads in the range of V: rounding may leave it by an ulp or so, the true output does not. Queries
 * that see nothing stay 0.
 */
function hold({ shape, group, values }: CheckedProblem, keyHeads: readonly number[], output: FloatArray, kernels: Kernels): void {
  const { dv, queries, causal } = shape;
  const width = keyHeads.length * group * dv;
  const [low, high] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0, o = 0; i < keyHeads.length; i++) {
    for (let j = 0; j < group; j++) {
      for (let c = 0; c < dv; c++, o++) [low[o], high[o]] = [values.low[keyHeads[i]! * dv + c]!, values.high[keyHeads[i]! * dv + c]!];
    }
  }
  const first = causal === null ? 0 : Math.min(queries, Math.max(0, -causal));
  if (first < queries) kernels.holdTokens(queries - first, width, first === 0 ? output : output.subarray(first * width), low, high);
}

/**
 * Exact attention of some key heads and their queries, in the columns of the output and the log partitions that are theirs. The problem is
 * checked, so the kernels are called as they are: once if all heads are exact, else head by head on copies.
 */
export function exactHeads(problem: AttentionProblem, checked: CheckedProblem, keyHeads: readonly number[], kernels: Kernels, output: FloatArray, logs: FloatArray): void {
  const { shape, group } = checked;
  const { heads, d, dv, queries } = shape;
  if (keyHeads.length === shape.keyHeads) {
    exactly(heads, keyHeads, problem.queries.data, problem.keys.data, problem.values.data, output, logs);
    return;
  }
  const Storage = problem.queries.data.constructor as new (length: number) => FloatArray;
  const z = new Storage(queries * group * dv);
  for (const head of keyHeads) {
    const [q, k, v] = [part(problem.queries, head * group * d, group * d), part(problem.keys, head * d, d), part(problem.values, head * dv, dv)];
    exactly(group, [head], q, k, v, z, logs.subarray(head * group * queries, (head + 1) * group * queries));
    for (let i = 0; i < queries; i++) for (let j = 0; j < group * dv; j++) output[i * heads * dv + head * group * dv + j] = z[i * group * dv + j]!;
  }

  /** The outputs stay where the kernels made them until they are in range; where there is no room for that, they go to and fro. */
  function exactly(count: number, those: readonly number[], q: FloatArray, k: FloatArray, v: FloatArray, into: FloatArray, ownLogs: FloatArray): void {
    const make = (at: FloatArray): void => {
      kernels.attention({ ...shape, heads: count, keyHeads: those.length }, q, k, v, at, ownLogs);
      hold(checked, those, at, kernels);
    };
    const roomy = ifRoom(() => kernels.scratch(() => {
      const made = kernels.allocate(into.length);
      make(made);
      into.set(made);
      return true;
    }));
    if (roomy === null) make(into);
  }
}
