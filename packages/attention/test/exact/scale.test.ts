import { fc, test } from '@fast-check/vitest';
import { normalTokens, randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attend } from '../../src/index.ts';
import { maxDifference, outputBound, u64 } from '../problems.ts';

/** A token of d entries B, which is query, key and value. */
const constant = (d: number, B: number) => tokens(d, new Float64Array(d).fill(B));
/** The score of one query and one key is the log partition. */
const score = (d: number, B: number, scale: number): number => attend({ queries: constant(d, B), keys: constant(d, B), values: constant(d, B), scale }).logPartition[0]!;

describe('errata 3: which bound the scores obey depends on the scale', () => {
  test('printed: entries within B and no scale; the scores reach d B^2, not B^2', () => {
    // Exact: d and B are powers of two.
    for (const d of [4, 16, 64, 256]) {
      for (const B of [0.5, 1, 2]) {
        expect(score(d, B, 1)).toBe(d * B * B);
        expect(score(d, B, 1 / Math.sqrt(d))).toBe(Math.sqrt(d) * B * B);
        expect(score(d, B, 1 / d)).toBe(B * B);
      }
    }
  });

  test('so with d = ln n and B^2 = ln ln n, below sqrt(ln n), the printed scores exceed ln n and those over d do not', () => {
    for (const log of [8, 16, 64, 1024]) {
      const B = Math.sqrt(Math.log(log));
      expect(B).toBeLessThan(Math.sqrt(log));
      // e^{score} is above n^{ln ln n}, beyond every power of n; with 1/d it is ln n.
      expect(score(log, B, 1)).toBeGreaterThan(2 * log);
      expect(score(log, B, 1 / log)).toBeLessThan(log / 2);
    }
  });

  test.prop([fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 13 }), fc.double({ min: 0.125, max: 4, noNaN: true }), fc.constantFrom(0, 0.5, 1)])(
    'repaired: for the scale d^-t no score exceeds d^(1 - t) B^2',
    (seed, d, B, t) => {
      const random = randomSource(seed);
      const [queries, keys] = [uniformTokens(random, d, 5, -B, B), uniformTokens(random, d, 7, -B, B)];
      const bound = d ** (1 - t) * B * B;
      for (let j = 0; j < keys.n; j++) {
        const key = tokens(d, keys.data.subarray(j * d, (j + 1) * d));
        const { logPartition } = attend({ queries, keys: key, values: key, scale: d ** -t });
        for (const s of logPartition) expect(Math.abs(s)).toBeLessThanOrEqual(bound * (1 + (d + 8) * u64));
      }
    },
  );

  test('a scale is the same as scaled queries: scales are powers of two, so bit for bit up to the order of products', () => {
    const random = randomSource(7);
    const [queries, keys] = [normalTokens(random, 5, 3), normalTokens(random, 5, 11)];
    const problem = { queries, keys, values: keys, scale: 0.25 };
    const scaled = attend({ ...problem, queries: tokens(5, queries.data.map((q) => q / 4)), scale: 1 });
    expect(maxDifference(attend(problem).output.data, scaled.output.data)).toBeLessThanOrEqual(2 * outputBound(problem, u64));
  });
});
