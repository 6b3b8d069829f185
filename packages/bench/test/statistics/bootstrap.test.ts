import { randomSource } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { bootstrapInterval, median } from '../../src/index.ts';

const ratio = (pairs: readonly (readonly [number, number])[]): number => mean(pairs.map((p) => p[0] / p[1]));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

test('the interval of a mean has the width of the normal approximation', () => {
  // The bootstrap distribution of the mean has standard deviation s / sqrt(n), s^2 = (n^2 - 1) / 12 for 0 .. n - 1.
  const n = 101;
  const values = Array.from({ length: n }, (_, i) => i);
  const { low, high } = bootstrapInterval(values, mean, { random: randomSource(3), resamples: 4000 });
  const sigma = Math.sqrt((n * n - 1) / 12 / n);
  // An end is a quantile of 4000 draws at 2.5 %: its own standard error is about sqrt(p (1 - p) / 4000) / density = 0.043 sigma; 5 of them are allowed.
  expect(Math.abs(low - (50 - 1.96 * sigma))).toBeLessThan(0.22 * sigma);
  expect(Math.abs(high - (50 + 1.96 * sigma))).toBeLessThan(0.22 * sigma);
});

test('covers the true mean about as often as it says', () => {
  const random = randomSource(11);
  let covered = 0;
  for (let trial = 0; trial < 300; trial++) {
    const values = Array.from({ length: 29 }, () => random.normal());
    const { low, high } = bootstrapInterval(values, mean, { random, resamples: 300, level: 0.9 });
    if (low <= 0 && high >= 0) covered++;
  }
  // The percentile bootstrap at n = 29 covers 88 % or so; 300 trials have standard error 1.9 %.
  expect(covered / 300).toBeGreaterThan(0.8);
  expect(covered / 300).toBeLessThan(0.96);
});

test('same seed, same interval; one value, one point', () => {
  const [a, b] = [1, 2].map(() => bootstrapInterval([1, 5, 2, 8], median, { random: randomSource(9), resamples: 50 }));
  expect(a).toEqual(b);
  expect(bootstrapInterval([4], mean, { random: randomSource(1) })).toEqual({ low: 4, high: 4 });
});

test('keeps pairs together', () => {
  const pairs = [[2, 1], [20, 10], [6, 3]] as const;
  expect(bootstrapInterval(pairs, ratio, { random: randomSource(2), resamples: 20 })).toEqual({ low: 2, high: 2 });
});

test('refuses bad options and a statistic that gives NaN', () => {
  const random = randomSource(1);
  expect(() => bootstrapInterval([], mean, { random })).toThrow('bootstrapInterval: values must hold at least one value, got none');
  expect(() => bootstrapInterval([1], mean, { random, resamples: 0 })).toThrow('bootstrapInterval: resamples must be at least 1, got 0');
  expect(() => bootstrapInterval([1], mean, { random, level: 1 })).toThrow('bootstrapInterval: level must lie between 0 and 1, got 1');
  expect(() => bootstrapInterval([1], () => NaN, { random })).toThrow('bootstrapInterval: the statistic must be finite, got NaN');
});
