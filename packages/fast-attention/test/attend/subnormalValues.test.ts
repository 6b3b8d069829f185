import { attendReference } from '@prompt-limits/attention';
import { createKernels, createPlainKernels, randomSource, tokens, uniformTokens, type Tokens } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { attend } from '../../src/attend/attend.ts';

const wasm = await createKernels({ threads: 1, memoryMiB: 32 });

// Below 2^-126 a Float32 is rounded by up to 2^-150 whatever its size: no fraction of the values bounds that.
test.each([-36, -39, -41, -42, -43, -44, -45])('values of 10^%i: the certificate covers outputs that underflow, by polynomials and exactly', (exponent) => {
  const random = randomSource(3);
  const single = (t: Tokens): Tokens<Float32Array> => tokens(t.d, Float32Array.from(t.data));
  for (let k = 0; k < 6; k++) {
    const [d, n, dv] = [2, 113, 1 + (k % 3)];
    const any = (): Tokens<Float32Array> => single(uniformTokens(random, d, n, -0.6, 0.6));
    const values = tokens(dv, Float32Array.from(uniformTokens(random, dv, n, -1, 1).data, (x) => x * 10 ** exponent));
    const problem = { queries: any(), keys: any(), values, scale: 1 };
    const exact = attendReference(problem).output.data; // in float64, where nothing underflows
    for (const kernels of [wasm, createPlainKernels({ precision: 'float32' })]) {
      for (const options of [{ method: 'polynomial', degree: 1 + (k % 4) }, { method: 'exact' }] as const) {
        const { output, certificate, plan } = attend(problem, { ...options, kernels });
        expect(plan[0]!.method).toBe(options.method);
        const error = exact.reduce((most, x, i) => Math.max(most, Math.abs(x - output.data[i]!)), 0);
        expect(error).toBeLessThanOrEqual(certificate.bound);
      }
    }
  }
});
