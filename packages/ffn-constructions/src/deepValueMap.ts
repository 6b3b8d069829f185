import { hats, type ValueMapOptions } from './hats.ts';
import type { LayerStack } from './layerStack.ts';
import { assemble } from './neurons.ts';

/** A value map of one layer for each id. */
export interface DeepValueMap {
  /** One layer for each id. */
  readonly form: 'deep';
  /** The layers, ascending by $u^\top q$. */
  readonly stack: LayerStack;
  /** Layers, N. */
  readonly layers: number;
  /** Hidden neurons of all layers, 4 N. */
  readonly neurons: number;
  /** w, half the width of a hat's support. */
  readonly halfWidth: number;
  /** $u^\top q$ as the layers compute it, ascending: the centers of the hats. */
  readonly centers: Float64Array;
  /** Largest difference of an entry of a label from the output at its id, computed; 0 where every $y - q$ is a float64. */
  readonly labelError: number;
}

/**
 * Value map of the deep form: one layer of 4 neurons for each id q with label y,
 * $Z \mapsto Z + (y - q)\, \mathrm{hat}((u^\top Z - u^\top q)/w)$, $\mathrm{hat}(x) = \min(1, \max(0, 2 - 2|x|))$, ascending by $u^\top q$.
 *
 * Guaranteed in float64: at $z = q$, and wherever $|u^\top (z - q)| \le 3w/8$ as the layer computes it, the output is $z + (y - q)$ with y - q rounded once and the sum once: at
 * q it is y within `labelError`, at most $2^{-53} |y - q|$ and half an ulp of y. A token on no hat is given back bit for bit; on a hat the output lies on the segment from z to
 * z + (y - q). Every token moves at most once: it moves down, as $u^\top y < u^\top q$, layers ascend, and the supports of different ids
 * are at least 2 w apart. So `full` and `lazy` give the same bits.
 *
 * That needs $u^\top y$ of every label below the support of every hat, which is checked: the tokens of positions from 1 on have
 * $u^\top q \ge \sum_i u_i \ge u^\top y$ for u >= 0 and y in $[0, 1]^d$. A flat top costs the fourth neuron that $\mathcal T_A^{1,1,4}$ has, and keeps the rounding of
 * $u^\top z / w$ out of the label.
 *
 * Where m is no power of two, `deepQuantiser` with length 1 behind the map puts labels k/m exactly in place: labelError is far below its margin.
 *
 * Refused, since layers could not give them back exactly: tokens above a support with an entry below $2^{-46} |y - q|\, u^\top z / (w/2)$ in magnitude, and
 * $u^\top z$ beyond four times the largest center.
 *
 * Paper: last step of the proofs of Theorem B.1 and Lemma E.2 (Lemma 2.4), "one layer for each unique value of q(M)"; Yun et al. (2020), C.3.
 *
 * @throws RangeError if shapes do not match, two ids have the same $u^\top q$ or one is not positive, a label lies too high, halfWidth is no power of two or
 * above a quarter of the smallest gap, or a value is NaN or infinite
 * @example
 * const ids = { d: 1, n: 3, data: Float64Array.of(2, 2.5, 3) };
 * const labels = { d: 1, n: 3, data: Float64Array.of(0.5, 0, 1) };
 * const { stack, layers, halfWidth } = deepValueMap({ direction: [1], ids, labels });
 * [layers, halfWidth]; // => [3, 0.125]
 * applyStack(stack, { d: 1, n: 5, data: Float64Array.of(2, 2.25, 2.5, 3, 7) }).data; // => new Float64Array([0.5, 2.25, 0, 1, 7])
 */
export function deepValueMap(options: ValueMapOptions): DeepValueMap {
  const h = hats('deepValueMap', options, 'plateau', 1 / 4);
  const { d, count } = h;
  const [q, y] = [options.ids.data, options.labels.data];
  const lowest = h.middle[0]! - h.support;
  const moves = Float64Array.from(q, (x, i) => y[i]! - x);
  const largest = new Float64Array(d);
  let labelError = 0;
  for (let k = 0; k < count; k++) {
    const height = h.scalar(y.subarray(k * d, (k + 1) * d));
    if (!(height <= lowest)) {
      throw new RangeError(`deepValueMap: u.y of every label must be at most ${lowest * h.v}, below every support, got ${height * h.v} for label ${k}`);
    }
    for (let i = 0; i < d; i++) {
      const move = moves[k * d + i]!;
      largest[i] = Math.max(largest[i]!, Math.abs(move));
      labelError = Math.max(labelError, Math.abs(q[k * d + i]! + move - y[k * d + i]!));
    }
  }
  const stack: LayerStack = {
    d,
    count,
    width: 4,
    layer: (i) => {
      const k = h.order[i]!;
      // On the plateau only the first two neurons are not 0. They differ by exactly 1, are at most 3 and multiples of 2^-49, so every remainder
      // of the twofold sum is a multiple of 2^-102 |y - q| and the remainders sum without rounding: z + (y - q) is rounded once.
      return assemble(d, h.neurons(i, moves.slice(k * d, (k + 1) * d)));
    },
    next: (token, from) => {
      const k = h.at(h.scalar(token));
      return k >= from ? k : count;
    },
    refusal: (token) => {
      const s = h.scalar(token);
      if (!(s < h.scale)) return `u.z must be below ${h.scale * h.v}, got ${s * h.v}`;
      if (s <= lowest) return undefined;
      for (let i = 0; i < d; i++) {
        // Beyond a support the four terms sum to 0 in real numbers, and twofold summation drops at most 30 * 2^-106 |y - q| s of them: below 2^-55 |z|, a
        // quarter of the ulp of z, from here on.
        const least = largest[i]! * s * 2 ** -46;
        if (Math.abs(token[i]!) < least) return `entry ${i} of a token above a support must be at least ${least} in magnitude, got ${token[i]}`;
      }
      return undefined;
    },
  };
  return { form: 'deep', stack, layers: count, neurons: 4 * count, halfWidth: h.halfWidth, centers: h.scaled.map((s) => s * h.v), labelError };
}
