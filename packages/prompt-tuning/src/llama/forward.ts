import { assertFinite, assertInteger, tokens, type Tokens } from '@prompt-limits/core-linalg';
import type { KeyValueCache } from './cache.ts';
import type { LlamaModel } from './model.ts';
import { traceForward, traceVjp, type AttentionObserver } from './trace.ts';

/** Options of `forward`. */
export interface ForwardOptions {
  /** First position whose logits are wanted, 0 to n; 0 unless given. Fewer logits are less work. */
  readonly from?: number;
  /** Sees the queries, keys and values of each layer; what a report on the attention needs. */
  readonly onAttention?: AttentionObserver;
  /** Holds the tokens before these and takes these in; none unless given. */
  readonly cache?: KeyValueCache;
}

/**
 * Throws unless `embeddings` can be read by the model after `past` tokens.
 */
export function assertEmbeddings(fn: string, model: LlamaModel, embeddings: Tokens, past: number = 0): void {
  const { d, contextLength } = model.config;
  if (embeddings.d !== d) throw new RangeError(`${fn}: the embeddings must have the model's d = ${d}, got d = ${embeddings.d}`);
  if (embeddings.n < 1) throw new RangeError(`${fn}: the input must hold at least one token, got none`);
  if (past + embeddings.n > contextLength) {
    throw new RangeError(`${fn}: the input must fit into the context of ${contextLength} tokens, got ${past + embeddings.n}`);
  }
  assertFinite(fn, 'the embeddings', embeddings.data);
}

/**
 * Logits of a frozen transformer of the Llama family for given embeddings: column i scores every token of the
 * vocabulary as the successor of token `from + i`.
 *
 * @param model - from `loadModel`
 * @param embeddings - d x n, such as [P, X] with a soft prompt P in front; n >= 1
 * @returns vocabularySize x (n - from), in the kernels' precision. In float32 each logit is off by rounding of about
 * $10^{-6}$ of the largest logit per layer
 *
 * @throws RangeError if widths differ, there is no token, the context is too short, or a value is not finite
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * forward(model, model.embed([3, 1, 4])).n; // => 3
 */
export function forward(model: LlamaModel, embeddings: Tokens, options: ForwardOptions = {}): Tokens {
  const { from = 0, onAttention, cache } = options;
  assertEmbeddings('forward', model, embeddings, cache?.length);
  const { n, data } = embeddings;
  assertInteger('forward', 'from', from, 0, n);
  if (cache && cache.length + n > cache.capacity) {
    throw new RangeError(`forward: the cache must hold ${cache.length + n} tokens, got a capacity of ${cache.capacity}`);
  }
  return model.kernels.scratch(() => {
    const { logits } = traceForward(model, n, (x) => x.set(data), { from, keep: false, cache, onAttention });
    return tokens(model.config.vocabularySize, logits.slice());
  });
}

/**
 * Gradient of $\sum_{i} \langle g_i, \mathrm{logits}_i \rangle$ for the embeddings, exact through every layer.
 *
 * @param embeddings - d x n
 * @param logitGradient - g, vocabularySize x m with 1 <= m <= n, for the last m positions
 * @returns d x n, in the kernels' precision
 *
 * Call it outside of `kernels.scratch`: the first call lays the weights out once more for all later ones.
 *
 * @throws RangeError as `forward` does, or if the gradient has the wrong shape
 * @example
 * import { randomSource, zeroTokens } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * const logitGradient = zeroTokens(256, 1);
 * logitGradient.data[7] = 1; // the logit of token 7 at the last position
 * inputGradient(model, model.embed([3, 1, 4]), logitGradient).n; // => 3
 */
export function inputGradient(model: LlamaModel, embeddings: Tokens, logitGradient: Tokens): Tokens {
  assertEmbeddings('inputGradient', model, embeddings);
  const { vocabularySize, d } = model.config;
  if (logitGradient.d !== vocabularySize) {
    throw new RangeError(`inputGradient: the gradient must have d = ${vocabularySize} (the vocabulary), got d = ${logitGradient.d}`);
  }
  assertInteger('inputGradient', 'tokens of the gradient', logitGradient.n, 1, embeddings.n);
  assertFinite('inputGradient', 'the gradient', logitGradient.data);
  model.prepareGradients();
  return model.kernels.scratch(() => {
    const from = embeddings.n - logitGradient.n;
    const trace = traceForward(model, embeddings.n, (x) => x.set(embeddings.data), { from, keep: true });
    trace.logits.set(logitGradient.data);
    return tokens(d, traceVjp(model, trace, trace.logits).slice());
  });
}
