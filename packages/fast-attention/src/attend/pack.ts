import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { ValueColumns } from './valueColumns.ts';
import { inPlace, type Vectors } from './views.ts';

// The loops below run once a value or more: typed arrays and numbers only, and column by column within a run of tokens that stays in the
// first-level cache, so that a column's constants stay in registers.
const run = 256;

/** out = (x - centre) factor for tokens `from` to `to - 1`, `width` values a vector (the rest is left alone). */
export function packVectors(v: Vectors, from: number, to: number, centre: Float64Array, factor: number, width: number, out: FloatArray): void {
  const { data, stride, offset, per, d } = v;
  for (let first = from; first < to; first += run) {
    const last = Math.min(to, first + run);
    for (let j = 0; j < per; j++) {
      for (let c = 0; c < d; c++) {
        const middle = centre[c]!;
        let at = first * stride + offset + j * d + c;
        let o = ((first - from) * per + j) * width + c;
        for (let t = first; t < last; t++, at += stride, o += per * width) out[o] = (data[at]! - middle) * factor;
      }
    }
  }
}

/** out = (v - mid) / unit for tokens `from` to `to - 1`, times omega where it is given; `width` values a token (the rest is left alone). */
function packColumns(values: FloatArray, columns: ValueColumns, from: number, to: number, omega: FloatArray | null, width: number, out: FloatArray): void {
  const { dv, offset, stride, mid, inverse } = columns;
  for (let first = from; first < to; first += run) {
    const last = Math.min(to, first + run);
    for (let c = 0; c < dv; c++) {
      const [middle, factor] = [mid[c]!, inverse[c]!];
      let at = first * stride + offset + c;
      let o = (first - from) * width + c;
      if (omega === null) for (let t = first; t < last; t++, at += stride, o += width) out[o] = (values[at]! - middle) * factor;
      else for (let t = first; t < last; t++, at += stride, o += width) out[o] = (values[at]! - middle) * factor * omega[t]!;
    }
  }
}

/** Whether kernels that have to copy an array first would copy mostly other heads. */
const mostlyOthers = (kernels: Kernels, data: FloatArray, stride: number, width: number): boolean => stride > 4 * width && !inPlace(kernels, data);

/** `packVectors` with the width of the vectors by the kernels, on all their threads. */
export function centreVectors(kernels: Kernels, v: Vectors, from: number, to: number, centre: Float64Array, factor: number, out: FloatArray): void {
  const { data, stride, offset, per, d } = v;
  if (mostlyOthers(kernels, data, stride, per * d)) {
    packVectors(v, from, to, centre, factor, d, out);
    return;
  }
  const middle = new Float64Array(per * d);
  for (let j = 0; j < per; j++) middle.set(centre, j * d);
  kernels.centreTokens(to - from, per * d, stride, data.subarray(from * stride + offset), middle, new Float64Array(per * d).fill(factor), null, per * d, out);
}

/** `packValues` by the kernels; omega of their precision. */
export function centreValues(kernels: Kernels, values: FloatArray, columns: ValueColumns, from: number, to: number, omega: FloatArray | null, out: FloatArray): void {
  const { dv, stride, offset, mid, inverse } = columns;
  if (mostlyOthers(kernels, values, stride, dv)) packValues(values, columns, from, to, omega, out);
  else kernels.centreTokens(to - from, dv, stride, values.subarray(from * stride + offset), mid, inverse, omega?.subarray(from, to) ?? null, dv + 1, out);
}

/** out = [omega (v - mid) / unit, omega] for tokens `from` to `to - 1`: dv + 1 values a token, omega 1 where it is null. */
export function packValues(values: FloatArray, columns: ValueColumns, from: number, to: number, omega: FloatArray | null, out: FloatArray): void {
  const width = columns.dv + 1;
  packColumns(values, columns, from, to, omega, width, out);
  for (let t = from, o = columns.dv; t < to; t++, o += width) out[o] = omega === null ? 1 : omega[t]!;
}

/** out = (v - mid) / unit: dv values a token. */
export function packPlainValues(values: FloatArray, columns: ValueColumns, from: number, to: number, out: FloatArray): void {
  packColumns(values, columns, from, to, null, columns.dv, out);
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
 * z = mid + unit N / D, held in [low, high], for `tokens` query tokens of `per` heads from token `first` on. sums holds N and D in dv + 1
 * values a query. The denominators go to `totals`; where one is 0 (no key is seen) the output is 0.
 */
export function writeOutputs(columns: ValueColumns, sums: FloatArray, tokens: number, per: number, first: number, target: Target, totals: Float64Array): void {
  const { dv, low, high, mid, unit } = columns;
  const { output, stride, offset } = target;
  const width = dv + 1;
  const inverse = new Float64Array(run);
  for (let from = 0; from < tokens; from += run) {
    const to = Math.min(tokens, from + run);
    for (let j = 0; j < per; j++) {
      let empty = false;
      for (let t = from, s = (from * per + j) * width + dv; t < to; t++, s += per * width) {
        const total = sums[s]!;
        totals[t * per + j] = total;
        inverse[t - from] = 1 / total;
        if (total === 0) empty = true;
      }
      for (let c = 0; c < dv; c++) {
        const [middle, factor, bottom, top] = [mid[c]!, unit[c]!, low[c]!, high[c]!];
        let s = (from * per + j) * width + c;
        let o = (first + from) * stride + offset + j * dv + c;
        for (let t = from; t < to; t++, s += per * width, o += stride) {
          const z = middle + sums[s]! * inverse[t - from]! * factor;
          output[o] = z < bottom ? bottom : z > top ? top : z;
        }
      }
      if (!empty) continue;
      for (let t = from; t < to; t++) {
        const o = (first + t) * stride + offset + j * dv;
        if (totals[t * per + j] === 0) output.fill(0, o, o + dv);
      }
    }
  }
}

/**
 * `writeOutputs` by the kernels where the denominators are not wanted, for `tokens` query tokens of `per` heads from token `first` on.
 *
 * @returns the least denominator
 */
export function divideOutputs(kernels: Kernels, columns: ValueColumns, sums: FloatArray, tokens: number, per: number, first: number, target: Target): number {
  const { dv, low, high, mid, unit } = columns;
  const { output, stride, offset } = target;
  const width = per * dv;
  if (stride === width) return kernels.tokenQuotients(tokens * per, dv, sums, mid, unit, low, high, output.subarray(first * stride, (first + tokens) * stride));
  return kernels.scratch(() => {
    const z = kernels.allocate(tokens * width);
    const least = kernels.tokenQuotients(tokens * per, dv, sums, mid, unit, low, high, z);
    for (let t = 0, from = 0, to = first * stride + offset; t < tokens; t++, to += stride) for (let c = 0; c < width; c++, from++) output[to + c] = z[from]!;
    return least;
  });
}

/** sums += E [z', 1]: the sums N and D of what was summed exactly, from its outputs z' (dv values a query) and masses E, added to those of the polynomial. */
export function addExact(count: number, dv: number, exact: FloatArray, mass: Float64Array, sums: FloatArray): void {
  let [s, e] = [0, 0];
  for (let q = 0; q < count; q++, s++) {
    const E = mass[q]!;
    for (let c = 0; c < dv; c++, s++, e++) sums[s] = sums[s]! + E * exact[e]!;
    sums[s] = sums[s]! + E;
  }
}
