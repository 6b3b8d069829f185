import { createKernels, createPlainKernels } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { costsFor, knownCosts } from '../../src/plan/calibrate.ts';
import { calibrate } from '../../src/index.ts';

/** A clock on which the runs take the given times in turn, in milliseconds. */
function clockOf(times: number[]): () => number {
  let [now, reading] = [0, 0];
  return () => {
    // Readings come in pairs, before and after a run.
    if (reading++ % 2 === 1) now += times[Math.floor((reading - 1) / 2)]!;
    return now;
  };
}

test('a line through two widths and two numbers of columns, the fastest round of each', () => {
  const kernels = createPlainKernels({ precision: 'float64' });
  // 32 x 128 pairs; 32 tokens of 153 monomials, moments and then reads, two rounds each.
  const [pairs, terms] = [32 * 128 * 1e-6, 32 * 153 * 1e-6];
  const times = [20 * pairs, 18 * pairs, 100 * pairs, 99 * pairs, 14 * terms, 15 * terms, 12 * terms, 13 * terms, 55 * terms, 54 * terms, 50 * terms, 52 * terms];
  const { exactPair, monomial, measured } = calibrate(kernels, { clock: clockOf(times), rounds: 2 });
  expect(measured).toBe(true);
  // 18 ns at d + dv = 16, 99 at 96; (14 + 12) / 2 = 13 ns at 9 columns, (54 + 50) / 2 = 52 at 49.
  expect(exactPair.each).toBeCloseTo(81 / 80, 9);
  expect(exactPair.base).toBeCloseTo(18 - 16 * (81 / 80), 9);
  expect(monomial.each).toBeCloseTo(39 / 40, 9);
  expect(monomial.base).toBeCloseTo(13 - 9 * (39 / 40), 9);
  expect(knownCosts(createPlainKernels({ precision: 'float64' })).monomial).toEqual(monomial);
  expect(knownCosts(createPlainKernels({ precision: 'float32' })).measured).toBe(false);
});

test('a clock too coarse to see anything gives costs that can be reckoned with', () => {
  const { exactPair, monomial } = calibrate(createPlainKernels({ precision: 'float32' }), { clock: () => 0, rounds: 1 });
  for (const { base, each } of [exactPair, monomial]) expect(base + each).toBeGreaterThan(0);
});

test('measures WASM kernels when a problem is large, and frees what it allocates', async () => {
  const kernels = await createKernels({ threads: 1, memoryMiB: 32 });
  expect(costsFor(kernels, 10).measured).toBe(false);
  const costs = costsFor(kernels, 1e5);
  expect(costs.measured).toBe(true);
  expect(costsFor(kernels, 10)).toBe(costs);
  for (let i = 0; i < 20; i++) kernels.scratch(() => kernels.allocate(6 * 2 ** 20));
});
