import { normalTokens, randomSource } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { balance } from '../../src/anisotropic/balance.ts';

const apply = (d: number, A: Float64Array, x: Float64Array): Float64Array =>
  x.map((_, i) => {
    const [t, a] = [Math.floor(i / d), i % d];
    let sum = 0;
    for (let c = 0; c < d; c++) sum += A[a * d + c]! * x[t * d + c]!;
    return sum;
  });
const dot = (d: number, x: Float64Array, i: number, y: Float64Array, j: number): number => {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += x[i * d + c]! * y[j * d + c]!;
  return sum;
};
const norm = (d: number, x: Float64Array, i: number): number => Math.sqrt(dot(d, x, i, x, i));

/** n tokens with coordinate c scaled by decay^c and mixed, so that no axis is special. */
function tokensOf(seed: number, d: number, n: number, decay: number, size: number = 1): Float64Array {
  const x = normalTokens(randomSource(seed), d, n).data;
  const mix = normalTokens(randomSource(seed + 100), d, d).data;
  for (let i = 0; i < x.length; i++) x[i]! *= decay ** (i % d);
  return apply(d, mix, x).map((v) => v * size);
}

describe('balance', () => {
  test('both sides get the same, decreasing, diagonal second moments', () => {
    const [d, n, m] = [7, 97, 113];
    const [q, k] = [tokensOf(1, d, n, 0.8), tokensOf(2, d, m, 0.6)];
    const { queries, keys, moments } = balance(d, q, k);
    for (const x of [apply(d, queries, q), apply(d, keys, k)]) {
      for (let a = 0; a < d; a++) {
        for (let b = 0; b < d; b++) {
          let sum = 0;
          for (let t = 0; t < x.length; t += d) sum += (x[t + a]! * x[t + b]!) / (x.length / d);
          // Second moments down to 2^-20 of the largest are resolved to 2^-52 / 2^-20; a margin of 2^12 for the condition of the roots.
          expect(Math.abs(sum - (a === b ? moments[a]! : 0))).toBeLessThan(2 ** -20 * moments[0]!);
        }
      }
    }
    for (let a = 1; a < d; a++) expect(moments[a]).toBeLessThanOrEqual(moments[a - 1]!);
  });

  const cases: [string, number, Float64Array, Float64Array][] = [
    ['mixed decays', 7, tokensOf(1, 7, 97, 0.5), tokensOf(2, 7, 113, 0.7)],
    ['a spectrum beyond float64', 11, tokensOf(3, 11, 40, 1e-3), tokensOf(4, 11, 31, 1e-2)],
    ['fewer tokens than directions', 5, tokensOf(5, 5, 2, 1), tokensOf(6, 5, 1, 1)],
    ['zero queries', 3, new Float64Array(9), tokensOf(7, 3, 8, 0.5)],
    ['zero everything', 3, new Float64Array(3), new Float64Array(6)],
    ['one coordinate', 1, Float64Array.of(3, -2), Float64Array.of(0.1)],
    ['a huge and a tiny side', 5, tokensOf(8, 5, 20, 0.5, 1e150), tokensOf(9, 5, 20, 0.5, 1e-160)],
    ['more tokens than are looked at', 3, tokensOf(10, 3, 5000, 0.5), tokensOf(11, 3, 4999, 0.5)],
  ];
  test.each(cases)('%s: no scalar product changes by more than the residual says', (_, d, q, k) => {
    const { queries, keys, residual } = balance(d, q, k);
    const [qHat, kHat] = [apply(d, queries, q), apply(d, keys, k)];
    expect(residual).toBeLessThan(1e-6);
    for (let i = 0; i < Math.min(20, q.length / d); i++) {
      for (let j = 0; j < Math.min(20, k.length / d); j++) {
        // The test's own products round: 2 (d + 2) u of |T| |q| |M| |k|, and |T| |M| is residual's own measure.
        let slack = 0;
        for (let a = 0; a < d; a++) {
          const row = (A: Float64Array): number => Math.sqrt(A.subarray(a * d, (a + 1) * d).reduce((sum, v) => sum + v * v, 0));
          slack += row(queries) * row(keys);
        }
        const sizes = norm(d, q, i) * norm(d, k, j);
        expect(Math.abs(dot(d, qHat, i, kHat, j) - dot(d, q, i, k, j))).toBeLessThanOrEqual((residual + 4 * (d + 2) * 2 ** -53 * (slack + 1)) * sizes);
      }
    }
  });
});
