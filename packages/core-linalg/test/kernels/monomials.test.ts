import { describe, expect, test } from 'vitest';
import { createPlainKernels, monomialReadVjpRounding, monomialRounding, monomialSet, monomialSetOf, type FloatArray, type Kernels, type MonomialSet } from '../../src/index.ts';
import { units } from '../exact.ts';
import { allKernels, centralDifference, dot, filled, firstBeyond, numbers } from './fixtures.ts';

const kernelList = await allKernels();
const plain64 = createPlainKernels({ precision: 'float64' });

/** x, xy, yz^2, w and their divisors: no full set of any degree. */
const ragged = monomialSetOf(4, [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0, 1, 2, 0]);
const sets: readonly (readonly [name: string, set: MonomialSet])[] = [
  ['d = 1, degree 0', monomialSet(1, 0)],
  ['d = 1, degree 7', monomialSet(1, 7)],
  ['d = 3, degree 4', monomialSet(3, 4)],
  ['d = 5, degree 2', monomialSet(5, 2)],
  ['a set that is not full', ragged],
];

/** Numbers on the grid of step 2^-20: products of few of them are exact as BigInt. */
const grid = (value: number): number => Math.round(value * 2 ** 20) / 2 ** 20;
const integer = (value: number): bigint => BigInt(value * 2 ** 20);

