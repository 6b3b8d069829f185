import { test, fc } from '@fast-check/vitest';
import { createKernels, normalTokens, randomSource, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attend, attendReference, attendVjp, attendVjpReference, type AttentionProblem, type AttentionResult } from '../../src/index.ts';
import { mapTokens, maxAbs, maxDifference, problem, randomProblem, scoreBound, toFloat32, u32, u64 } from '../problems.ts';

const inputs = ['queries', 'keys', 'values'] as const;

function outputGradient(p: AttentionProblem, seed: number): Tokens<Float64Array> {
  const { heads = 1, keyHeads = heads } = p;
  return normalTokens(randomSource(seed), (heads * p.values.d) / keyHeads, p.queries.n);
}

/**
 * Error bound of one gradient entry for unit roundoff u. A weight has relative error e = (2 (d + 4) S + 3 n + 16) u, and so
 * have dz.v (dv products) and z; each of the n (or queries * group) terms is at most scale 2 dv |dZ| |V| max(|Q|, |K|), and
 * a sum of m terms adds m u of it. Twice that covers the second side of a comparison.
 */
function gradientBound(p: AttentionProblem, dZ: Tokens, u: number): number {
  const terms = Math.max(p.keys.n, p.queries.n * (p.heads ?? 1));
  const relative = 2 * (p.queries.d + 4) * scoreBound(p) + 3 * p.keys.n + 16 + p.values.d + terms + 8;
  const factor = 2 * p.values.d * Math.max(1, maxAbs(p.values.data)) * Math.max(1, Math.abs(p.scale) * Math.max(maxAbs(p.queries.data), maxAbs(p.keys.data)));
  return 4 * relative * u * terms * factor * maxAbs(dZ.data);
}

describe('the gradient', () => {
  test.prop([problem, fc.integer({ min: 0, max: 1e6 })])('equals the reference that stores the weights', (p, seed) => {
    const dZ = outputGradient(p, seed);
    const gradient = attendVjp(p, attend(p), dZ);
    const reference = attendVjpReference(p, dZ);
    for (const name of inputs) {
      expect(gradient[name].d).toBe(p[name].d);
      expect(maxDifference(gradient[name].data, reference[name].data)).toBeLessThanOrEqual(gradientBound(p, dZ, u64));
    }
  });

  const cases: [string, Parameters<typeof randomProblem>[1], Parameters<typeof randomProblem>[2]][] = [
    ['self-attention', { queries: 5, keys: 5, d: 3, dv: 2, heads: 1, keyHeads: 1 }, { scale: 0.7 }],
    ['cross-attention', { queries: 3, keys: 7, d: 5, dv: 2, heads: 1, keyHeads: 1 }, { scale: 0.7 }],
    ['causal, grouped', { queries: 5, keys: 7, d: 3, dv: 2, heads: 6, keyHeads: 2 }, { scale: 0.7, causal: true }],
    ['masked rows', { queries: 5, keys: 3, d: 2, dv: 3, heads: 2, keyHeads: 1 }, { scale: -0.7, causal: true }],
    ['d = 1, one query', { queries: 1, keys: 2, d: 1, dv: 1, heads: 1, keyHeads: 1 }, { scale: 1 }],
  ];
  test.each(cases)('equals central differences of the reference forward pass: %s', (_, dims, rest) => {
    const p = randomProblem(17, dims, rest);
    const dZ = outputGradient(p, 18);
    const gradient = attendVjp(p, attend(p), dZ);
    const loss = (changed: AttentionProblem): number => attendReference(changed).output.data.reduce((sum, z, i) => sum + z * dZ.data[i]!, 0);
    // (f(x + h) - f(x - h)) / 2h errs by h^2 |f'''| / 6 + u |f| c / h. With f and f''' of order one h = u^(1/3) balances the
    // two at about u^(2/3) = 2e-11 each, which leaves four decades for the constants.
    const h = 2 ** -18;
    for (const name of inputs) {
      const numeric = mapTokens(p[name], (__, i, k) => {
        const moved = (step: number): AttentionProblem => ({ ...p, [name]: mapTokens(p[name], (x, ii, kk) => (ii === i && kk === k ? x + step : x)) });
        return (loss(moved(h)) - loss(moved(-h))) / (2 * h);
      });
      expect(maxDifference(gradient[name].data, numeric.data)).toBeLessThan(1e-6 * maxAbs(gradient[name].data));
    }
  });

  test.prop([problem])('is orthogonal to what leaves Z alone: a common shift of the keys', (p) => {
    const dZ = outputGradient(p, 19);
    const { keys } = attendVjp(p, attend(p), dZ);
    for (let i = 0; i < keys.d; i++) {
      const sum = Array.from({ length: keys.n }, (_, j) => keys.data[j * keys.d + i]!).reduce((a, b) => a + b);
      expect(Math.abs(sum)).toBeLessThanOrEqual(keys.n * gradientBound(p, dZ, u64));
    }
  });

  test('one key: no gradient through the weights, all of it to the value', () => {
    const p = randomProblem(20, { queries: 3, keys: 1, d: 5, dv: 2, heads: 1, keyHeads: 1 }, { scale: 1 });
    const dZ = outputGradient(p, 21);
    const gradient = attendVjp(p, attend(p), dZ);
    expect(maxAbs(gradient.queries.data)).toBeLessThanOrEqual(gradientBound(p, dZ, u64));
    expect(maxAbs(gradient.keys.data)).toBeLessThanOrEqual(gradientBound(p, dZ, u64));
    expect(maxDifference(gradient.values.data, [0, 1].map((c) => [0, 1, 2].reduce((sum, i) => sum + dZ.data[2 * i + c]!, 0)))).toBeLessThanOrEqual(gradientBound(p, dZ, u64));
  });

  test('no key, or none visible: zero gradients', () => {
    const p = randomProblem(22, { queries: 3, keys: 2, d: 5, dv: 2, heads: 1, keyHeads: 1 }, { scale: 1, causal: -5 });
    const dZ = outputGradient(p, 23);
    for (const name of inputs) expect(maxAbs(attendVjp(p, attend(p), dZ)[name].data)).toBe(0);
    const none = { ...p, keys: zeroTokens(5, 0), values: zeroTokens(2, 0) };
    expect(attendVjp(none, attend(none), dZ).queries.data).toEqual(new Float64Array(15));
    expect(attendVjpReference(none, dZ).queries.data).toEqual(new Float64Array(15));
  });

});

