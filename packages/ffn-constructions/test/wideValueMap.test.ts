import { fc, test as propertyTest } from '@fast-check/vitest';
import { tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { applyFeedForward, applyValueMap, bumpNetwork, deepValueMap, wideValueMap, type WideValueMap } from '../src/index.ts';
import { contexts } from './contexts.ts';

const both = (map: WideValueMap, z: Parameters<typeof applyValueMap>[1]) => (['full', 'lazy'] as const).map((evaluator) => Array.from(applyValueMap(map, z, { evaluator }).data));

const shapes = fc.record({
  seed: fc.nat(),
  d: fc.integer({ min: 1, max: 3 }),
  m: fc.integer({ min: 2, max: 7 }),
  n: fc.integer({ min: 2, max: 7 }),
  count: fc.integer({ min: 1, max: 61 }),
  hat: fc.constantFrom('tip' as const, 'plateau' as const),
});

propertyTest.prop([shapes])('the label at every id and 0 where no hat is, within labelError, full and lazy', ({ seed, hat, ...shape }) => {
  const parts = contexts(seed, shape);
  const { d } = shape;
  const map = wideValueMap({ ...parts, hat });
  expect(map.neurons).toBe((hat === 'tip' ? 3 : 4) * shape.count + 2 * d);
  expect(map.network().r).toBe(map.neurons);
  const dyadic = Number.isInteger(Math.log2(shape.m));
  if (hat === 'plateau' && dyadic) expect([map.bitwise, map.labelError]).toEqual([true, 0]);
  // With 61 ids, |u.q| below 7^3 8 and w of at least 2^-40 the drift stays below a unit of rounding.
  expect(map.labelError).toBeLessThanOrEqual(2 ** -51);
  for (const data of both(map, parts.ids)) data.forEach((x, i) => expect(Math.abs(x - parts.labels.data[i]!)).toBeLessThanOrEqual(map.labelError));
  // Ids pushed off their hat by half a width and a bit more; the next hat is at least as far.
  const pushed = tokens(d, parts.ids.data.map((x, i) => (i % d === 0 ? x - map.halfWidth : x)));
  for (const data of both(map, pushed)) {
    data.forEach((x) => expect(Math.abs(x)).toBeLessThanOrEqual(map.labelError + 64 * 2 ** -53 * 7 ** 4 * 8 / map.halfWidth));
  }
});

propertyTest.prop([shapes])('where bitwise is true full and lazy give the same bits, slopes included', ({ seed, hat, ...shape }) => {
  const parts = contexts(seed, { ...shape, m: 4 });
  const map = wideValueMap({ ...parts, hat });
  const z = tokens(shape.d, parts.ids.data.map((x, i) => (i % shape.d === 0 ? x + map.halfWidth * ((i * 0.37) % 1.2) : x)));
  const [full, lazy] = both(map, z);
  if (map.bitwise) expect(lazy).toEqual(full);
  else lazy!.forEach((x, i) => expect(Math.abs(x - full![i]!)).toBeLessThanOrEqual(2 * map.labelError));
});

test('deep and wide maps agree at ids, hats narrow or wide', () => {
  const ids = tokens(1, Float64Array.from({ length: 97 }, (_, k) => 1.1 + 0.07 * k + (k % 7) * 1e-6));
  const labels = tokens(1, Float64Array.from(ids.data, (_, k) => ((5 * k) % 16) / 16));
  for (const halfWidth of [2 ** -6, 2 ** -30]) {
    const parts = { direction: [1], ids, labels, halfWidth };
    const exact = [...labels.data];
    expect([...applyValueMap(deepValueMap(parts), ids).data]).toEqual(exact);
    for (const data of both(wideValueMap({ ...parts, hat: 'plateau' }), ids)) expect(data).toEqual(exact);
    const tips = wideValueMap(parts);
    expect(tips.labelError).toBeLessThan(2 ** -50);
    for (const data of both(tips, ids)) exact.forEach((y, k) => expect(Math.abs(data[k]! - y)).toBeLessThanOrEqual(tips.labelError));
  }
});

test('the lattice: a hat that has passed adds exactly 0, where one with its middle at u.q leaves 2^-21', () => {
  // In units of w = 2^-30 the scalar lies 2^32 - 1/2 - 5 2^-23 above the first center: with 1 added it crosses 2^32 and rounds to 2^-20 instead of 2^-21.
  const ids = tokens(1, Float64Array.of(0.5 + 5 * 2 ** -53, 4.5 - 2 ** -31));
  const parts = { direction: [1], halfWidth: 2 ** -30, labels: tokens(1, Float64Array.of(1, 0.5)) };
  const bumps = bumpNetwork({ ...parts, centers: ids.data });
  expect(applyFeedForward(bumps, ids).data[1]).toBe(0.5 - 2 ** -21);
  for (const hat of ['tip', 'plateau'] as const) {
    for (const data of both(wideValueMap({ ...parts, ids, hat }), ids)) expect(data).toEqual([1, 0.5]);
  }
});

describe('errata row 13: the width r of Theorem F.1', () => {
  // d = 1: the layer is a piecewise linear function of one number with at most one kink a neuron. Where labels alternate along the ids, neighbouring
  // segments have slopes of different signs, so that a kink lies between them: at least N - 2 kinks, whatever the construction.
  const alternating = (m: number, n: number) => {
    const N = m ** n;
    const ids = tokens(1, Float64Array.from({ length: N }, (_, k) => n + (k + 1) / (2 * N)));
    return { N, map: wideValueMap({ direction: [1], ids, labels: tokens(1, Float64Array.from(ids.data, (_, k) => k % 2)) }), ids };
  };

  test('printed, r = O(d L\'): at L\' = 4 the count grows with 1/epsilon, and N - 2 neurons are necessary', () => {
    const counts = [2, 3, 5].map((m) => {
      const { N, map, ids } = alternating(m, 4);
      expect(both(map, ids)[0]).toEqual(Array.from({ length: N }, (_, k) => k % 2));
      return { r: map.neurons, necessary: N - 2 };
    });
    expect(counts).toEqual([{ r: 50, necessary: 14 }, { r: 245, necessary: 79 }, { r: 1877, necessary: 623 }]);
    // A constant times d L' = 4 that covers m = 2 is broken by m = 5: the necessary number grew by more than a factor of 44.
    expect(counts[2]!.necessary / counts[0]!.necessary).toBeGreaterThan(44);
  });

  test('repaired: the neurons of the built network are counted, 3 N + 2 d', () => {
    for (const m of [2, 3, 5]) expect(alternating(m, 4).map.network().r).toBe(3 * m ** 4 + 2);
  });
});

const options = { direction: [1], ids: tokens(1, Float64Array.of(2, 3)), labels: tokens(1, Float64Array.of(0, 1)) };
test.each<[() => unknown, string]>([
  [() => wideValueMap({ ...options, hat: 'flat' as 'tip' }), 'wideValueMap: hat must be one of tip, plateau, got "flat"'],
  [() => wideValueMap({ ...options, halfWidth: 1 }), 'wideValueMap: halfWidth must be at most 0.5 of the smallest gap of u.q and an eighth of the smallest u.q, 0.25, got 1'],
  [() => applyValueMap(wideValueMap(options), tokens(1, Float64Array.of(17))), 'applyValueMap: token 0: u.z must be below 16, got 17'],
  [() => applyValueMap(wideValueMap(options), tokens(2, Float64Array.of(1, 1))), 'applyValueMap: z must have the map\'s width (d = 1), got d = 2'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
