import { assertInteger } from '@prompt-limits/core-linalg';
import { assertTokenIds, type LlamaModel } from '../llama/model.ts';

/**
 * One text to be learnt: the target is what the model shall say after [P, context]. Each example is a sequence of its
 * own, never padded, so no position depends on the length of another example.
 */
export interface Example {
  /** Token ids that are given; none unless given. Without context the first target token follows the last soft token. */
  readonly context?: readonly number[];
  /** Token ids that the loss is taken over, at least one. */
  readonly target: readonly number[];
}

/** Throws unless every example can be read after a prompt of `promptLength` tokens. */
export function assertDataset(fn: string, model: LlamaModel, dataset: readonly Example[], promptLength: number): void {
  const { vocabularySize, contextLength } = model.config;
  assertInteger(fn, 'promptLength', promptLength, 1, contextLength);
  if (dataset.length === 0) throw new RangeError(`${fn}: the dataset must hold at least one example, got none`);
  for (const [i, { context = [], target }] of dataset.entries()) {
    if (target.length === 0) throw new RangeError(`${fn}: the target of example ${i} must hold at least one token, got none`);
    assertTokenIds(fn, `context of example ${i}`, context, vocabularySize);
    assertTokenIds(fn, `target of example ${i}`, target, vocabularySize);
    const n = promptLength + context.length + target.length - 1;
    if (n > contextLength) {
      throw new RangeError(`${fn}: example ${i} with the prompt must fit into the context of ${contextLength} tokens, got ${n}`);
    }
  }
}
