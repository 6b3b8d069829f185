import { fc, test } from '@fast-check/vitest';
import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { lipschitzEstimate } from '../../src/universality/lipschitzEstimate.ts';

// The values of f are rounded by 2^-53, pairs that matter are 2^-10 apart or a random step of that size: see the docstring.
const ROUNDING = 1e-6;

describe('lipschitzEstimate', () => {
  test.prop([fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 2, 4.5), fc.integer({ min: 0, max: 2 ** 32 - 1 })], { seed: 441 })(
    'never above the constant, and the pair gives the value',
    (d, L, alpha, seed) => {
      // 1.5-Lipschitz in every l_alpha: entry by entry, with kinks.
      const kinky = (z: Tokens): Tokens => tokens(d, Float64Array.from(z.data, (x) => Math.min(1, Math.abs(1.5 * x - 0.5))));
      const { value, from, to, warning } = lipschitzEstimate(kinky, { d, L, alpha, random: randomSource(seed), samples: 64 });
      expect(value).toBeLessThanOrEqual(1.5 + ROUNDING);
      expect(warning).toContain('lower bound');
      const norm = (a: Tokens, b: Tokens): number => Array.from(a.data).reduce((s, x, i) => s + Math.abs(x - b.data[i]!) ** alpha, 0) ** (1 / alpha);
      expect(norm(kinky(from), kinky(to)) / norm(from, to)).toBeCloseTo(value, 9);
    },
  );

  test('finds the constant of a sum in l_1 and in l_4, where the steepest directions differ', () => {
    // f(Z)_1 = mean of the n entries, the rest 0: |sum t_i| / n over |t|_alpha is largest for one entry at alpha = 1 (1/n),
    // and for equal entries at alpha = 4 (n^{-1/4}).
    const n = 3;
    const f = (z: Tokens): Tokens => tokens(1, Float64Array.of(Array.from(z.data).reduce((s, x) => s + x, 0) / n, 0, 0));
    const at = { d: 1, L: n, random: randomSource(442), samples: 400 };
    expect(lipschitzEstimate(f, { ...at, alpha: 1 }).value).toBeCloseTo(1 / n, 9);
    expect(lipschitzEstimate(f, { ...at, alpha: 4 }).value).toBeCloseTo(n ** -0.25, 9);
  });

  test('misses what it does not sample, as the warning says', () => {
    const spike = (z: Tokens): Tokens => tokens(1, z.data.map((x) => Math.max(0, 1 - Math.abs(x - Math.SQRT1_2) * 1e9)));
    expect(lipschitzEstimate(spike, { d: 1, L: 1, alpha: 1, random: randomSource(443) }).value).toBeLessThan(1e9);
  });

  test('a function that returns its one buffer, or its argument, is read in time', () => {
    const buffer = new Float64Array(2);
    const reused = (z: Tokens): Tokens => {
      buffer.set(z.data);
      return tokens(2, buffer);
    };
    expect(lipschitzEstimate(reused, { d: 2, L: 1, alpha: 2, random: randomSource(1) }).value).toBeCloseTo(1, 9);
    expect(lipschitzEstimate((z) => z, { d: 2, L: 1, alpha: 2, random: randomSource(1) }).value).toBeCloseTo(1, 9);
  });

  test('refuses bad input', () => {
    const good = { d: 1, L: 1, alpha: 1, random: randomSource(1) };
    expect(() => lipschitzEstimate((z) => z, { ...good, samples: 0 })).toThrow('lipschitzEstimate: samples must be at least 1, got 0');
    expect(() => lipschitzEstimate((z) => z, { ...good, alpha: 0.5 })).toThrow(RangeError);
    expect(() => lipschitzEstimate((z) => tokens(1, z.data.map((x) => x + 1)), good)).toThrow('lipschitzEstimate: f must have values in [0, 1]');
  });
});
