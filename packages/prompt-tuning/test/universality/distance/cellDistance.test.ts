import { fc, test } from '@fast-check/vitest';
import { tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { affineTarget } from '../../../src/universality/affineTarget.ts';
import { cellDistance } from '../../../src/universality/distance/cellDistance.ts';
import { errorBudget } from '../../../src/universality/errorBudget.ts';
import { tableOf } from '../../../src/universality/functionTable.ts';
import type { TargetFunction } from '../../../src/universality/targetFunction.ts';

const square: TargetFunction = (z) => tokens(z.d, z.data.map((x) => x * x));

/** The integral of (x^2 - c)^power over [a, b], power 1 (for c below) or 2, from the antiderivative. */
function squareIntegral(a: number, b: number, c: number, power: 1 | 2): number {
  const at = (x: number): number => (power === 1 ? x ** 3 / 3 - c * x : x ** 5 / 5 - (2 * c * x ** 3) / 3 + c * c * x);
  return at(b) - at(a);
}

describe('cellDistance', () => {
  test.each([[1, 2], [1, 5], [2, 7], [2, 13]] as const)('alpha = %i, m = %i: encloses the closed form for x^2 and its table', (alpha, m) => {
    const table = tableOf(square, { d: 1, L: 1, m });
    let integral = 0;
    for (let k = 0; k < m; k++) integral += squareIntegral(k / m, (k + 1) / m, table.digits[k]! / m, alpha);
    const exact = integral ** (1 / alpha);
    const certified = cellDistance(table, square, { d: 1, L: 1, m, alpha, lipschitz: 2, maxEvaluations: 5000 });
    expect(certified.low).toBeLessThanOrEqual(exact);
    expect(certified.high).toBeGreaterThanOrEqual(exact);
    // 2 C eta (1 / (alpha + 1))^{1/alpha} with eta = 1 / (2 m q), m q the largest multiple of m up to 5000, and the slack of 6000 roundings.
    expect(certified.high - certified.low).toBeLessThanOrEqual((2 / (5000 - m)) * (1 / (alpha + 1)) ** (1 / alpha) + 1e-11);
    expect(certified).toMatchObject({ method: 'lipschitz', certified: true });
    // Polynomials of degree 4 are exact for both rules.
    const gauss = cellDistance(table, square, { d: 1, L: 1, m, alpha });
    expect(gauss).toMatchObject({ method: 'gauss', certified: false, evaluations: 8 * m });
    expect(gauss.value).toBeCloseTo(exact, 13);
    expect(gauss.high - gauss.low).toBeLessThan(1e-10);
  });

  test.each([[1, 1], [2, 1], [3.5, 1], [1, 2], [2, 2], [1, 3]] as const)('alpha = %f, dL = %i: the radius is attained by a saw with its zeros at the centres', (alpha, L) => {
    // m = 3 cells and one part each: f(Z)_i = |Z_i - centre| in every entry is 1-Lipschitz and d_alpha(0, f) = eta (dL / (alpha + 1))^{1/alpha}.
    const m = 3;
    const saw: TargetFunction = (z) => tokens(1, z.data.map((x) => Math.abs(x - (Math.min(m - 1, Math.floor(x * m)) + 0.5) / m)));
    const { low, high } = cellDistance(() => tokens(1, new Float64Array(L)), saw, { d: 1, L, m, alpha, lipschitz: 1, maxEvaluations: m ** L });
    const truth = (1 / (2 * m)) * (L / (alpha + 1)) ** (1 / alpha);
    expect(low).toBe(0);
    expect(high).toBeGreaterThanOrEqual(truth);
    // Where powers underflow the guard adds (dL 2^-1022)^{1/alpha}, below 1e-87 here.
    expect(high).toBeLessThanOrEqual(truth * (1 + 2 ** -39));
  });

  const bent = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
  test.prop([fc.array(bent, { minLength: 1, maxLength: 2 }), fc.constantFrom(1, 2, 2.5), fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 3 })], { seed: 461 })(
    'encloses what a fine midpoint rule finds for bent functions, with few points and with many',
    (bends, alpha, m, q) => {
      // Entry i: |1.5 z - a| + b cut to [0, 1], 1.5-Lipschitz; entries are separate, so the integral is a sum of integrals over [0, 1].
      const entry = (x: number, i: number): number => Math.min(1, Math.abs(1.5 * x - bends[i]![0]) * 0.9 + 0.1 * bends[i]![1]);
      const f: TargetFunction = (z) => tokens(1, z.data.map(entry));
      const L = bends.length;
      const table = tableOf(f, { d: 1, L, m });
      const n = 20_000;
      let integral = 0;
      for (let i = 0; i < L; i++) for (let k = 0; k < n * m; k += 1) {
        const x = (k + 0.5) / (n * m);
        const y = Math.floor(m * entry(Math.floor(k / n) / m, i)) / m; // the table's value in this entry
        integral += Math.abs(entry(x, i) - Math.min(y, (m - 1) / m)) ** alpha / (n * m);
      }
      const { low, high } = cellDistance(table, f, { d: 1, L, m, alpha, lipschitz: 1.5, maxEvaluations: (m * q) ** L });
      // The midpoint rule: alpha 1.5-Lipschitz integrands within 1.5 alpha / (4 n m) per entry.
      const error = (1.5 * alpha * L) / (4 * n * m);
      expect(low).toBeLessThanOrEqual((integral + error) ** (1 / alpha));
      expect(high).toBeGreaterThanOrEqual(Math.max(0, integral - error) ** (1 / alpha));
    },
  );

  test.each([[1, 1, 8, 1], [1, 1, 8, 2], [2, 1, 5, 2], [1, 3, 3, 1.5], [1, 2, 7, 3]] as const)('d = %i, L = %i, m = %i, alpha = %f: f\'s own integrals agree with the certified enclosure', (d, L, m, alpha) => {
    const slope = Array.from({ length: d * L }, (_, i) => (i % 2 === 0 ? 0.7 : -0.45));
    const offset = slope.map((a) => (a > 0 ? 0.13 : 0.91));
    const f = affineTarget({ d, L, slope, offset, source: slope.map((_, i) => slope.length - 1 - i) });
    const table = tableOf(f, { d, L, m, at: 'centre', round: 'nearest' });
    const exact = cellDistance(table, f, { d, L, m, alpha });
    expect(exact).toMatchObject({ method: 'cell integrals', certified: true, evaluations: m ** (d * L) });
    expect(exact.high - exact.low).toBeLessThan(1e-11);
    const bare: TargetFunction = (z) => f(z);
    const { low, high } = cellDistance(table, bare, { d, L, m, alpha, lipschitz: 0.7, maxEvaluations: 20_000 });
    expect(low).toBeLessThanOrEqual(exact.high);
    expect(high).toBeGreaterThanOrEqual(exact.low);
  });

  test('errata row 7: measured with certainty, the printed bound fails and the repaired one holds', () => {
    const C = 1 / 64;
    const f: TargetFunction = (z) => tokens(1, z.data.map((x) => 0.75 + (x - 0.5) / 64));
    for (const alpha of [1, 2, 5]) {
      const { low, high } = cellDistance(tableOf(f, { d: 1, L: 1, m: 4 }), f, { d: 1, L: 1, m: 4, alpha, lipschitz: C });
      const budget = errorBudget({ d: 1, L: 1, m: 4, C, alpha });
      expect(low).toBeGreaterThan(budget.inputQuantisation);
      expect(high).toBeLessThanOrEqual(budget.total);
    }
  });

  test('the distance to the table falls like 1/m and stays within its budget', () => {
    const f = affineTarget({ d: 1, L: 2, slope: [0.61, -0.83], offset: [0.2, 0.95], source: [1, 0] });
    const found = [4, 8, 16, 32, 64].map((m) => {
      const { value, high } = cellDistance(tableOf(f, { d: 1, L: 2, m }), f, { d: 1, L: 2, m, alpha: 2 });
      expect(high).toBeLessThanOrEqual(errorBudget({ d: 1, L: 2, m, C: 0.83, alpha: 2 }).total);
      return value;
    });
    expect(Math.log2(found[0]! / found[4]!) / 4).toBeGreaterThan(0.8);
    expect(Math.log2(found[0]! / found[4]!) / 4).toBeLessThan(1.2);
  });

  test('ramps may lower the distance as well as raise it', () => {
    // g = 0 and f = 1/2. On a tenth of the inputs tau is f itself, or 1: d_1 is 0.45 or 0.5.
    const f: TargetFunction = (z) => tokens(1, z.data.map(() => 0.5));
    const g = (): Tokens => tokens(1, new Float64Array(1));
    const at = { d: 1, L: 1, m: 2, alpha: 1, lipschitz: 0 } as const;
    const { low, high, value } = cellDistance(g, f, { ...at, ramps: { measure: 0.1, error: 0.5 } });
    expect(value).toBe(0.5);
    expect(low).toBeLessThanOrEqual(0.45);
    expect(low).toBeGreaterThan(0.4499999);
    expect(high).toBeGreaterThanOrEqual(0.55);
    expect(high).toBeLessThan(0.5500001);
    const squared = cellDistance(g, f, { ...at, alpha: 2, ramps: { measure: 0.1, error: 1 } });
    expect(squared.high).toBeCloseTo(Math.sqrt(0.35), 9);
    expect(squared.low).toBeCloseTo(Math.sqrt(0.15), 9);
    expect(cellDistance(g, f, { ...at, ramps: { measure: 1, error: 1 } }).low).toBe(0);
  });

  test('extremes: errors whose powers vanish or overflow, a wanted width, equal functions', () => {
    const at = { d: 1, L: 1, m: 2 } as const;
    const small: TargetFunction = (z) => tokens(1, z.data.map(() => 1e-200));
    const zero = (): Tokens => tokens(1, new Float64Array(1));
    // 1e-200 squared is 0 in float64; the enclosure still holds 1e-200.
    const found = cellDistance(zero, small, { ...at, alpha: 2, lipschitz: 0 });
    expect([found.low <= 1e-200, found.high >= 1e-200]).toEqual([true, true]);
    expect(cellDistance(zero, zero, { ...at, alpha: 1, lipschitz: 0 })).toMatchObject({ value: 0, low: 0 });
    expect(() => cellDistance(() => tokens(1, Float64Array.of(1e200)), zero, { ...at, alpha: 2, lipschitz: 0 })).toThrow('cellDistance: the errors to the power alpha = 2 must be finite, got their mean Infinity');
    const { low, high, evaluations } = cellDistance(zero, square, { ...at, alpha: 1, lipschitz: 2, width: 0.0101 });
    expect(high - low).toBeLessThanOrEqual(0.0101 + 1e-9);
    expect(evaluations).toBe(100); // high - low is C eta = 1 / (m q)
  });

  test('refuses bad input', () => {
    const at = { d: 1, L: 2, m: 4, alpha: 1 } as const;
    const zero = (): Tokens => tokens(1, new Float64Array(2));
    expect(() => cellDistance(zero, square, { ...at, m: 1000 })).toThrow(new RangeError('cellDistance: m ** (d * L) must be at most maxEvaluations = 65536, got 1000 ** 2; sampledDistance needs no cells'));
    expect(() => cellDistance(zero, square, { ...at, m: 100 })).toThrow('got 340000; give lipschitz, or use sampledDistance');
    expect(() => cellDistance(zero, square, { ...at, lipschitz: -1 })).toThrow(RangeError);
    expect(() => cellDistance(zero, square, { ...at, alpha: 0.5 })).toThrow(RangeError);
    expect(() => cellDistance({} as never, square, at)).toThrow(new TypeError('cellDistance: g must be a FunctionTable or a function from digits to Tokens, got Object'));
    expect(() => cellDistance(tableOf(square, { d: 2, L: 1, m: 4 }), square, at)).toThrow('cellDistance: g must have d = 1, L = 2, m = 4 as asked, got d = 2, L = 1, m = 4');
    expect(() => cellDistance(() => tokens(1, new Float64Array(1)), square, at)).toThrow('cellDistance: g must return 1 x 2 tokens, got 1 x 1 with 1 values');
    expect(() => cellDistance(() => tokens(1, Float64Array.of(0, Number.NaN)), square, at)).toThrow('cellDistance: the values of g must be finite, got NaN at index 1');
  });
});
