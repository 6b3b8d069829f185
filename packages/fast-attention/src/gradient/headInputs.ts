import type { AttentionShape, FloatArray } from '@prompt-limits/core-linalg';
import { enclosingBall } from '../attend/centre.ts';
import { packVectors } from '../attend/pack.ts';
import type { RowRanges } from '../attend/views.ts';

/** Q, K and V of all heads and dZ, with the ranges of the rows of the first three, found once. */
export interface GradientInputs {
  readonly shape: AttentionShape;
  readonly q: FloatArray;
  readonly k: FloatArray;
  readonly v: FloatArray;
  readonly dz: FloatArray;
  readonly ranges: { readonly q: RowRanges; readonly k: RowRanges; readonly v: RowRanges };
}

/** Where one query head and its keys are centred, and how far they reach: all that planning needs. */
export interface HeadFrame {
  readonly head: number;
  readonly keyHead: number;
  /** c and q_0. */
  readonly keyCentre: Float64Array;
  readonly queryCentre: Float64Array;
  /** At least max |k_j - c| and |scale| max |q_i - q_0|. */
  readonly keyRadius: number;
  readonly queryRadius: number;
  /** beta, a power of two: the kernels see beta scale (q_i - q_0) and (k_j - c) / beta, of about the same size. */
  readonly balance: number;
  /** At least the length of any stored query times any stored key: no score exceeds it. */
  readonly halfWidth: number;
  /** mid_c, the middle of each value row, and range_c, at least twice the largest |v_jc - mid_c|. */
  readonly middle: Float64Array;
  readonly range: Float64Array;
}

/** The frame of query head `head`. */
export function headFrame({ shape, q, k, ranges }: GradientInputs, head: number): HeadFrame {
  const { queries, keys, heads, keyHeads, d, dv, scale } = shape;
  const keyHead = Math.floor((head * keyHeads) / heads);
  const keyBall = enclosingBall({ data: k, n: keys, stride: keyHeads * d, offset: keyHead * d, per: 1, d }, ranges.k);
  // Queries around 0 keep all weights omega at 1: worth a tenth of the radius.
  const queryBall = enclosingBall({ data: q, n: queries, stride: heads * d, offset: head * d, per: 1, d }, ranges.q, { keepZero: 1.1 });
  const queryRadius = Math.abs(scale) * queryBall.radius * (1 + 2 ** -52);
  const exponent = keyBall.radius > 0 && queryRadius > 0 ? Math.round((Math.log2(keyBall.radius) - Math.log2(queryRadius)) / 2) : 0;
  const middle = new Float64Array(dv);
  const range = new Float64Array(dv);
  for (let c = 0; c < dv; c++) {
    const [low, high] = [ranges.v.low[keyHead * dv + c]!, ranges.v.high[keyHead * dv + c]!];
    middle[c] = low === high ? low : low / 2 + high / 2;
    range[c] = 2 * Math.max(high - middle[c]!, middle[c]! - low) * (1 + 2 ** -50);
  }
  return {
    head, keyHead, keyCentre: keyBall.centre, queryCentre: queryBall.centre, keyRadius: keyBall.radius, queryRadius,
    balance: 2 ** Math.max(-500, Math.min(500, exponent)),
    // Stored vectors are rounded: each entry by at most 4 half ulps of float32 and what underflow takes.
    halfWidth: keyBall.radius * queryRadius * (1 + 2 ** -20) + (keyBall.radius + queryRadius + 1) * 2 ** -100,
    middle, range,
  };
}

/** What one head's sums of features are made of, in the precision of the kernels. */
export interface HeadData {
  /** beta scale (q_i - q_0), queries x d; each row's length, rounded up, and largest absolute entry. */
  readonly queries: FloatArray;
  readonly queryLengths: Float64Array;
  readonly queryEntries: Float64Array;
  /** (k_j - c) / beta, keys x d. */
  readonly keys: FloatArray;
  readonly longestKey: number;
  readonly largestKey: number;
  /** omega_j = e^{scale q_0 . (k_j - c) - top}, at most 1, and `top`; null if q_0 = 0, where all are 1. */
  readonly weights: Float64Array | null;
  readonly top: number;
  /** omega_j ((v_j - mid) / size, 1), keys x (dv + 1). */
  readonly rows: FloatArray;
  /** A power of two, at least the largest |v_jc - mid_c|. */
  readonly size: number;
}

