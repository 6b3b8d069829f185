import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { sufficientPromptLength } from '../../src/capacity/sufficientPromptLength.ts';

describe('sufficientPromptLength', () => {
  test('counts the columns of the table that the construction writes', () => {
    // d = 1, L = 2: every quantised input is a pair of grid points, and each owns a block of L columns.
    for (const [C, epsilon] of [[1, 4], [1, 2], [0.5, 1.5], [3, 4]] as const) {
      const { gridPoints: m, exact } = sufficientPromptLength({ d: 1, L: 2, C, epsilon, alpha: 1 });
      let columns = 0;
      for (let a = 0; a < m; a++) for (let b = 0; b < m; b++) columns += 2;
      expect(exact).toBe(BigInt(columns));
    }
  });

  test.prop([
    fc.record({
      d: fc.integer({ min: 1, max: 3 }), L: fc.integer({ min: 1, max: 3 }),
      C: fc.double({ min: 0.01, max: 50, noNaN: true }), epsilon: fc.double({ min: 0.01, max: 5, noNaN: true }),
      alpha: fc.integer({ min: 1, max: 5 }),
    }),
  ])('m is the smallest integer that meets (C + 1) (dL)^{1/alpha} / m <= epsilon / 2', ({ d, L, C, epsilon, alpha }) => {
    const { gridPoints: m, exact, ln, log10 } = sufficientPromptLength({ d, L, C, epsilon, alpha });
    // Both sides times their powers, in another order of operations; 1e-13 covers the rounding of either side.
    const error = (points: number): number => ((2 * (C + 1)) / points / epsilon) ** alpha * d * L;
    expect(error(m)).toBeLessThanOrEqual(1 + 1e-13);
    if (m > 1) expect(error(m - 1)).toBeGreaterThan(1 - 1e-13);
    expect(exact).toBe(BigInt(L) * BigInt(m) ** BigInt(d * L));
    expect(Math.abs(ln - Math.log(Number(exact)))).toBeLessThanOrEqual(1e-12 * Math.max(1, ln));
    expect(log10).toBeCloseTo(ln / Math.log(10), 9);
  });

  test('errata row 7: the printed step, without the + 1, leaves more than epsilon / 2', () => {
    // d = L = C = 1, epsilon = 1: the printed C delta <= epsilon / 2 takes delta = 1/2. With f(x) = min(1, x + 0.49),
    // x = 0.49 goes to the grid point 0 and f(0) = 0.49 is rounded down to 0, while f(0.49) = 0.98.
    const { gridPoints } = sufficientPromptLength({ d: 1, L: 1, C: 1, epsilon: 1, alpha: 1 });
    expect(gridPoints).toBe(4);
    const f = (x: number): number => Math.min(1, x + 0.49);
    const quantised = (x: number, m: number): number => Math.floor(f(Math.floor(x * m) / m) * m) / m;
    const worst = (m: number): number => {
      let most = 0;
      for (let i = 0; i < 10_000; i++) most = Math.max(most, Math.abs(quantised(i / 10_000, m) - f(i / 10_000)));
      return most;
    };
    expect(worst(2)).toBeGreaterThan(0.5);
    expect(worst(gridPoints)).toBeLessThanOrEqual(0.5);
  });

  test('decides a tie exactly', () => {
    // 2 (C + 1) sqrt(dL) / epsilon = 2 * 1.5 * 3 / 0.75 = 12
    expect(sufficientPromptLength({ d: 3, L: 3, C: 0.5, epsilon: 0.75, alpha: 2 }).gridPoints).toBe(12);
    // 0.1 as a double is above 1/10, so 2 * 2 * 1 / 0.1 is below 40; 0.3 as a double is below 3/10, so 12 / 0.3 is above 40.
    expect(sufficientPromptLength({ d: 1, L: 1, C: 1, epsilon: 0.1, alpha: 1 }).gridPoints).toBe(40);
    expect(sufficientPromptLength({ d: 1, L: 1, C: 5, epsilon: 0.3, alpha: 1 }).gridPoints).toBe(41);
  });

  test('stays finite where the length has no name', () => {
    const { exact, gridPoints, log10 } = sufficientPromptLength({ d: 4096, L: 4096, C: 1e300, epsilon: 1e-300, alpha: 1 });
    expect(exact).toBeNull();
    expect(gridPoints).toBe(Infinity);
    // m = 2 (1e300) 4096^2 1e300, and the length is 4096 m^(4096^2).
    expect(log10 / (4096 ** 2 * (600 + Math.log10(2 * 4096 ** 2)) + Math.log10(4096))).toBeCloseTo(1, 12);
  });

  test('refuses what the theorem does not cover', () => {
    const good = { d: 1, L: 1, C: 1, epsilon: 1, alpha: 1 };
    expect(() => sufficientPromptLength({ ...good, d: 0 })).toThrow('sufficientPromptLength: d must be at least 1, got 0');
    expect(() => sufficientPromptLength({ ...good, L: 1.5 })).toThrow('sufficientPromptLength: L must be an integer, got 1.5');
    expect(() => sufficientPromptLength({ ...good, C: 0 })).toThrow('sufficientPromptLength: C must be above 0, got 0');
    expect(() => sufficientPromptLength({ ...good, epsilon: Number.NaN })).toThrow(RangeError);
    expect(() => sufficientPromptLength({ ...good, alpha: 0.5 })).toThrow(RangeError);
    expect(() => sufficientPromptLength({ ...good, alpha: Infinity })).toThrow(RangeError);
  });
});
