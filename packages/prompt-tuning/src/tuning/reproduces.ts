import type { Tokens } from '@prompt-limits/core-linalg';
import { generate } from '../llama/generate.ts';
import type { LlamaModel } from '../llama/model.ts';
import type { SoftPrompt } from '../softPrompt/softPrompt.ts';
import { assertDataset, type Example } from './dataset.ts';
import { checkedPrompt } from './evaluatePrompt.ts';

/**
 * Whether greedy decoding, token by token with a cache, gives every target exactly after its prompt and context.
 *
 * This is decided by decoding, not by teacher-forced accuracy: cached decoding sums in another order than a forward
 * pass over the whole text, so a lead within rounding could tip over.
 *
 * @throws RangeError if the prompt or the dataset does not fit the model
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * const { ids } = await generate(model, { prompt: model.embed([7]), maxTokens: 3 });
 * await reproduces(model, model.embed([7]), [{ target: ids }]); // => true
 */
export async function reproduces(model: LlamaModel, prompt: SoftPrompt | Tokens, dataset: readonly Example[], signal?: AbortSignal): Promise<boolean> {
  assertDataset('reproduces', model, dataset, checkedPrompt('reproduces', model, prompt).n);
  for (const { context = [], target } of dataset) {
    // No stop tokens: an end token inside a target is a token like any other.
    const options = { prompt, ids: context, maxTokens: target.length, stopTokens: [], ...(signal ? { signal } : {}) };
    const { ids } = await generate(model, options);
    if (ids.length !== target.length || ids.some((id, i) => id !== target[i])) return false;
  }
  return true;
}
