import { expect, test } from 'vitest';
import { column, frobeniusNorm, normalTokens, randomSource, spherePoint, spherePoints, tokens, uniformTokens } from '../../src/index.ts';

test('normalTokens draws token after token, scaled; Float32 rounds the same draws', () => {
  const random = randomSource(5);
  const expected = Float64Array.from({ length: 15 }, () => 0.02 * random.normal());
  expect(normalTokens(randomSource(5), 3, 5, 0.02)).toEqual({ d: 3, n: 5, data: expected });
  expect(normalTokens(randomSource(5), 3, 5, 0.02, 'float32').data).toEqual(Float32Array.from(expected));
  expect(normalTokens(randomSource(5), 3, 0).n).toBe(0);
});

test('uniformTokens fills [low, high) and accepts a single point', () => {
  const { data } = uniformTokens(randomSource(6), 11, 101, -3, 5);
  expect(Math.min(...data)).toBeGreaterThanOrEqual(-3);
  expect(Math.max(...data)).toBeLessThan(5);
  // The mean of 1111 draws has deviation 8 / sqrt(12 * 1111): 6 deviations.
  expect(Math.abs(data.reduce((a, b) => a + b) / data.length - 1)).toBeLessThan((6 * 8) / Math.sqrt(12 * data.length));
  expect([...uniformTokens(randomSource(6), 1, 3, 2, 2).data]).toEqual([2, 2, 2]);
});

test('sphere points have norm 1 and no preferred direction', () => {
  const d = 7;
  const n = 2003;
  const points = spherePoints(randomSource(7), d, n);
  for (let k = 0; k < n; k++) expect(Math.abs(frobeniusNorm(tokens(d, column(points, k))) - 1)).toBeLessThan((d + 8) * 2 ** -52);
  // A coordinate has variance 1/d, a product of two 1/(d (d + 2)): the means stay within 6 deviations.
  for (let i = 0; i < d; i++) {
    let mean = 0;
    let product = 0;
    for (let k = 0; k < n; k++) {
      mean += points.data[k * d + i]! / n;
      product += (points.data[k * d + i]! * points.data[k * d + ((i + 1) % d)]!) / n;
    }
    expect(Math.abs(mean)).toBeLessThan(6 / Math.sqrt(n * d));
    expect(Math.abs(product)).toBeLessThan(6 / Math.sqrt(n * d * (d + 2)));
  }
});

test('the sphere of d = 1 is -1 and 1, both reached; spherePoint is the first of spherePoints', () => {
  expect(new Set(spherePoints(randomSource(8), 1, 50).data)).toEqual(new Set([-1, 1]));
  expect(spherePoint(randomSource(9), 5)).toEqual(spherePoints(randomSource(9), 5, 1).data);
});

test.each<[() => unknown, string]>([
  [() => normalTokens(randomSource(1), 0, 1), 'normalTokens: d must be at least 1, got 0'],
  [() => normalTokens(randomSource(1), 1, 1, -1), 'normalTokens: scale must lie in [0, 1.7976931348623157e+308], got -1'],
  [() => uniformTokens(randomSource(1), 1, 1, 2, 1), 'uniformTokens: high must lie in [2, 1.7976931348623157e+308], got 1'],
  [() => uniformTokens(randomSource(1), 1, 1, -1e308, 1e308), 'uniformTokens: high - low must be finite, got Infinity'],
  [() => spherePoint(randomSource(1), 0), 'spherePoint: d must be at least 1, got 0'],
  [() => spherePoints(randomSource(1), 2, -1), 'spherePoints: n must be at least 0, got -1'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
