import { describe, expect, test } from 'vitest';
import { createPlainKernels } from '../../src/index.ts';
import { allKernels, centralDifference, dot, filled, firstBeyond, numbers, unit } from './fixtures.ts';

const reference = createPlainKernels({ precision: 'float64' });
const shapes = [[0, 3], [1, 1], [7, 2], [5, 3], [3, 13], [11, 8], [2, 1009], [401, 97]] as const;
const epsilon = 1e-3;
// Sums of squares run in float64 for either precision: (d + 3) 2^-53, with the square root halving it.
const sums = (d: number) => (d + 6) * 2 ** -53;

describe.each(await allKernels())('RMS norm, %s', (_, kernels) => {
  const u = unit(kernels);

  test.each(shapes.flatMap(([n, d]) => [[n, d, false], [n, d, true]] as const))('%i tokens of width %i, foreign %s', (n, d, foreign) => {
    kernels.scratch(() => {
      const next = numbers(n + d);
      const x = filled(kernels, n * d + 1, next, foreign);
      const gain = filled(kernels, d, next, true);
      const y = filled(kernels, n * d + 1, () => 7, foreign);
      const expected = new Float64Array(n * d);
      for (let t = 0; t < n; t++) {
        const token = Array.from(x.subarray(t * d, (t + 1) * d));
        const size = Math.sqrt(token.reduce((s, v) => s + v * v, 0) / d + epsilon);
        token.forEach((v, i) => (expected[t * d + i] = (v / size) * gain[i]!));
      }
      kernels.rmsNorm(n, d, epsilon, x, gain, y);
      // The factor, its product with x and with the gain are rounded: 3 u.
      expect(firstBeyond(y, expected, (i) => (3 * u + 2 * sums(d)) * Math.abs(expected[i]!) + 2 ** -148)).toBeUndefined();
      expect(y[n * d]).toBe(7);
      kernels.rmsNorm(n, d, epsilon, x, gain, x);
      expect(Array.from(x.subarray(0, n * d))).toEqual(Array.from(y.subarray(0, n * d)));
    });
  });

  test('values whose squares leave float32 do no harm', () => {
    for (const size of [1e30, 1e-30]) {
      const x = filled(kernels, 5, () => size);
      kernels.rmsNorm(1, 5, 0, x, filled(kernels, 5, (i) => i), x);
      // All values are equal, so each becomes 1, up to the rounding above.
      expect(firstBeyond(x, [0, 1, 2, 3, 4], (i) => (3 * u + 2 * sums(5)) * i)).toBeUndefined();
    }
  });

  test.each(shapes)('gradient, %i tokens of width %i', (n, d) => {
    kernels.scratch(() => {
      const next = numbers(n * d);
      const x = filled(kernels, n * d, next);
      const gain = filled(kernels, d, next);
      const dy = filled(kernels, n * d, next);
      const old = filled(kernels, n * d + 1, next, true);
      const oldGain = filled(kernels, d + 1, next, true);
      const dx = filled(kernels, n * d + 1, (i) => old[i]!);
      const dxAlone = filled(kernels, n * d + 1, (i) => old[i]!, true);
      const dgain = filled(kernels, d + 1, (i) => oldGain[i]!);
      kernels.rmsNormVjp(n, d, epsilon, x, gain, dy, dx, dgain);
      kernels.rmsNormVjp(n, d, epsilon, x, gain, dy, dxAlone);
      expect(Array.from(dxAlone)).toEqual(Array.from(dx));
      const expected = Float64Array.from(old);
      const expectedGain = Float64Array.from(oldGain);
      reference.rmsNormVjp(n, d, epsilon, Float64Array.from(x), Float64Array.from(gain), Float64Array.from(dy), expected, expectedGain);
      const factor = new Float64Array(n);
      const pull = new Float64Array(n);
      for (let t = 0; t < n; t++) {
        let squares = 0;
        for (let i = t * d; i < (t + 1) * d; i++) {
          squares += x[i]! ** 2;
          pull[t]! += Math.abs(gain[i - t * d]! * x[i]! * dy[i]!);
        }
        factor[t] = (squares / d + epsilon) ** -0.5;
      }
      // dx: f dy, its product with the gain, the factor of x and three sums, each within u of its terms' sizes;
      // gain dy is rounded before the float64 dot product.
      const bound = (i: number) => {
        const t = Math.floor(i / d);
        if (t >= n) return 0;
        const first = Math.abs(factor[t]! * gain[i % d]! * dy[i]!);
        const second = (Math.abs(x[i]!) * factor[t]! ** 3 * pull[t]!) / d;
        return (5 * u + 4 * sums(d)) * (first + second + Math.abs(old[i]!));
      };
      expect(firstBeyond(dx, expected, bound)).toBeUndefined();
      // dgain: n additions in the kernels' precision, each term with three roundings.
      const boundGain = (i: number) => {
        if (i >= d) return 0;
        let size = Math.abs(oldGain[i]!);
        for (let t = 0; t < n; t++) size += Math.abs(factor[t]! * x[t * d + i]! * dy[t * d + i]!);
        return ((n + 3) * u + sums(d)) * size;
      };
      expect(firstBeyond(dgain, expectedGain, boundGain)).toBeUndefined();
    });
  });
});

test('the gradient is the derivative, by central differences in float64', () => {
  const [n, d] = [3, 5];
  const next = numbers(13);
  const [x, dy] = [filled(reference, n * d, next), filled(reference, n * d, next)];
  const gain = filled(reference, d, next);
  const [y, dx, dgain] = [reference.allocate(n * d), reference.allocate(n * d), reference.allocate(d)];
  const loss = () => {
    reference.rmsNorm(n, d, epsilon, x, gain, y);
    return dot(y, dy);
  };
  reference.rmsNormVjp(n, d, epsilon, x, gain, dy, dx, dgain);
  // With values and factors of size 1 to 3: truncation h^2 / 6 times a third derivative below 100, rounding 1e-15 / h.
  for (let i = 0; i < n * d; i++) expect(Math.abs(centralDifference(loss, x, i) - dx[i]!)).toBeLessThan(2e-9);
  for (let i = 0; i < d; i++) expect(Math.abs(centralDifference(loss, gain, i) - dgain[i]!)).toBeLessThan(2e-9);
});