/** Euclidean lengths of rows of x, rounded up, and the largest absolute entries. */
function lengths(x: FloatArray, n: number, d: number): { each: Float64Array; entries: Float64Array; largest: number; entry: number } {
  const each = new Float64Array(n);
  const entries = new Float64Array(n);
  let [most, entry] = [0, 0];
  const grown = 1 + (d + 4) * 2 ** -53;
  for (let t = 0, at = 0; t < n; t++) {
    let [sum, longest] = [0, 0];
    for (const end = at + d; at < end; at++) {
      const value = Math.abs(x[at]!);
      sum += value * value;
      if (value > longest) longest = value;
    }
    // Entries whose squares vanish are below 2^-530: they add less than 2^-500.
    const length = Math.sqrt(sum) * grown + 2 ** -500;
    each[t] = length;
    entries[t] = longest;
    if (length > most) most = length;
    if (longest > entry) entry = longest;
  }
  return { each, entries, largest: most, entry };
}

/** Tokens whose rows stay in the first-level cache while they are filled column by column. */
const run = 256;

/** out = omega (v - mid) / size, then omega: dv + 1 values a token. */
function fillRows(v: FloatArray, stride: number, offset: number, n: number, middle: Float64Array, inverse: number, omega: Float64Array, out: FloatArray): void {
  const dv = middle.length;
  const width = dv + 1;
  for (let first = 0; first < n; first += run) {
    const last = Math.min(n, first + run);
    for (let c = 0; c < dv; c++) {
      const mid = middle[c]!;
      for (let t = first, at = first * stride + offset + c, o = first * width + c; t < last; t++, at += stride, o += width) out[o] = omega[t]! * ((v[at]! - mid) * inverse);
    }
    for (let t = first, o = first * width + dv; t < last; t++, o += width) out[o] = omega[t]!;
  }
}

/** ln omega_j + top in float64, then omega. */
function keyWeights({ shape, k }: GradientInputs, { keyHead, keyCentre, queryCentre }: HeadFrame): { weights: Float64Array; top: number } {
  const { keys: n, keyHeads, d, scale } = shape;
  const weights = new Float64Array(n);
  const slope = queryCentre.map((x) => x * scale);
  let top = -Infinity;
  for (let j = 0; j < n; j++) {
    const at = (j * keyHeads + keyHead) * d;
    let sum = 0;
    for (let c = 0; c < d; c++) sum += slope[c]! * (k[at + c]! - keyCentre[c]!);
    weights[j] = sum;
    if (sum > top) top = sum;
  }
  for (let j = 0; j < n; j++) weights[j] = Math.exp(weights[j]! - top);
  return { weights, top };
}

/** Centres, scales and stores one head. */
export function headData(inputs: GradientInputs, frame: HeadFrame): HeadData {
  const { shape, q, k, v } = inputs;
  const { queries: m, keys: n, heads, keyHeads, d, dv, scale } = shape;
  const { head, keyHead, keyCentre, queryCentre, balance, middle, range } = frame;
  const make = (length: number): FloatArray => (q instanceof Float32Array ? new Float32Array(length) : new Float64Array(length));
  const queries = make(m * d);
  packVectors({ data: q, n: m, stride: heads * d, offset: head * d, per: 1, d }, 0, m, queryCentre, balance * scale, d, queries);
  const keys = make(n * d);
  packVectors({ data: k, n, stride: keyHeads * d, offset: keyHead * d, per: 1, d }, 0, n, keyCentre, 1 / balance, d, keys);
  const centred = queryCentre.every((x) => x === 0);
  const { weights, top } = centred ? { weights: new Float64Array(n).fill(1), top: 0 } : keyWeights(inputs, frame);
  const largestHalf = range.reduce((most, x) => Math.max(most, x), 0) / 2;
  const size = largestHalf === 0 ? 1 : 2 ** Math.ceil(Math.log2(largestHalf));
  const rows = make(n * (dv + 1));
  fillRows(v, keyHeads * dv, keyHead * dv, n, middle, 1 / size, weights, rows);
  const [ofQueries, ofKeys] = [lengths(queries, m, d), lengths(keys, n, d)];
  return {
    queries, queryLengths: ofQueries.each, queryEntries: ofQueries.entries,
    keys, longestKey: ofKeys.largest, largestKey: ofKeys.entry,
    weights: centred ? null : weights, top, rows, size,
  };
}
