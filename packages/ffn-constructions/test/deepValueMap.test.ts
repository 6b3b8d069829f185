import { fc, test as propertyTest } from '@fast-check/vitest';
import { randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { applyFeedForward, applyStack, applyValueMap, deepQuantiser, deepValueMap, type ValueMapOptions } from '../src/index.ts';
import { exactFeedForward, output } from '../../attention/test/transformer/exactFeedForward.ts';
import { contexts } from './contexts.ts';

const scalar = (direction: ArrayLike<number>, z: Float64Array) => z.reduce((sum, x, i) => sum + x * direction[i]!, 0);
const columns = (d: number, data: ArrayLike<number>) => Array.from({ length: data.length / d }, (_, k) => Float64Array.from(data).slice(k * d, (k + 1) * d));

const shapes = fc.record({ seed: fc.nat(), d: fc.integer({ min: 1, max: 3 }), m: fc.integer({ min: 2, max: 7 }), n: fc.integer({ min: 2, max: 7 }), count: fc.integer({ min: 1, max: 61 }) });

propertyTest.prop([shapes])('at every id the output is the label within labelError, exact for powers of two; full and lazy give the same bits', ({ seed, ...shape }) => {
  const parts = contexts(seed, shape);
  const { ids, labels } = parts;
  const map = deepValueMap(parts);
  expect([map.layers, map.neurons, map.stack.width, map.stack.count]).toEqual([ids.n, 4 * ids.n, 4, ids.n]);
  const full = applyValueMap(map, ids, { evaluator: 'full' });
  expect([...applyValueMap(map, ids).data]).toEqual([...full.data]);
  // y - q is rounded once (|y - q| <= n + 2), the sum once (|y| <= 1).
  expect(map.labelError).toBeLessThanOrEqual(2 ** -53 * (shape.n + 3));
  if (Number.isInteger(Math.log2(shape.m))) expect(map.labelError).toBe(0);
  full.data.forEach((x, i) => expect(Math.abs(x - labels.data[i]!)).toBeLessThanOrEqual(map.labelError));
});

propertyTest.prop([shapes])('full and lazy give the same bits off the hats, on their slopes and at random tokens; a token moves at most once', ({ seed, ...shape }) => {
  const parts = contexts(seed, shape);
  const { direction, ids, labels } = parts;
  const { d } = shape;
  const map = deepValueMap(parts);
  const random = randomSource(seed + 1);
  // Half of the tokens are ids pushed along coordinate 0 (whose weight is 1) across their hat, half are random.
  const z = tokens(d, Float64Array.from([
    ...ids.data.map((x, i) => x + (i % d === 0 ? (2.5 * random.uniform() - 1.25) * map.halfWidth : 0)),
    ...uniformTokens(random, d, 61, 1, shape.n + 1).data,
  ]));
  const full = applyStack(map.stack, z, { evaluator: 'full' });
  expect([...applyStack(map.stack, z).data]).toEqual([...full.data]);
  const q = columns(d, ids.data);
  const y = columns(d, labels.data);
  columns(d, z.data).forEach((token, k) => {
    // By the definition in real numbers: one convex step towards the label of the id that is near.
    const s = scalar(direction, token);
    const near = q.findIndex((id) => Math.abs(s - scalar(direction, id)) < map.halfWidth);
    const share = near < 0 ? 0 : Math.min(1, 2 - (2 * Math.abs(s - scalar(direction, q[near]!))) / map.halfWidth);
    token.forEach((x, i) => {
      const expected = near < 0 ? x : x + (y[near]![i]! - q[near]![i]!) * share;
      // s / w is rounded to 2^-53 of the largest, times 8 for its scale; the slope is 2.
      const slack = near < 0 ? 0 : (16 * (shape.n + 2) * scalar(direction, new Float64Array(d).fill(shape.n + 2)) * (d + 2)) / map.halfWidth * 2 ** -53 + 2 ** -49;
      expect(Math.abs(full.data[k * d + i]! - expected)).toBeLessThanOrEqual(slack);
    });
  });
});

test('d = 2, a layer in exact arithmetic: tokens beyond its hat come back, its own goes to the label', () => {
  const { direction, ids, labels } = contexts(11, { d: 2, m: 4, n: 5, count: 13 });
  const { stack } = deepValueMap({ direction, ids, labels });
  const [q, y] = [columns(2, ids.data), columns(2, labels.data)];
  const ascending = [...q.keys()].sort((a, b) => scalar(direction, q[a]!) - scalar(direction, q[b]!));
  ascending.forEach((own, i) => {
    q.forEach((z, k) => expect(exactFeedForward(stack.layer(i), z)).toEqual([...(k === own ? y[k]! : z)].map(output)));
  });
});

test.each([3, 5, 7, 20])('m = %i: labels k/m that y - q rounds are put in place by a quantiser behind the map', (m) => {
  const parts = contexts(m, { d: 2, m, n: 5, count: 61 });
  const map = deepValueMap(parts);
  expect(map.labelError).toBeGreaterThan(0);
  const { stack } = deepQuantiser({ m, d: 2, theta: 2 ** -20 });
  for (const evaluator of ['full', 'lazy'] as const) {
    expect([...applyStack(stack, applyValueMap(map, parts.ids, { evaluator }), { evaluator }).data]).toEqual([...parts.labels.data]);
  }
});

describe('a label above a support', () => {
  const parts: ValueMapOptions = { direction: [1], ids: tokens(1, Float64Array.of(1, 2)), labels: tokens(1, Float64Array.of(0, 1)) };

  test('would be moved again by layers in descending order', () => {
    // u.y = 1 is the lower id: what positions from 0 on could give.
    expect(() => deepValueMap(parts)).toThrow(new RangeError('deepValueMap: u.y of every label must be at most 0.875, below every support, got 1 for label 1'));
    const low = deepValueMap({ ...parts, labels: tokens(1, Float64Array.of(0, 0.875)) }).stack;
    const [first, second] = [low.layer(0), low.layer(1)];
    // The moved token passes the lower layer when layers ascend; put onto the lower support by hand and met by it afterwards, it moves again.
    expect([...applyFeedForward(first, applyFeedForward(second, tokens(1, Float64Array.of(2)))).data]).toEqual([0.875]);
    const raised = { ...second, w2: second.w2.map((w) => (w * 8) / 9) };
    expect([...applyFeedForward(raised, tokens(1, Float64Array.of(2))).data]).toEqual([1]);
    expect([...applyFeedForward(first, applyFeedForward(raised, tokens(1, Float64Array.of(2)))).data]).toEqual([0]);
  });

  test('does not happen for positions from 1 on: u.q >= sum u >= u.y', () => {
    const map = deepValueMap({ ...parts, ids: tokens(1, Float64Array.of(1.25, 2)) });
    expect([...applyValueMap(map, tokens(1, Float64Array.of(2, 1.25))).data]).toEqual([1, 0]);
  });
});

test('narrow hats: gaps of 1e-9 in float64, every label exact', () => {
  const ids = tokens(1, Float64Array.from({ length: 97 }, (_, k) => 3 + k * 1e-9));
  const labels = tokens(1, Float64Array.from(ids.data, (_, k) => (k % 8) / 8));
  const map = deepValueMap({ direction: [1], ids, labels });
  expect(map.halfWidth).toBe(2 ** -32);
  for (const evaluator of ['full', 'lazy'] as const) expect([...applyValueMap(map, ids, { evaluator }).data]).toEqual([...labels.data]);
});

const one = tokens(1, Float64Array.of(2));
const two = tokens(1, Float64Array.of(2, 3));
const options = { direction: [1], ids: two, labels: tokens(1, Float64Array.of(0, 1)) };
test.each<[() => unknown, string]>([
  [() => deepValueMap({ ...options, direction: [] }), 'deepValueMap: direction must hold at least one value, got none'],
  [() => deepValueMap({ ...options, direction: [1, 2] }), 'deepValueMap: ids must have the width of direction (d = 2), got d = 1'],
  [() => deepValueMap({ ...options, labels: one }), 'deepValueMap: labels must have length 2 (one label an id), got 1'],
  [() => deepValueMap({ ...options, ids: tokens(1, Float64Array.of(2, 2)) }), 'deepValueMap: ids must have different u.q, got 2 for ids 0 and 1'],
  [() => deepValueMap({ ...options, ids: tokens(1, Float64Array.of(2, -2)) }), 'deepValueMap: u.q of every id must be above 0, got -2'],
  [() => deepValueMap({ ...options, halfWidth: 0.3 }), 'deepValueMap: halfWidth must be a power of two, got 0.3'],
  [() => deepValueMap({ ...options, halfWidth: 0.5 }), 'deepValueMap: halfWidth must be at most 0.25 of the smallest gap of u.q and an eighth of the smallest u.q, 0.25, got 0.5'],
  [() => deepValueMap({ ...options, halfWidth: 2 ** -49 }), `deepValueMap: the largest u.q / halfWidth must lie in [0, ${2 ** 48}], got ${3 * 2 ** 50}`],
  [() => deepValueMap({ ...options, labels: tokens(1, Float64Array.of(0, NaN)) }), 'deepValueMap: labels must be finite, got NaN at index 1'],
  [() => applyValueMap(deepValueMap(options), tokens(1, Float64Array.of(100))), 'applyStack: token 0: u.z must be below 16, got 100'],
  [
    () => applyValueMap(deepValueMap({ ...options, direction: [1, 1], ids: tokens(2, Float64Array.of(2, 1, 3, 1)), labels: tokens(2, new Float64Array(4)) }), tokens(2, Float64Array.of(4, 1e-13))),
    `applyStack: token 0: entry 1 of a token above a support must be at least ${(4 + 1e-13) * 2 ** -43} in magnitude, got 1e-13`,
  ],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
