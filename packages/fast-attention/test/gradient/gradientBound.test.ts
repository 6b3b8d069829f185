import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { attendVjp, gradientBound } from '../../src/index.ts';
import { exactError, exactGradient, inputs, maxAbs, randomGradient } from './problems.ts';

describe('the a-priori bound', () => {
  const problem = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 31 }), queries: fc.integer({ min: 1, max: 23 }), keys: fc.integer({ min: 1, max: 29 }), d: fc.integer({ min: 1, max: 3 }),
    half: fc.constantFrom(0.2, 0.7), scale: fc.constantFrom(-0.5, 1), shift: fc.constantFrom(0, 1), tolerance: fc.constantFrom(0.3, 0.01),
  });
  test.prop([problem], { seed: 1, numRuns: 200 })('holds for heads of the class', ({ seed, queries, keys, d, half, scale, shift, tolerance }) => {
    const { problem: p, dZ } = randomGradient(seed, { queries, keys, d, dv: 2 }, { half, scale, shift });
    const largest = Math.max(maxAbs(p.queries.data), maxAbs(p.keys.data), maxAbs(p.values.data));
    const { bound, halfWidth } = gradientBound({ queries, keys, d, dv: 2, largest, outputGradient: maxAbs(dZ.data), scale, tolerance });
    const fast = attendVjp(p, null, dZ, { tolerance, method: 'polynomial' });
    expect(fast.plan[0]!.halfWidth!).toBeLessThanOrEqual(halfWidth * (1 + 1e-5));
    const exact = exactGradient(p, dZ);
    for (const name of inputs) {
      const error = maxAbs(exact[name].data.map((x, i) => x - fast[name].data[i]!));
      expect(error).toBeLessThanOrEqual(bound[name] + exactError(p, dZ) + maxAbs(exact[name].data) * 2 ** -50);
    }
  });

  test('the share of a key is at most e^{2R} / n, and at most 1', () => {
    const c = { queries: 10, keys: 1000, d: 2, dv: 1, largest: 0.5, outputGradient: 3, scale: 1, tolerance: 0.1 };
    // R = 2 * 0.25 = 0.5: e / 1000 of 10 queries times 3 times 0.1.
    expect(gradientBound(c).bound.values).toBeCloseTo(0.003 * Math.E, 12);
    expect(gradientBound({ ...c, keys: 2 }).bound.values).toBeCloseTo(3, 12);
    expect(gradientBound({ ...c, largest: 40 })).toMatchObject({ degree: null, rank: null });
  });

  test('bad input', () => {
    const c = { queries: 10, keys: 1000, d: 2, dv: 1, largest: 0.5, outputGradient: 3, scale: 1, tolerance: 0.1 };
    expect(() => gradientBound({ ...c, keys: 0 })).toThrow('gradientBound: keys must');
    expect(() => gradientBound({ ...c, largest: -1 })).toThrow('gradientBound: largest must');
    expect(() => gradientBound({ ...c, scale: Number.NaN })).toThrow('gradientBound: scale must');
    expect(() => gradientBound({ ...c, tolerance: 1 })).toThrow('gradientBound: tolerance must');
  });
});
