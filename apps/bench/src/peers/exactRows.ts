import type { AttentionProblem } from '@prompt-limits/attention';

/** Rows of exact attention to compare an output with, and what they may err themselves. */
export interface ExactRows {
  /** Largest error of the output of query i in head a over the columns, as a fraction of the range of each row of V unless another unit was given, beyond what the reference may err. */
  error(output: ArrayLike<number>, i: number, a: number): number;
}

/**
 * Softmax attention row by row in float64, straight from the definition on the given numbers: what certificates are judged by. It shares no
 * code with what it judges.
 *
 * Its own error: scores of d products in any order, |scale| d |Q| |K| (d + 4) 2^-53; weights twice that; sums of n terms, a quotient: at most
 * (2 (d + 4) S + 3 n + 16) 2^-53 of the largest value, which is taken off the error that is found.
 *
 * @param unit - what errors are fractions of, instead of the range of each row of V
 */
export function exactRows(problem: AttentionProblem, unit?: number): ExactRows {
  const { queries, keys, values, scale, heads = 1, keyHeads = heads, causal = false } = problem;
  const [d, dv, n] = [queries.d / heads, values.d / keyHeads, keys.n];
  const offset = causal === false ? Infinity : causal === true ? n - queries.n : causal;
  const largest = (x: ArrayLike<number>): number => {
    let most = 0;
    for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]!));
    return most;
  };
  const S = Math.abs(scale) * d * largest(queries.data) * largest(keys.data);
  const slack = (2 * (d + 4) * S + 3 * n + 16) * 2 ** -53 * largest(values.data);
  const [low, high] = [new Float64Array(values.d).fill(Infinity), new Float64Array(values.d).fill(-Infinity)];
  for (let at = 0; at < values.data.length; at++) {
    low[at % values.d] = Math.min(low[at % values.d]!, values.data[at]!);
    high[at % values.d] = Math.max(high[at % values.d]!, values.data[at]!);
  }
  const [weights, mean] = [new Float64Array(n), new Float64Array(dv)];
  const [Q, K, V] = [queries.data, keys.data, values.data];
  return {
    error(output, i, a) {
      const head = Math.floor((a * keyHeads) / heads);
      const seen = Math.max(0, Math.min(n, i + offset + 1));
      let top = -Infinity;
      for (let j = 0; j < seen; j++) {
        let score = 0;
        for (let c = 0; c < d; c++) score += Q[(i * heads + a) * d + c]! * K[(j * keyHeads + head) * d + c]!;
        weights[j] = score * scale;
        top = Math.max(top, weights[j]!);
      }
      mean.fill(0);
      let total = 0;
      for (let j = 0; j < seen; j++) {
        const w = Math.exp(weights[j]! - top);
        total += w;
        for (let c = 0; c < dv; c++) mean[c]! += w * V[(j * keyHeads + head) * dv + c]!;
      }
      let worst = 0;
      for (let c = 0; c < dv; c++) {
        const z = output[(i * heads + a) * dv + c]!;
        const at = head * dv + c;
        const excess = Math.abs(z - (seen === 0 ? 0 : mean[c]! / total)) - slack;
        if (Number.isNaN(excess)) return Infinity;
        if (excess > 0) worst = Math.max(worst, excess / (unit ?? high[at]! - low[at]!));
      }
      return worst;
    },
  };
}

/** The largest of `count` evenly spread rows of every head. */
export function sampledError(problem: AttentionProblem, output: ArrayLike<number>, count: number): number {
  const { queries: { n }, heads = 1 } = problem;
  const rows = exactRows(problem);
  let worst = 0;
  for (let k = 0; k < Math.min(count, n); k++) {
    const i = n === 1 ? 0 : Math.round((k * (n - 1)) / (Math.min(count, n) - 1 || 1));
    for (let a = 0; a < heads; a++) worst = Math.max(worst, rows.error(output, i, a));
  }
  return worst;
}
