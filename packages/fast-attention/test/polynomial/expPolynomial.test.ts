import { test, fc } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { expPolynomial, expPolynomialFor, minimaxExp, polynomialDegree, ratioToExp, ratioWithin, type RatioToExp } from '../../src/index.ts';
import { divide, exp, fixed, multiply, one, toNumber } from '../fixedPoint.ts';

const value = (c: ArrayLike<number>, x: bigint): bigint => Array.from(c).reduceRight((sum, a) => multiply(sum, x) + fixed(a), 0n);
const derivative = (c: ArrayLike<number>, x: bigint): bigint => Array.from(c).reduceRight((sum, a, m) => (m === 0 ? sum : multiply(sum, x) + fixed(a) * BigInt(m)), 0n);

/** The least and the largest p(x) / e^x over `count` points of [-r, r], ends included. */
function measured(p: (x: bigint) => bigint, r: number, count: number): { low: number; high: number } {
  const excess = Array.from({ length: count + 1 }, (_, i) => {
    const x = multiply(fixed(r), fixed(-Math.cos((Math.PI * i) / count)));
    return toNumber(divide(p(x), exp(x)) - one);
  });
  return { low: Math.min(...excess), high: Math.max(...excess) };
}

function expectEnclosed(ratio: RatioToExp, p: (x: bigint) => bigint, slack: number): void {
  const last = ratio.low.length - 1;
  for (const k of [0, 1, 5, 11, last]) {
    const found = measured(p, (ratio.halfWidth * k) / last, 160);
    // toNumber and the difference to 1 lose at most 2^-52 of the size.
    expect(found.low).toBeGreaterThanOrEqual((ratio.low[k]! - 1) - 2 ** -52);
    expect(found.high).toBeLessThanOrEqual((ratio.high[k]! - 1) + 2 ** -52);
    if (k === last) expect(Math.max(ratio.high[k]! - 1, 1 - ratio.low[k]!)).toBeLessThan(Math.max(found.high, -found.low) * 1.03 + slack);
  }
}

// 10^-14 e^{2R} is where rounding ends the proof; a margin of 8 for the higher degrees.
const floor = (R: number): number => 8e-14 * Math.exp(2 * R);

describe('ratioToExp', () => {
  test('the parabola 1 + x + x^2/2, whose ratio falls and rises at known places', () => {
    // (p e^{-x})' = -x^2 e^{-x} / 2: the ratio never rises, so the ends are the values at the ends.
    const { low, high } = ratioToExp([1, 1, 0.5], 0.5);
    expect(low[16]).toBeLessThanOrEqual(1.625 * Math.exp(-0.5));
    expect(low[16]).toBeCloseTo(1.625 * Math.exp(-0.5), 7);
    expect(high[16]).toBeGreaterThanOrEqual(0.625 * Math.exp(0.5));
    expect(high[16]).toBeCloseTo(0.625 * Math.exp(0.5), 7);
  });

  const anything = fc.record({
    c: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 9 }),
    R: fc.double({ min: 1e-3, max: 6, noNaN: true }),
    at: fc.double({ min: -1, max: 1, noNaN: true }),
  });
  test.prop([anything], { numRuns: 200, seed: 7 })('holds every value of any polynomial', ({ c, R, at }) => {
    const ratio = ratioToExp(c, R);
    const x = multiply(fixed(R), fixed(at));
    const inside = divide(value(c, x), exp(x));
    const { low, high } = ratioWithin(ratio, Math.min(R, Math.abs(toNumber(x)) * (1 + 2 ** -50)));
    expect(inside >= fixed(low)).toBe(true);
    expect(inside <= fixed(high)).toBe(true);
  });

  test('nested: wider intervals only widen the bounds; the point 0 is exact', () => {
    const { low, high } = ratioToExp([1, 0.9, 0.6], 2, 31);
    for (let k = 1; k < low.length; k++) expect([low[k]! <= low[k - 1]!, high[k]! >= high[k - 1]!]).toEqual([true, true]);
    expect(low[0]).toBeCloseTo(1, 13);
    expect(ratioWithin({ halfWidth: 0, low, high }, 0).low).toBe(low[31]);
  });

  test('bad input', () => {
    expect(() => ratioToExp([], 1)).toThrow('ratioToExp: coefficients must hold at least one value');
    expect(() => ratioToExp([1, Number.NaN], 1)).toThrow('ratioToExp: coefficients must be finite');
    expect(() => ratioToExp([1], 17)).toThrow('ratioToExp: halfWidth must lie in [0, 16], got 17');
    expect(() => ratioWithin(ratioToExp([1], 1), 2)).toThrow('ratioWithin: r must lie in [0, 1], got 2');
  });
});

