import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { centreVectors } from '../attend/pack.ts';
import { startOf, type Vectors } from '../attend/views.ts';

/** Vectors from which the middle is taken. */
const sampled = 33;

/** The median of each coordinate over a sample of the vectors: a centre that a few far ones do not move. */
export function medianCentre(v: Vectors): Float64Array {
  const total = v.n * v.per;
  const step = Math.max(1, Math.floor(total / sampled));
  const values = new Float64Array(Math.ceil(total / step));
  return Float64Array.from({ length: v.d }, (_, c) => {
    for (let i = 0; i < values.length; i++) values[i] = v.data[startOf(v, i * step) + c]!;
    return values.sort()[values.length >> 1]!;
  });
}

/** |x - c| of every `step`-th vector. A guide for what to compute exactly, no part of a bound. */
export function sampledDistances(v: Vectors, centre: Float64Array, step: number): Float64Array {
  const found = new Float64Array(Math.ceil((v.n * v.per) / step));
  for (let i = 0; i < found.length; i++) {
    const at = startOf(v, i * step);
    let square = 0;
    for (let c = 0; c < v.d; c++) square += (v.data[at + c]! - centre[c]!) ** 2;
    found[i] = Math.sqrt(square);
  }
  return found;
}

/** Vectors that are centred at a time. */
const vectors = 8192;

/** |x - c| of all vectors by the kernels, likewise a guide. */
export function allDistances(v: Vectors, centre: Float64Array, kernels: Kernels): Float64Array {
  const found = new Float64Array(v.n * v.per);
  const block = Math.max(1, Math.floor(vectors / v.per));
  const largest = new Float64Array(block * v.per);
  for (let from = 0; from < v.n; from += block) {
    const to = Math.min(v.n, from + block);
    kernels.scratch(() => {
      const x = kernels.allocate((to - from) * v.per * v.d);
      centreVectors(kernels, v, from, to, centre, 1, x);
      kernels.tokenSizes((to - from) * v.per, v.d, x, found.subarray(from * v.per, to * v.per), largest);
    });
  }
  for (let i = 0; i < found.length; i++) found[i] = Math.sqrt(found[i]!);
  return found;
}

/** The vectors of a list, one after another. */
export function gathered(v: Vectors, list: Int32Array): Vectors {
  const { d, data, stride, offset, per } = v;
  const out = new (data.constructor as new (length: number) => FloatArray)(list.length * d);
  for (let i = 0, o = 0; i < list.length; i++) {
    const place = list[i]!;
    for (let at = per === 1 ? place * stride + offset : startOf(v, place), end = at + d; at < end; at++, o++) out[o] = data[at]!;
  }
  return { data: out, n: list.length, stride: d, offset: 0, per: 1, d };
}
