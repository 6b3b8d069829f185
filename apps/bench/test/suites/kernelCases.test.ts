import { createKernels } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { kernelCases } from '../../src/suites/kernelCases.ts';

/** Half an ulp of Float32. */
const U = 2 ** -24;

/** What an error may be: sums of k products err by (k + 2) u; values near 5 have ulps of 8 u; rows of 6400 weights sum to 1; sums over monomials by `monomialRounding`. */
const LIMITS: Readonly<Record<string, number>> = { 'gemm NN': 514 * U, 'gemm NT': 514 * U, 'gemm TN': 514 * U, gemmPacked: 1410 * U, exp: 2 * U, softmax: 64 * U, rmsNorm: 40 * U, silu: 24 * U, swiglu: 32 * U, monomialMoments: 41 * U, monomialRead: 45 * U };

test('every case computes what it says, and its error is seen', async () => {
  const kernels = await createKernels({ threads: 1 });
  for (const c of kernelCases()) {
    kernels.scratch(() => {
      const { run, maxError } = c.prepare(kernels);
      // Before the kernel has run the result is zero, so the error is that of a wrong result.
      const before = maxError();
      run();
      expect(maxError(), `${c.kernel} ${c.shape}`).toBeLessThan(LIMITS[c.kernel]!);
      expect(before, `${c.kernel} ${c.shape} before`).toBeGreaterThan(1e-5);
    });
  }
});

test('operations count both a multiplication and an addition', () => {
  const product = kernelCases().find((c) => c.kernel === 'gemm NN')!;
  expect(product.operations).toBe(2 * 512 ** 3);
});
