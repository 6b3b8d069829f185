import type { RowRanges, Vectors } from './views.ts';

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
}

/** Vectors on which centres are compared: enough to find one within a percent or so, and a small part of the work. */
const sampleSize = 512;

/** Steps of the ball's centre towards the furthest vector: the k-th goes 1 / (k + 1) of the way (Badoiu and Clarkson 2003). */
const steps = 24;

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

/**
 * A ball that holds all vectors: its centre is the middle of each coordinate's range, moved towards the centre of the smallest ball by the
 * steps of Badoiu and Clarkson on a sample of the vectors, or 0, whichever reaches least far on the sample. The radius is that of all
 * vectors. O(n d) time: one pass, and a small part of one for each step.
 *
 * @internal
 */
export function enclosingBall(vectors: Vectors, { low, high }: RowRanges, { keepZero = 1 }: BallOptions = {}): Ball {
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
  const skip = Math.max(1, Math.floor((n * per) / sampleSize));
  const on = (centre: Float64Array): number => furthest(vectors, centre, factor, skip).square;

  let best = middle;
  let bestSquare = on(middle);
  const moving = middle.slice();
  for (let k = 1; k <= steps && bestSquare > 0; k++) {
    const { square, at } = furthest(vectors, moving, factor, skip);
    if (square < bestSquare) [best, bestSquare] = [moving.slice(), square];
    for (let c = 0; c < d; c++) moving[c]! += (data[at + c]! - moving[c]!) / (k + 1);
  }
  const zero = new Float64Array(d);
  if (on(zero) <= bestSquare * keepZero * keepZero) best = zero;
  // d differences, squares and sums, the root and the division: below d + 6 roundings of half an ulp.
  const radius = (Math.sqrt(furthest(vectors, best, factor, 1).square) / factor) * (1 + (d + 6) * 2 ** -53);
  return { centre: best, radius };
}
