import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { Chunk } from './chunks.ts';
import type { HeadGradient, HeadRows } from './headRows.ts';
import type { GradientInputs, HeadData } from './headInputs.ts';
import type { HeadPlan } from './headPlan.ts';
import { storeRows } from './storeTokens.ts';

/** The rows of a chunk, known once its sums are: 1 / D (0: nothing to add), delta, and the factors of the bounds. */
interface ChunkRows {
  readonly inverse: Float64Array;
  readonly delta: Float64Array;
  readonly value: Float64Array;
  readonly key: Float64Array;
}

/** The pairs of a causal chunk, exactly: what they add to D and to the output, and then to the gradient. */
export interface ChunkOutput {
  /** $\sum_j \omega_j e^{x_{ij}}$ over the chunk's keys that query i sees. */
  readonly weight: Float64Array;
  /** Their mean of (v - mid) / size, queries x dv. */
  readonly output: FloatArray;
  /** Whether query i sees any of them. */
  readonly sees: (row: number) => boolean;
  gradient(rows: ChunkRows, into: HeadGradient): void;
}

const largestOver = (x: Float64Array, from: number, to: number): number => {
  let most = 0;
  for (let i = from; i < to; i++) most = Math.max(most, Math.abs(x[i]!));
  return most;
};

/**
 * One chunk by `Kernels.attention` and `attentionVjp` on centred keys and values, whose scores are $\ln \omega_j + top + x_{ij}$.
 * Arrays live in the caller's scratch. The second pass computes probabilities from the log partition of all keys a query sees; values
 * get a column of ones against -delta, and two columns of zeros whose gradients are sums of P times the factors of the bounds.
 */
export function exactChunk(inputs: GradientInputs, plan: HeadPlan, data: HeadData, kernels: Kernels, chunk: Chunk): ChunkOutput {
  const { d, dv, heads, keyHeads, scale } = inputs.shape;
  const { frame } = plan;
  const [m, n] = [chunk.to - chunk.from, chunk.seen - chunk.prefix];
  const shape = { queries: m, keys: n, heads: 1, keyHeads: 1, d, dv, scale, causal: chunk.causal };
  const q = kernels.allocate(m * d);
  for (let i = 0; i < m; i++) for (let c = 0; c < d; c++) q[i * d + c] = inputs.q[((chunk.from + i) * heads + frame.head) * d + c]!;
  const k = kernels.allocate(n * d);
  const wide = dv + 3;
  const v = kernels.allocate(n * dv);
  const wideV = kernels.allocate(n * wide);
  for (let j = 0; j < n; j++) {
    const token = (chunk.prefix + j) * keyHeads + frame.keyHead;
    for (let c = 0; c < d; c++) k[j * d + c] = inputs.k[token * d + c]! - frame.keyCentre[c]!;
    for (let c = 0; c < dv; c++) wideV[j * wide + c] = v[j * dv + c] = (inputs.v[token * dv + c]! - frame.middle[c]!) / data.size;
    wideV[j * wide + dv] = 1;
  }
  const output = kernels.allocate(m * dv);
  const logs = kernels.allocate(m);
  kernels.attention(shape, q, k, v, output, logs);
  const weight = Float64Array.from({ length: m }, (_, i) => Math.exp(logs[i]! - data.top));
  const seen = Uint8Array.from({ length: m }, (_, i) => (logs[i] === -Infinity ? 0 : 1));
  return { weight, output, sees: (row) => seen[row] === 1, gradient };

  function gradient(rows: ChunkRows, into: HeadGradient): void {
    const [from, to] = [chunk.from, chunk.to];
    let unit = largestOver(rows.delta, from, to);
    for (let i = from; i < to; i++) for (let c = 0; c < dv; c++) unit = Math.max(unit, Math.abs(inputs.dz[(i * heads + frame.head) * dv + c]!) * data.size);
    const units = [unit, largestOver(rows.value, from, to), largestOver(rows.key, from, to)].map((x) => x || 1) as [number, number, number];
    if (!units.every((x) => x < Infinity)) return;
    const dz = kernels.allocate(m * wide);
    const all = kernels.allocate(m);
    for (let i = 0; i < m; i++) {
      const row = from + i;
      const active = rows.inverse[row]! > 0;
      all[i] = active ? data.top - Math.log(rows.inverse[row]!) : -Infinity;
      if (!active) continue;
      const at = i * wide;
      for (let c = 0; c < dv; c++) dz[at + c] = (inputs.dz[(row * heads + frame.head) * dv + c]! * data.size) / units[0];
      dz[at + dv] = -rows.delta[row]! / units[0];
      dz[at + dv + 1] = rows.value[row]! / units[1];
      dz[at + dv + 2] = rows.key[row]! / units[2];
    }
    const dq = kernels.allocate(m * d);
    const dk = kernels.allocate(n * d);
    const dValues = kernels.allocate(n * wide);
    kernels.attentionVjp({ ...shape, dv: wide }, q, k, wideV, kernels.allocate(m * wide), all, dz, dq, dk, dValues);
    const store = (target: HeadRows, width: number, first: number, end: number, x: FloatArray, stride: number, factor: number): void => {
      const count = Math.min(end, target.bounds.length) - first;
      if (count > 0) storeRows(kernels, target, width, first, x, stride, new Float64Array(count).fill(factor), into.u);
    };
    store(into.queries, d, from, to, dq, d, units[0]);
    store(into.values, dv, chunk.prefix, chunk.seen, dValues, wide, units[0] / data.size);
    store(into.keys, d, chunk.prefix, chunk.seen, dk, d, units[0]);
    // The sums of P e are computed with the same rounding as the gradient.
    const { eta, products } = plan.chunk!.rounding;
    const grown = Math.exp(2 * eta) * (1 + 4 * products) * (1 + 2 ** -20);
    // What underflow takes from any product, at most 2^-149 of sizes at most 1 for each of m queries and dv + 3 columns.
    const floor = m * wide * (kernels.precision === 'float32' ? 2 ** -140 : 2 ** -1060);
    const size = Math.abs(scale) * (largestEntry(q) + 1) * units[0];
    for (let j = chunk.prefix; j < Math.min(chunk.seen, into.keys.bounds.length); j++) {
      const at = (j - chunk.prefix) * wide;
      into.values.bounds[j]! += (Math.max(0, dValues[at + dv + 1]!) + floor) * units[1] * grown + floor * (units[0] / data.size);
      into.keys.bounds[j]! += (Math.max(0, dValues[at + dv + 2]!) + floor) * units[2] * grown + floor * size;
    }
  }
}

function largestEntry(x: FloatArray): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]!));
  return most;
}
