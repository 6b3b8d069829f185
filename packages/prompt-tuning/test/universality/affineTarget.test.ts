import { fc, test } from '@fast-check/vitest';
import { entrywiseNorm, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { affineTarget } from '../../src/universality/affineTarget.ts';

const unit = fc.double({ min: 0, max: 1, noNaN: true });

describe('affineTarget', () => {
  test('is the formula, token after token', () => {
    const f = affineTarget({ d: 2, L: 1, slope: [-0.5, 1], offset: [0.75, 0], source: [1, 1] });
    expect(f(tokens(2, Float64Array.of(0.125, 0.5))).data).toEqual(Float64Array.of(0.5, 0.5));
    const own = affineTarget({ d: 1, L: 3, slope: [0, 1, -1], offset: [0.25, 0, 1] });
    expect(own(tokens(1, Float64Array.of(0.1, 0.2, 0.25))).data).toEqual(Float64Array.of(0.25, 0.2, 0.75));
  });

  test.prop([fc.array(fc.tuple(unit, unit, unit), { minLength: 1, maxLength: 3 }), unit, fc.constantFrom(1, 2, 3, 1.5, 4.25), fc.integer({ min: 1, max: 9 })], { seed: 451 })(
    'its cell integral is that of a midpoint rule of 4096 points in each entry',
    (entries, start, alpha, m) => {
      const L = entries.length;
      const f = affineTarget({ d: 1, L, slope: entries.map(([b, e]) => e - b), offset: entries.map(([b]) => b) });
      const corner = new Float64Array(L).fill((start * (m - 1)) / m);
      const y = Float64Array.from(entries, ([, , v]) => v);
      const n = 4096;
      // The integrand is alpha-Lipschitz in z (|v| <= 1, |slope| <= 1), so the rule is within alpha delta / (4 n) of each entry's mean.
      let mean = 0;
      for (let k = 0; k < n; k++) {
        const z = tokens(1, Float64Array.from(corner, (c) => c + (k + 0.5) / (n * m)));
        mean += Array.from(f(z).data).reduce((s, value, i) => s + Math.abs(value - y[i]!) ** alpha, 0) / n;
      }
      const found = f.cellIntegral(corner, 1 / m, y, alpha) * m ** L;
      expect(Math.abs(found - mean)).toBeLessThanOrEqual((L * alpha) / (4 * n * m) + 1e-12);
    },
  );

  test('does not cancel where f is flat or far from y, and takes 0 in its stride', () => {
    const integral = (slope: number, offset: number, y: number, alpha: number): number =>
      affineTarget({ d: 1, L: 1, slope: [slope], offset: [offset] }).cellIntegral(Float64Array.of(0), 1, Float64Array.of(y), alpha);
    // The mean of (v + h t)^3 for t in [0, 1] is v^3 + 3/2 v^2 h + v h^2 + h^3/4.
    const h = 2 ** -30;
    expect(integral(h, 0.5, 0.25, 3) / (0.25 ** 3 + 1.5 * 0.25 ** 2 * h + 0.25 * h ** 2)).toBeCloseTo(1, 15);
    expect(integral(0, 0.5, 0.5, 2)).toBe(0);
    expect(integral(1, 0, 0, 1)).toBe(0.5);
    expect(integral(-1, 1, 0.5, 1)).toBe(0.25);
    expect(integral(2 ** -1000, 0, 0, 1)).toBe(2 ** -1001);
  });

  test('C = max |a_i| holds between any two points where sources differ', () => {
    const f = affineTarget({ d: 1, L: 3, slope: [0.5, -0.75, 0.25], offset: [0.25, 1, 0], source: [2, 0, 1] });
    const [a, b] = [tokens(1, Float64Array.of(0, 1, 0.5)), tokens(1, Float64Array.of(0.75, 1, 0.5))];
    const gap = (x: Tokens, y: Tokens): Tokens => tokens(1, Float64Array.from(x.data, (v, i) => v - y.data[i]!));
    for (const alpha of [1, 2, 3.5]) expect(entrywiseNorm(gap(f(a), f(b)), alpha) / entrywiseNorm(gap(a, b), alpha)).toBeCloseTo(0.75, 12);
  });

  test('refuses what leaves the cube', () => {
    expect(() => affineTarget({ d: 1, L: 1, slope: [0.5], offset: [0.75] })).toThrow(new RangeError('affineTarget: offset 0 + slope 0 must lie in [0, 1], got 1.25'));
    expect(() => affineTarget({ d: 1, L: 2, slope: [0], offset: [0, 0] })).toThrow('affineTarget: slope must have length 2 (d * L), got 1');
    expect(() => affineTarget({ d: 1, L: 1, slope: [0], offset: [0], source: [1] })).toThrow('affineTarget: source 0 must be an integer from 0 to 0, got 1');
    const f = affineTarget({ d: 1, L: 1, slope: [0], offset: [0] });
    expect(() => f(tokens(1, new Float64Array(2)))).toThrow('affineTarget: z must be 1 x 1 tokens, got Float64Array(2)');
  });
});
