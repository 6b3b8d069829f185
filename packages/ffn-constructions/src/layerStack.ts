import { applyFeedForward, type FeedForward } from '@prompt-limits/attention';
import { assertFinite, assertOneOf, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';

/**
 * Feed-forward layers that act one after another, made on demand: there may be far too many to store.
 *
 * Every layer changes tokens inside its support alone, and outside it gives a token back bit for bit. So the layers
 * that `next` names are all that need computing.
 */
export interface LayerStack {
  /** Width of a token. */
  readonly d: number;
  /** Number of layers. */
  readonly count: number;
  /** Most hidden neurons of a layer. */
  readonly width: number;
  /** Layer i, 0 <= i < count, with its dense weights. */
  layer(i: number): FeedForward;
  /** The first layer from `from` on whose support holds the token, or `count` if none does. */
  next(token: ArrayLike<number>, from: number): number;
  /** Why nothing is promised for a token, as "requirement, got actual"; undefined where all promises hold. */
  refusal(token: ArrayLike<number>): string | undefined;
}

/** How `applyStack` computes. */
export interface StackOptions {
  /** `full`: every neuron of every layer. `lazy`, the default: only the layers whose support holds the token as it moves. */
  readonly evaluator?: 'full' | 'lazy';
}

/**
 * Applies all layers of a stack to every token, $f_{\mathrm{count}} \circ \dots \circ f_1$. Both evaluators give the same bits.
 *
 * @param stack - layers of width d
 * @param z - d x n tokens, finite; not changed
 * @returns d x n tokens in Float64
 *
 * Paper: the feed-forward part of $\mathcal T_A$, Eq. (2.4): any number of layers of at most 4 neurons.
 *
 * @throws RangeError if the widths differ, a value is NaN or infinite, or the stack promises nothing for a token
 * @example
 * const { stack } = deepQuantiser({ m: 4, d: 1, theta: 2 ** -10 });
 * const z = { d: 1, n: 3, data: Float64Array.of(0.3, 0.5, 0.99) };
 * applyStack(stack, z).data; // => new Float64Array([0.25, 0.5, 0.75])
 * applyStack(stack, z, { evaluator: 'full' }).data; // => new Float64Array([0.25, 0.5, 0.75])
 */
export function applyStack(stack: LayerStack, z: Tokens, { evaluator = 'lazy' }: StackOptions = {}): Tokens<Float64Array> {
  assertOneOf('applyStack', 'evaluator', evaluator, ['full', 'lazy']);
  const { d, count } = stack;
  const { n, data } = tokens(z.d, z.data);
  if (z.d !== d) throw new RangeError(`applyStack: z must have the stack's width (d = ${d}), got d = ${z.d}`);
  assertFinite('applyStack', 'z', data);
  for (let k = 0; k < n; k++) {
    const reason = stack.refusal(data.subarray(k * d, (k + 1) * d));
    if (reason !== undefined) throw new RangeError(`applyStack: token ${k}: ${reason}`);
  }
  let result = zeroTokens(d, n);
  // + 0 makes -0 to 0, as a layer does.
  for (let i = 0; i < data.length; i++) result.data[i] = data[i]! + 0;
  if (evaluator === 'full') {
    for (let i = 0; i < count; i++) result = applyFeedForward(stack.layer(i), result);
    return result;
  }
  for (let k = 0; k < n; k++) {
    const token = result.data.subarray(k * d, (k + 1) * d);
    for (let i = stack.next(token, 0); i < count; i = stack.next(token, i + 1)) {
      token.set(applyFeedForward(stack.layer(i), tokens(d, token)).data);
    }
  }
  return result;
}
