import { randomSource } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { attentionFlops, uniformAttention } from '../../src/index.ts';

test('same seed, same workload; queries, keys and values differ and fill [-B, B)', () => {
  const a = uniformAttention(randomSource(5), 7, 211, 3);
  expect(uniformAttention(randomSource(5), 7, 211, 3)).toEqual(a);
  expect(a.q.data).not.toEqual(a.k.data);
  expect(a.k.data).not.toEqual(a.v.data);
  for (const { d, n, data } of [a.q, a.k, a.v]) {
    expect([d, n, data.length]).toEqual([7, 211, 7 * 211]);
    const top = data.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    expect(top).toBeLessThanOrEqual(3);
    // The largest of 1477 uniform magnitudes is below 0.98 B with probability 0.98^1477 < 1e-12.
    expect(top).toBeGreaterThan(0.98 * 3);
  }
});

test('operations, counted on the smallest case: two products, one exponential', () => {
  expect(attentionFlops(1, 1)).toBe(5);
});

test('refuses a bound of 0', () => {
  expect(() => uniformAttention(randomSource(1), 2, 2, 0)).toThrow(new RangeError('uniformAttention: bound must be above 0, got 0'));
});
