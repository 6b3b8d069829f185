import { assertPositive, uniformTokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';

/** Inputs of one attention problem. */
export interface AttentionWorkload {
  /** Queries, d x n. */
  readonly q: Tokens<Float32Array>;
  /** Keys, d x n. */
  readonly k: Tokens<Float32Array>;
  /** Values, d x n. */
  readonly v: Tokens<Float32Array>;
}

/**
 * Queries, keys and values with independent entries uniform in $[-B, B)$, the inputs of the attention benchmarks.
 *
 * @param random - advanced by queries, then keys, then values
 * @param d - width of a token, an integer >= 1
 * @param n - tokens, an integer >= 0
 * @param bound - B, a finite number above 0; its double must be finite
 *
 * @throws RangeError if an argument is out of range
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * uniformAttention(randomSource(1), 2, 3).q.data.length; // => 6
 */
export function uniformAttention(random: RandomSource, d: number, n: number, bound: number = 1): AttentionWorkload {
  assertPositive('uniformAttention', 'bound', bound);
  const draw = (): Tokens<Float32Array> => uniformTokens(random, d, n, -bound, bound, 'float32');
  return { q: draw(), k: draw(), v: draw() };
}

/**
 * Floating-point operations of exact attention over n tokens of width d: $4 n^2 d + n^2$, two products of
 * $2 n^2 d$ and one exponential for each score.
 *
 * @example
 * attentionFlops(10, 2); // => 900
 */
export function attentionFlops(n: number, d: number): number {
  return 4 * n * n * d + n * n;
}