describe('Float32', async () => {
  const builds = await Promise.all((['plain', 'simd128', 'relaxed-simd'] as const).map(async (build) => {
    const kernels = await createKernels({ build, threads: 1, memoryMiB: 16 });
    return [build, kernels] as const;
  }));
  for (const [build, kernels] of builds) {
    test.prop([problem])(`${build} kernels agree with the Float64 reference within the Float32 bound`, (p) => {
      const narrow = { ...p, queries: toFloat32(p.queries), keys: toFloat32(p.keys), values: toFloat32(p.values) };
      const dZ = toFloat32(outputGradient(p, 24));
      const forward = attend(narrow, kernels);
      const gradient = attendVjp(narrow, forward, dZ, kernels);
      const reference = attendVjpReference(narrow, dZ);
      // The log partition is rounded to Float32 on the way, which moves every weight by at most u32 |logPartition| relatively.
      const log = 1 + maxAbs(forward.logPartition.filter(Number.isFinite));
      for (const name of inputs) {
        expect(maxDifference(gradient[name].data, reference[name].data)).toBeLessThanOrEqual(log * gradientBound(narrow, dZ, u32));
      }
    });
  }
});

describe('bad input', () => {
  const p = randomProblem(25, { queries: 3, keys: 5, d: 7, dv: 2, heads: 1, keyHeads: 1 }, { scale: 1 });
  const forward = attend(p);
  const dZ = outputGradient(p, 26);
  const cases: [string, Partial<AttentionResult>, Tokens, new (message: string) => Error, string][] = [
    ['shape of dZ', {}, zeroTokens(2, 4), RangeError, 'attendVjp: outputGradient must be heads * dv x queries (2 x 3), got 2 x 4'],
    ['precision of dZ', {}, zeroTokens(2, 3, 'float32'), TypeError, 'attendVjp: outputGradient must be stored like queries in a Float64Array, got Float32Array(6)'],
    ['NaN in dZ', {}, mapTokens(dZ, () => Number.NaN), RangeError, 'attendVjp: outputGradient must be finite, got NaN at index 0'],
    ['shape of Z', { output: zeroTokens(3, 3) }, dZ, RangeError, 'attendVjp: forward.output must be heads * dv x queries (2 x 3), got 3 x 3'],
    ['length of logs', { logPartition: new Float64Array(4) }, dZ, RangeError, 'attendVjp: forward.logPartition must have length 3 (heads * queries), got 4'],
    ['NaN in logs', { logPartition: Float64Array.of(0, -Infinity, Number.NaN) }, dZ, RangeError, 'attendVjp: forward.logPartition must be finite or -Infinity, got NaN at index 2'],
    ['kind of logs', { logPartition: new Float32Array(3) }, dZ, TypeError, 'attendVjp: forward.logPartition must be a Float64Array, got Float32Array(3)'],
    ['sums that overflow', {}, mapTokens(dZ, () => 1e308), RangeError, 'so that no sum overflows, got'],
  ];
  test.each(cases)('%s', (_, change, gradient, kind, message) => {
    const call = (): unknown => attendVjp(p as AttentionProblem, { ...forward, ...change }, gradient);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  test('the problem itself is checked under this name', () => {
    expect(() => attendVjp({ ...p, keys: zeroTokens(11, 5) }, forward, dZ)).toThrow('attendVjp: keys must have as many rows as queries (d = 7), got d = 11');
    expect(() => attendVjpReference(p, tokens(1, new Float64Array(3)))).toThrow('attendVjpReference: outputGradient must be heads * dv x queries (2 x 3), got 1 x 3');
  });
});