/** The integer numerator of phi_a(x_t), to be divided by 2^(20 |a|), and |a|. */
function feature({ d, exponents }: MonomialSet, a: number, x: FloatArray, t: number): readonly [numerator: bigint, degree: number] {
  let [product, degree] = [1n, 0];
  for (let c = 0; c < d; c++) {
    const power = exponents[a * d + c]!;
    product *= integer(x[t * d + c]!) ** BigInt(power);
    degree += power;
  }
  return [product, degree];
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
/** A number in units of 2^-1074, rounded up. */
const atLeast = (value: bigint): number => Number((value >> 500n) + 1n) * 2 ** -574;

/** Error, and the sum of absolute values that bounds it, of `actual` against terms of (numerator, exponent of 2^-20). */
function judged(actual: number, old: number, terms: readonly (readonly [bigint, number])[]): { error: number; size: number } {
  let exact = units(old);
  let size = magnitude(exact);
  for (const [numerator, power] of terms) {
    const shifted = numerator << BigInt(1074 - 20 * power);
    exact += shifted;
    size += magnitude(shifted);
  }
  return { error: Number(magnitude(units(actual) - exact) >> 500n) * 2 ** -574, size: atLeast(size) };
}

/** Data whose rounding errors differ in kind: at random, all tokens alike (every sum rounds the same way), cancelling. */
const data: Readonly<Record<string, (next: () => number, t: number) => number>> = {
  random: (next) => grid(next()),
  alike: () => grid(1 / 3),
  cancelling: (next, t) => grid((t % 2 === 0 ? 1 : -1) * (0.7 + 0.001 * next())),
};

describe.each(kernelList)('%s', (_, kernels) => {
  test.each(sets)('moments and reads stay within monomialRounding: %s', (_name, set) => {
    const { d, rank } = set;
    for (const [kind, value] of Object.entries(data)) {
      for (const [n, columns] of [[0, 2], [1, 1], [7, 3], [131, 5], [20, 17]] as const) {
        for (const foreign of [false, true]) {
          kernels.scratch(() => {
            const next = numbers(n + rank);
            const x = filled(kernels, n * d, (i) => value(next, Math.floor(i / d)), foreign);
            const y = filled(kernels, n * columns, (i) => value(next, Math.floor(i / columns)), foreign);
            const weights = filled(kernels, rank * columns, (i) => value(next, i), foreign);
            const old = Array.from({ length: rank * columns }, () => next());
            // One value more than needed: it must stay as it is.
            const moments = filled(kernels, rank * columns + 1, (i) => old[i] ?? 7, foreign);
            const out = filled(kernels, n * columns + 1, () => 7, foreign);
            kernels.monomialMoments(set, n, x, columns, y, moments);
            kernels.monomialRead(set, n, x, columns, weights, out);
            const bounds = monomialRounding(set, n, kernels);
            const features = Array.from({ length: rank * n }, (_unused, i) => feature(set, i % rank, x, Math.floor(i / rank)));
            for (let a = 0; a < rank; a++) {
              for (let c = 0; c < columns; c++) {
                const terms = Array.from({ length: n }, (_unused, t) => {
                  const [numerator, degree] = features[t * rank + a]!;
                  return [numerator * integer(y[t * columns + c]!), degree + 1] as const;
                });
                const { error, size } = judged(moments[a * columns + c]!, old[a * columns + c]!, terms);
                if (error > bounds.moments * size) expect({ kind, n, columns, a, c, error, size }).toBeUndefined();
              }
            }
            for (let t = 0; t < n; t++) {
              for (let c = 0; c < columns; c++) {
                const terms = Array.from({ length: rank }, (_unused, a) => {
                  const [numerator, degree] = features[t * rank + a]!;
                  return [numerator * integer(weights[a * columns + c]!), degree + 1] as const;
                });
                const { error, size } = judged(out[t * columns + c]!, 0, terms);
                if (error > bounds.read * size) expect({ kind, n, columns, t, c, error, size }).toBeUndefined();
              }
            }
            expect([moments[rank * columns], out[n * columns]]).toEqual([7, 7]);
          });
        }
      }
    }
  });

  test('NaN in a token reaches every moment that it enters, and of reads its own row', () => {
    const set = monomialSet(2, 2);
    const x = filled(kernels, 26, (i) => (i === 10 ? Number.NaN : 1));
    const ones = filled(kernels, 13, () => 1);
    const moments = kernels.allocate(6);
    kernels.monomialMoments(set, 13, x, 1, ones, moments);
    expect(Array.from(moments)).toEqual([13, Number.NaN, 13, Number.NaN, Number.NaN, 13]); // 1, x, y, x^2, xy, y^2
    const out = kernels.allocate(13);
    kernels.monomialRead(set, 13, x, 1, filled(kernels, 6, () => 1), out);
    expect(Array.from(out)).toEqual(Array.from({ length: 13 }, (_unused, t) => (t === 5 ? Number.NaN : 6)));
  });

  test.each(sets)('the gradient is that of monomialRead, added to what was there, within monomialReadVjpRounding: %s', (_name, set) => {
    const { d, rank } = set;
    for (const columns of [1, 4, 7, 13]) {
      const { relative } = monomialReadVjpRounding(set, columns, kernels);
      for (const n of [0, 1, 5, 133]) {
        kernels.scratch(() => {
          const next = numbers(columns + rank);
          const x = filled(kernels, n * d, next);
          const weights = filled(kernels, rank * columns, next, n === 5);
          const dOut = filled(kernels, n * columns, next);
          const old = filled(kernels, n * d, next);
          const dx = filled(kernels, n * d + 1, (i) => old[i] ?? 7, n === 5);
          kernels.monomialReadVjp(set, n, x, columns, weights, dOut, dx);
          const { gradient, sizes } = derivative(set, n, x, columns, weights, dOut);
          // The reference in float64: d powers by repeated products within an ulp each, two products and the additions.
          const own = (3 * d + rank * columns + 3) * 2 ** -53;
          const beyond = firstBeyond(dx, gradient.map((g, i) => g + old[i]!), (i) => (relative + own) * (sizes[i]! + Math.abs(old[i]!)));
          expect({ n, columns, beyond }).toMatchObject({ beyond: undefined });
          expect(dx[n * d]).toBe(7);
        });
      }
    }
  });

  test('where monomials underflow, errors stay within the absolute term', () => {
    const set = monomialSet(2, 5);
    const least = kernels.precision === 'float32' ? 2 ** -149 : 2 ** -1074;
    const size = kernels.precision === 'float32' ? 2 ** -29 : 2 ** -214; // the fifth power is not far from the least value
    const n = 37;
    const next = numbers(13);
    const x = filled(kernels, n * 2, () => size * (1 + Math.abs(next())));
    const y = filled(kernels, n, () => 1 + Math.abs(next()));
    const moments = kernels.allocate(set.rank);
    kernels.monomialMoments(set, n, x, 1, y, moments);
    const bounds = monomialRounding(set, n, kernels);
    for (let a = 0; a < set.rank; a++) {
      const [p, q] = [set.exponents[2 * a]!, set.exponents[2 * a + 1]!];
      if (p + q < 4) continue; // float64 does not hold them in units of the least value
      // Sums in those units, with exponents kept apart: nothing underflows here.
      let exact = 0;
      let sum = 0;
      for (let t = 0; t < n; t++) {
        exact += (x[2 * t]! / size) ** p * (x[2 * t + 1]! / size) ** q * y[t]! * 2 ** (Math.log2(size) * (p + q) - Math.log2(least));
        sum += 1 + y[t]!;
      }
      const error = Math.abs(moments[a]! / least - exact);
      expect(error).toBeLessThanOrEqual((bounds.moments + (n + 20) * 2 ** -53) * exact + (bounds.underflow / least) * sum);
    }
  });
});

/** Derivative by the power rule, with the sum of the absolute values of its terms. */
function derivative({ d, rank, exponents }: MonomialSet, n: number, x: FloatArray, columns: number, weights: FloatArray, dOut: FloatArray) {
  const gradient = new Float64Array(n * d);
  const sizes = new Float64Array(n * d);
  for (let t = 0; t < n; t++) {
    for (let a = 0; a < rank; a++) {
      for (let v = 0; v < d; v++) {
        let product = exponents[a * d + v]!;
        for (let c = 0; c < d; c++) product *= x[t * d + c]! ** Math.max(0, exponents[a * d + c]! - (c === v ? 1 : 0));
        for (let c = 0; c < columns; c++) {
          const term = product * weights[a * columns + c]! * dOut[t * columns + c]!;
          gradient[t * d + v]! += term;
          sizes[t * d + v]! += Math.abs(term);
        }
      }
    }
  }
  return { gradient, sizes };
}

test('the gradient agrees with central differences of monomialRead in float64', () => {
  const [set, n, columns] = [monomialSet(3, 4), 5, 2];
  const next = numbers(11);
  const [x, weights, dOut] = [n * set.d, set.rank * columns, n * columns].map((length) => filled(plain64, length, next)) as [FloatArray, FloatArray, FloatArray];
  const dx = plain64.allocate(n * set.d);
  plain64.monomialReadVjp(set, n, x, columns, weights, dOut, dx);
  const loss = (): number => {
    const out = plain64.allocate(n * columns);
    plain64.monomialRead(set, n, x, columns, weights, out);
    return dot(out, dOut);
  };
  // Third derivatives stay below 4 * 3 * 2 * 2 * rank, so the step's error is below h^2 / 6 of that, 1e-7 with h = 1e-5.
  for (let i = 0; i < x.length; i++) expect(Math.abs(dx[i]! - centralDifference(loss, x, i))).toBeLessThan(1e-7);
});

describe.each([['plain', createPlainKernels()], ['wasm', kernelList.at(-1)![1]]] as const)('arguments, %s', (_, k: Kernels) => {
  const f = (length: number): Float32Array => new Float32Array(length);
  const set = monomialSet(2, 1);
  const cases: readonly (readonly [run: () => unknown, error: Error])[] = [
    [() => k.monomialMoments({ ...set }, 1, f(2), 1, f(1), f(3)), new TypeError('monomialMoments: set must be a set made by monomialSet or monomialSetOf, got Object')],
    [() => k.monomialMoments(set, -1, f(2), 1, f(1), f(3)), new RangeError('monomialMoments: n must be at least 0, got -1')],
    [() => k.monomialMoments(set, 1, f(2), 0, f(1), f(3)), new RangeError('monomialMoments: columns must be at least 1, got 0')],
    [() => k.monomialMoments(set, 2, f(3), 1, f(2), f(3)), new RangeError('monomialMoments: x must hold at least n * d = 4 values, got 3')],
    [() => k.monomialMoments(set, 1, f(2), 2, f(1), f(6)), new RangeError('monomialMoments: y must hold at least n * columns = 2 values, got 1')],
    [() => k.monomialMoments(set, 1, f(2), 2, f(2), f(5)), new RangeError('monomialMoments: moments must hold at least rank * columns = 6 values, got 5')],
    [() => k.monomialRead(set, 1, f(2), 2, f(5), f(2)), new RangeError('monomialRead: weights must hold at least rank * columns = 6 values, got 5')],
    [() => k.monomialRead(set, 1, f(2), 2, f(6), f(1)), new RangeError('monomialRead: out must hold at least n * columns = 2 values, got 1')],
    [() => k.monomialReadVjp(set, 1, f(2), 2, f(6), f(1), f(2)), new RangeError('monomialReadVjp: dOut must hold at least n * columns = 2 values, got 1')],
    [() => k.monomialReadVjp(set, 1, f(2), 2, f(6), f(2), f(1)), new RangeError('monomialReadVjp: dx must hold at least n * d = 2 values, got 1')],
    [() => monomialRounding(set, -1, k), new RangeError('monomialRounding: n must be at least 0, got -1')],
    [() => monomialReadVjpRounding(set, 0, k), new RangeError('monomialReadVjpRounding: columns must be at least 1, got 0')],
    [() => monomialRounding({ ...set }, 1, k), new TypeError('monomialRounding: set must be a set made by monomialSet or monomialSetOf, got Object')],
  ];
  test.each(cases.map(([run, error]) => [error.message, run, error] as const))('%s', (_message, run, error) => {
    expect(run).toThrow(error);
  });
});
