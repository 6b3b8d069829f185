import { assertFinite, type Tokens } from '@prompt-limits/core-linalg';
import type { LlamaModel } from '../llama/model.ts';
import { promptEmbeddings } from '../softPrompt/promptEmbeddings.ts';
import type { SoftPrompt } from '../softPrompt/softPrompt.ts';
import type { TargetScore } from './crossEntropy.ts';
import { assertDataset, type Example } from './dataset.ts';
import { scoreExample } from './scoreExample.ts';

/** How a prompt does on one target token. */
export interface TokenResult {
  /** The target token. */
  readonly id: number;
  /** The token that the model finds likeliest. */
  readonly predicted: number;
  /** The probability that it gives the target. */
  readonly probability: number;
  /** Whether the target is the only likeliest token. */
  readonly correct: boolean;
}

/** How a prompt does on a dataset, teacher-forced: each token is scored after the true tokens before it. */
export interface Evaluation {
  /** Mean cross-entropy of all target tokens, in nats. */
  readonly loss: number;
  /** Fraction of target tokens that are correct. */
  readonly accuracy: number;
  /** Smallest lead of a target's logit over every other token's; negative where one is wrong. */
  readonly margin: number;
  /** Largest absolute logit at the target positions. */
  readonly size: number;
  /** For each example, its target tokens one by one. */
  readonly tokens: readonly (readonly TokenResult[])[];
}

/** Sums up scores of whole examples. */
export function summarise(dataset: readonly Example[], scores: readonly (readonly TargetScore[])[]): Evaluation {
  const all = scores.flat();
  const mean = (f: (s: TargetScore) => number): number => all.reduce((sum, s) => sum + f(s), 0) / all.length;
  return {
    loss: mean((s) => s.loss),
    accuracy: mean((s) => (s.margin > 0 ? 1 : 0)),
    margin: all.reduce((least, s) => Math.min(least, s.margin), Infinity),
    size: all.reduce((most, s) => Math.max(most, s.size), 0),
    tokens: dataset.map(({ target }, i) =>
      target.map((id, j) => {
        const { predicted, probability, margin } = scores[i]![j]!;
        return { id, predicted, probability, correct: margin > 0 };
      })),
  };
}

/** The tokens of a soft prompt; throws unless they fit the model. */
export function checkedPrompt(fn: string, model: LlamaModel, given: SoftPrompt | Tokens): Tokens {
  const prompt = promptEmbeddings(given);
  if (prompt.d !== model.config.d) throw new RangeError(`${fn}: the prompt must have the model's d = ${model.config.d}, got d = ${prompt.d}`);
  assertFinite(fn, 'the prompt', prompt.data);
  return prompt;
}

/**
 * Loss and teacher-forced accuracy of a soft prompt P on a dataset: the objective that `tunePrompt` minimises,
 * the mean over all target tokens of $-\ln p(\text{token} \mid P, \text{context}, \text{earlier target tokens})$.
 *
 * @param prompt - d x Lp, Lp >= 1, finite
 * @param dataset - at least one example
 *
 * @throws RangeError if the prompt or the dataset does not fit the model
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * evaluatePrompt(model, model.embed([7]), [{ target: [104, 105] }]).tokens[0].length; // => 2
 */
export function evaluatePrompt(model: LlamaModel, prompt: SoftPrompt | Tokens, dataset: readonly Example[]): Evaluation {
  const { n, data } = checkedPrompt('evaluatePrompt', model, prompt);
  assertDataset('evaluatePrompt', model, dataset, n);
  return summarise(dataset, dataset.map((example) => scoreExample(model, data, example, null, 0)));
}
