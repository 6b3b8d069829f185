import type { AttentionShape, FloatArray } from '../../src/index.ts';

/** An attention problem with a gradient for its output. */
export interface Problem {
  readonly shape: AttentionShape;
  readonly q: FloatArray;
  readonly k: FloatArray;
  readonly v: FloatArray;
  readonly dz: FloatArray;
}

/** Values in float64, and how far a computation with rounding unit u may be off. */
export interface Bounded {
  readonly value: Float64Array;
  readonly bound: Float64Array;
}

const zeros = (length: number): Bounded => ({ value: new Float64Array(length), bound: new Float64Array(length) });

/** Number of keys that query i sees. */
export const seen = ({ keys, causal }: AttentionShape, i: number): number => (causal === null ? keys : Math.max(0, Math.min(keys, i + causal + 1)));

/** Weights below this may become 0. */
const leastWeight = 2 ** -126;

/**
 * Softmax attention and its vector-Jacobian product by their formulas in float64, a softmax in two passes for each
 * query, with first-order error bounds for a computation with rounding unit `u` (the reference's own 2^-53 is added).
 */
export function attentionReference({ shape, q, k, v, dz }: Problem, unit: number): Record<'z' | 'logPartition' | 'dq' | 'dk' | 'dv', Bounded> {
  const { queries, keys, heads, keyHeads, d, dv: width, scale } = shape;
  const u = unit + 2 ** -53;
  const rows = queries * (heads / keyHeads);
  const z = zeros(queries * heads * width);
  const logPartition = zeros(heads * queries);
  const [dq, dk, dv] = [zeros(q.length), zeros(k.length), zeros(v.length)];
  const tiles = Math.ceil(keys / 256);
  const add = (to: Bounded, at: number, value: number, bound: number): void => {
    to.value[at] = to.value[at]! + value;
    to.bound[at] = to.bound[at]! + bound;
  };

  for (let a = 0; a < heads; a++) {
    const head = Math.floor((a * keyHeads) / heads);
    for (let i = 0; i < queries; i++) {
      const count = seen(shape, i);
      const scores = new Float64Array(count);
      const sizes = new Float64Array(count); // |scale| sum_c |k_c q_c|
      for (let j = 0; j < count; j++) {
        for (let c = 0; c < d; c++) {
          const product = scale * q[(i * heads + a) * d + c]! * k[(j * keyHeads + head) * d + c]!;
          scores[j]! += product;
          sizes[j]! += Math.abs(product);
        }
      }
      const top = scores.reduce((m, s) => Math.max(m, s), -Infinity);
      const weights = scores.map((s) => Math.exp(s - top));
      const total = weights.reduce((sum, w) => sum + w, 0);
      const p = weights.map((w) => w / total);
      logPartition.value[a * queries + i] = count === 0 ? -Infinity : top + Math.log(total);
      if (count === 0) continue;

      // A weight e^{s - max} has relative error eta: a score of d products of k and the rounded scale q; the rounded
      // difference x = s - max and x log2 e; 4 u from the polynomial; for each tile after the first another factor
      // e^{max - max'} with the same 4 u and a rounded product. (The differences of the maxima add up to at most |x|.)
      const eta = scores.map((s, j) => ((d + 1) * sizes[j]! + 4 * (top - s) + 4 + 6 * (tiles - 1)) * u);
      const meanEta = p.reduce((sum, w, j) => sum + w * eta[j]!, 0);
      // ln of a sum of `keys` weights, whose relative error becomes absolute; then rounded twice.
      logPartition.bound[a * queries + i] = meanEta + (keys + 4 + 2 * Math.log(total) + Math.abs(logPartition.value[a * queries + i]!)) * u;

      const at = (i * heads + a) * width;
      let mean = 0; // D = dz . z
      let meanError = 0;
      for (let c = 0; c < width; c++) {
        for (let j = 0; j < count; j++) {
          const value = v[(j * keyHeads + head) * width + c]!;
          // Numerator and denominator are sums of `keys` terms each, then a reciprocal and a product.
          const error = p[j]! * (eta[j]! + meanEta + (2 * keys + 4) * u) + leastWeight;
          add(z, at + c, p[j]! * value, Math.abs(value) * error);
        }
        const product = dz[at + c]! * z.value[at + c]!;
        mean += product;
        meanError += (width + 1) * u * Math.abs(product) + Math.abs(dz[at + c]!) * z.bound[at + c]!;
      }

      for (let j = 0; j < count; j++) {
        const keyAt = (j * keyHeads + head) * d;
        const valueAt = (j * keyHeads + head) * width;
        // p again from logPartition: the score's error, logPartition's, a difference and its exponential.
        const x = Math.abs(scores[j]! - logPartition.value[a * queries + i]!);
        const etaP = ((d + 1) * sizes[j]! + 2 * x + 4) * u + logPartition.bound[a * queries + i]!;
        let gradient = 0; // dz . v_j
        let size = 0;
        for (let c = 0; c < width; c++) {
          const g = dz[at + c]!;
          gradient += g * v[valueAt + c]!;
          size += Math.abs(g * v[valueAt + c]!);
          add(dv, valueAt + c, p[j]! * g, Math.abs(g) * (p[j]! * (etaP + (rows + 2) * u) + leastWeight));
        }
        const e = scale * p[j]! * (gradient - mean);
        // The two dot products, then their difference and two more products.
        const eError = Math.abs(e) * (etaP + 3 * u) + Math.abs(scale) * p[j]! * ((width + 2) * u * size + meanError)
          + Math.abs(scale * (gradient - mean)) * leastWeight;
        for (let c = 0; c < d; c++) {
          const [qAt, kAt] = [(i * heads + a) * d + c, keyAt + c];
          add(dq, qAt, e * k[kAt]!, Math.abs(k[kAt]!) * (eError + (keys + 2) * u * Math.abs(e)));
          add(dk, kAt, e * q[qAt]!, Math.abs(q[qAt]!) * (eError + (rows + 2) * u * Math.abs(e)));
        }
      }
    }
  }
  return { z, logPartition, dq, dk, dv };
}
