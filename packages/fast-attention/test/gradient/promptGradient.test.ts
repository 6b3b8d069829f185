import { fc, test } from '@fast-check/vitest';
import { createKernels, createPlainKernels, tokens, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { promptGradient } from '../../src/index.ts';
import { exactGradient, largestShare, randomGradient, toFloat32 } from './problems.ts';

const wasm = await createKernels({ threads: 1, memoryMiB: 16 });
const kernelsOf = { float64: createPlainKernels({ precision: 'float64' }), float32: wasm } as const;

const first = (t: Tokens, n: number): Tokens => tokens(t.d, t.data.slice(0, t.d * n));

describe('the gradient of the first tokens', () => {
  const problems = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 31 }), n: fc.integer({ min: 2, max: 37 }), prompt: fc.nat({ max: 11 }), d: fc.integer({ min: 1, max: 3 }),
    keyHeads: fc.integer({ min: 1, max: 2 }), group: fc.integer({ min: 1, max: 2 }), causal: fc.constantFrom(false, true), prefix: fc.boolean(),
    precision: fc.constantFrom('float64' as const, 'float32' as const), method: fc.constantFrom('polynomial' as const, 'exact' as const),
  });
  test.prop([problems], { seed: 2, numRuns: 150 })('is that of the exact gradient, within the certificate', ({ seed, n, prompt, d, keyHeads, group, causal, prefix, precision, method }) => {
    const promptLength = Math.min(prompt, n);
    const made = randomGradient(seed, { queries: n, keys: n, d, dv: 2, heads: keyHeads * group, keyHeads }, { half: 0.5, scale: 0.8, causal });
    const p = precision === 'float32' ? toFloat32(made.problem) : made.problem;
    const dZ: Tokens<FloatArray> = precision === 'float32' ? tokens(made.dZ.d, Float32Array.from(made.dZ.data)) : made.dZ;
    const promptQueries = prefix ? 0 : promptLength;
    const options = { promptLength, ...(prefix ? { promptQueries } : {}), tolerance: 0.02, method, perToken: true, kernels: kernelsOf[precision] };
    const fast = promptGradient(p, null, dZ, options);
    expect([fast.queries.n, fast.keys.n, fast.values.n]).toEqual([promptQueries, promptLength, promptLength]);
    const whole = exactGradient(p, dZ);
    const part = { queries: first(whole.queries, promptQueries), keys: first(whole.keys, promptLength), values: first(whole.values, promptLength) };
    const shares = largestShare(p, dZ, fast, part as typeof whole);
    expect(Math.max(shares.queries, shares.keys, shares.values)).toBeLessThanOrEqual(1);
  });

  test('of several causal chunks and blocks', () => {
    const { problem, dZ } = randomGradient(3, { queries: 1031, keys: 1031, d: 2, dv: 2 }, { half: 0.5, scale: 0.8, causal: true });
    for (const promptLength of [1, 255, 257, 700, 1031]) {
      const fast = promptGradient(problem, null, dZ, { promptLength, tolerance: 0.01, method: 'polynomial', perToken: true });
      const whole = exactGradient(problem, dZ);
      const part = { queries: first(whole.queries, promptLength), keys: first(whole.keys, promptLength), values: first(whole.values, promptLength) };
      const shares = largestShare(problem, dZ, fast, part as typeof whole);
      expect(Math.max(shares.queries, shares.keys, shares.values)).toBeLessThanOrEqual(1);
    }
  });

  test('no more tokens than there are', () => {
    const { problem, dZ } = randomGradient(3, { queries: 5, keys: 7, d: 2, dv: 2 }, { half: 0.5, scale: 0.8 });
    expect(() => promptGradient(problem, null, dZ, { promptLength: 8 })).toThrow('promptGradient: promptLength must');
    expect(() => promptGradient(problem, null, dZ, { promptLength: 6 })).toThrow('promptGradient: promptQueries must');
    expect(promptGradient(problem, null, dZ, { promptLength: 7, promptQueries: 0 }).queries.n).toBe(0);
  });
});
