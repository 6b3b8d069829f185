import { nextDown } from '@prompt-limits/core-linalg/intervals';
import { describe, expect, test } from 'vitest';
import { countLipschitzFunctions } from '../../../src/universality/counting/countLipschitzFunctions.ts';

/** Every table one by one, every pair of points, norms as roots in float64 with a tolerance far below any gap between them. */
function enumerate(d: number, L: number, m: number, C: number, alpha: number): bigint {
  const width = d * L;
  const points = Array.from({ length: m ** width }, (_, i) => Array.from({ length: width }, (_unused, j) => Math.floor(i / m ** j) % m));
  const norm = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + Math.abs(x - b[i]!) ** alpha, 0) ** (1 / alpha);
  const allowed = points.map((z) => points.map((other) => C * norm(z, other) + 1e-9));
  const apart = points.map((y) => points.map((other) => norm(y, other)));
  const values: number[] = [];
  const extend = (): bigint => {
    if (values.length === points.length) return 1n;
    let total = 0n;
    for (let y = 0; y < points.length; y++) {
      if (!values.every((earlier, i) => apart[earlier]![y]! <= allowed[i]![values.length]!)) continue;
      values.push(y);
      total += extend();
      values.pop();
    }
    return total;
  };
  return extend();
}

describe('countLipschitzFunctions', () => {
  test.each([
    [1, 1, 2, 1, 1], [1, 1, 3, 1, 1], [1, 1, 5, 1.5, 1], [1, 1, 5, 2, 3], [1, 1, 6, 2.75, 2], [1, 1, 4, 0.5, 1], [1, 1, 4, 3, 1], [1, 1, 4, 99, 1],
    [1, 2, 2, 1, 1], [1, 2, 2, 1, 2], [2, 1, 2, 1.25, 1], [1, 2, 2, 1.5, 2], [1, 2, 2, 2, 1], [1, 2, 2, 1.999, 1], [2, 1, 2, 0.999, 3],
    [1, 2, 3, 1, 1], [1, 2, 3, 1, 2], [2, 1, 3, 1, 3], [3, 1, 2, 1, 1], [1, 3, 2, 1, 2], [1, 3, 2, 1.4, 2],
  ] as const)('d = %i, L = %i, m = %i, C = %f, alpha = %i: as many as one by one', (d, L, m, C, alpha) => {
    const { exact, log2Lower, log2Upper } = countLipschitzFunctions({ d, L, m, C, alpha });
    const count = enumerate(d, L, m, C, alpha);
    expect(exact).toBe(count);
    expect(log2Lower).toBeLessThanOrEqual(Math.log2(Number(count)));
    expect(log2Upper).toBeGreaterThanOrEqual(Math.log2(Number(count)));
  });

  test('ties are decided by the exact C: sqrt 2 rounded down does not reach the diagonal of a square, rounded up it does', () => {
    const up = Math.SQRT2;
    const down = nextDown(up);
    // In units of 2^-52: the squares lie on both sides of 2.
    expect(BigInt(up * 2 ** 52) ** 2n > 2n << 104n && BigInt(down * 2 ** 52) ** 2n < 2n << 104n).toBe(true);
    // With C >= sqrt 2 every map of the square's corners to its corners counts at alpha = 2.
    expect(countLipschitzFunctions({ d: 1, L: 2, m: 2, C: up, alpha: 2 }).exact).toBe(256n);
    expect(countLipschitzFunctions({ d: 1, L: 2, m: 2, C: down, alpha: 2 }).exact).toBe(84n);
  });

  test('errata row 21: far fewer than the printed n^n', () => {
    expect(countLipschitzFunctions({ d: 1, L: 1, m: 4, C: 1, alpha: 1 }).exact).toBe(68n); // of 256
    // C < 1 on the grid leaves the constants.
    expect(countLipschitzFunctions({ d: 2, L: 3, m: 7, C: 0.99, alpha: 2 }).exact).toBe(7n ** 6n);
  });

  test('chains: a closed form and a long one', () => {
    // Two values: every sequence. C = 1 and three values: walks on a path with loops, 7 -> 17 -> ...
    expect(countLipschitzFunctions({ d: 1, L: 1, m: 2, C: 1, alpha: 5 }).exact).toBe(4n);
    expect(countLipschitzFunctions({ d: 1, L: 1, m: 3, C: 1, alpha: 1 }).exact).toBe(17n);
    // The adjacency matrix of a path of m with loops has the eigenvalues 1 + 2 cos(k pi / (m + 1)): the sum of walks by them.
    const m = 100;
    let walks = 0;
    for (let k = 1; k <= m; k += 2) {
      const angle = (k * Math.PI) / (m + 1);
      walks += (2 / (m + 1)) * (1 / Math.tan(angle / 2)) ** 2 * ((1 + 2 * Math.cos(angle)) / 3) ** (m - 1);
    }
    const { exact } = countLipschitzFunctions({ d: 1, L: 1, m, C: 1, alpha: 1 });
    expect(Number((exact! * 10n ** 15n) / 3n ** BigInt(m - 1)) / 1e15 / walks).toBeCloseTo(1, 9);
  });

  test.each([[1, 2, 2, 1, 1], [1, 2, 3, 1, 1], [1, 2, 3, 2, 1], [1, 2, 3, 2, 2], [1, 3, 2, 1, 1], [1, 3, 2, 2, 2], [2, 1, 4, 1, 1]] as const)(
    'd = %i, L = %i, m = %i, C = %i, alpha = %i: the bounds beyond, applied here, hold the exact count',
    (d, L, m, C, alpha) => {
      const { exact } = countLipschitzFunctions({ d, L, m, C, alpha });
      // The formulas of the docstring by enumeration: the largest ball by trying every centre, a cube by every number of coordinates.
      const width = d * L;
      const points = Array.from({ length: m ** width }, (_, i) => Array.from({ length: width }, (_unused, j) => Math.floor(i / m ** j) % m));
      const within = (a: readonly number[], b: readonly number[]): boolean => a.reduce((s, x, i) => s + Math.abs(x - b[i]!) ** alpha, 0) <= C ** alpha + 1e-9;
      const ball = Math.max(...points.map((y) => points.filter((other) => within(y, other)).length));
      let cube = 1;
      for (let t = 1; t <= width; t++) cube = Math.max(cube, (Math.min(m - 1, Math.floor(C / t ** (1 / alpha) + 1e-9)) + 1) ** t);
      expect(exact! <= BigInt(points.length) * BigInt(ball) ** BigInt(points.length - 1)).toBe(true);
      expect(exact! >= BigInt(cube) ** BigInt(points.length)).toBe(true);
    },
  );

  test('beyond enumeration the bounds are those formulas', () => {
    // d L = 4, m = 3, C = 1, alpha = 1: the ball is a centre and 8 neighbours, the set of diameter 1 two neighbours.
    const { exact, log2Lower, log2Upper } = countLipschitzFunctions({ d: 2, L: 2, m: 3, C: 1, alpha: 1 });
    expect(exact).toBeNull();
    expect(log2Lower).toBeCloseTo(81, 9);
    expect(log2Upper).toBeCloseTo(4 * Math.log2(3) + 80 * Math.log2(9), 6);
    // A ball that would take too long is put into its box: 2 * 99 + 1 values in each of two coordinates.
    const wide = countLipschitzFunctions({ d: 1, L: 2, m: 200, C: 99, alpha: 9 });
    expect(wide.log2Upper / (2 * Math.log2(200) + (200 ** 2 - 1) * 2 * Math.log2(199))).toBeCloseTo(1, 9);
    const whole = countLipschitzFunctions({ d: 3, L: 3, m: 100, C: 1e6, alpha: 2 });
    expect(whole.exact).toBeNull();
    expect(whole.log2Lower / (9e18 * Math.log2(100))).toBeCloseTo(1, 12);
    expect(whole.log2Upper).toBeGreaterThan(whole.log2Lower);
  });

  test('refuses what it cannot decide', () => {
    const good = { d: 1, L: 1, m: 3, C: 1, alpha: 1 };
    expect(() => countLipschitzFunctions({ ...good, alpha: 1.5 })).toThrow('countLipschitzFunctions: alpha must be an integer, got 1.5');
    expect(() => countLipschitzFunctions({ ...good, C: Infinity })).toThrow(RangeError);
    expect(() => countLipschitzFunctions({ ...good, m: 1 })).toThrow(RangeError);
    expect(() => countLipschitzFunctions({ ...good, d: 400, m: 10 })).toThrow('countLipschitzFunctions: the grid must have at most 2 ** 1000 points, got 10 ** 400');
  });
});
