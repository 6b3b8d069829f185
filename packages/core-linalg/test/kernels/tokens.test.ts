import { describe, expect, test } from 'vitest';
import type { FloatArray, Kernels } from '../../src/index.ts';
import { allKernels, filled, numbers } from './fixtures.ts';

// Around groups of four tokens and columns, runs of 256, 16 KiB of cache, and n large enough for several tasks.
const shapes = [[1, 1, 0], [3, 1, 0], [257, 3, 2], [131, 5, 0], [1021, 8, 0], [67, 19, 7], [8209, 8, 3], [4099, 17, 0]] as const;

const rounded = (kernels: Kernels): ((x: number) => number) => (kernels.precision === 'float32' ? Math.fround : (x) => x);

/** Vectors with columns of different sizes, in tokens `stride` values wide whose other values are not finite. */
function vectors(kernels: Kernels, n: number, d: number, stride: number, foreign: boolean, seed: number): FloatArray {
  const next = numbers(seed);
  return filled(kernels, n * stride, (i) => (i % stride < d ? rounded(kernels)(next() * 10 ** ((i % stride) % 5) + (i % stride)) : Number.NaN), foreign);
}

const parameters = (d: number, seed: number): Float64Array => {
  const next = numbers(seed);
  return Float64Array.from({ length: d }, () => next() / 3 + next() * 2 ** -30);
};

