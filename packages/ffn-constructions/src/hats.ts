import { assertFinite, assertInRange, assertLength, assertNonEmpty, assertPositive, tokens, type Tokens } from '@prompt-limits/core-linalg';
import type { Neuron } from './neurons.ts';
import { powerOfTwoBelow } from './powerOfTwoBelow.ts';

/**
 * Shape of a hat over x = (u.z - c)/w, 1 at the centre and 0 from |x| = 1 on. `tip`: max(0, 1 - |x|), 3 neurons. `plateau`: min(1, max(0, 2 - 2|x|)),
 * 4 neurons: it is 1 up to |x| = 1/2, so whatever rounds u.z does not reach the label.
 */
export type HatShape = 'tip' | 'plateau';

/** What the value maps are built from. */
export interface ValueMapOptions {
  /** u, length d: a value map looks at a token through the scalar $u^\top z$. */
  readonly direction: ArrayLike<number>;
  /** The tokens q that have a label, d x N, any order, with different $u^\top q > 0$: in the theorems the read columns of all contexts. */
  readonly ids: Tokens;
  /** Labels y, d x N: token k is the output at token k of `ids`. */
  readonly labels: Tokens;
  /** w, half the width of a hat's support: a power of two. If not given, the largest that is allowed. */
  readonly halfWidth?: number;
}

// Kinks in units of v and the factors of the label at each. They sum to 0, and so do their products with the kinks.
const SHAPES = {
  tip: { kinks: [-1, 0, 1], factors: [1, -2, 1], support: 1 },
  plateau: { kinks: [-2, -1, 1, 2], factors: [1, -1, -1, 1], support: 2 },
} as const;

/** Hats on one scalar, ascending by their centres. */
export interface Hats {
  readonly d: number;
  readonly count: number;
  /** Half width w. */
  readonly halfWidth: number;
  /** Unit v of the kinks: w, or w/2 for a plateau. */
  readonly v: number;
  /** u / v. */
  readonly from: Float64Array;
  /** Middles of the hats in units of v: u.q / v rounded to multiples of $2^{-53}$ scale, at most 1/8 away. */
  readonly middle: Float64Array;
  /** u.q in units of v as the neurons compute it, ascending. */
  readonly scaled: Float64Array;
  /** `order[k]`: which of the caller's tokens is number k. */
  readonly order: Int32Array;
  /** Half the support in units of v. */
  readonly support: number;
  /** All promises need $|u^\top z| / v$ below this power of two. */
  readonly scale: number;
  /** u.z / v as a neuron of the layer computes it. */
  scalar(token: ArrayLike<number>): number;
  /** The hat whose support holds a scalar, or -1. */
  at(s: number): number;
  /** The neurons of hat k with height `to`. */
  neurons(k: number, to: Float64Array): Neuron[];
}

/**
 * Checks a value map's parts and lays out its hats.
 *
 * @param share - the half width is at most this share of the smallest gap: 1/2, or 1/4 for supports that keep apart
 * @internal
 */
export function hats(fn: string, { direction, ids, labels, halfWidth }: ValueMapOptions, shape: HatShape, share: number): Hats {
  assertNonEmpty(fn, 'direction', direction);
  assertFinite(fn, 'direction', direction);
  const d = direction.length;
  const { n: count, data } = tokens(ids.d, ids.data);
  if (ids.d !== d) throw new RangeError(`${fn}: ids must have the width of direction (d = ${d}), got d = ${ids.d}`);
  if (labels.d !== d) throw new RangeError(`${fn}: labels must have the width of direction (d = ${d}), got d = ${labels.d}`);
  assertNonEmpty(fn, 'ids', data);
  assertLength(fn, 'labels', { length: labels.n }, count, 'one label an id');
  assertFinite(fn, 'ids', data);
  assertFinite(fn, 'labels', labels.data);
  const at = (token: ArrayLike<number>, weights: ArrayLike<number>, offset = 0): number => {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += weights[i]! * token[offset + i]!;
    return sum;
  };
  const centers = Float64Array.from({ length: count }, (_, k) => at(data, direction, k * d));
  const order = Int32Array.from(centers.keys()).sort((a, b) => centers[a]! - centers[b]!);
  const sorted = Float64Array.from(order, (k) => centers[k]!);
  let gap = Infinity;
  for (let k = 1; k < count; k++) {
    if (sorted[k] === sorted[k - 1]) throw new RangeError(`${fn}: ids must have different u.q, got ${sorted[k]} for ids ${order[k - 1]} and ${order[k]}`);
    gap = Math.min(gap, sorted[k]! - sorted[k - 1]!);
  }
  assertPositive(fn, 'u.q of every id', sorted[0]);
  // Below an eighth of the smallest centre all kinks are positive and the ulp of u.q / v is at least 2^-49.
  const widest = Math.min(gap * share, sorted[0]! / 8);
  const w = halfWidth ?? powerOfTwoBelow(widest);
  assertPositive(fn, 'halfWidth', w);
  if (2 ** Math.round(Math.log2(w)) !== w) throw new RangeError(`${fn}: halfWidth must be a power of two, got ${w}`);
  if (!(w <= widest)) throw new RangeError(`${fn}: halfWidth must be at most ${share} of the smallest gap of u.q and an eighth of the smallest u.q, ${widest}, got ${w}`);
  const { kinks, factors, support } = SHAPES[shape];
  const v = w / support;
  const from = Float64Array.from(direction, (u) => u / v);
  assertFinite(fn, 'direction / halfWidth', from);
  // v is a power of two: scaling commutes with every rounding, and the gaps keep.
  const scaled = Float64Array.from(order, (k) => at(data, from, k * d));
  const scale = 2 ** (Math.ceil(Math.log2(scaled[count - 1]!)) + 2);
  assertInRange(fn, 'the largest u.q / halfWidth', scaled[count - 1]!, 0, 2 ** 48);
  // Middles are rounded to multiples of the ulp of scalars just below the scale, at most 1/4. Any s < scale and any kink c <= s are then multiples of the ulp of
  // s, and s - c is exact: beyond its support a hat's neurons sum to exactly 0 in real numbers. Rounding is monotone and integers lie on
  // the lattice, so hats keep their distance of 2 support.
  const lattice = scale * 2 ** -53;
  const middle = scaled.map((s) => Math.round(s / lattice) * lattice);
  return {
    d, count, halfWidth: w, v, from, middle, scaled, order, support, scale,
    scalar: (token) => at(token, from),
    at: (s) => {
      let [low, high] = [0, count];
      while (low < high) {
        const half = (low + high) >>> 1;
        if (middle[half]! - support < s) low = half + 1;
        else high = half;
      }
      return low > 0 && s < middle[low - 1]! + support ? low - 1 : -1;
    },
    neurons: (k, to) => kinks.map((kink, j) => ({ from, bias: -(middle[k]! + kink), to: to.map((y) => factors[j]! * y) })),
  };
}
