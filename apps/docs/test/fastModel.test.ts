import { createPlainKernels } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { breakEvenRank, fastProblem, fastView, initialFastState, worstRanks, type FastState } from '../components/fastModel.ts';

const kernels = createPlainKernels({ precision: 'float32' });
const shown = (changes: Partial<FastState>) => {
  const state = { ...initialFastState, log2n: 11, ...changes };
  return fastView(state, fastProblem(state), kernels);
};

test.each([{}, { far: 4 }, { entries: 3 }, { digits: 5, d: 4 }, { entries: 0.05, digits: 2 }])('errors stay within the certificate, the certificate within the tolerance: %o', (changes) => {
  const { error, certified, plan } = shown(changes);
  expect(error).toBeLessThanOrEqual(certified);
  if (plan.method === 'polynomial') expect(certified).toBeLessThanOrEqual(10 ** -(changes.digits ?? 3));
});

test('inside the criterion a polynomial, outside exact attention, in between blocks', () => {
  expect(shown({}).plan.method).toBe('polynomial');
  expect(shown({ entries: 3 }).plan.method).toBe('exact');
  expect(shown({ far: 4 }).plan.blocks?.map(({ method }) => method)).toEqual(['polynomial', 'exact', 'exact']);
});

test('a compiled prompt is as large at any length, and says where there is none', () => {
  const sizes = [9, 11].map((log2n) => shown({ log2n }).compiled);
  expect(sizes.map((c) => (typeof c === 'string' ? c : c.stateBytes))).toEqual([165 * 9 * 4, 165 * 9 * 4]);
  expect(shown({ entries: 3 }).compiled).toMatch(/8/);
});

test('what the largest entries alone ask for grows with them, without bound', () => {
  const ranks = worstRanks(initialFastState, [0.05, 0.2, 0.5, 1]);
  for (let i = 1; i < ranks.length; i++) expect(ranks[i]).toBeGreaterThan(ranks[i - 1]!);
});

test('the rank at which both methods take as long grows about linearly with n', () => {
  const [a, b] = [breakEvenRank({ ...initialFastState, log2n: 12 }), breakEvenRank({ ...initialFastState, log2n: 13 })];
  expect(b / a).toBeGreaterThan(1.9);
  expect(b / a).toBeLessThan(2.3);
});
