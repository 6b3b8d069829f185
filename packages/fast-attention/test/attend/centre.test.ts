import { test, fc } from '@fast-check/vitest';
import { expect } from 'vitest';
import { randomSource, spherePoints, type FloatArray } from '@prompt-limits/core-linalg';
import { enclosingBall } from '../../src/attend/centre.ts';
import { rowRanges, type Vectors } from '../../src/attend/views.ts';

function vectors(data: FloatArray, stride: number, offset: number, per: number, d: number): Vectors {
  return { data, n: data.length / stride, stride, offset, per, d };
}
const ball = (v: Vectors, keepZero?: number) => enclosingBall(v, rowRanges(v.data, v.stride), keepZero === undefined ? {} : { keepZero });

/** max |x - c| by the definition. */
function reach(v: Vectors, c: Float64Array): number {
  let most = 0;
  for (let t = 0; t < v.n; t++) {
    for (let j = 0; j < v.per; j++) {
      const at = t * v.stride + v.offset + j * v.d;
      most = Math.max(most, Math.hypot(...Array.from(v.data.subarray(at, at + v.d), (x, i) => x - c[i]!)));
    }
  }
  return most;
}

const cloud = fc.record({
  d: fc.integer({ min: 1, max: 5 }), per: fc.integer({ min: 1, max: 3 }), heads: fc.integer({ min: 1, max: 2 }), n: fc.integer({ min: 1, max: 31 }),
  scale: fc.constantFrom(1, 1e-200, 1e200, 3), seed: fc.integer({ min: 1, max: 1e6 }), shift: fc.constantFrom(0, 5, -1e3),
});
test.prop([cloud], { seed: 3 })('the ball holds all its vectors and is at most the box', ({ d, per, heads, n, scale, seed, shift }) => {
  const random = randomSource(seed);
  const stride = heads * per * d;
  const data = Float64Array.from({ length: n * stride }, () => scale * (shift + random.uniform()));
  const v = vectors(data, stride, (heads - 1) * per * d, per, d);
  const { centre, radius } = ball(v);
  const exact = reach(v, centre);
  expect(radius).toBeGreaterThanOrEqual(exact * (1 - 4e-16));
  expect(radius).toBeLessThanOrEqual(exact * (1 + 1e-14));
  const { low, high } = rowRanges(data, stride);
  const middle = Float64Array.from({ length: d }, (_, c) => {
    const at = Array.from({ length: per }, (_x, j) => v.offset + j * d + c);
    return Math.min(...at.map((i) => low[i]!)) / 2 + Math.max(...at.map((i) => high[i]!)) / 2;
  });
  expect(radius).toBeLessThanOrEqual(reach(v, middle) * (1 + 1e-14));
});

test('points of a sphere: within 3% of its radius; the middle of the box is worse when the points are few', () => {
  const data = Float64Array.from(spherePoints(randomSource(9), 3, 400).data, (x) => 2 * x + 7);
  expect(ball(vectors(data, 3, 0, 1, 3)).radius).toBeLessThan(2 * 1.03);
  // A simplex and its box: corners e_i and 0 in 3 dimensions lie on a ball of radius sqrt(3)/2 about the middle, but fit 0.8165.
  const simplex = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  expect(ball(vectors(simplex, 3, 0, 1, 3)).radius).toBeLessThan(0.8165 * 1.03);
});

test('equal vectors have radius exactly 0, whatever they are; zero is kept where it is as good', () => {
  for (const x of [0, 0.1, -1e300, 5e-324]) expect(ball(vectors(new Float64Array(14).fill(x), 7, 0, 1, 7))).toEqual({ centre: new Float64Array(7).fill(x), radius: 0 });
  expect(ball(vectors(Float64Array.of(-1, 1.01), 1, 0, 1, 1), 1.02).centre[0]).toBe(0);
  expect(ball(vectors(Float64Array.of(-1, 1.2), 1, 0, 1, 1), 1.02).centre[0]).not.toBe(0);
});

test('rowRanges sees what is not finite', () => {
  expect(rowRanges(Float64Array.of(1, -2, 3, 4), 2)).toEqual({ low: Float64Array.of(1, -2), high: Float64Array.of(3, 4), finite: true });
  for (const bad of [Number.NaN, Infinity, -Infinity]) expect(rowRanges(Float64Array.of(1, bad, 3, 4), 2).finite).toBe(false);
});
