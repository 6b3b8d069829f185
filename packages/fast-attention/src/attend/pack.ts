import type { FloatArray } from '@prompt-limits/core-linalg';
import type { ValueColumns } from './valueColumns.ts';
import type { Vectors } from './views.ts';

// The loops below run once a token or more: typed arrays and numbers only.

/** out = (x - centre) factor for tokens `from` to `to - 1`, `width` values a vector (the rest is left alone). */
export function packVectors(v: Vectors, from: number, to: number, centre: Float64Array, factor: number, width: number, out: FloatArray): void {
  const { data, stride, offset, per, d } = v;
  let o = 0;
  for (let t = from; t < to; t++) {
    let at = t * stride + offset;
    for (let j = 0; j < per; j++, at += d, o += width) {
      for (let c = 0; c < d; c++) out[o + c] = (data[at + c]! - centre[c]!) * factor;
    }
  }
}

/** out = [omega (v - mid) / unit, omega] for tokens `from` to `to - 1`: dv + 1 values a token, omega 1 where it is null. */
export function packValues(values: FloatArray, columns: ValueColumns, from: number, to: number, omega: Float64Array | null, out: FloatArray): void {
  const { dv, offset, stride, mid, inverse } = columns;
  let o = 0;
  for (let t = from; t < to; t++) {
    const at = t * stride + offset;
    const w = omega === null ? 1 : omega[t]!;
    for (let c = 0; c < dv; c++) out[o++] = (values[at + c]! - mid[c]!) * inverse[c]! * w;
    out[o++] = w;
  }
}

/** out = (v - mid) / unit: dv values a token. */
export function packPlainValues(values: FloatArray, columns: ValueColumns, from: number, to: number, out: FloatArray): void {
  const { dv, offset, stride, mid, inverse } = columns;
  let o = 0;
  for (let t = from; t < to; t++) {
    const at = t * stride + offset;
    for (let c = 0; c < dv; c++) out[o++] = (values[at + c]! - mid[c]!) * inverse[c]!;
  }
}

/** moments += block, in float64. */
export function addMoments(moments: Float64Array, block: FloatArray): void {
  for (let i = 0; i < moments.length; i++) moments[i]! += block[i]!;
}

/** out_ac = w_a moments_ac. */
export function weighMoments(moments: Float64Array, weights: Float64Array, columns: number, out: FloatArray): void {
  let at = 0;
  for (let a = 0; a < weights.length; a++) {
    const w = weights[a]!;
    for (let c = 0; c < columns; c++, at++) out[at] = moments[at]! * w;
  }
}

/** |x|^2 of vectors of width d, stored `width` apart. */
export function squaredNorms(count: number, d: number, width: number, x: FloatArray, out: Float64Array): void {
  for (let v = 0; v < count; v++) {
    let sum = 0;
    for (let c = 0, at = v * width; c < d; c++, at++) sum += x[at]! * x[at]!;
    out[v] = sum;
  }
}

/** Where the outputs of a group of heads go, and its log partitions if they are wanted. */
export interface Target {
  readonly output: FloatArray;
  /** Values of an output token, and where the group's start. */
  readonly stride: number;
  readonly offset: number;
}

/**
 * z = mid + unit (N + E z') / (D + E), held in [low, high], for `tokens` query tokens of `per` heads from token `first` on. sums holds N
 * and D in dv + 1 values a query; `exact` z' in dv values and `mass` E a query where part of the keys is summed exactly. The denominators go
 * to `totals`; where one is 0 (no key is seen) the output is 0.
 */
export function writeOutputs(
  columns: ValueColumns, sums: FloatArray, exact: FloatArray | null, mass: Float64Array | null,
  tokens: number, per: number, first: number, target: Target, totals: Float64Array,
): void {
  const { dv, low, high, mid, unit } = columns;
  const { output, stride, offset } = target;
  let [s, e, q] = [0, 0, 0];
  for (let t = 0; t < tokens; t++) {
    let o = (first + t) * stride + offset;
    for (let j = 0; j < per; j++, q++, s++) {
      const E = mass === null ? 0 : mass[q]!;
      const total = sums[s + dv]! + E;
      totals[q] = total;
      const inverse = 1 / total;
      for (let c = 0; c < dv; c++, s++, o++) {
        const N = mass === null ? sums[s]! : sums[s]! + E * exact![e++]!;
        let z = mid[c]! + N * inverse * unit[c]!;
        if (z < low[c]!) z = low[c]!;
        if (z > high[c]!) z = high[c]!;
        output[o] = total === 0 ? 0 : z;
      }
    }
  }
}
