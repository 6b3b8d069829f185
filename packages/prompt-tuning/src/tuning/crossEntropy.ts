import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';

/** How a model rates one target token. */
export interface TargetScore {
  /** $-\ln p$ of the target, in nats. */
  readonly loss: number;
  /** p, the softmax at the target. */
  readonly probability: number;
  /** The likeliest token, the first of equals. */
  readonly predicted: number;
  /** The target's logit minus the largest other one: above 0 exactly where the target is the only likeliest token. */
  readonly margin: number;
  /** Largest absolute logit, which sets the size of a rounding error. */
  readonly size: number;
}

/**
 * Cross-entropy $\ln \sum_j e^{x_j} - x_t$ of each row of logits, and its gradient softmax(x) - e_t.
 *
 * @param logits - targets.length x vocabularySize, in kernel memory; overwritten with weight times the gradient
 * @param weight - factor on the gradient, such as 1 / number of targets for the mean
 */
export function crossEntropy(kernels: Kernels, vocabularySize: number, logits: FloatArray, targets: readonly number[], weight: number): TargetScore[] {
  const V = vocabularySize;
  const first = targets.map((target, row) => {
    const x = logits.subarray(row * V, (row + 1) * V);
    let predicted = 0;
    let other = -Infinity;
    let least = Infinity;
    for (let j = 0; j < V; j++) {
      const value = x[j]!;
      if (value > x[predicted]! || Number.isNaN(value)) predicted = j;
      if (value < least) least = value;
      if (j !== target && value > other) other = value;
    }
    const top = x[predicted]!;
    return { predicted, margin: x[target]! - other, gap: top - x[target]!, size: Math.max(Math.abs(top), Math.abs(least)) };
  });
  kernels.softmaxRows(targets.length, V, logits, logits);
  return first.map(({ predicted, margin, gap, size }, row) => {
    const y = logits.subarray(row * V, (row + 1) * V);
    const target = targets[row]!;
    // ln sum e^x = max - ln p_max, and p_max >= 1 / V never underflows as p_target may.
    const loss = gap - Math.log(y[predicted]!);
    const probability = y[target]!;
    for (let j = 0; j < V; j++) y[j]! *= weight;
    y[target]! -= weight;
    return { loss, probability, predicted, margin, size };
  });
}
