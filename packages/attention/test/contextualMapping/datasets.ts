import { column, normalTokens, randomSource, tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';

/** L distinct indices below `size`. */
export function distinct(random: RandomSource, L: number, size: number): number[] {
  const found = new Set<number>();
  while (found.size < L) found.add(random.integer(size));
  return [...found];
}

/** N sequences of L distinct tokens from a vocabulary of `size` normal ones. */
export function dataset(seed: number, N: number, L: number, d: number, size: number): Tokens<Float64Array>[] {
  const random = randomSource(seed);
  const V = normalTokens(random, d, size);
  return Array.from({ length: N }, () => tokens(d, Float64Array.from(distinct(random, L, size).flatMap((a) => Array.from(column(V, a))))));
}

/** A sequence of tokens of width 1. */
export const line = (...values: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(values));

/** A sequence of tokens of width 2. */
export const plane = (...values: [number, number][]): Tokens<Float64Array> => tokens(2, Float64Array.from(values.flat()));
