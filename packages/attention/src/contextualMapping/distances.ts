import { dyadicFromNumber, type Float64Interval } from '@prompt-limits/core-linalg/intervals';

/** n boxes in d dimensions, box k from `low[k * d + i]` to `high[k * d + i]`; for points both arrays are one. Values are at most 2^1022. */
export interface Boxes {
  readonly d: number;
  readonly n: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** 'least': over all points of the boxes the smallest value; 'most': the largest. For points they are the same. */
export type Extreme = 'least' | 'most';

/** `x` in units of 2^-1074, of which every finite float64 is an integer multiple. */
function units(x: number): bigint {
  const { m, e } = dyadicFromNumber(x);
  return m << BigInt(e + 1074);
}

/** Above this a difference of two values, doubled, would overflow. */
export const LARGEST_VALUE: number = 2 ** 1022;

// Squares of numbers near 1 lose nothing that matters: what underflows is below 2^-1022, and sums that small are computed again.
const SMALLEST_SUM = 2 ** -400;

/** A power of two that brings x > 0 near 1. */
function scaleFor(x: number): number {
  return 2 ** -Math.max(-1023, Math.min(1023, Math.floor(Math.log2(x))));
}

/** How far apart two boxes are at most or at least in one direction: the difference of values, correctly rounded. */
function separation({ low, high }: Boxes, a: number, b: number, extreme: Extreme): number {
  const left = low[b]! - high[a]!;
  const right = low[a]! - high[b]!;
  return extreme === 'least' ? Math.max(0, left, right) : -Math.min(left, right);
}

/** How far a box is from 0 at least or at most in one direction. */
function distanceFromZero({ low, high }: Boxes, a: number, extreme: Extreme): number {
  return extreme === 'least' ? Math.max(0, low[a]!, -high[a]!) : Math.max(Math.abs(low[a]!), Math.abs(high[a]!));
}

/**
 * Bounds on $\sqrt{s} / \sigma$ for a sum s of d squares of rounded differences times the power of two sigma.
 *
 * A difference is off by a factor 1 + t with |t| <= u = 2^-53, its square by (1 + t)^3, a sum of d of them by (1 + t)^(d + 2),
 * the root by half of that; what underflowed is below 2^-600 of s. So (d + 4) u covers the root of s, for d below 2^40.
 */
function rootBounds(s: number, d: number, sigma: number): Float64Interval {
  if (s === 0) return { low: 0, high: 0 };
  const tolerance = (d + 8) * 2 ** -53;
  let low = Math.sqrt(s) * (1 - tolerance);
  let high = Math.sqrt(s) * (1 + tolerance);
  // Nothing is promised about Math.sqrt; products are correctly rounded, so low * low <= s (1 - 2 tolerance') proves the bound.
  while (low * low > s * (1 - (d + 4) * 2 ** -53)) low *= 1 - tolerance;
  while (high * high < s * (1 + (d + 4) * 2 ** -53)) high *= 1 + tolerance;
  // Dividing by a power of two is exact but among subnormal numbers, where half a unit of 2^-1074 may be lost.
  const outward = (x: number): number => (x / sigma < 2 ** -1021 ? Number.MIN_VALUE : 0);
  return { low: Math.max(0, low / sigma - outward(low)), high: high / sigma + outward(high) };
}

/** Bounds on the Euclidean norm of box k; exactly 0 if the norm is 0. */
export function normBounds(boxes: Boxes, k: number, extreme: Extreme): Float64Interval {
  const { d } = boxes;
  let top = 0;
  for (let a = k * d; a < (k + 1) * d; a++) top = Math.max(top, distanceFromZero(boxes, a, extreme));
  if (top === 0) return { low: 0, high: 0 };
  const sigma = scaleFor(top);
  let s = 0;
  for (let a = k * d; a < (k + 1) * d; a++) s += (distanceFromZero(boxes, a, extreme) * sigma) ** 2;
  return rootBounds(s, d, sigma);
}

/** The sign of |box k| - limit, exact: in integers where float64 cannot settle it. */
export function compareNorm(boxes: Boxes, k: number, extreme: Extreme, limit: number): number {
  const bounds = normBounds(boxes, k, extreme);
  if (limit < bounds.low) return 1;
  if (limit > bounds.high || limit === Infinity) return -1;
  let sum = 0n;
  for (let a = k * boxes.d; a < (k + 1) * boxes.d; a++) sum += units(distanceFromZero(boxes, a, extreme)) ** 2n;
  const square = units(limit) ** 2n;
  return sum < square ? -1 : sum > square ? 1 : 0;
}

/** Whether |box j - box k| <= limit, exact; limit >= 0 and finite. */
function isWithin({ d, low, high }: Boxes, j: number, k: number, extreme: Extreme, limit: number): boolean {
  let sum = 0n;
  for (let i = 0; i < d; i++) {
    const left = units(low[k * d + i]!) - units(high[j * d + i]!);
    const right = units(low[j * d + i]!) - units(high[k * d + i]!);
    const [smaller, larger] = left < right ? [left, right] : [right, left];
    if (extreme === 'most' || larger > 0n) sum += (extreme === 'most' ? smaller : larger) ** 2n;
  }
  return sum <= units(limit) ** 2n;
}

/** The middle of bounds: the number that a reader expects where both ends round outwards from it. */
export function middle({ low, high }: Float64Interval): number {
  return low + (high - low) / 2;
}

/** Boxes in increasing order of `low` along their widest direction. */
function sorted(boxes: Boxes): { boxes: Boxes; order: Int32Array; axis: number } {
  const { d, n, low, high } = boxes;
  let axis = 0;
  let widest = -1;
  for (let i = 0; i < d; i++) {
    let [from, to] = [Infinity, -Infinity];
    for (let k = 0; k < n; k++) {
      from = Math.min(from, low[k * d + i]!);
      to = Math.max(to, high[k * d + i]!);
    }
    if (to - from > widest) [axis, widest] = [i, to - from];
  }
  const order = Int32Array.from({ length: n }, (_, k) => k).sort((j, k) => low[j * d + axis]! - low[k * d + axis]! || j - k);
  const inOrder = (values: Float64Array): Float64Array => {
    const result = new Float64Array(n * d);
    order.forEach((k, at) => result.set(values.subarray(k * d, (k + 1) * d), at * d));
    return result;
  };
  const lows = inOrder(low);
  return { boxes: { d, n, low: lows, high: low === high ? lows : inOrder(high) }, order, axis };
}

/**
 * Calls `visit(j, k, s)` for every two boxes of different classes whose sum s of squares, rounded and scaled by sigma, is at most
 * the limit; visit returns the limit from there on.
 *
 * Rounded sums of squares never fall as terms are added, so a partial sum above the limit settles a pair, and the square along
 * the sorted axis settles every pair that follows. Hence exactly the pairs of a plain double loop are visited.
 */
function sweep(
  { boxes, order, axis }: ReturnType<typeof sorted>, classes: Int32Array, extreme: Extreme, sigma: number, start: number,
  visit: (j: number, k: number, s: number) => number,
): void {
  const { d, n, low, high } = boxes;
  const points = low === high;
  let limit = start;
  for (let a = 0; a < n; a++) {
    const own = classes[order[a]!]!;
    for (let b = a + 1; b < n; b++) {
      const ahead = Math.max(0, low[b * d + axis]! - high[a * d + axis]!) * sigma;
      if (ahead * ahead > limit) break;
      if (classes[order[b]!] === own) continue;
      let s = 0;
      for (let i = 0, at = a * d, bt = b * d; i < d && s <= limit; i++, at++, bt++) {
        const x = (points ? low[bt]! - low[at]! : separation(boxes, at, bt, extreme)) * sigma;
        s += x * x;
      }
      if (s <= limit) limit = visit(order[a]!, order[b]!, s);
    }
  }
}

/** The smallest distance of two boxes of different classes, and two that attain it up to rounding. */
export interface SmallestDistance extends Float64Interval {
  readonly pair: readonly [number, number];
}

/**
 * The smallest Euclidean distance over all pairs of boxes whose classes differ, 'least' or 'most' over the points of the two
 * boxes; null if there is no such pair. Bounds are proven, their relative width is about (d + 8) 2^-52.
 */
export function smallestDistance(boxes: Boxes, classes: Int32Array, extreme: Extreme): SmallestDistance | null {
  const { d, n } = boxes;
  const k = classes.findIndex((c) => c !== classes[0]);
  if (n === 0 || k < 0) return null;
  const inOrder = sorted(boxes);
  let pair: readonly [number, number] = [0, k];
  for (;;) {
    // Scaled by the best distance so far, sums that matter are near 1 or below; larger ones may overflow, and lose.
    let top = 0;
    for (let i = 0; i < d; i++) top = Math.max(top, separation(boxes, pair[0] * d + i, pair[1] * d + i, extreme));
    if (top === 0) return { low: 0, high: 0, pair };
    const sigma = scaleFor(top);
    let least = Number.MAX_VALUE;
    sweep(inOrder, classes, extreme, sigma, least, (a, b, s) => {
      if (s < least) [least, pair] = [s, [Math.min(a, b), Math.max(a, b)]];
      return least;
    });
    // Below this squares have lost digits, so start again from the pair just found, at a scale that fits it.
    if (least >= SMALLEST_SUM) return { ...rootBounds(least, d, sigma), pair };
  }
}

/**
 * A pair of boxes of different classes at distance at most `limit`, decided exactly, or null if every pair is farther apart;
 * `closest` is what `smallestDistance` gave for them.
 */
export function pairWithin(
  boxes: Boxes, classes: Int32Array, extreme: Extreme, limit: number, closest: SmallestDistance | null,
): readonly [number, number] | null {
  if (closest === null || closest.low > limit) return null;
  if (closest.high <= limit) return closest.pair;
  // The limit lies within rounding of the smallest distance: only the pairs within rounding of it can decide, and they do exactly.
  const sigma = scaleFor(closest.high);
  const band = (limit * sigma) ** 2 * (1 + (boxes.d + 8) * 2 ** -50);
  let found: readonly [number, number] | null = null;
  sweep(sorted(boxes), classes, extreme, sigma, band, (j, k) => {
    if (isWithin(boxes, j, k, extreme, limit)) found = [Math.min(j, k), Math.max(j, k)];
    return found ? -1 : band;
  });
  return found;
}
