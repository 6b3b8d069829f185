import type { FeedForward } from '@prompt-limits/attention';
import { assertOneOf } from '@prompt-limits/core-linalg';
import { dyadicFromNumber } from '@prompt-limits/core-linalg/intervals';
import { hats, type HatShape, type ValueMapOptions } from './hats.ts';
import { assemble, assertFits, cancel } from './neurons.ts';

/** What `wideValueMap` builds. */
export interface WideValueMapOptions extends ValueMapOptions {
  /** `tip`, the default: 3 neurons a hat, as in the paper. `plateau`: 4, for labels that are exact whenever `bitwise` says so. */
  readonly hat?: HatShape;
}

/** A value map of a single layer. */
export interface WideValueMap {
  /** One layer for all. */
  readonly form: 'wide';
  /** Width of a token. */
  readonly d: number;
  /** Layers, 1. */
  readonly layers: 1;
  /** Hidden neurons, $3 N + 2 d$ or $4 N + 2 d$. */
  readonly neurons: number;
  /** w, half the width of a hat's support. */
  readonly halfWidth: number;
  /** $u^\top q$ as the layer computes it, ascending: the centers of the hats. */
  readonly centers: Float64Array;
  /** Bound on the difference of an entry of the output from its label at an id, and from 0 where no hat is. */
  readonly labelError: number;
  /** Whether no sum of the layer rounds before its end. Then full and lazy give the same bits, and so does any order of the neurons. */
  readonly bitwise: boolean;
  /** The whole layer, dense: 2 d r weights. */
  network(): FeedForward;
  /** The layer with only the neurons that a token's output depends on: those that cancel the residual, and its hat's. */
  part(token: ArrayLike<number>): FeedForward;
  /** Why nothing is promised for a token, as "requirement, got actual"; undefined where all promises hold. */
  refusal(token: ArrayLike<number>): string | undefined;
}

/**
 * Value map of the wide form: one layer with a hat for each id q with label y, $f(z) = \sum_k y_k\, \mathrm{hat}((u^\top z - u^\top q_k)/w)$, and 2 d neurons that cancel the residual
 * connection. Like `bumpNetwork`, and made for many narrow hats: the middles are rounded to a lattice on which a hat that has passed adds exactly 0.
 *
 * Guaranteed in float64 for $u^\top z$ below four times the largest center: at an id the label, and 0 where no hat is, both within `labelError`, which is 0 if
 * `bitwise` and the hats are plateaus. A tip is raised by up to $2^{-53}$ times the scale of $u^\top q / w$, so that an id a little beside its hat's middle still gets its whole
 * label.
 *
 * Paper: the second layer in the proof of Lemma F.2 (Theorem 2.4), with errata rows 10, 11 and 12.
 *
 * @throws RangeError if shapes do not match, two ids have the same $u^\top q$ or one is not positive, halfWidth is no power of two or
 * above half of the smallest gap, or a value is NaN or infinite; `network` if its weights would not fit
 * @example
 * const ids = { d: 1, n: 3, data: Float64Array.of(2, 2.5, 3) };
 * const labels = { d: 1, n: 3, data: Float64Array.of(0.5, 0, 1) };
 * const map = wideValueMap({ direction: [1], ids, labels });
 * [map.neurons, map.halfWidth]; // => [11, 0.25]
 * applyFeedForward(map.network(), { d: 1, n: 5, data: Float64Array.of(2, 2.25, 2.5, 3, 7) }).data; // => new Float64Array([0.5, 0, 0, 1, 0])
 */
export function wideValueMap({ hat = 'tip', ...options }: WideValueMapOptions): WideValueMap {
  assertOneOf('wideValueMap', 'hat', hat, ['tip', 'plateau']);
  const h = hats('wideValueMap', options, hat, 1 / 2);
  const { d, count } = h;
  const y = options.labels.data;
  // heights[k]: the label of hat k, for a tip divided by the hat's value at the id, which is exact and at least 7/8.
  const heights = Array.from({ length: count }, (_, k) => {
    const atId = hat === 'plateau' ? 1 : 1 - Math.abs(h.scaled[k]! - h.middle[k]!);
    return Float64Array.from(y.subarray(h.order[k]! * d, (h.order[k]! + 1) * d), (value) => value / atId);
  });
  let [size, exponent] = [0, 0];
  for (const height of heights) {
    for (const value of height) {
      size = Math.max(size, Math.abs(value));
      if (value !== 0) exponent = Math.min(exponent, dyadicFromNumber(value).e);
    }
  }
  // All terms of a sum are multiples of 2^exponent times the ulp of s = u.z / v. The remainders of at most 4 N products and as many sums are each at most 2^-53 size s, so they
  // sum to less than 2^53 such multiples, without rounding, from here on. (A tip's middle factor doubles a term; it has one neuron less.)
  const bitwise = count * size * 2 ** -exponent <= 2 ** 49;
  // Otherwise every addition of a remainder rounds by 2^-53 of their sum, 8 N 2 2^-53 size s: 8 N of them drop at most N^2 2^-99 size s. The label is
  // divided and its sum rounded: 2^-52 size.
  const exact = bitwise && hat === 'plateau';
  const labelError = exact ? 0 : size * (2 ** -52 + (bitwise ? 0 : count ** 2 * 2 ** -99 * h.scale));
  const cancelling = Array.from({ length: d }, (_, i) => cancel(i, 'any sign')).flat();
  const neurons = (hat === 'tip' ? 3 : 4) * count + 2 * d;
  return {
    form: 'wide',
    d,
    layers: 1,
    neurons,
    halfWidth: h.halfWidth,
    centers: h.scaled.map((s) => s * h.v),
    labelError,
    bitwise,
    network: () => {
      assertFits('wideValueMap', d, neurons);
      return assemble(d, [...cancelling, ...heights.flatMap((height, k) => h.neurons(k, height))]);
    },
    part: (token) => {
      const k = h.at(h.scalar(token));
      return assemble(d, k < 0 ? cancelling : [...cancelling, ...h.neurons(k, heights[k]!)]);
    },
    refusal: (token) => {
      const s = h.scalar(token);
      return s < h.scale ? undefined : `u.z must be below ${h.scale * h.v}, got ${s * h.v}`;
    },
  };
}