describe('expPolynomial', () => {
  const cases: [number, number][] = [[0, 0], [1e-9, 1], [0.25, 2], [0.5, 3], [1, 0], [1, 5], [2, 7], [4, 10], [8, 16], [8, 24]];
  test.each(cases)('R = %d, degree %d: value and derivative are enclosed, tightly', (R, degree) => {
    for (const options of [{}, { aim: 'derivative' }, { precision: 'float32' }] as const) {
      const p = expPolynomial(R, degree, options);
      if (options.precision) for (const c of p.coefficients) expect(Math.fround(c)).toBe(c);
      expectEnclosed(p.ratio, (x) => value(p.coefficients, x), floor(R));
      expectEnclosed(p.derivativeRatio, (x) => derivative(p.coefficients, x), floor(R) * 100);
    }
  });

  test.each([[0.25, 2], [1, 5], [2, 7], [4, 10]])('R = %d, degree %d: the best error, up to the change of basis', (R, degree) => {
    const { leastError, error } = minimaxExp(R, degree);
    const proven = expPolynomial(R, degree).error;
    expect(proven).toBeGreaterThanOrEqual(leastError * (1 - 1e-6));
    expect(proven).toBeLessThan(error * 1.03);
  });

  test('a polynomial with proven error below 1 is positive', () => {
    for (const [R, degree] of cases) {
      const p = expPolynomial(R, degree);
      if (p.error < 1) expect(p.ratio.low[16]).toBeGreaterThan(0);
    }
  });

  test('the aim at the derivative never has the larger of the two errors', () => {
    for (const [R, degree] of cases) {
      const [a, b] = [expPolynomial(R, degree), expPolynomial(R, degree, { aim: 'derivative' })];
      expect(Math.max(b.error, b.derivativeError)).toBeLessThanOrEqual(Math.max(a.error, a.derivativeError));
    }
  });
});

describe('expPolynomialFor', () => {
  test.each([0.25, 0.5, 1, 2, 4, 8])('R = %d: the degree of polynomialDegree where the tolerance is not at its edge', (halfWidth) => {
    // At R = 8 rounding costs the proof 6e-7: no place for 1e-6.
    for (const tolerance of halfWidth < 8 ? [1e-2, 1e-3, 1e-4, 1e-6] : [1e-2, 1e-3, 1e-4]) {
      expect(expPolynomialFor({ halfWidth, tolerance })?.degree).toBe(polynomialDegree({ halfWidth, tolerance: tolerance / 1.02 }));
      const both = expPolynomialFor({ halfWidth, tolerance, derivative: true })!;
      expect(Math.max(both.error, both.derivativeError)).toBeLessThanOrEqual(tolerance);
    }
  });

  test('what float64 cannot prove is null, a point needs a constant', () => {
    expect(expPolynomialFor({ halfWidth: 8, tolerance: 1e-12 })).toBe(null);
    expect(expPolynomialFor({ halfWidth: 0, tolerance: 1e-12 })?.degree).toBe(0);
    expect(expPolynomialFor({ halfWidth: 0, tolerance: 1e-12, derivative: true })?.degree).toBe(1);
  });

  test('bad input', () => {
    expect(() => expPolynomial(9, 1)).toThrow('expPolynomial: halfWidth must lie in [0, 8], got 9');
    expect(() => expPolynomial(1, 65)).toThrow('expPolynomial: degree must be an integer from 0 to 64, got 65');
    expect(() => expPolynomialFor({ halfWidth: 1, tolerance: 0 })).toThrow('expPolynomialFor: tolerance must lie in');
  });
});