describe.each(await allKernels())('%s', (_, kernels) => {
  const round = rounded(kernels);

  test.each(shapes)('ranges of n = %d tokens of width %d, and whether all values are finite', (n, d) => {
    for (const foreign of [false, true]) {
      kernels.scratch(() => {
        const x = vectors(kernels, n, d, d, foreign, n);
        const [low, high] = [new Float64Array(d), new Float64Array(d)];
        expect(kernels.tokenRanges(n, d, x, low, high)).toBe(true);
        for (let c = 0; c < d; c++) {
          const column = Array.from({ length: n }, (_unused, t) => x[t * d + c]!);
          expect([low[c], high[c]]).toEqual([column.reduce((a, b) => Math.min(a, b)), column.reduce((a, b) => Math.max(a, b))]);
        }
        for (const bad of [Number.NaN, Infinity, -Infinity]) {
          for (const at of [0, Math.floor((n * d) / 2), n * d - 1]) {
            const good = x[at]!;
            x[at] = bad;
            expect(kernels.tokenRanges(n, d, x, low, high), `${bad} at ${at}`).toBe(false);
            x[at] = good;
          }
        }
      });
    }
  });

  test.each(shapes)('the furthest of n = %d vectors of width %d, others %d values apart', (n, d, gap) => {
    kernels.scratch(() => {
      const x = vectors(kernels, n, d, d + gap, n % 2 === 0, n + 1);
      const centre = parameters(d, 5);
      let largest = 0;
      for (let t = 0; t < n; t++) largest = Math.max(largest, Math.hypot(...Array.from({ length: d }, (_unused, c) => (x[t * (d + gap) + c]! - centre[c]!) * 0.7)));
      const square = kernels.furthestSquare(n, d, d + gap, x, centre, 0.7);
      // d differences, products, squares and sums: at most d + 6 half-ulps; hypot and its square a few more.
      expect(Math.abs(square - largest ** 2)).toBeLessThanOrEqual((d + 12) * 2 ** -53 * square);
    });
  });

  test.each(shapes)('n = %d vectors of width %d are centred, scaled and weighed: three operations, one rounding', (n, d, gap) => {
    for (const foreign of [false, true]) {
      for (const weighed of [false, true]) {
        for (const width of [d, d + 1]) {
          kernels.scratch(() => {
            const x = vectors(kernels, n, d, d + gap, foreign, n + 2);
            const w = weighed ? filled(kernels, n, numbers(n + 3), foreign) : null;
            const [centre, factor] = [parameters(d, 6), parameters(d, 7)];
            const out = filled(kernels, n * width + 5, () => 7, foreign);
            kernels.centreTokens(n, d, d + gap, x, centre, factor, w, width, out);
            const expected = Array.from({ length: n * width + 5 }, (_unused, i) => {
              const [t, c] = [Math.floor(i / width), i % width];
              if (t >= n) return 7;
              return c === d ? (w?.[t] ?? 1) : round((x[t * (d + gap) + c]! - centre[c]!) * factor[c]! * (w?.[t] ?? 1));
            });
            expect(Array.from(out)).toEqual(expected);
          });
        }
      }
    }
  });

  test.each(shapes)('quotients of n = %d tokens of width %d stay in their range; no total gives 0', (n, d) => {
    for (const foreign of [false, true]) {
      kernels.scratch(() => {
        const next = numbers(n + 4);
        const empty = n > 2 ? [1, n - 1] : [];
        const sums = filled(kernels, n * (d + 1), (i) => (i % (d + 1) === d ? (empty.includes(Math.floor(i / (d + 1))) ? 0 : 2 + next()) : 3 * next()), foreign);
        const [centre, factor] = [parameters(d, 8), parameters(d, 9).map((x) => x + 1)];
        const [low, high] = [centre.map((x, c) => round(x - 0.3 * (c % 3))), centre.map((x) => round(x + 0.5))];
        const z = filled(kernels, n * d + 5, () => 7, foreign);
        const least = kernels.tokenQuotients(n, d, sums, centre, factor, low, high, z);
        const totals = Array.from({ length: n }, (_unused, t) => sums[t * (d + 1) + d]!);
        expect(least).toBe(totals.reduce((a, b) => Math.min(a, b)));
        const expected = Array.from({ length: n * d + 5 }, (_unused, i) => {
          const [t, c] = [Math.floor(i / d), i % d];
          if (t >= n) return 7;
          const value = centre[c]! + sums[t * (d + 1) + c]! * (1 / totals[t]!) * factor[c]!;
          return totals[t] === 0 ? 0 : round(Math.min(high[c]!, Math.max(low[c]!, value)));
        });
        expect(Array.from(z)).toEqual(expected);
        sums[d] = Number.NaN;
        expect(kernels.tokenQuotients(n, d, sums, centre, factor, low, high, z)).toBeNaN();
      });
    }
  });

  test.each(shapes)('n = %d tokens of width %d are held in the ranges of their rows', (n, d) => {
    for (const foreign of [false, true]) {
      kernels.scratch(() => {
        const next = numbers(n + 5);
        const x = filled(kernels, n * d + 5, () => 2 * next(), foreign);
        const before = Array.from(x);
        const [low, high] = [parameters(d, 10).map((v) => v - 0.5), parameters(d, 10).map((v) => v + 0.25)];
        kernels.holdTokens(n, d, x, low, high);
        expect(Array.from(x)).toEqual(before.map((v, i) => (i < n * d ? Math.min(round(high[i % d]!), Math.max(round(low[i % d]!), v)) : v)));
        expect(Array.from(x)).not.toEqual(before);
      });
    }
  });

  test('no tokens: nothing is written', () => {
    kernels.scratch(() => {
      const none = filled(kernels, 0, () => 0);
      const out = filled(kernels, 3, () => 7);
      const one = new Float64Array(1);
      expect(kernels.furthestSquare(0, 1, 1, none, one, 1)).toBe(0);
      kernels.centreTokens(0, 1, 1, none, one, one, null, 2, out);
      kernels.holdTokens(0, 1, out, one, one);
      expect(kernels.tokenQuotients(0, 1, none, one, one, one, one, out)).toBe(Infinity);
      expect(Array.from(out)).toEqual([7, 7, 7]);
    });
  });

  test('bad arguments', () => {
    const x = filled(kernels, 6, () => 0, true);
    const [one, two] = [new Float64Array(1), new Float64Array(2)];
    expect(() => kernels.tokenRanges(0, 2, x, two, two)).toThrow(new RangeError('tokenRanges: n must be at least 1, got 0'));
    expect(() => kernels.tokenRanges(3, 2, x, two, one)).toThrow(new RangeError('tokenRanges: high must hold at least d = 2 values, got 1'));
    expect(() => kernels.furthestSquare(2, 2, 1, x, two, 1)).toThrow(new RangeError('furthestSquare: stride must be at least 2, got 1'));
    expect(() => kernels.furthestSquare(2, 2, 5, x, two, 1)).toThrow(new RangeError('furthestSquare: x must hold at least (n - 1) * stride + d = 7 values, got 6'));
    expect(() => kernels.furthestSquare(3, 2, 2, x, two, Number.NaN)).toThrow(new RangeError('furthestSquare: factor must be finite, got NaN'));
    expect(() => kernels.centreTokens(2, 2, 2, x, two, two, null, 4, x)).toThrow(new RangeError('centreTokens: width must be d = 2 or d + 1, got 4'));
    expect(() => kernels.centreTokens(3, 2, 2, x, two, [0, 0] as unknown as Float64Array, null, 2, x)).toThrow(new TypeError('centreTokens: factor must be a Float64Array, got Array(2)'));
    expect(() => kernels.holdTokens(4, 2, x, two, two)).toThrow(new RangeError('holdTokens: x must hold at least (n - 1) * stride + d = 8 values, got 6'));
    expect(() => kernels.holdTokens(3, 2, x, one, two)).toThrow(new RangeError('holdTokens: low must hold at least d = 2 values, got 1'));
    expect(() => kernels.tokenQuotients(3, 2, x, two, two, two, two, x)).toThrow(new RangeError('tokenQuotients: sums must hold at least n * (d + 1) = 9 values, got 6'));
  });
});
