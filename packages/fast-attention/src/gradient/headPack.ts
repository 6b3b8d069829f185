import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { GradientInputs, HeadData, HeadFrame } from './headInputs.ts';

/** A head's tokens as its sums of features take them, block by block in kernel memory. */
export interface HeadPack {
  /** beta scale (q_i - q_0) of queries `from` to `to` - 1. */
  queries(from: number, to: number): FloatArray;
  /** (k_j - c) / beta. */
  keys(from: number, to: number): FloatArray;
  /** ((v_j - mid) / size, 1), dv + 1 values a key, times omega_j if `weighed`. */
  values(from: number, to: number, weighed: boolean): FloatArray;
}

/** Centres, scales and stores blocks of one head in the enclosing scratch; each entry is rounded at most 3 times in float64 and once as stored. */
export function headPack({ shape, q, k, v }: GradientInputs, frame: HeadFrame, data: HeadData, kernels: Kernels): HeadPack {
  const { heads, keyHeads, d, dv, scale } = shape;
  const { head, keyHead, keyCentre, queryCentre, balance, middle } = frame;
  const filled = (length: number, value: number): Float64Array => new Float64Array(length).fill(value);
  const [ofQueries, ofKeys, ofValues] = [filled(d, balance * scale), filled(d, 1 / balance), filled(dv, 1 / data.size)];
  const pack = (x: FloatArray, per: number, at: number, width: number, centre: Float64Array, factor: Float64Array, from: number, to: number, w: FloatArray | null, out: number): FloatArray => {
    const packed = kernels.allocate((to - from) * out);
    const stride = per * width;
    kernels.centreTokens(to - from, width, stride, x.subarray(from * stride + at * width, (to - 1) * stride + (at + 1) * width), centre, factor, w, out, packed);
    return packed;
  };
  return {
    queries: (from, to) => pack(q, heads, head, d, queryCentre, ofQueries, from, to, null, d),
    keys: (from, to) => pack(k, keyHeads, keyHead, d, keyCentre, ofKeys, from, to, null, d),
    values(from, to, weighed) {
      let w: FloatArray | null = null;
      if (weighed && data.weights !== null) {
        w = kernels.allocate(to - from);
        w.set(data.weights.subarray(from, to));
      }
      return pack(v, keyHeads, keyHead, dv, middle, ofValues, from, to, w, dv + 1);
    },
  };
}
