import type { AttentionWorkload } from '@prompt-limits/bench';

/**
 * Tokens `sampled` of softmax(Q K^T) V, by the definition, in float64: what the suites measure errors against.
 * Each score is shifted by the largest of its query, so nothing overflows.
 */
export function attentionReference({ q, k, v }: AttentionWorkload, sampled: readonly number[]): readonly Float64Array[] {
  const { d, n } = q;
  return sampled.map((i) => {
    const scores = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let c = 0; c < d; c++) s += q.data[i * d + c]! * k.data[j * d + c]!;
      scores[j] = s;
    }
    const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = new Float64Array(d);
    let weight = 0;
    for (let j = 0; j < n; j++) {
      const w = Math.exp(scores[j]! - top);
      weight += w;
      for (let c = 0; c < d; c++) sum[c] = sum[c]! + w * v.data[j * d + c]!;
    }
    return sum.map((x) => x / weight);
  });
}
