import { fc, test as propertyTest } from '@fast-check/vitest';
import { tokens } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { applyFeedForward, type FeedForward } from '../../src/index.ts';
import { exactFeedForward, output } from './exactFeedForward.ts';

const [d, r, n] = [3, 5, 7];
const integers = (length: number) => fc.array(fc.integer({ min: -99, max: 99 }), { minLength: length, maxLength: length }).map((x) => Float64Array.from(x));
const layer = fc.record({ d: fc.constant(d), r: fc.constant(r), w1: integers(r * d), b1: integers(r), w2: integers(d * r), b2: integers(d) });

propertyTest.prop([layer, integers(d * n)])('Eq. (2.3) with integers is exact, token by token', (network, data) => {
  const result = applyFeedForward(network, tokens(d, data));
  for (let k = 0; k < n; k++) {
    const expected = exactFeedForward(network, data.subarray(k * d, (k + 1) * d));
    expect(Array.from(result.data.subarray(k * d, (k + 1) * d), output)).toEqual(expected);
  }
});

const real = fc.double({ min: -8, max: 8, noNaN: true });
const reals = (length: number) => fc.array(real, { minLength: length, maxLength: length }).map((x) => Float64Array.from(x));

propertyTest.prop([fc.record({ d: fc.constant(d), r: fc.constant(r), w1: reals(r * d), b1: reals(r), w2: reals(d * r), b2: reals(d) }), reals(d)])(
  'with real weights the roundings of the neurons are all that is lost',
  (network, z) => {
    const exact = exactFeedForward(network, z).map((x) => Number(x >> 3100n) * 2 ** (3100 - 3 * 1074));
    // A neuron has d products, d - 1 sums and a bias: off by (d + 1) 2^-53 (d 64 + 8); weights are at most 8, outputs at most 8 r 200 + 16.
    const bound = r * 8 * (d + 1) * 2 ** -53 * (d * 64 + 8) + (8 * r * (d * 64 + 8) + 16) * 2 ** -52;
    applyFeedForward(network, tokens(d, z)).data.forEach((x, i) => expect(Math.abs(x - exact[i]!)).toBeLessThanOrEqual(bound));
  },
);

test('outputs are summed in twofold precision: what 2^60 hides comes back when it cancels', () => {
  const network: FeedForward = {
    d: 1,
    r: 3,
    w1: new Float64Array(3),
    b1: Float64Array.of(2 ** 60, 1, 2 ** 60),
    w2: Float64Array.of(1, 1, -1),
    b2: Float64Array.of(2 ** -40),
  };
  expect([...applyFeedForward(network, tokens(1, Float64Array.of(0, -1))).data]).toEqual([1 + 2 ** -40, 2 ** -40]);
});

test('Float32 tokens are read, the input stays as it is, no tokens give no tokens', () => {
  const network: FeedForward = { d: 2, r: 1, w1: Float64Array.of(1, 0), b1: Float64Array.of(0), w2: Float64Array.of(0, 1), b2: Float64Array.of(1, 0) };
  const z = tokens(2, Float32Array.of(3, 5));
  expect(applyFeedForward(network, z)).toEqual({ d: 2, n: 1, data: Float64Array.of(4, 8) });
  expect([...z.data]).toEqual([3, 5]);
  expect(applyFeedForward(network, tokens(2, new Float64Array(0))).n).toBe(0);
});

test('bad input', () => {
  const network: FeedForward = { d: 2, r: 1, w1: new Float64Array(2), b1: new Float64Array(1), w2: new Float64Array(2), b2: new Float64Array(2) };
  const z = tokens(2, new Float64Array(4));
  expect(() => applyFeedForward({ ...network, w1: new Float64Array(3) }, z)).toThrow(new RangeError('applyFeedForward: w1 must have length 2 (r x d), got 3'));
  expect(() => applyFeedForward({ ...network, b2: Float64Array.of(0, NaN) }, z)).toThrow(new RangeError('applyFeedForward: b2 must be finite, got NaN at index 1'));
  expect(() => applyFeedForward(network, tokens(1, new Float64Array(4)))).toThrow(new RangeError("applyFeedForward: z must have the network's width (d = 2), got d = 1"));
  expect(() => applyFeedForward(network, tokens(2, Float64Array.of(0, Infinity)))).toThrow(new RangeError('applyFeedForward: z must be finite, got Infinity at index 1'));
  expect(() => applyFeedForward({ ...network, r: 0 }, z)).toThrow(new RangeError('applyFeedForward: r must be at least 1, got 0'));
});
