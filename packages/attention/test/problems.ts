import { normalTokens, randomSource, tokens, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';
import { fc } from '@fast-check/vitest';
import type { AttentionProblem } from '../src/index.ts';

/** Half an ulp of 1 in float64 and in float32. */
export const u64: number = 2 ** -53;
export const u32: number = 2 ** -24;

/** The dimensions of a random problem. */
export interface Dimensions {
  readonly queries: number;
  readonly keys: number;
  readonly d: number;
  readonly dv: number;
  readonly heads: number;
  readonly keyHeads: number;
}

/** A problem with standard normal entries; scores have standard deviation scale sqrt(d). */
export function randomProblem(seed: number, dims: Dimensions, rest: { scale: number; causal?: boolean | number }): AttentionProblem<Float64Array> {
  const random = randomSource(seed);
  const { queries, keys, d, dv, heads, keyHeads } = dims;
  return {
    queries: normalTokens(random, heads * d, queries),
    keys: normalTokens(random, keyHeads * d, keys),
    values: normalTokens(random, keyHeads * dv, keys),
    heads,
    keyHeads,
    ...rest,
  };
}

/** Random problems of every kind, with dimensions up to a few primes. */
export const problem: fc.Arbitrary<AttentionProblem<Float64Array>> = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    queries: fc.integer({ min: 1, max: 13 }),
    keys: fc.integer({ min: 1, max: 17 }),
    d: fc.integer({ min: 1, max: 7 }),
    dv: fc.integer({ min: 1, max: 5 }),
    keyHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    scale: fc.constantFrom(-1.5, 0.1, 1, 3),
    causal: fc.constantFrom(false, true, 0, 2, -3),
  })
  .map(({ seed, keyHeads, group, scale, causal, ...dims }) => randomProblem(seed, { ...dims, keyHeads, heads: keyHeads * group }, { scale, causal }));

export const maxAbs = (x: ArrayLike<number>): number => Array.from(x).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  return maxAbs(Array.from(a, (x, i) => x - b[i]!));
}

/** S >= |scale| |k_j|^T |q_i| for all i and j: no score exceeds it, nor any partial sum. */
export function scoreBound(p: AttentionProblem): number {
  return (Math.abs(p.scale) * p.queries.d * maxAbs(p.queries.data) * maxAbs(p.keys.data)) / (p.heads ?? 1);
}

/** The error bound of one output entry that `attend` documents, for unit roundoff u. */
export function outputBound(p: AttentionProblem, u: number): number {
  const d = p.queries.d / (p.heads ?? 1);
  return (2 * (d + 4) * scoreBound(p) + 3 * p.keys.n + 16) * u * maxAbs(p.values.data);
}

/**
 * Error bound of a log partition, both sides of a comparison: ln sum e^s has derivative 1 in a common shift of the scores, the sum
 * and the logarithm add n + 4 relative roundings, and the result, at most S + ln n, is rounded once more.
 */
export function logBound(p: AttentionProblem, u: number): number {
  return 2 * ((p.queries.d + 6) * scoreBound(p) + 3 * p.keys.n + 8) * u;
}

/** The same tokens with `f` applied to every entry (i, k). */
export function mapTokens(t: Tokens, f: (value: number, i: number, k: number) => number): Tokens<Float64Array> {
  return tokens(t.d, Float64Array.from(t.data, (x, at) => f(x, at % t.d, Math.floor(at / t.d))));
}

export const toFloat32 = (t: Tokens<FloatArray>): Tokens<Float32Array> => tokens(t.d, Float32Array.from(t.data));

/** The tokens in another order: token k of the result is token order[k]. */
export function permuted(t: Tokens, order: readonly number[]): Tokens<Float64Array> {
  return tokens(t.d, Float64Array.from(order.flatMap((k) => [...t.data.subarray(k * t.d, (k + 1) * t.d)])));
}
