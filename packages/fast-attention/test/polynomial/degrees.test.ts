import { test, fc } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { minimaxExp, polynomialDegree, taylorDegree } from '../../src/index.ts';
import { chebyshevSum, divide, exp, fixed, largestRelativeError, multiply, one, taylorSum, toNumber } from '../fixedPoint.ts';

const halfWidths = [0.25, 0.5, 1, 2, 4, 8];

test('the high-precision side itself: e, 1/e and exact float64 values', () => {
  // e to 50 digits (OEIS A001113).
  const e = (27182818284590452353602874713526624977572470936999n * one) / 10n ** 49n;
  expect(toNumber(exp(one) - e)).toBeLessThan(1e-49);
  expect(toNumber(multiply(exp(one), exp(-one)) - one)).toBeLessThan(1e-120);
  for (const x of [0, 1, -0.1, Math.PI, -1e-30, 1e-100, 1e20]) expect(toNumber(fixed(x))).toBe(x);
});

describe('taylorDegree', () => {
  test.each(halfWidths.flatMap((R) => [1e-2, 1e-6, 1e-15, 1e-40].map((tolerance) => [R, tolerance])))(
    'R = %d, tolerance %d: meets it on a dense grid, one degree less misses it',
    (halfWidth, tolerance) => {
      const degree = taylorDegree({ halfWidth, tolerance });
      expect(largestRelativeError((x) => taylorSum(degree, x), halfWidth, 64)).toBeLessThanOrEqual(tolerance);
      expect(largestRelativeError((x) => taylorSum(degree - 1, x), halfWidth, 64)).toBeGreaterThan(tolerance);
    },
  );

  test('extremes: a point, a tiny interval, the widest interval', () => {
    expect(taylorDegree({ halfWidth: 0, tolerance: Number.MIN_VALUE })).toBe(0);
    expect(taylorDegree({ halfWidth: 5e-324, tolerance: 1e-300 })).toBe(0);
    expect(taylorDegree({ halfWidth: 1e-300, tolerance: 5e-324 })).toBe(1);
    // 1/g! int_0^R t^g e^t dt <= (R^{g+1} / (g+1)!) e^R, which Stirling puts below 1e-2 once g + 1 >= 3.63 R.
    const degree = taylorDegree({ halfWidth: 709, tolerance: 1e-2 });
    expect(degree).toBeGreaterThan(709);
    expect(degree).toBeLessThan(3.63 * 709);
  });
});

describe('minimaxExp', () => {
  test.each([[0.25, 2], [0.25, 4], [1, 0], [1, 1], [1, 5], [2, 7], [4, 7], [4, 10], [8, 12], [8, 16]])(
    'R = %d, degree %d: the error is proven, and no polynomial does better',
    (halfWidth, degree) => {
      const { coefficients, error, leastError } = minimaxExp(halfWidth, degree);
      const R = fixed(halfWidth);
      const measured = largestRelativeError((x) => chebyshevSum(coefficients, divide(x, R)), halfWidth, 200 * (degree + 2));
      expect(measured).toBeLessThanOrEqual(error);
      // 200 points an oscillation miss at most 1 - cos(pi / 400) = 3e-5 of a peak.
      expect(measured).toBeGreaterThan(leastError * (1 - 4e-5));
      // Rounding, which `error` includes, stays below 1% of it in these cases.
      expect(error).toBeLessThan(leastError * 1.01);

      // Independent lower bound: sum_j w_j p(x_j) = 0 for the divided difference over any g + 2 points and every p of degree g,
      // so |sum w_j e^{x_j}| <= error sum |w_j| e^{x_j}. At Chebyshev's extrema w_j alternates, with halves at the ends.
      let [signed, total] = [0n, 0n];
      for (let j = 0; j <= degree + 1; j++) {
        const w = exp(multiply(R, fixed(Math.cos((Math.PI * j) / (degree + 1))))) / (j === 0 || j === degree + 1 ? 2n : 1n);
        signed += j % 2 === 0 ? w : -w;
        total += w;
      }
      expect(Math.abs(toNumber(divide(signed, total)))).toBeLessThanOrEqual(leastError * (1 + 1e-6));
    },
  );

  test('degree 0 in closed form: the best constant 1 / cosh R errs by tanh R', () => {
    for (const R of [0.25, 1, 2]) {
      const { coefficients, leastError } = minimaxExp(R, 0);
      expect(coefficients[0]).toBeCloseTo(1 / Math.cosh(R), 12);
      expect(leastError).toBeCloseTo(Math.tanh(R), 12);
    }
  });

  test('where rounding hides the alternation it says so', () => {
    expect(minimaxExp(0.5, 40).error).toBe(Infinity);
  });

  test('bad input', () => {
    expect(() => minimaxExp(8.5, 3)).toThrow(new RangeError(`minimaxExp: halfWidth must lie in [${2 ** -20}, 8], got 8.5`));
    expect(() => minimaxExp(1, -1)).toThrow('minimaxExp: degree must be an integer from 0 to 64, got -1');
    expect(() => minimaxExp(1, 1.5)).toThrow('minimaxExp: degree must be an integer, got 1.5');
  });
});

