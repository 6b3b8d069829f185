import type { FloatArray } from '../tokens/tokens.ts';
import type { AttentionShape } from './kernels.ts';

/** Keys whose scores are held at once: 2 KiB of float64, and one rescaling of the sums per block. */
const keyBlock = 256;

/** Number of keys that query i sees. */
function seen(shape: AttentionShape, i: number): number {
  return shape.causal === null ? shape.keys : Math.min(shape.keys, Math.max(0, i + shape.causal + 1));
}

/**
 * Memory for the scores of a block of keys, in the precision of `like`: logPartition is rounded to that precision, so
 * e^{score - logPartition} is right for large scores only if they are rounded alike (their errors cancel at the top).
 */
function scoreMemory(like: FloatArray): FloatArray {
  return like instanceof Float32Array ? new Float32Array(keyBlock) : new Float64Array(keyBlock);
}

/** scores[j - from] = scale k_j . q_i for keys `from` to `to - 1` of one head; returns the largest. */
function scoreBlock(
  shape: AttentionShape, q: FloatArray, qAt: number, k: FloatArray, head: number, from: number, to: number, scores: FloatArray,
): number {
  const { d, keyHeads, scale } = shape;
  let top = -Infinity;
  for (let j = from; j < to; j++) {
    const kAt = (j * keyHeads + head) * d;
    let sum = 0;
    for (let c = 0; c < d; c++) sum += k[kAt + c]! * q[qAt + c]!;
    scores[j - from] = scale * sum;
    top = Math.max(top, scores[j - from]!);
  }
  return top;
}

/** `Kernels.attention` in float64 with online softmax: O(d) memory beyond the arguments. */
export function plainAttention(shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray, z: FloatArray, logPartition: FloatArray): void {
  const { queries, heads, keyHeads, d, dv } = shape;
  const scores = scoreMemory(q);
  const mean = new Float64Array(dv);
  for (let a = 0; a < heads; a++) {
    const head = Math.floor((a * keyHeads) / heads);
    for (let i = 0; i < queries; i++) {
      const count = seen(shape, i);
      let top = -Infinity;
      let weight = 0;
      mean.fill(0);
      for (let from = 0; from < count; from += keyBlock) {
        const to = Math.min(count, from + keyBlock);
        const newTop = Math.max(top, scoreBlock(shape, q, (i * heads + a) * d, k, head, from, to, scores));
        if (newTop === -Infinity) continue; // every weight so far is 0, and -Infinity - -Infinity would be NaN
        // Sums over e^{s - top} become sums over e^{s - newTop} through one factor; no exponent exceeds 0.
        const shrink = Math.exp(top - newTop);
        weight *= shrink;
        for (let c = 0; c < dv; c++) mean[c]! *= shrink;
        top = newTop;
        for (let j = from; j < to; j++) {
          const w = Math.exp(scores[j - from]! - top);
          weight += w;
          const vAt = (j * keyHeads + head) * dv;
          for (let c = 0; c < dv; c++) mean[c]! += w * v[vAt + c]!;
        }
      }
      logPartition[a * queries + i] = weight === 0 ? -Infinity : top + Math.log(weight);
      const zAt = (i * heads + a) * dv;
      for (let c = 0; c < dv; c++) z[zAt + c] = weight === 0 ? 0 : mean[c]! / weight;
    }
  }
}

/**
 * `Kernels.attentionVjp` in float64, O(keys d) memory beyond the arguments. With p_ij = e^{s_ij - logPartition_i}:
 * dv_j += p_ij dz_i, ds_ij = p_ij (dz_i . v_j - dz_i . z_i), dq_i += scale ds_ij k_j, dk_j += scale ds_ij q_i.
 */
export function plainAttentionVjp(
  shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray, z: FloatArray, logPartition: FloatArray,
  dz: FloatArray, dq: FloatArray, dk: FloatArray, dv: FloatArray,
): void {
  const { queries, keys, heads, keyHeads, d, dv: width, scale } = shape;
  const scores = scoreMemory(q);
  const dqRow = new Float64Array(d);
  // Sums over all queries of a key head are kept in float64 and rounded once.
  const dkSums = new Float64Array(keys * keyHeads * d);
  const dvSums = new Float64Array(keys * keyHeads * width);
  for (let a = 0; a < heads; a++) {
    const head = Math.floor((a * keyHeads) / heads);
    for (let i = 0; i < queries; i++) {
      const log = logPartition[a * queries + i]!;
      if (log === -Infinity) continue; // z_i is the constant 0
      const qAt = (i * heads + a) * d;
      const zAt = (i * heads + a) * width;
      let offset = 0;
      for (let c = 0; c < width; c++) offset += dz[zAt + c]! * z[zAt + c]!;
      dqRow.fill(0);
      const count = seen(shape, i);
      for (let from = 0; from < count; from += keyBlock) {
        const to = Math.min(count, from + keyBlock);
        scoreBlock(shape, q, qAt, k, head, from, to, scores);
        for (let j = from; j < to; j++) {
          const p = Math.exp(scores[j - from]! - log);
          const kAt = (j * keyHeads + head) * d;
          const vAt = (j * keyHeads + head) * width;
          let dp = 0;
          for (let c = 0; c < width; c++) {
            dp += dz[zAt + c]! * v[vAt + c]!;
            dvSums[vAt + c]! += p * dz[zAt + c]!;
          }
          const ds = scale * p * (dp - offset);
          for (let c = 0; c < d; c++) {
            dqRow[c]! += ds * k[kAt + c]!;
            dkSums[kAt + c]! += ds * q[qAt + c]!;
          }
        }
      }
      for (let c = 0; c < d; c++) dq[qAt + c] = dq[qAt + c]! + dqRow[c]!;
    }
  }
  for (let i = 0; i < dkSums.length; i++) dk[i] = dk[i]! + dkSums[i]!;
  for (let i = 0; i < dvSums.length; i++) dv[i] = dv[i]! + dvSums[i]!;
}
