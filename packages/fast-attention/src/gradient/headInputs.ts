import type { AttentionShape, FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { enclosingBall } from '../attend/centre.ts';
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

/** The frame of query head `head`; the kernels measure the balls. */
export function headFrame({ shape, q, k, ranges }: GradientInputs, head: number, kernels: Kernels): HeadFrame {
  const { queries, keys, heads, keyHeads, d, dv, scale } = shape;
  const keyHead = Math.floor((head * keyHeads) / heads);
  const keyBall = enclosingBall({ data: k, n: keys, stride: keyHeads * d, offset: keyHead * d, per: 1, d }, ranges.k, { kernels });
  // Queries around 0 keep all weights omega at 1: worth a tenth of the radius.
  const queryBall = enclosingBall({ data: q, n: queries, stride: heads * d, offset: head * d, per: 1, d }, ranges.q, { keepZero: 1.1, kernels });
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
    // Stored vectors are rounded: each entry by at most 4 half ulps of float32 and what underflow takes; `longestKey` once more.
    halfWidth: keyBall.radius * queryRadius * (1 + 2 ** -19) + (keyBall.radius + queryRadius + 1) * 2 ** -100,
    middle, range,
  };
}

/** What else one head's sums of features need. */
export interface HeadData {
  /** At least the length of any stored key, and max_j |k_j - c|_inf. */
  readonly longestKey: number;
  readonly keyReach: number;
  /** omega_j = e^{scale q_0 . (k_j - c) - top}, at most 1, and `top`; null if q_0 = 0, where all are 1. */
  readonly weights: Float64Array | null;
  readonly top: number;
  /** A power of two, at least the largest |v_jc - mid_c|. */
  readonly size: number;
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

/** Weights of the keys and sizes of one head. */
export function headData(inputs: GradientInputs, frame: HeadFrame): HeadData {
  const { keyHead, keyCentre, keyRadius, queryCentre, balance, range } = frame;
  const { d } = inputs.shape;
  const { low, high } = inputs.ranges.k;
  let reach = 0;
  for (let c = 0; c < d; c++) reach = Math.max(reach, high[keyHead * d + c]! - keyCentre[c]!, keyCentre[c]! - low[keyHead * d + c]!);
  const largestHalf = range.reduce((most, x) => Math.max(most, x), 0) / 2;
  return {
    // As for the half-width: rounding of stored entries, and underflow.
    longestKey: (keyRadius / balance) * (1 + 2 ** -20) + 2 ** -110,
    keyReach: reach * (1 + 2 ** -50),
    ...(queryCentre.every((x) => x === 0) ? { weights: null, top: 0 } : keyWeights(inputs, frame)),
    size: largestHalf === 0 ? 1 : 2 ** Math.ceil(Math.log2(largestHalf)),
  };
}