describe('polynomialDegree', () => {
  // Degrees of the best polynomial by an independent weighted Remez exchange, and of Taylor's, at four tolerances.
  const measured: [number, [number, number][]][] = [
    [0.25, [[2, 2], [2, 3], [3, 4], [4, 5]]],
    [0.5, [[2, 3], [3, 4], [4, 5], [5, 7]]],
    [1, [[3, 5], [4, 6], [5, 7], [7, 9]]],
    [2, [[5, 8], [6, 10], [7, 11], [9, 14]]],
    [4, [[7, 15], [9, 17], [10, 19], [13, 21]]],
    [8, [[12, 30], [14, 31], [16, 33], [19, 36]]],
  ];
  test.each(measured)('R = %d: the least degrees, as measured elsewhere', (halfWidth, pairs) => {
    const questions = [1e-2, 1e-3, 1e-4, 1e-6].map((tolerance) => ({ halfWidth, tolerance }));
    expect(questions.map((q) => [polynomialDegree(q), taylorDegree(q)])).toEqual(pairs);
  });

  test.each([[16, 1e-2], [16, 1e-4], [40, 1e-3]])('R = %d, tolerance %d: the power of a short polynomial meets it', (halfWidth, tolerance) => {
    const m = halfWidth / 8;
    const degree = polynomialDegree({ halfWidth, tolerance });
    const { coefficients } = minimaxExp(8, degree / m);
    const p = (x: bigint): bigint => {
      const q = chebyshevSum(coefficients, divide(x, fixed(halfWidth)));
      let power = one;
      for (let i = 0; i < m; i++) power = multiply(power, q);
      return power;
    };
    expect(largestRelativeError(p, halfWidth, 40 * (degree + 2))).toBeLessThanOrEqual(tolerance);
    expect(degree).toBeLessThan(taylorDegree({ halfWidth, tolerance }));
  });

  const question = fc.record({ halfWidth: fc.double({ min: 0, max: 30, noNaN: true }), tolerance: fc.double({ min: 1e-9, max: 0.9, noNaN: true }) });
  test.prop([question], { numRuns: 30 })('never above Taylor, and not below what the ends of the interval demand', (q) => {
    const degree = polynomialDegree(q);
    expect(degree).toBeLessThanOrEqual(taylorDegree(q));
    // A constant errs by at least tanh R.
    if (Math.tanh(q.halfWidth) > q.tolerance * (1 + 1e-9)) expect(degree).toBeGreaterThan(0);
  });

  test('extremes: a point, tolerances beyond float64, the widest interval', () => {
    expect(polynomialDegree({ halfWidth: 0, tolerance: Number.MIN_VALUE })).toBe(0);
    expect(polynomialDegree({ halfWidth: 1, tolerance: 1e-300 })).toBe(taylorDegree({ halfWidth: 1, tolerance: 1e-300 }));
    expect(polynomialDegree({ halfWidth: 709, tolerance: 1e-2 })).toBeLessThan(taylorDegree({ halfWidth: 709, tolerance: 1e-2 }));
  });

  test.each([
    [{ halfWidth: 709.1, tolerance: 0.1 }, 'polynomialDegree: halfWidth must lie in [0, 709], got 709.1'],
    [{ halfWidth: -1, tolerance: 0.1 }, 'polynomialDegree: halfWidth must lie in [0, 709], got -1'],
    [{ halfWidth: Number.NaN, tolerance: 0.1 }, 'polynomialDegree: halfWidth must lie in [0, 709], got NaN'],
    [{ halfWidth: 1, tolerance: 0 }, 'polynomialDegree: tolerance must lie in'],
    [{ halfWidth: 1, tolerance: 1 }, 'polynomialDegree: tolerance must lie in'],
  ])('bad input %o', (q, message) => {
    expect(() => polynomialDegree(q)).toThrow(message);
    expect(() => polynomialDegree(q)).toThrow(RangeError);
  });
});
