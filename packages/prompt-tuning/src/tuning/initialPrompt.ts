import { assertFiniteNumber, assertInteger, normalTokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import type { LlamaModel } from '../llama/model.ts';
import type { SoftPrompt } from '../softPrompt/softPrompt.ts';
import { checkedPrompt } from './evaluatePrompt.ts';

/**
 * Where a soft prompt starts: normal values, embeddings of random tokens, embeddings of a text, or a prompt at hand.
 */
export type PromptInit =
  | {
      /** Independent normal values. */
      readonly kind: 'random';
      /** Their standard deviation; the root mean square of the model's embeddings unless given. */
      readonly scale?: number;
    }
  | {
      /** Embeddings of tokens drawn uniformly from the vocabulary. */
      readonly kind: 'vocabulary';
    }
  | {
      /** Embeddings of the text's tokens: cut at the prompt length, or repeated up to it, as PEFT does. */
      readonly kind: 'text';
      /** At least one token long. */
      readonly text: string;
    }
  | {
      /** A copy of a prompt at hand. */
      readonly kind: 'prompt';
      /** d x promptLength. */
      readonly prompt: SoftPrompt | Tokens;
    };

/**
 * The first prompt of a tuning run, d x promptLength.
 *
 * @param random - draws what is random
 * @param promptLength - tokens, an integer >= 1
 *
 * @throws RangeError if the length is below 1, the scale is negative, the text is empty, or the prompt at hand has
 * another shape or a value that is not finite
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * const prompt = initialPrompt(model, { kind: 'text', text: 'ab' }, 3, randomSource(2));
 * prompt.data.join() === model.embed([97, 98, 97]).data.join(); // => true
 */
export function initialPrompt(model: LlamaModel, init: PromptInit, promptLength: number, random: RandomSource): Tokens {
  assertInteger('initialPrompt', 'promptLength', promptLength, 1);
  const { d, vocabularySize } = model.config;
  const { embeddings } = model.weights;
  switch (init.kind) {
    case 'random': {
      const { scale = Math.sqrt((embeddings as Float64Array).reduce((sum, x) => sum + x * x, 0) / embeddings.length) } = init;
      assertFiniteNumber('initialPrompt', 'scale', scale);
      return normalTokens(random, d, promptLength, scale, model.kernels.precision);
    }
    case 'vocabulary':
      return model.embed(Array.from({ length: promptLength }, () => random.integer(vocabularySize)));
    case 'text': {
      const ids = model.tokenizer.encode(init.text);
      if (ids.length === 0) throw new RangeError('initialPrompt: the text must have at least one token, got none');
      return model.embed(Array.from({ length: promptLength }, (_, k) => ids[k % ids.length]!));
    }
    case 'prompt': {
      const prompt = checkedPrompt('initialPrompt', model, init.prompt);
      if (prompt.n !== promptLength) throw new RangeError(`initialPrompt: the prompt must have promptLength = ${promptLength} tokens, got ${prompt.n}`);
      const copy = model.embed(Array.from({ length: promptLength }, () => 0));
      copy.data.set(prompt.data);
      return copy;
    }
    default:
      throw new TypeError(`initialPrompt: kind must be one of random, vocabulary, text, prompt, got ${String((init as { kind: unknown }).kind)}`);
  }
}
