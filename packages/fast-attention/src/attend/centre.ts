import type { Kernels } from '@prompt-limits/core-linalg';
import { callTokens, type RowRanges, type Vectors } from './views.ts';

/** A centre of vectors and how far they reach from it. */
export interface Ball {
  /** c, d values. */
  readonly centre: Float64Array;
  /** At least max |x - c|, rounding included; 0 only if all vectors equal c. */
  readonly radius: number;
}

/** Options of `enclosingBall`. */
export interface BallOptions {
  /** The centre 0 is kept if its radius is at most this many times that of the best centre found; 1 unless given. */
  readonly keepZero?: number;
  /** Of the precision of the vectors: they make the pass over all vectors. */
  readonly kernels?: Kernels | undefined;
}

/** Vectors on which centres are compared: enough to find one within a percent or so. Of few vectors a part has to do: the steps are not to take much longer than a pass over all. */
const sampleSize = (total: number): number => Math.min(512, Math.max(48, Math.ceil(total / 16)));

/** Steps of the ball's centre towards the furthest vector: the k-th goes 1 / (k + 1) of the way (Badoiu and Clarkson 2003). */
const steps = 24;

/** After this many steps without a better centre there are no more. */
const patience = 6;

/** max |x - c|^2 times `factor`^2 over every `skip`-th vector, and where. `factor` keeps the squares in range. */
function furthest({ data, n, stride, offset, per, d }: Vectors, centre: Float64Array, factor: number, skip: number): { square: number; at: number } {
  let [square, at] = [-1, 0];
  const total = n * per;
  for (let v = 0; v < total; v += skip) {
    const start = per === 1 ? v * stride + offset : Math.floor(v / per) * stride + offset + (v % per) * d;
    let sum = 0;
    for (let c = 0; c < d; c++) {
      const x = (data[start + c]! - centre[c]!) * factor;
      sum += x * x;
    }
    if (sum > square) [square, at] = [sum, start];
  }
  return { square, at };
}

/** max |x - c|^2 times `factor`^2 over all vectors. */
function furthestOfAll(v: Vectors, centre: Float64Array, factor: number, kernels: Kernels): number {
  const { data, n, stride, offset, per, d } = v;
  const step = callTokens(kernels, v);
  let square = 0;
  for (let from = 0; from < n; from += step) {
    const tokens = Math.min(n - from, step);
    for (let j = 0; j < per; j++) square = Math.max(square, kernels.furthestSquare(tokens, d, stride, data.subarray(from * stride + offset + j * d), centre, factor));
  }
  return square;
}

/**
 * A ball that holds all vectors: its centre is the middle of each coordinate's range, moved towards the centre of the smallest ball by the
 * steps of Badoiu and Clarkson on a sample of the vectors, or 0, whichever reaches least far. The radius is that of all vectors. O(n d) time:
 * at most three passes, and a small part of one for each step.
 *
 * @internal
 */
export function enclosingBall(vectors: Vectors, { low, high }: RowRanges, { keepZero = 1, kernels }: BallOptions = {}): Ball {
  const { data, n, per, d, offset } = vectors;
  const middle = new Float64Array(d);
  let reach = 0;
  let size = 0;
  for (let c = 0; c < d; c++) {
    let [bottom, top] = [Infinity, -Infinity];
    for (let j = 0; j < per; j++) {
      bottom = Math.min(bottom, low[offset + j * d + c]!);
      top = Math.max(top, high[offset + j * d + c]!);
    }
    middle[c] = bottom === top ? bottom : bottom / 2 + top / 2;
    reach = Math.max(reach, top - middle[c]!, middle[c]! - bottom);
    size = Math.max(size, Math.abs(bottom), Math.abs(top));
  }
  if (reach === 0 && keepZero === 1) return { centre: middle, radius: 0 };
  // A power of two near 1 / reach: no square that counts vanishes, and one that overflows is that of 0, which then is no candidate.
  const factor = 2 ** -Math.max(-1000, Math.min(1000, Math.ceil(Math.log2(reach || size || 1))));
  const skip = Math.max(1, Math.floor((n * per) / sampleSize(n * per)));
  const on = (centre: Float64Array): number => furthest(vectors, centre, factor, skip).square;

  let best = middle;
  let bestSquare = on(middle);
  const moving = middle.slice();
  for (let [k, since] = [1, 0]; k <= steps && since < patience && bestSquare > 0; k++, since++) {
    const { square, at } = furthest(vectors, moving, factor, skip);
    if (square < bestSquare) [best, bestSquare, since] = [moving.slice(), square, -1];
    for (let c = 0; c < d; c++) moving[c]! += (data[at + c]! - moving[c]!) / (k + 1);
  }
  // The sample has shown which centres are worth a pass over all vectors.
  const all = (centre: Float64Array): number => (kernels === undefined ? furthest(vectors, centre, factor, 1).square : furthestOfAll(vectors, centre, factor, kernels));
  const zero = new Float64Array(d);
  const zeroSquare = on(zero);
  let square = all(best);
  if (best !== middle && skip > 1) {
    const middleSquare = all(middle);
    if (middleSquare <= square) [best, square] = [middle, middleSquare];
  }
  if (zeroSquare <= bestSquare * keepZero * keepZero) {
    const whole = all(zero);
    if (whole <= square * keepZero * keepZero) [best, square] = [zero, whole];
  }
  // d differences, squares and sums, the root and the division: below d + 6 roundings of half an ulp.
  const radius = (Math.sqrt(square) / factor) * (1 + (d + 6) * 2 ** -53);
  return { centre: best, radius };
}
