import type { AttentionProblem } from '@prompt-limits/attention';
import type { FloatArray, RandomSource } from '@prompt-limits/core-linalg';
import type { CheckedProblem } from './problem.ts';

/** Largest errors of the rows that were checked. */
export interface SampledErrors {
  /** Absolute, for each row of the output. */
  readonly perRow: Float64Array;
  /** As a fraction of the range of V. */
  readonly relative: number;
}

const unit64 = 2 ** -53;

/**
 * Computes `rows` random rows (a query of a head, drawn with replacement) exactly, in float64 from the given numbers, and compares. The
 * errors told include a bound on the rounding of the check itself.
 */
export function sampleRows(problem: AttentionProblem, checked: CheckedProblem, output: FloatArray, rows: number, random: RandomSource): SampledErrors {
  const { shape, group } = checked;
  const { queries, keys, heads, keyHeads, d, dv, scale, causal } = shape;
  const [Q, K, V] = [problem.queries.data, problem.keys.data, problem.values.data];
  const perRow = new Float64Array(heads * dv);
  let relative = 0;
  const scores = new Float64Array(keys);
  const mean = new Float64Array(dv);
  for (let row = 0; row < rows; row++) {
    const i = Math.min(queries - 1, Math.floor(random.uniform() * queries));
    const a = Math.min(heads - 1, Math.floor(random.uniform() * heads));
    const head = Math.floor(a / group);
    const seen = causal === null ? keys : Math.min(keys, Math.max(0, i + causal + 1));
    if (seen === 0) continue; // the zero token, by definition
    let [top, S] = [-Infinity, 0];
    for (let j = 0; j < seen; j++) {
      let [score, size] = [0, 0];
      for (let c = 0; c < d; c++) {
        const x = scale * Q[(i * heads + a) * d + c]! * K[(j * keyHeads + head) * d + c]!;
        score += x;
        size += Math.abs(x);
      }
      scores[j] = score;
      if (score > top) top = score;
      if (size > S) S = size;
    }
    mean.fill(0);
    let total = 0;
    for (let j = 0; j < seen; j++) {
      const w = Math.exp(scores[j]! - top);
      total += w;
      for (let c = 0; c < dv; c++) mean[c]! += w * V[(j * keyHeads + head) * dv + c]!;
    }
    // Weights: e^{+-eta}, eta = ((d + 4) S + 8) u; sums: (n + 2) u each of numerator and denominator.
    const slack = (4 * ((d + 4) * S + 8) + 2 * (seen + 4)) * unit64;
    for (let c = 0; c < dv; c++) {
      const at = head * dv + c;
      const largest = Math.max(-checked.values.low[at]!, checked.values.high[at]!);
      const range = checked.values.high[at]! - checked.values.low[at]!;
      const error = Math.abs(output[(i * heads + a) * dv + c]! - mean[c]! / total) + slack * largest;
      // A row of equal values is returned exactly: what differs is the check.
      if (range === 0) continue;
      perRow[a * dv + c] = Math.max(perRow[a * dv + c]!, error);
      relative = Math.max(relative, error / range);
    }
  }
  return { perRow, relative };
}
