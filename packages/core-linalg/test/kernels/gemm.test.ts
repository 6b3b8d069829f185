import { describe, expect, test } from 'vitest';
import type { FloatArray, GemmForm } from '../../src/index.ts';
import { allKernels, filled, firstBeyond, numbers, unit } from './fixtures.ts';

const kernelList = await allKernels();

/** Products by definition in float64, with the sum of absolute values that bounds the rounding. */
function product(form: GemmForm, m: number, n: number, k: number, a: FloatArray, b: FloatArray) {
  const sums = new Float64Array(m * n);
  const sizes = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) {
        const term = a[form === 'TN' ? p * m + i : i * k + p]! * b[form === 'NT' ? j * k + p : p * n + j]!;
        sums[i * n + j]! += term;
        sizes[i * n + j]! += Math.abs(term);
      }
    }
  }
  return { sums, sizes };
}

const forms = ['NN', 'NT', 'TN'] as const;
// Around the tiles of 6 x 8 and 1 x 32, the row block of 96, the depth block of 384, and enough work for two threads.
const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 1, 1], [7, 5, 3], [1, 37, 11], [2, 67, 5], [6, 8, 4], [97, 13, 17], [5, 3, 389], [67, 71, 73], [101, 89, 401], [1009, 7, 97], [1, 1009, 401],
];

describe.each(kernelList)('%s', (_, kernels) => {
  // The k products, k - 1 additions, the factor alpha and the addition of beta c (one more rounding of its product)
  // give |error| <= (k + 2) u |alpha| sum |a b| + 2 u |beta c|; the float64 reference adds (k + 2) 2^-53 at most.
  const bound = (k: number, alpha: number, sizes: Float64Array, beta: number, old: FloatArray) => (i: number) =>
    ((k + 2) * Math.abs(alpha) * sizes[i]! + 2 * Math.abs(beta * (old[i] ?? 0))) * (unit(kernels) + 2 ** -53) + 1e-300;

  test.each(forms)('%s is alpha op(A) op(B) + beta C within (k + 2) u sum |a b|', (form) => {
    for (const [m, n, k] of shapes) {
      for (const foreign of [false, true]) {
        kernels.scratch(() => {
          const next = numbers(m + n + k);
          const a = filled(kernels, m * k, next, foreign);
          const b = filled(kernels, k * n, next, foreign);
          const { sums, sizes } = product(form, m, n, k, a, b);
          for (const [alpha, beta] of [[1, 0], [-0.75, 1], [3, -0.5], [0, 2]] as const) {
            const old = filled(kernels, m * n, next, true);
            const c = filled(kernels, m * n, (i) => (beta === 0 ? Number.NaN : old[i]!), foreign);
            kernels.gemm(form, m, n, k, alpha, a, b, beta, c);
            const expected = sums.map((sum, i) => alpha * sum + (beta === 0 ? 0 : beta * old[i]!));
            expect({ m, n, k, alpha, beta, beyond: firstBeyond(c, expected, bound(k, alpha, sizes, beta, old)) }).toMatchObject({ beyond: undefined });
          }
        });
      }
    }
  });

  test('every small shape, 0 to 13 rows and columns, in every form and packed', () => {
    const k = 3;
    const next = numbers(5);
    kernels.scratch(() => {
      for (let m = 0; m <= 13; m++) {
        for (let n = 0; n <= 13; n++) {
          const a = filled(kernels, m * k, next);
          const b = filled(kernels, k * n, next);
          for (const form of forms) {
            const { sums, sizes } = product(form, m, n, k, a, b);
            // One value more than needed: it must stay as it is.
            const c = filled(kernels, m * n + 1, () => 7);
            kernels.gemm(form, m, n, k, 1, a, b, 0, c);
            expect({ form, m, n, beyond: firstBeyond(c, sums, bound(k, 1, sizes, 0, c)) }).toMatchObject({ beyond: undefined });
            expect(c[m * n]).toBe(7);
            if (form === 'TN') continue;
            const packed = kernels.pack(form === 'NT' ? 'T' : 'N', k, n, b);
            kernels.gemmPacked(m, a, packed, c, true);
            kernels.gemmPacked(m, a, packed, c);
            expect({ form, m, n, packed: true, beyond: firstBeyond(c, sums, bound(k, 1, sizes, 0, c)) }).toMatchObject({ beyond: undefined });
            expect(c[m * n]).toBe(7);
          }
        }
      }
    });
  });

  test('a packed operand gives the product, and with accumulate adds it', () => {
    for (const [m, n, k] of shapes) {
      kernels.scratch(() => {
        const next = numbers(m * n + k);
        const a = filled(kernels, m * k, next);
        const b = filled(kernels, k * n, next, true);
        for (const form of ['N', 'T'] as const) {
          const packed = kernels.pack(form, k, n, b);
          expect([packed.k, packed.n]).toEqual([k, n]);
          const { sums, sizes } = product(form === 'T' ? 'NT' : 'NN', m, n, k, a, b);
          const c = filled(kernels, m * n, () => Number.NaN, true);
          kernels.gemmPacked(m, a, packed, c);
          expect({ m, n, k, beyond: firstBeyond(c, sums, bound(k, 1, sizes, 0, c)) }).toMatchObject({ beyond: undefined });
          c.fill(0.5);
          kernels.gemmPacked(m, a, packed, c, true);
          expect({ m, n, k, beyond: firstBeyond(c, sums.map((sum) => sum + 0.5), bound(k, 1, sizes, 1, c.map(() => 0.5))) }).toMatchObject({ beyond: undefined });
        }
      });
    }
  });

  test('k = 0 leaves beta C, and 0 where beta is 0', () => {
    const c = filled(kernels, 6, (i) => i);
    kernels.gemm('NN', 2, 3, 0, 1, c.subarray(0, 0), c.subarray(0, 0), 2, c);
    expect(Array.from(c)).toEqual([0, 2, 4, 6, 8, 10]);
    kernels.gemm('TN', 2, 3, 0, 1, c.subarray(0, 0), c.subarray(0, 0), 0, c);
    expect(Array.from(c)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('NaN and infinities in an operand reach their row or column and no other', () => {
    const [m, n, k] = [7, 11, 5];
    const a = filled(kernels, m * k, (i) => (i === 2 * k + 1 ? Number.NaN : 1));
    const b = filled(kernels, k * n, (i) => (i === 3 * n + 9 ? Infinity : 1));
    const c = kernels.allocate(m * n);
    kernels.gemm('NN', m, n, k, 1, a, b, 0, c);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) expect(c[i * n + j]).toBe(i === 2 ? Number.NaN : j === 9 ? Infinity : k);
    }
  });
});

test('a transposed operand gives the same bits in every form', () => {
  const [m, n, k] = [13, 19, 23];
  const next = numbers(3);
  for (const [, kernels] of kernelList) {
    const a = filled(kernels, m * k, next);
    const b = filled(kernels, k * n, next);
    const at = filled(kernels, m * k, (i) => a[(i % m) * k + Math.floor(i / m)]!);
    const bt = filled(kernels, k * n, (i) => b[(i % k) * n + Math.floor(i / k)]!);
    const [c1, c2, c3] = [0, 1, 2].map(() => kernels.allocate(m * n));
    kernels.gemm('NN', m, n, k, 1, a, b, 0, c1!);
    kernels.gemm('NT', m, n, k, 1, a, bt, 0, c2!);
    kernels.gemm('TN', m, n, k, 1, at, b, 0, c3!);
    expect(c2).toEqual(c1);
    expect(c3).toEqual(c1);
  }
});
