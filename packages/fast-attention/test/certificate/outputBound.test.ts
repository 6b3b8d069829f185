import { test, fc } from '@fast-check/vitest';
import { expect } from 'vitest';
import { outputBound, sampledFraction, weightTolerance } from '../../src/index.ts';

const factor = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
const rows = fc.array(fc.tuple(fc.double({ min: 1e-3, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 1, maxLength: 13 });
const mean = (w: number[], v: number[]): number => w.reduce((sum, x, i) => sum + x * v[i]!, 0) / w.reduce((a, b) => a + b, 0);

test.prop([factor, factor, rows], { seed: 11 })('weights off by factors in [low, high] move no mean further', (a, b, list) => {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const weights = list.map((r) => r[0]);
  const moved = list.map((r) => Math.min(high, Math.max(low, r[0] * (low + (high - low) * r[1]) / r[0])) * r[0]);
  const values = list.map((r) => r[2]);
  const range = Math.max(...values) - Math.min(...values);
  // Two means of 13 values below 1: at most 4 (13 + 2) roundings.
  expect(Math.abs(mean(moved, values) - mean(weights, values))).toBeLessThanOrEqual(outputBound(low, high) * range + 60 * 2 ** -53);
});

test.prop([factor, factor], { seed: 12 })('two values and two weights attain it', (a, b) => {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const odds = Math.sqrt(low / high);
  const moved = mean([odds * high, low], [1, 0]) - mean([odds, 1], [1, 0]);
  expect(Math.abs(moved - outputBound(low, high))).toBeLessThanOrEqual(20 * 2 ** -53);
});

test('the inverse of weightTolerance, and its ends', () => {
  for (const tau of [1e-12, 1e-3, 0.3, 0.9]) {
    const epsilon = weightTolerance(tau);
    // 1 - epsilon rounds, magnified by 1 / (1 - epsilon); small taus keep an absolute 2^-52.
    expect(Math.abs(outputBound(1 - epsilon, 1 + epsilon) - tau)).toBeLessThan((20 * 2 ** -53) / (1 - epsilon));
  }
  expect([outputBound(0, 1), outputBound(-1, 1), outputBound(1, Infinity), outputBound(3, 3), outputBound(1e-300, 1e300)]).toEqual([1, 1, 1, 0, 1]);
  expect(() => outputBound(2, 1)).toThrow('outputBound: low must be at most high, got 2 and 1');
  expect(() => outputBound(Number.NaN, 1)).toThrow(RangeError);
});

test('sampledFraction: the chance that a false statement survives, counted exactly', () => {
  // N rows of which `bad` exceed t: all m drawn without replacement avoid them with probability C(N - bad, m) / C(N, m).
  const [N, m, confidence] = [101, 17, 0.95];
  const f = sampledFraction(m, confidence);
  let survives = 1;
  const good = Math.ceil(f * N) - 1; // the statement is false if fewer than f N rows are good
  for (let i = 0; i < m; i++) survives *= (good - i) / (N - i);
  expect(survives).toBeLessThanOrEqual(1 - confidence);
  // With replacement and a share of exactly f it is attained.
  expect(f ** m).toBeCloseTo(1 - confidence, 12);
  expect(f ** m).toBeLessThanOrEqual(1 - confidence);
  expect(() => sampledFraction(0, 0.9)).toThrow('sampledFraction: rows must be at least 1, got 0');
  expect(() => sampledFraction(3, 1)).toThrow('sampledFraction: confidence must lie in');
});
