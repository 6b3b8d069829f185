import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { geometricMean, geometricMeanRatio } from '../../src/index.ts';

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

test('n-th root of the product, also where the product overflows', () => {
  expect(geometricMean([2, 3, 36])).toBeCloseTo(6, 14);
  expect(geometricMean([1e300, 1e300, 1e-300, 1e300]) / 1e150).toBeCloseTo(1, 10);
  expect(geometricMean([5])).toBeCloseTo(5, 15);
});

test.prop([fc.array(fc.tuple(positive, positive), { minLength: 1, maxLength: 17 })])('swapping the samples inverts the ratio', (pairs) => {
  const a = pairs.map((p) => p[0]);
  const b = pairs.map((p) => p[1]);
  // Each side sums n logarithms below 14 in magnitude: relative error under 17 * 14 * 2^-52.
  expect(geometricMeanRatio(a, b) * geometricMeanRatio(b, a)).toBeCloseTo(1, 12);
  expect(geometricMeanRatio(a, b) / geometricMean(pairs.map(([x, y]) => x / y))).toBeCloseTo(1, 12);
});

test('refuses zero, negative values, unequal lengths and nothing', () => {
  expect(() => geometricMean([1, 0])).toThrow(new RangeError('geometricMean: values[1] must be above 0, got 0'));
  expect(() => geometricMean([])).toThrow('geometricMean: values must hold at least one value');
  expect(() => geometricMeanRatio([1, 2], [1])).toThrow('geometricMeanRatio: b must have length 2 (the length of a), got 1');
});
