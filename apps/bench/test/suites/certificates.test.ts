import { createKernels, createPlainKernels, randomSource, tokens, type Kernels } from '@prompt-limits/core-linalg';
import { attend, attendWithCompiled, compilePrompt } from '@prompt-limits/fast-attention';
import { describe, expect, test } from 'vitest';
import { families } from '../../src/suites/certificateCases.ts';
import { certificateJobs } from '../../src/suites/certificates.ts';
import { Looseness } from '../../src/suites/looseness.ts';

const builds: readonly (readonly [string, () => Kernels | Promise<Kernels>])[] = [
  ['WASM, Float32', () => createKernels({ threads: 1 })],
  ['plain Float32', () => createPlainKernels({ precision: 'float32' })],
  ['plain Float64', () => createPlainKernels({ precision: 'float64' })],
];

test.each(builds)('%s: every row of the table, a few outputs each: no certificate is violated', async (_, create) => {
  const kernels = await create();
  try {
    const jobs = certificateJobs(kernels, 100);
    expect(new Set(jobs.map(({ row }) => row['data']))).toEqual(new Set(['adversarial two-point values', 'two-point values, queries at the ends', 'adversarial, at the edge of a degree', ...families.map(({ name }) => name)]));
    for (const { run, row } of jobs) {
      if (row['method'] === 'attend' && row['data'] === '20,000 keys' && row['kind'] === 'sampled') continue;
      const looseness = new Looseness();
      run(randomSource(11), looseness);
      const { rows, violations, medianLooseness } = looseness.summary();
      expect(rows).toBeGreaterThan(0);
      expect({ row, violations }).toEqual({ row, violations: 0 });
      if (String(row['data']).startsWith('adversarial')) expect(medianLooseness).toBeLessThan(3);
    }
  } finally {
    kernels.close();
  }
});

test.each(families.map(({ name, draw }) => [name, draw] as const))('%s: asked for, adaptive polynomials run', (_, draw) => {
  const { plan } = attend(draw(randomSource(11)), { method: 'polynomial', truncation: 'adaptive', tolerance: 1e-2 });
  for (const { method, truncation } of plan) expect({ method, truncation }).toEqual({ method: 'polynomial', truncation: 'adaptive' });
});

describe('what this table found', () => {
  test.each(['exact', 'polynomial'] as const)('attend, %s: the mean of 0 and the least Float32 above it is none of Float32', (method) => {
    const least = 2 ** -149;
    const one = tokens(1, new Float32Array(1));
    const problem = { queries: one, keys: tokens(1, new Float32Array(2)), values: tokens(1, Float32Array.of(0, least)), scale: 1 };
    const { output, certificate } = attend(problem, { method });
    // Both keys have the weight 1/2.
    expect(Math.abs(output.data[0]! - least / 2)).toBeLessThanOrEqual(certificate.bound);
  });

  test('merged: a user\'s score of 1e18 leaves a bound, if only the range', () => {
    const s = 1e9;
    const values = tokens(1, Float64Array.of(1, -1));
    const compiled = compilePrompt({ keys: tokens(1, Float64Array.of(-1 / s, 1 / s)), values, scale: 1, queryRadius: s, degree: 2, tolerance: 0.999 });
    const { certificate } = attendWithCompiled(compiled, { queries: tokens(1, Float64Array.of(s)), keys: tokens(1, Float64Array.of(s, -s)), values });
    expect(certificate.bound).toBeLessThanOrEqual(2 * (1 + 2 ** -30));
  });
});

describe('the share of a part underflows', () => {
  /** One user token whose products cancel: integers, so its score is known exactly, and float64 is off by thousands. */
  test.each([
    ['the share of the prompt', [10000078263, 11315377881, 1], [17556053221, -15515337450, -1412293173], -1500n],
    ['the share of the user', [14586501319, 15327672374, 1], [12189591863, -11600162989, -7328599911], 1500n],
  ] as const)('merged, a score of cancelling products: %s underflows and is 1', (_, q, k, score) => {
    expect(q.reduce((sum, x, c) => sum + BigInt(x) * BigInt(k[c]!), 0n)).toBe(score);
    const prompt = { keys: tokens(3, Float64Array.of(-1e-11, 0, 0, 1e-11, 0, 0)), values: tokens(1, Float64Array.of(1, -1)), scale: 1 };
    const compiled = compilePrompt({ ...prompt, queryRadius: 1.001 * Math.hypot(...q), degree: 3, tolerance: 0.999 });
    const { output, certificate } = attendWithCompiled(compiled, { queries: tokens(3, Float64Array.from(q)), keys: tokens(3, Float64Array.from(k)), values: tokens(1, Float64Array.of(1)) });
    // The prompt alone where the user's weight is e^-1500, the user alone where it is e^1500.
    const exact = score > 0n ? 1 : -Math.tanh(1e-11 * q[0]);
    expect(Math.abs(output.data[0]! - exact)).toBeLessThanOrEqual(certificate.bound);
  });
});
