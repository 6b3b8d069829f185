import { expect, test } from 'vitest';
import { nominalCosts, predictedTimes, type CostModel } from '../../src/index.ts';
import { adaptivePlanning } from '../../src/plan/costModel.ts';

const model: CostModel = { exactPair: { base: 1, each: 2 }, monomial: { base: 3, each: 5 }, token: { base: 7, each: 11 }, call: 13, measured: true };

test('both methods, term by term', () => {
  const sizes = { queries: 17, keys: 19, pairs: 323, d: 2, dv: 3, rank: 23 };
  const { exact, polynomial } = predictedTimes(model, sizes);
  expect(exact * 1e6).toBeCloseTo(13 + 323 * (1 + 2 * 5), 6);
  expect(polynomial * 1e6).toBeCloseTo(13 + 36 * (23 * (3 + 5 * 4) + 7 + 11 * 5), 6);
});

test('other coordinates and a mask only add', () => {
  const sizes = { queries: 170, keys: 190, pairs: 323, d: 2, dv: 3, rank: 23 };
  const plain = predictedTimes(model, sizes);
  const changed = predictedTimes(model, { ...sizes, changed: 2 });
  const causal = predictedTimes(model, { ...sizes, chunk: 50 });
  expect([changed.exact, causal.exact]).toEqual([plain.exact, plain.exact]);
  expect(changed.polynomial - plain.polynomial).toBeCloseTo((360 * 2 * 2 * 2) / 5e6 + adaptivePlanning(2) + 23 * 0.01, 9);
  // 4 chunks, each query sees 25 keys of its own chunk exactly.
  expect((causal.polynomial - plain.polynomial) * 1e6).toBeCloseTo(170 * 25 * 11 + 4 * (2 * 23 * 23 + 26), 6);
});

test.each([
  [{ ...model, monomial: { base: -1, each: 1 } }, 'predictedTimes: costs.monomial.base must not be negative, got -1'],
  [{ ...model, exactPair: { base: 0, each: 0 } }, 'predictedTimes: costs.exactPair.base + each must be above 0, got 0'],
  [{ ...model, token: { base: Number.NaN, each: 1 } }, 'predictedTimes: costs.token.base must be finite, got NaN'],
  [{ ...model, call: -1 }, 'predictedTimes: costs.call must not be negative, got -1'],
  [null as unknown as CostModel, 'predictedTimes: costs must be a cost model, got null'],
  [{ ...model, token: 3 } as unknown as CostModel, 'predictedTimes: costs.token must hold base and each, got 3'],
])('bad costs %#', (bad, message) => {
  expect(() => predictedTimes(bad, { queries: 1, keys: 1, pairs: 1, d: 1, dv: 1, rank: 1 })).toThrow(message);
});

test('every build has nominal costs in the order of speed', () => {
  const pair = (costs: CostModel): number => costs.exactPair.base + 16 * costs.exactPair.each;
  const [relaxed, simd, single, double] = [
    nominalCosts({ build: 'relaxed-simd', precision: 'float32' }), nominalCosts({ build: 'simd128', precision: 'float32' }),
    nominalCosts({ build: 'plain', precision: 'float32' }), nominalCosts({ build: 'plain', precision: 'float64' }),
  ];
  expect([pair(relaxed) < pair(simd), pair(simd) < pair(single), pair(single) < pair(double)]).toEqual([true, true, true]);
});
