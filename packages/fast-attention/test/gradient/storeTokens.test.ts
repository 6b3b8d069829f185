import { createKernels, createPlainKernels, randomSource } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { storeRows } from '../../src/gradient/storeTokens.ts';

test.each([['plain', createPlainKernels()], ['WASM', await createKernels({ threads: 1, memoryMiB: 16 })]])('rows added in float32 stay within their bounds, which are attained within a half: %s', (_name, kernels) => {
  const [width, stride, from, count] = [3, 5, 2, 211];
  const random = randomSource(7);
  for (const size of [1, 1e20, 2 ** -140]) {
    const entries = (length: number): Float32Array => Float32Array.from({ length }, () => size * random.normal());
    const rows = { data: entries(width * (from + count)), bounds: new Float64Array(from + count) };
    const [before, x] = [rows.data.slice(), entries(stride * count)];
    const factor = Float64Array.from({ length: count }, () => random.normal());
    storeRows(kernels, rows, width, from, x, stride, factor, 2 ** -24);
    let most = 0;
    for (let t = 0; t < count; t++) {
      for (let c = 0; c < width; c++) {
        const at = (from + t) * width + c;
        // Two roundings of float64, far below what is measured.
        const error = Math.abs(rows.data[at]! - (before[at]! + factor[t]! * x[t * stride + c]!));
        most = Math.max(most, error / rows.bounds[from + t]!);
      }
    }
    expect(most).toBeLessThanOrEqual(1);
    // Half an ulp is u of a number just above a power of two; of a subnormal one 2^-150 against 2^-149.
    expect(most).toBeGreaterThan(0.45);
    expect(Array.from(rows.bounds.subarray(0, from))).toEqual([0, 0]);
    expect(Array.from(rows.data.subarray(0, from * width))).toEqual(Array.from(before.subarray(0, from * width)));
  }
  kernels.close();
});
