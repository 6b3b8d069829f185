import { entrywiseNorm, randomSource, tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { memorisationLengths, memorize, sufficientPromptLength } from '../../src/index.ts';
import { row } from './support.ts';

const pair = (x: number, y: number) => ({ input: row(x), label: row(y) });

describe('the counting length', () => {
  /** Labels of one entry pairwise more than 2 epsilon apart, as many as fit: greedily from 0. */
  const separated = (epsilon: number): number => {
    const step = 2 * epsilon * (1 + 2 ** -30);
    let count = 1;
    for (let y = step; y <= 1; y += step) count++;
    return count;
  };

  test.each([
    [0.125, 4, 2, 1, 1],
    [0.1, 11, 7, 1, 1],
    [0.1, 16, 3, 2, 3],
    [0.03, 64, 5, 3, 1],
    [0.24, 5, 6, 1, 2],
    [0.5, 2, 9, 1, 1],
    [0.7, 2, 9, 2, 2],
    [0.25, 4, 4, 1, 1],
  ] as const)('epsilon = %d, m = %i, N = %i, d = %i, L = %i: the least Lp with m^(d Lp) prompts for as many labellings', (epsilon, m, N, d, L) => {
    const random = randomSource(2371);
    const one = () => tokens(d, Float64Array.from({ length: d * L }, () => random.uniform()));
    const dataset = Array.from({ length: N }, () => ({ input: one(), label: one() }));
    const { counting } = memorisationLengths(dataset, { epsilon, alpha: 2, m, used: 1 });
    const labellings = BigInt(separated(epsilon)) ** BigInt(d * L * N);
    let Lp = 0;
    while (BigInt(m) ** BigInt(d * Lp) < labellings) Lp++;
    expect(counting).toBe(Lp);
  });

  test('no method at all does with fewer: with one prompt too few two labellings share one, and it is farther than epsilon from one of them', () => {
    // One input, d = L = 1, epsilon = 1/8: the labels 0, 1/3, 2/3, 1 are more than 1/4 apart. Prompts of m = 2 values: 2^1 < 4.
    const { counting } = memorisationLengths([pair(0.5, 0)], { epsilon: 1 / 8, alpha: 1, m: 2, used: 1 });
    expect(counting).toBe(2);
    for (const outputs of [[0, 1], [1 / 6, 5 / 6], [0.5, 0.5]]) {
      const worst = Math.max(...[0, 1 / 3, 2 / 3, 1].map((y) => Math.min(...outputs.map((x) => Math.abs(x - y)))));
      expect(worst).toBeGreaterThan(1 / 8);
    }
  });

  test('a repeated input counts once', () => {
    const options = { epsilon: 0.1, alpha: 1, m: 5, used: 1 };
    const data = [pair(0.1, 0.2), pair(0.4, 0.9)];
    expect(memorisationLengths([...data, data[0]!], options)).toEqual(memorisationLengths(data, options));
  });

  test('where every cell holds one input, the dictionary is no shorter', () => {
    const random = randomSource(2372);
    for (let trial = 0; trial < 20; trial++) {
      const N = 1 + random.integer(9);
      const dataset = Array.from({ length: N }, (_, i) => pair((i + 0.2 + 0.5 * random.uniform()) / N, random.uniform()));
      const { lengths } = memorize(dataset, 0.02 + 0.2 * random.uniform());
      expect(lengths.counting).toBeLessThanOrEqual(lengths.used);
    }
  });
});

describe('the sufficient length', () => {
  test('is Theorem 2.5\'s for the least constant that the data allow', () => {
    const random = randomSource(2373);
    for (const alpha of [1, 2, 3]) {
      const one = () => tokens(2, Float64Array.from({ length: 6 }, () => random.uniform()));
      const dataset = Array.from({ length: 5 }, () => ({ input: one(), label: one() }));
      const { leastLipschitz, sufficient, used } = memorisationLengths(dataset, { epsilon: 0.3, alpha, m: 9, used: 77 });
      const slopes = dataset.flatMap((a) => dataset.filter((b) => a !== b).map((b) => {
        const norm = (x: typeof a.input, y: typeof a.input) => entrywiseNorm(tokens(2, x.data.map((v, i) => v - y.data[i]!)), alpha);
        return norm(a.label, b.label) / norm(a.input, b.input);
      }));
      expect(leastLipschitz).toBe(Math.max(...slopes));
      expect(sufficient).toEqual(sufficientPromptLength({ d: 2, L: 3, C: leastLipschitz, epsilon: 0.3, alpha }));
      expect(used).toBe(77);
    }
  });

  test('errata row 20: a prompt far shorter than it memorises, so it is no lower bound', () => {
    const dataset = [pair(0.1, 0.9), pair(0.35, 0.2), pair(0.75, 0.6)];
    const { worstError, lengths } = memorize(dataset, 0.05);
    expect(worstError).toBeLessThanOrEqual(0.05);
    expect([lengths.used, lengths.counting, lengths.sufficient!.exact! > 100n]).toEqual([6, 3, true]);
  });

  test('one input, or labels that are all equal, have no slope', () => {
    for (const data of [[pair(0.1, 0.2)], [pair(0.1, 0.2), pair(0.7, 0.2)]]) {
      expect(memorisationLengths(data, { epsilon: 0.1, alpha: 1, m: 5, used: 1 })).toMatchObject({ sufficient: null, leastLipschitz: 0 });
    }
  });
});

test.each<[() => unknown, string]>([
  [() => memorisationLengths([], { epsilon: 0.1, alpha: 1, m: 2, used: 1 }), 'memorisationLengths: examples must be at least 1, got 0'],
  [() => memorisationLengths([pair(0, 0)], { epsilon: 0, alpha: 1, m: 2, used: 1 }), 'memorisationLengths: epsilon must be above 0, got 0'],
  [() => memorisationLengths([pair(0, 0)], { epsilon: 0.1, alpha: 1, m: 1, used: 1 }), 'memorisationLengths: m must be at least 2, got 1'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
