import { assertInteger, concatTokens, type Tokens } from '@prompt-limits/core-linalg';
import { promptEmbeddings } from '../softPrompt/promptEmbeddings.ts';
import type { SoftPrompt } from '../softPrompt/softPrompt.ts';
import { createCache } from './cache.ts';
import { assertEmbeddings, forward } from './forward.ts';
import { assertTokenIds, type LlamaModel } from './model.ts';
import { assertSampleOptions, sampleToken, type SampleOptions } from './sample.ts';
import { turn } from './turn.ts';

/** Options of `generate`. */
export interface GenerateOptions extends SampleOptions {
  /** Soft prompt in front of the ids, d x Lp; none unless given. */
  readonly prompt?: SoftPrompt | Tokens;
  /** Token ids to continue; may be empty where there is a prompt. */
  readonly ids?: readonly number[];
  /** Most tokens to generate, at least 1. */
  readonly maxTokens: number;
  /** Tokens that end the generation and are not part of it; the model's end tokens unless given. */
  readonly stopTokens?: readonly number[];
  /** Ends the generation between two tokens. */
  readonly signal?: AbortSignal;
  /** Sees each token as it is generated. */
  readonly onToken?: (id: number) => void;
}

/** What `generate` gives. */
export interface Generation {
  /** The tokens, without a stop token. */
  readonly ids: number[];
  /** Their text. */
  readonly text: string;
  /** 'stop': a stop token came; 'length': maxTokens were made; 'context': the context is full; 'aborted': by the signal. */
  readonly stopReason: 'stop' | 'length' | 'context' | 'aborted';
}

/**
 * Continues [P, X] token by token: reads the whole input once, then one token at a time with the keys and values of
 * all earlier ones cached. At temperature 0 each token is the likeliest (the first of equals).
 *
 * The event loop gets a turn before each token, so `signal` works.
 *
 * @returns the tokens; the same options and seed give the same tokens on the same kernels
 *
 * @throws RangeError if there is neither prompt nor id, an id is not in the vocabulary, the input exceeds the context,
 * the prompt has another width or a value that is not finite, or an option is out of range
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * (await generate(model, { ids: [104, 105], maxTokens: 5 })).ids.length; // => 5
 */
export async function generate(model: LlamaModel, options: GenerateOptions): Promise<Generation> {
  const { prompt, ids = [], maxTokens, stopTokens = model.config.eosTokens, signal, onToken } = options;
  const { contextLength, vocabularySize } = model.config;
  assertInteger('generate', 'maxTokens', maxTokens, 1);
  assertSampleOptions('generate', options);
  assertTokenIds('generate', 'ids', ids, vocabularySize);
  assertTokenIds('generate', 'stopTokens', stopTokens, vocabularySize);
  if (ids.length === 0 && !prompt) throw new RangeError('generate: the input must hold at least one token, got none');
  const parts = [...(prompt ? [promptEmbeddings(prompt)] : []), ...(ids.length > 0 ? [model.embed(ids)] : [])];
  let input = parts.length === 1 ? parts[0]! : concatTokens(...parts);
  assertEmbeddings('generate', model, input);

  // The last token is never read back, so one more fits than the context has room for.
  const most = Math.min(maxTokens, contextLength - input.n + 1);
  const cache = createCache(model, Math.min(contextLength, input.n + most));
  const made: number[] = [];
  const finish = (stopReason: Generation['stopReason']): Generation => ({ ids: made, text: model.tokenizer.decode(made), stopReason });
  while (made.length < most) {
    await turn();
    if (signal?.aborted) return finish('aborted');
    const logits = forward(model, input, { from: input.n - 1, cache });
    const next = sampleToken(logits.data, options);
    if (stopTokens.includes(next)) return finish('stop');
    made.push(next);
    onToken?.(next);
    input = model.embed([next]);
  }
  return finish(most < maxTokens ? 'context' : 'length');
}
