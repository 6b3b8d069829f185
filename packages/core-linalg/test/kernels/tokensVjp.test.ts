import { describe, expect, test } from 'vitest';
import type { FloatArray, Kernels } from '../../src/index.ts';
import { allKernels, filled, numbers } from './fixtures.ts';

// Around groups of four columns, and n large enough for several tasks.
const shapes = [[1, 1, 0], [3, 1, 2], [257, 3, 2], [131, 5, 0], [1021, 8, 0], [67, 19, 7], [8209, 8, 3], [4099, 17, 0]] as const;

const halfUlp = (kernels: Kernels): number => (kernels.precision === 'float32' ? 2 ** -24 : 2 ** -53);

/** Vectors with columns of different sizes, in tokens `stride` values wide whose other values are not finite. */
function vectors(kernels: Kernels, n: number, d: number, stride: number, foreign: boolean, seed: number): FloatArray {
  const next = numbers(seed);
  return filled(kernels, n * stride, (i) => (i % stride < d ? next() * 10 ** ((i % stride) % 5) : Number.NaN), foreign);
}

describe.each(await allKernels())('%s', (_, kernels) => {
  test.each(shapes)('the gradient of quotients of n = %d tokens of width %d, others %d values apart', (n, d, gap) => {
    for (const foreign of [false, true]) {
      kernels.scratch(() => {
        const next = numbers(n);
        const [empty, idle] = n > 2 ? [1, n - 1] : [-1, -1];
        const size = 0.25;
        const dz = vectors(kernels, n, d, d + gap, foreign, n + 1);
        if (idle >= 0) dz.fill(0, idle * (d + gap), idle * (d + gap) + d);
        const sums = filled(kernels, n * (d + 1), (i) => (i % (d + 1) === d ? (Math.floor(i / (d + 1)) === empty ? 0 : 2 + next()) : 3 * next()), foreign);
        const before = Float64Array.from(sums);
        const half = Float64Array.from({ length: d }, (_unused, c) => 1 / (c + 3));
        const facts = new Float64Array(n * 5).fill(7);
        // How often, in what: an assertion for every value would take ten times as long as the kernels.
        const wrong: Record<string, number> = {};
        const check = (name: string, good: boolean): void => void (good || (wrong[name] = (wrong[name] ?? 0) + 1));
        kernels.tokenQuotientsVjp(n, d, sums, d + gap, dz, half, size, facts);
        for (let t = 0; t < n; t++) {
          const g = Array.from({ length: d }, (_unused, c) => dz[t * (d + gap) + c]!);
          const terms = g.map((x, c) => x * before[t * (d + 1) + c]!);
          const sum = (x: number[]): number => x.reduce((a, b) => a + b, 0);
          const D = before[t * (d + 1) + d]!;
          const largest = Math.max(...g.map(Math.abs));
          const none = D === 0 || largest === 0;
          const [found, delta, spread, most, unit] = facts.subarray(t * 5, t * 5 + 5) as unknown as [number, number, number, number, number];
          check('D', found === D);
          check('largest', most === largest);
          // d products and sums in any order, three factors: at most d + 4 half-ulps of the absolute terms, here and there.
          const wide = 2 * (d + 4) * 2 ** -53;
          const scale = none ? 0 : size / D;
          check('delta', Math.abs(delta - scale * sum(terms)) <= wide * scale * sum(terms.map(Math.abs)));
          check('spread', Math.abs(spread - sum(g.map((x, c) => Math.abs(x) * half[c]!))) <= wide * spread);
          check('unit', unit === Math.max(largest * size, Math.abs(delta)));
          const row = sums.subarray(t * (d + 1), (t + 1) * (d + 1));
          const expected = [...g.map((x) => x * size), -delta].map((x) => (none ? 0 : x / unit));
          // Three roundings in float64, one as stored.
          check('sums', expected.every((x, c) => Math.abs(row[c]! - x) <= (halfUlp(kernels) + 3 * 2 ** -53) * Math.abs(x)));
        }
        expect(wrong).toEqual({});
      });
    }
  });

  test.each(shapes)('the lengths of n = %d tokens of width %d', (n, d) => {
    kernels.scratch(() => {
      const x = vectors(kernels, n, d, d, n % 2 === 0, n + 2);
      const [square, largest] = [new Float64Array(n + 1).fill(7), new Float64Array(n + 1).fill(7)];
      kernels.tokenSizes(n, d, x, square, largest);
      const wrong: number[] = [];
      for (let t = 0; t < n; t++) {
        const token = Array.from(x.subarray(t * d, (t + 1) * d));
        if (largest[t] !== Math.max(...token.map(Math.abs))) wrong.push(t);
        // hypot and its square err by a few half-ulps, d squares and sums by d.
        if (!(Math.abs(square[t]! - Math.hypot(...token) ** 2) <= (d + 8) * 2 ** -53 * square[t]!)) wrong.push(t);
      }
      expect(wrong).toEqual([]);
      expect([square[n], largest[n]]).toEqual([7, 7]);
    });
  });

  test.each(shapes)('n = %d tokens of width %d are scaled and added, others %d values apart: one rounding', (n, d, gap) => {
    const round = kernels.precision === 'float32' ? Math.fround : (x: number): number => x;
    for (const foreign of [false, true]) {
      kernels.scratch(() => {
        const x = vectors(kernels, n, d, d + gap, foreign, n + 3);
        const next = numbers(n + 4);
        const factor = Float64Array.from({ length: n + 2 }, () => next() * 2 ** -30 + next());
        const step = d + (n % 3);
        const out = filled(kernels, n * step + 5, () => next() * 100, foreign);
        const sums = Array.from({ length: n * d }, (_unused, i) => {
          const [t, c] = [Math.floor(i / d), i % d];
          return out[t * step + c]! + factor[t]! * x[t * (d + gap) + c]!;
        });
        const expected = Array.from(out, (value, i) => (i < n * step && i % step < d ? round(sums[Math.floor(i / step) * d + (i % step)]!) : value));
        const largest = new Float64Array(n);
        kernels.addTokens(n, d, d + gap, x, factor, step, out, largest);
        expect(Array.from(out)).toEqual(expected);
        expect(Array.from(largest)).toEqual(Array.from(largest, (_unused, t) => Math.max(...sums.slice(t * d, (t + 1) * d).map(Math.abs))));
      });
    }
  });

  test('no tokens: nothing is written', () => {
    kernels.scratch(() => {
      const none = filled(kernels, 0, () => 0);
      const out = filled(kernels, 3, () => 7);
      const one = Float64Array.of(5);
      kernels.tokenQuotientsVjp(0, 1, out, 1, none, one, 1, one);
      kernels.tokenSizes(0, 1, none, one, one);
      kernels.addTokens(0, 1, 1, none, one, 1, out, one);
      expect(Array.from(out)).toEqual([7, 7, 7]);
      expect(one[0]).toBe(5);
    });
  });

  test('bad arguments', () => {
    const x = filled(kernels, 6, () => 0, true);
    const [one, two, ten] = [new Float64Array(1), new Float64Array(2), new Float64Array(10)];
    expect(() => kernels.tokenQuotientsVjp(2, 2, x, 1, x, two, 1, ten)).toThrow(new RangeError('tokenQuotientsVjp: stride must be at least 2, got 1'));
    expect(() => kernels.tokenQuotientsVjp(2, 2, x, 5, x, two, 1, ten)).toThrow(new RangeError('tokenQuotientsVjp: dz must hold at least (n - 1) * stride + d = 7 values, got 6'));
    expect(() => kernels.tokenQuotientsVjp(3, 2, x, 2, x, two, 1, ten)).toThrow(new RangeError('tokenQuotientsVjp: sums must hold at least n * (d + 1) = 9 values, got 6'));
    expect(() => kernels.tokenQuotientsVjp(2, 2, x, 2, x, one, 1, ten)).toThrow(new RangeError('tokenQuotientsVjp: half must hold at least d = 2 values, got 1'));
    expect(() => kernels.tokenQuotientsVjp(2, 2, x, 2, x, two, Infinity, ten)).toThrow(new RangeError('tokenQuotientsVjp: size must be finite, got Infinity'));
    expect(() => kernels.tokenQuotientsVjp(2, 2, x, 2, x, two, 1, two)).toThrow(new RangeError('tokenQuotientsVjp: facts must hold at least n * 5 = 10 values, got 2'));
    expect(() => kernels.tokenSizes(2, 2, x, two, one)).toThrow(new RangeError('tokenSizes: largest must hold at least n = 2 values, got 1'));
    expect(() => kernels.tokenSizes(2, 0, x, two, two)).toThrow(new RangeError('tokenSizes: d must be at least 1, got 0'));
    expect(() => kernels.addTokens(2, 2, 2, x, one, 2, x, two)).toThrow(new RangeError('addTokens: factor must hold at least n = 2 values, got 1'));
    expect(() => kernels.addTokens(2, 4, 4, x, two, 4, x, two)).toThrow(new RangeError('addTokens: x must hold at least (n - 1) * stride + d = 8 values, got 6'));
    expect(() => kernels.addTokens(2, 2, 2, x, two, 1, x, two)).toThrow(new RangeError('addTokens: outStride must be at least 2, got 1'));
    expect(() => kernels.addTokens(2, 2, 2, x, two, 5, x, two)).toThrow(new RangeError('addTokens: out must hold at least (n - 1) * outStride + d = 7 values, got 6'));
    expect(() => kernels.addTokens(2, 2, 2, x, [1, 1] as unknown as Float64Array, 2, x, two)).toThrow(new TypeError('addTokens: factor must be a Float64Array, got Array(2)'));
  });
});
