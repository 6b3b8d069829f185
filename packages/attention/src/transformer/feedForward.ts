import { assertFinite, assertInteger, assertLength, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { twofoldDot } from './twofold.ts';

/**
 * A feed-forward layer with residual connection,
 * $f(Z)_{:,k} = Z_{:,k} + W^{(2)} \mathrm{ReLU}(W^{(1)} Z_{:,k} + b^{(1)}) + b^{(2)}$.
 *
 * Paper: Eq. (2.3). All matrices are row-major.
 */
export interface FeedForward {
  /** Width of a token. */
  readonly d: number;
  /** Hidden neurons. */
  readonly r: number;
  /** r x d: row j holds the weights into neuron j. */
  readonly w1: Float64Array;
  /** r biases of the neurons. */
  readonly b1: Float64Array;
  /** d x r: row i holds the weights from every neuron to output i. */
  readonly w2: Float64Array;
  /** d biases of the output. */
  readonly b2: Float64Array;
}

/**
 * Applies a feed-forward layer to every token, residual connection included.
 *
 * A neuron is computed in plain float64: the products are summed in order, then the bias is added. So neurons that differ
 * only in their bias round $W^{(1)} z$ alike, and their differences stay exact. Outputs are summed in twofold precision:
 * each is the sum of its input, its bias and its weighted neurons with relative error $2^{-53}$ plus
 * $(r + 2)^2\, 2^{-106}$ times the sum of the absolute terms, as long as none of them exceeds $2^{990}$.
 *
 * @param network - d, r >= 1 with arrays of matching lengths, finite
 * @param z - d x n tokens, finite values; not changed
 * @returns d x n tokens in Float64
 *
 * Paper: Eq. (2.3).
 *
 * @throws RangeError if a length does not match, the widths differ or a value is NaN or infinite
 * @example
 * const negate = { d: 1, r: 1, w1: Float64Array.of(1), b1: Float64Array.of(0), w2: Float64Array.of(-2), b2: Float64Array.of(0) };
 * applyFeedForward(negate, { d: 1, n: 2, data: Float64Array.of(3, -4) }).data; // => new Float64Array([-3, -4])
 */
export function applyFeedForward(network: FeedForward, z: Tokens): Tokens<Float64Array> {
  assertFeedForward('applyFeedForward', network);
  const { d, r, w1, b1, w2, b2 } = network;
  const { n, data } = tokens(z.d, z.data);
  if (z.d !== d) throw new RangeError(`applyFeedForward: z must have the network's width (d = ${d}), got d = ${z.d}`);
  assertFinite('applyFeedForward', 'z', data);
  const result = zeroTokens(d, n);
  const hidden = new Float64Array(r);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < r; j++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += w1[j * d + i]! * data[k * d + i]!;
      hidden[j] = Math.max(0, sum + b1[j]!);
    }
    for (let i = 0; i < d; i++) result.data[k * d + i] = twofoldDot(data[k * d + i]!, w2, i * r, hidden, b2[i]!);
  }
  return result;
}

/**
 * Throws unless the sizes are integers of at least 1 and the arrays match them, finite.
 *
 * @internal
 */
export function assertFeedForward(fn: string, { d, r, w1, b1, w2, b2 }: FeedForward): void {
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'r', r, 1);
  assertLength(fn, 'w1', w1, r * d, 'r x d');
  assertLength(fn, 'b1', b1, r, 'r');
  assertLength(fn, 'w2', w2, d * r, 'd x r');
  assertLength(fn, 'b2', b2, d, 'd');
  for (const [name, values] of Object.entries({ w1, b1, w2, b2 })) assertFinite(fn, name, values);
}
