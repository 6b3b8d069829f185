import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { logLogSlope } from '../../src/index.ts';

test.prop([fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 1e-3, max: 1e3, noNaN: true })])('recovers an exact power law', (slope, factor) => {
  const n = [3, 7, 31, 127, 1021];
  const fit = logLogSlope(n, n.map((x) => factor * x ** slope));
  expect(fit.slope).toBeCloseTo(slope, 11);
  expect(fit.factor / factor).toBeCloseTo(1, 10);
  expect(fit.standardError).toBeLessThan(1e-11);
});

test('standard error by the textbook formula on a hand-made case', () => {
  // ln n = 0, 1, 2 and ln y = 0, 3, 3: slope 3/2, residuals -1/2, 1, -1/2, s^2 = 3/2, sum of squares of x = 2.
  const fit = logLogSlope([1, Math.E, Math.E ** 2], [1, Math.E ** 3, Math.E ** 3]);
  expect(fit.slope).toBeCloseTo(1.5, 13);
  expect(fit.standardError).toBeCloseTo(Math.sqrt(1.5 / 2), 13);
  expect(Math.log(fit.factor)).toBeCloseTo(0.5, 13);
});

test('two points leave no residual', () => {
  expect(logLogSlope([1, 2], [1, 4])).toMatchObject({ standardError: NaN });
});

test('refuses one point, equal sizes and times of 0', () => {
  expect(() => logLogSlope([1], [1])).toThrow(new RangeError('logLogSlope: n must hold at least two sizes, got 1'));
  expect(() => logLogSlope([4, 4], [1, 2])).toThrow('logLogSlope: n must hold two different sizes, got only 4');
  expect(() => logLogSlope([1, 2], [1, 0])).toThrow('logLogSlope: y[1] must be above 0, got 0');
});
