import { fc, test as propertyTest } from '@fast-check/vitest';
import { randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { applyFeedForward, quantiserNetwork, stepNetwork, type FeedForward } from '../src/index.ts';
import { exactFeedForward, output } from '../../attention/test/transformer/exactFeedForward.ts';

const at = (network: FeedForward, ...z: number[]) => [...applyFeedForward(network, tokens(1, Float64Array.from(z))).data];

const grid = fc
  .record({ m: fc.integer({ min: 1, max: 23 }), length: fc.integer({ min: 1, max: 5 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  // theta from its smallest to its largest allowed value, on a logarithmic scale
  .map(({ m, length, share }) => ({ m, length, theta: Math.min(1 / (4 * m), m * length ** 2 * 2 ** -48 * (2 ** 46 / (m * length) ** 2) ** share) }));

propertyTest.prop([grid])('every grid point k/m is a fixed point, bit for bit', ({ m, length, theta }) => {
  const { network } = quantiserNetwork({ m, d: 1, theta, length });
  const points = Array.from({ length: m * length }, (_, k) => k / m);
  expect(at(network, ...points)).toEqual(points);
});

propertyTest.prop([grid, fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 13 })])(
  'outside the ramps a value goes down to its grid point, in float64 and in exact arithmetic',
  ({ m, length, theta }, shares) => {
    const { network } = quantiserNetwork({ m, d: 1, theta, length });
    shares.forEach((share, i) => {
      const k = i % (m * length);
      const z = k / m + share * (1 / m - 4 * theta);
      // Rounding may carry z past the last value that is promised.
      if (z > (k + 1) / m - 4 * theta || z < k / m) return;
      expect(at(network, z)).toEqual([k / m]);
      expect(exactFeedForward(network, [z])).toEqual([output(k / m)]);
    });
  },
);

test('on a ramp the value lies between its neighbours, and ramps take the stated share', () => {
  const [m, theta] = [8, 2 ** -9];
  const { network, rampLength, rampMeasure, delta } = quantiserNetwork({ m, d: 1, theta });
  const samples = Array.from({ length: 2 ** 14 }, (_, i) => i * 2 ** -14);
  const values = at(network, ...samples);
  const offGrid = values.filter((x, i) => x !== Math.floor(samples[i]! * m) / m);
  // With powers of two each ramp starts and ends on samples: theta 2^14 = 32 of them, of which one is at height 0,
  // and 2^14 theta after its end until the grid point the value is already the next one.
  const between = offGrid.filter((x) => x * m !== Math.round(x * m));
  expect(between.length).toBe((m - 1) * 31);
  expect(values.every((x, i) => x >= Math.floor(samples[i]! * m) / m && x <= Math.floor(samples[i]! * m) / m + delta)).toBe(true);
  expect(rampLength).toBe(7 * 2 ** -9);
  expect(Math.abs(rampMeasure - rampLength)).toBeLessThan(2 ** -52);
});

test('d = 3: neurons are counted, coordinates do not touch, the ramp share is that of the cube', () => {
  const [d, m, length, theta] = [3, 7, 2, 1e-4];
  const quantiser = quantiserNetwork({ m, d, theta, length });
  expect(quantiser.neurons).toBe(d * (2 * m * length - 1));
  expect(quantiser.network.r).toBe(quantiser.neurons);
  expect(quantiser.delta).toBe(1 / 7);
  expect(quantiser.rampMeasure).toBeCloseTo(1 - (1 - (13 * theta) / 2) ** 3, 15);
  const single = quantiserNetwork({ m, d: 1, theta, length }).network;
  const z = uniformTokens(randomSource(3), d, 101, 0, 2);
  expect([...applyFeedForward(quantiser.network, z).data]).toEqual(at(single, ...z.data));
});

test('m = 1 has the single grid point 0 and needs no step', () => {
  const { network, neurons, rampMeasure } = quantiserNetwork({ m: 1, d: 2, theta: 0.25 });
  expect([neurons, rampMeasure]).toEqual([2, 0]);
  expect([...applyFeedForward(network, tokens(2, Float64Array.of(0.9, 0))).data]).toEqual([0, 0]);
});

describe('errata row 5: phi of Eq. (B.1) and (E.4)', () => {
  const [m, k] = [4, 2];
  const z = 0.625; // in [k/4, (k + 1)/4)

  test('printed, phi(t) = -t + 1 on [0, delta): the value goes to k delta + 1', () => {
    const printed = (t: number) => (t >= 0 && t < 1 / m ? -t + 1 : 0);
    expect(z + printed(z - k / m)).toBe(k / m + 1);
  });

  test('repaired, phi(t) = -t: it goes to k delta, as the quantiser does', () => {
    const repaired = (t: number) => (t >= 0 && t < 1 / m ? -t : 0);
    expect(z + repaired(z - k / m)).toBe(k / m);
    expect(at(quantiserNetwork({ m, d: 1, theta: 2 ** -6 }).network, z)).toEqual([k / m]);
  });
});

describe('errata row 6: continuous neurons against a jump', () => {
  const m = 4;

  test('printed, exact everywhere: however narrow the ramp, some value is half a step off the grid', () => {
    for (const theta of [2 ** -6, 2 ** -20, 2 ** -40]) {
      const { network } = quantiserNetwork({ m, d: 1, theta });
      // For powers of two the ramp of step t = 1 is [1/m - 2 theta, 1/m - theta].
      expect(at(network, 1 / m - 1.5 * theta)).toEqual([0.5 / m]);
    }
  });

  test('repaired: exact at grid points, and the share of ramps falls with theta', () => {
    const shares = [2 ** -6, 2 ** -20, 2 ** -40].map((theta) => {
      const { network, rampMeasure } = quantiserNetwork({ m, d: 1, theta });
      expect(at(network, 0, 0.25, 0.5, 0.75)).toEqual([0, 0.25, 0.5, 0.75]);
      return rampMeasure / theta;
    });
    for (const share of shares) expect(Math.abs(share - 3)).toBeLessThan(2 ** -45);
  });
});

describe('errata row 8: positions', () => {
  const [d, m, length] = [2, 4, 3];
  const norms = (start: number) => {
    const { network } = quantiserNetwork({ m, d, theta: 2 ** -8, length: length + 1 });
    // The zero token at every position, the smallest there is.
    const z = tokens(d, Float64Array.from({ length: d * length }, (_, i) => Math.floor(i / d) + start));
    const { data } = applyFeedForward(network, z);
    return Array.from({ length }, (_, k) => Math.hypot(...data.subarray(k * d, (k + 1) * d)));
  };

  test('printed, positions from 0: the first column may be the zero vector', () => {
    expect(Math.min(...norms(0))).toBe(0);
  });

  test('repaired, positions from 1: every norm is at least sqrt(d)', () => {
    expect(Math.min(...norms(1))).toBeGreaterThanOrEqual(Math.sqrt(d));
  });
});

describe('ramps behind or before the grid points', () => {
  const [m, theta] = [4, 2 ** -6];

  test('printed, Eq. (F.1) rises from t delta on: a grid point stays, its right neighbours go one step up', () => {
    const printed = stepNetwork({ starts: [0, 0.25, 0.5, 0.75], height: 0.25, theta });
    expect(at(printed, 0.5, 0.625)).toEqual([0.5, 0.75]);
  });

  test('built, ramps before the grid points: both go to the same point', () => {
    expect(at(quantiserNetwork({ m, d: 1, theta }).network, 0.5, 0.625)).toEqual([0.5, 0.5]);
  });
});

test.each<[() => unknown, string]>([
  [() => quantiserNetwork({ m: 0, d: 1, theta: 0.1 }), 'quantiserNetwork: m must be at least 1, got 0'],
  [() => quantiserNetwork({ m: 2, d: 1.5, theta: 0.1 }), 'quantiserNetwork: d must be an integer, got 1.5'],
  [() => quantiserNetwork({ m: 2, d: 1, theta: 0.2 }), `quantiserNetwork: theta must lie in [${2 ** -47}, 0.125], got 0.2`],
  [() => quantiserNetwork({ m: 2, d: 1, theta: 0 }), `quantiserNetwork: theta must lie in [${2 ** -47}, 0.125], got 0`],
  [() => quantiserNetwork({ m: 1000, d: 1000, theta: 1e-5 }), 'quantiserNetwork: d x r = 1000 x 1999000 weights must lie in [0, 134217728], got 1999000000'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
