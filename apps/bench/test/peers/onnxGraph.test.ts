import { uniformAttention } from '@prompt-limits/bench';
import { randomSource } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { IMPLEMENTATIONS, prepare } from '../../src/peers/implementations.ts';
import { attentionReference } from '../../src/peers/reference.ts';

const n = 37;
const d = 5;
const workload = uniformAttention(randomSource(3), d, n, 2);
const all = Array.from({ length: n }, (_, i) => i);

test('the reference by its definition on a case that can be solved by hand', () => {
  const t = (...data: number[]): { d: 1; n: number; data: Float32Array } => ({ d: 1, n: data.length, data: Float32Array.from(data) });
  // Query 0 sees equal scores: the mean. Query 1 sees scores 0 and 2: weights 1 : e^2.
  const [mean, skewed] = attentionReference({ q: t(0, 2), k: t(0, 1), v: t(3, 5) }, [0, 1]);
  expect(mean![0]).toBe(4);
  expect(skewed![0]).toBeCloseTo((3 + 5 * Math.exp(2)) / (1 + Math.exp(2)), 14);
});

test.each(IMPLEMENTATIONS)('%s computes the same attention', async (name) => {
  const { output, variant } = await prepare(name, 1, workload);
  const z = await output();
  const reference = attentionReference(workload, all);
  expect(variant).not.toBe('');
  // Scores up to 20 in Float32 are off by at most (d + 2) 20 * 2^-24 = 8.4e-6, which moves weights by as much and outputs by twice that times 2.
  for (const [i, row] of reference.entries()) for (const [c, wanted] of row.entries()) expect(Math.abs(z[i * d + c]! - wanted)).toBeLessThan(3.4e-5);
});
