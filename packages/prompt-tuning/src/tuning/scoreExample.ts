import type { FloatArray } from '@prompt-limits/core-linalg';
import type { LlamaModel } from '../llama/model.ts';
import { traceForward, traceVjp } from '../llama/trace.ts';
import { crossEntropy, type TargetScore } from './crossEntropy.ts';
import type { Example } from './dataset.ts';

/**
 * Teacher forcing: scores every target token of an example given the prompt, the context and the target tokens before
 * it, in one forward pass over n = Lp + |context| + |target| - 1 tokens.
 *
 * @param prompt - Lp x d values
 * @param gradient - null, or where weight times the gradient of the summed loss for the prompt is added
 */
export function scoreExample(model: LlamaModel, prompt: ArrayLike<number>, { context = [], target }: Example, gradient: Float64Array | null, weight: number): TargetScore[] {
  const { kernels, config, weights } = model;
  const { d, vocabularySize } = config;
  const promptLength = prompt.length / d;
  const from = promptLength + context.length - 1;
  const n = from + target.length;
  const fill = (x: FloatArray): void => {
    x.set(prompt);
    for (let k = promptLength; k < n; k++) {
      const id = k <= from ? context[k - promptLength]! : target[k - from - 1]!;
      x.set(weights.embeddings.subarray(id * d, (id + 1) * d), k * d);
    }
  };
  return kernels.scratch(() => {
    const trace = traceForward(model, n, fill, { from, keep: gradient !== null });
    const scores = crossEntropy(kernels, vocabularySize, trace.logits, target, weight);
    if (gradient) {
      const dx = traceVjp(model, trace, trace.logits);
      for (let i = 0; i < gradient.length; i++) gradient[i]! += dx[i]!;
    }
    return scores;
  });
}
