import { assertLength, assertNonEmpty, assertPositive } from '@prompt-limits/core-linalg';

/**
 * Geometric mean $\exp(\frac{1}{n} \sum_i \ln x_i)$, the mean to use for ratios: that of $1/x$ is one over that of $x$.
 *
 * @param values - n >= 1 finite values above 0; no product is formed, so it neither overflows nor underflows
 * @throws RangeError if values is empty or one is not above 0
 * @example
 * geometricMean([1, 4, 16]); // => 4
 */
export function geometricMean(values: ArrayLike<number>): number {
  assertNonEmpty('geometricMean', 'values', values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    assertPositive('geometricMean', `values[${i}]`, values[i]);
    sum += Math.log(values[i]!);
  }
  return Math.exp(sum / values.length);
}

/**
 * Geometric mean of the ratios $a_i / b_i$ of paired samples, such as the times of two programs in the same round.
 *
 * @param a - n >= 1 values above 0
 * @param b - n values above 0, paired with those of a
 * @throws RangeError if lengths differ, are 0, or a value is not above 0
 * @example
 * geometricMeanRatio([2, 8], [1, 1]); // => 4
 */
export function geometricMeanRatio(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertLength('geometricMeanRatio', 'b', b, a.length, 'the length of a');
  return geometricMean(a) / geometricMean(b);
}
