import { fc, test as propertyTest } from '@fast-check/vitest';
import { tokens } from '@prompt-limits/core-linalg';
import { contains, dyadicFromNumber, fromNumber, type Interval } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { applyValueMap, deepValueMap, lazyValueMap, wideValueMap } from '../src/index.ts';
import { contexts } from './contexts.ts';

const shapes = fc.record({
  seed: fc.nat(),
  d: fc.integer({ min: 1, max: 3 }),
  m: fc.integer({ min: 2, max: 5 }),
  n: fc.integer({ min: 2, max: 5 }),
  count: fc.integer({ min: 1, max: 31 }),
  form: fc.constantFrom('deep' as const, 'wide' as const),
  push: fc.double({ min: -1.25, max: 1.25, noNaN: true }),
});

propertyTest.prop([shapes])('found by search among sorted centers, the value is that of the stored map: the same at ids, within the rounding of its scalar elsewhere', ({ seed, form, push, ...shape }) => {
  const parts = contexts(seed, shape);
  const { d } = shape;
  const { direction, ids, labels } = parts;
  const full = form === 'deep' ? deepValueMap(parts) : wideValueMap({ ...parts, hat: 'plateau' });
  const w = full.halfWidth;
  const scalar = (z: ArrayLike<number>) => direction.reduce((sum, u, i) => sum + u * z[i]!, 0);
  const column = (data: ArrayLike<number>, k: number) => Array.from({ length: d }, (_, i) => data[k * d + i]!);
  const map = lazyValueMap({
    form,
    d,
    locate: (x: number) => {
      const k = Array.from({ length: ids.n }, (_, j) => j).find((j) => Math.abs(x - scalar(column(ids.data, j))) < w);
      return k === undefined ? null : { label: column(labels.data, k), id: column(ids.data, k), offset: (x - scalar(column(ids.data, k))) / w };
    },
  });
  for (let k = 0; k < ids.n; k++) {
    const q = column(ids.data, k);
    const atId = map(scalar(q), q);
    expect(atId).toEqual({ value: Float64Array.from(column(labels.data, k)), error: 0 });
    applyValueMap(full, tokens(d, Float64Array.from(q))).data.forEach((x, i) => expect(Math.abs(x - atId.value[i]!)).toBeLessThanOrEqual(full.labelError));
    const z = Float64Array.from(q, (x, i) => (i === 0 ? x + push * w : x));
    const { value, error } = map(scalar(z), z);
    // Two roundings of the scalar and one of the middle, each at most (d + 2) 2^-51 of the largest scalar, in units of w, slope 2, moves of at most n + 2.
    const slack = (8 * (d + 2) * 2 ** -51 * scalar(new Float64Array(d).fill(shape.n + 2)) * (shape.n + 2)) / w;
    expect(error).toBeLessThan(2 ** -45);
    applyValueMap(full, tokens(d, z)).data.forEach((x, i) => expect(Math.abs(x - value[i]!)).toBeLessThanOrEqual(error + full.labelError + slack));
  }
});

test('on a slope the enclosure holds the exact value', () => {
  const locate = (x: number) => ({ label: [1 / 3, 0.1], id: [5, 2], offset: x });
  // At x = 11/16, h = 5/8 = 2 - 2 x: y h and z + (y - q) h over a common denominator 2^60.
  const exact = (value: number) => dyadicFromNumber(value);
  for (const form of ['deep', 'wide'] as const) {
    const { value, error } = lazyValueMap({ form, d: 2, locate })(11 / 16, [5.3, 2.7]);
    [0, 1].forEach((i) => {
      const [y, q, z] = [[1 / 3, 0.1], [5, 2], [5.3, 2.7]].map((pair) => exact(pair[i]!));
      const scaled = (x: { m: bigint; e: number }) => x.m << BigInt(x.e + 120);
      const sum = form === 'wide' ? scaled(y!) * 5n : scaled(z!) * 8n + (scaled(y!) - scaled(q!)) * 5n;
      const interval: Interval = { low: exact(value[i]! - error), high: exact(value[i]! + error) };
      expect(contains(interval, { m: sum, e: -123 })).toBe(true);
    });
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(2 ** -49);
  }
});

test('a scalar of any precision: known to be within 1/2 of a center it gives the label exactly, else an enclosure', () => {
  // A hat of half width 2^-400 around each multiple of 2^-300, far below float64; everything in units of 2^-450.
  const units = ({ m, e }: Interval['low']) => m << BigInt(e + 450);
  const locate = ({ low, high }: Interval) => {
    const index = (units(low) + (1n << 149n)) >> 150n;
    const away = (end: Interval['low']) => Number(units(end) - (index << 150n)) * 2 ** -50;
    return { label: [Number(index % 7n) / 7], offset: { low: away(low), high: away(high) } };
  };
  const map = lazyValueMap({ form: 'deep', d: 1, locate });
  const index = 12345678901234567890n;
  const around = (below: bigint, above: bigint): Interval => ({ low: { m: (index << 150n) - below, e: -450 }, high: { m: (index << 150n) + above, e: -450 } });
  expect(map(around(1n << 49n, 1n << 49n), [3])).toEqual({ value: Float64Array.of(Number(index % 7n) / 7), error: 0 });
  // Up to x = 3/4 the hat falls to 1/2: from the label 3/7 to the middle of 3/7 and 3.
  const { value, error } = map(around(0n, 3n << 48n), [3]);
  expect(index % 7n).toBe(1n);
  expect(value[0]! - error).toBeLessThanOrEqual(1 / 7);
  expect(value[0]! + error).toBeGreaterThanOrEqual((1 / 7 + 3) / 2);
  const wide = lazyValueMap({ form: 'wide', d: 1, hat: 'tip', locate: () => ({ label: [1], offset: { low: -0.25, high: 0.5 } }) });
  const tip = wide(fromNumber(1), [3]);
  expect([tip.value[0]! - tip.error <= 0.5, tip.value[0]! + tip.error >= 1, tip.error < 0.25 + 2 ** -50]).toEqual([true, true, true]);
});

test('no hat: deep leaves the token, wide gives 0', () => {
  const none = { d: 2, locate: () => null };
  expect(lazyValueMap({ ...none, form: 'deep' })(1, [2, 3])).toEqual({ value: Float64Array.of(2, 3), error: 0 });
  expect(lazyValueMap({ ...none, form: 'wide' })(1, [2, 3])).toEqual({ value: Float64Array.of(0, 0), error: 0 });
});

test.each<[() => unknown, string]>([
  [() => lazyValueMap({ form: 'flat' as 'deep', d: 1, locate: () => null }), 'lazyValueMap: form must be one of deep, wide, got "flat"'],
  [() => lazyValueMap({ form: 'deep', d: 0, locate: () => null }), 'lazyValueMap: d must be at least 1, got 0'],
  [() => lazyValueMap({ form: 'deep', d: 2, locate: () => null })(1, [1]), 'lazyValueMap: token must have length 2 (d), got 1'],
  [() => lazyValueMap({ form: 'deep', d: 1, locate: () => ({ label: [NaN], offset: 0 }) })(1, [1]), 'lazyValueMap: label must be finite, got NaN at index 0'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
