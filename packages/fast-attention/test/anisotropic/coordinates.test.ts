import { createKernels, createPlainKernels, normalTokens, randomSource, type FloatArray, type Kernels } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { balance } from '../../src/anisotropic/balance.ts';
import { arraySource, blockNorms, changeCoordinates, farTokens, firstCoordinates } from '../../src/anisotropic/coordinates.ts';

const kernels: [string, Kernels][] = [
  ['float64', createPlainKernels({ precision: 'float64' })],
  ['float32 plain', createPlainKernels({ precision: 'float32' })],
  ['float32 wasm', await createKernels({ threads: 1 })],
];
const dot = (d: number, x: FloatArray, i: number, y: FloatArray, j: number): number => {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += x[i * d + c]! * y[j * d + c]!;
  return sum;
};

describe.each(kernels)('changeCoordinates, %s', (_, used) => {
  test.each([[7, 41, 0.5, 1], [1, 5, 1, 1], [13, 30, 0.3, 1], [5, 30, 0.5, 1e-12]])('d = %d: no score changes by more than the shift', (d, n, decay, size) => {
    const stored = (x: Float64Array): FloatArray => (used.precision === 'float32' ? Float32Array.from(x) : x);
    const q = stored(normalTokens(randomSource(d), d, n).data.map((v) => v * size));
    const k = stored(normalTokens(randomSource(d + 1), d, n).data.map((v, i) => (v * decay ** (i % d)) / size));
    used.scratch(() => {
      const coordinates = balance(d, Float64Array.from(q), Float64Array.from(k));
      const moved = changeCoordinates(d, arraySource(d, q), arraySource(d, k), coordinates, used);
      let [largest, reach] = [0, 0];
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          reach = Math.max(reach, Math.abs(dot(d, q, i, k, j)));
          largest = Math.max(largest, Math.abs(dot(d, moved.queries, i, moved.keys, j) - dot(d, q, i, k, j)));
        }
      }
      // The test's float64 sums matter for float64 kernels alone: they are d + 2 roundings of sizes that shift covers as well.
      expect(largest).toBeLessThanOrEqual(moved.shift * (used.precision === 'float64' ? 2 : 1));
      // Not useless: no more than the plain bound 100 d u of the largest score, or the residual of an ill-conditioned spectrum.
      expect(moved.shift).toBeLessThan((100 * d * (used.precision === 'float32' ? 2 ** -24 : 2 ** -53) + 1e-10) * reach);
      if (used.precision === 'float32' && d > 1) expect(largest).toBeGreaterThan(moved.shift / 1000);
    });
  });
});

test('blockNorms: exact norms within a few ulp, never below', () => {
  const x = Float64Array.of(3, 4, 12, 0, -5, 1);
  const norms = blockNorms(3, [2, 1], x);
  [5, 12, 13].forEach((norm, b) => {
    expect(norms[b]).toBeGreaterThanOrEqual(norm);
    expect(norms[b]).toBeLessThan(norm * (1 + 20 * 2 ** -53));
  });
});

test('farTokens holds the furthest token of every first and last run', () => {
  const d = 3;
  const x = new Float64Array(3000).fill(0.01);
  x.set([0, 0, 5, 4, 0, 0], 3 * 501);
  const rows = farTokens(d, x, 100);
  expect(rows.length).toBeLessThanOrEqual((100 + 2 * d) * d);
  expect([rows.includes(5), rows.includes(4)]).toEqual([true, true]);
  expect(Array.from(farTokens(2, Float32Array.of(1, 2, 3, 4), 100))).toEqual([1, 2, 3, 4]);
});

test('firstCoordinates moves what is kept together', () => {
  expect(Array.from(firstCoordinates(3, 2, Float64Array.of(1, 2, 3, 4, 5, 6)))).toEqual([1, 2, 4, 5]);
});
