import { test, fc } from '@fast-check/vitest';
import { expect } from 'vitest';
import { weightTolerance } from '../../src/index.ts';

const mean = (w: number[], v: number[]): number => w.reduce((sum, x, i) => sum + x * v[i]!, 0) / w.reduce((a, b) => a + b);
const tolerance = fc.double({ min: 1e-6, max: 0.99, noNaN: true });

test.prop([tolerance, fc.array(fc.tuple(fc.double({ min: 1e-3, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 1, maxLength: 11 })])(
  'weights that right move a mean by at most the tolerance times the range',
  (tau, rows) => {
    const epsilon = weightTolerance(tau);
    const values = rows.map((r) => r[1]);
    const moved = Math.abs(mean(rows.map((r) => r[0] * (1 + epsilon * r[2])), values) - mean(rows.map((r) => r[0]), values));
    // 11 values below 1 and their sums: 2 (n + 2) roundings on each side.
    expect(moved).toBeLessThanOrEqual(tau * (Math.max(...values) - Math.min(...values)) + 4 * 13 * 2 ** -53);
  },
);

test.prop([tolerance])('two values attain it: the largest epsilon that works', (tau) => {
  const epsilon = weightTolerance(tau);
  // The worst share p of the weight has odds rho^(-1/2), rho = (1 + epsilon) / (1 - epsilon).
  const odds = Math.sqrt((1 - epsilon) / (1 + epsilon));
  const moved = mean([odds * (1 + epsilon), 1 - epsilon], [1, 0]) - mean([odds, 1], [1, 0]);
  // 1 - epsilon = (1 - tau)^2 / (1 + tau^2) carries the rounding of epsilon, magnified by 1 / (1 - epsilon).
  expect(Math.abs(moved - tau)).toBeLessThanOrEqual((16 * 2 ** -53) / (1 - epsilon));
});

test('bad input', () => {
  for (const bad of [0, 1, -1, Number.NaN]) expect(() => weightTolerance(bad)).toThrow(`weightTolerance: tolerance must lie in`);
});
