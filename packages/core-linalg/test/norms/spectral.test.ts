import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { Matrix, frobeniusNorm, numericalRank, spectralNorm, tokens, tokensToMatrix } from '../../src/index.ts';
import { exactRank } from '../exact.ts';

const entry = fc.integer({ min: -9, max: 9 });
const integerMatrix = (rows: number, columns: number) => fc.array(fc.array(entry, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows });

propertyTest.prop([entry, entry, entry, entry])('2 x 2: sigma_1^2 is the larger root of s^2 - |A|_F^2 s + det^2', (a, b, c, d) => {
  // sigma_1 = (sqrt((a + d)^2 + (b - c)^2) + sqrt((a - d)^2 + (b + c)^2)) / 2: exact up to a few roundings.
  const expected = (Math.hypot(a + d, b - c) + Math.hypot(a - d, b + c)) / 2;
  expect(Math.abs(spectralNorm(new Matrix([[a, b], [c, d]])) - expected)).toBeLessThanOrEqual(16 * 2 ** -52 * expected);
});

test('closed forms: u v^T has norm |u| |v|, also at the ends of the range', () => {
  const u = [3, 0, 4];
  const v = [1, 2, 2, 4, 0];
  for (const scale of [1, 1e300, 1e-310]) {
    const a = new Matrix(u.map((x) => v.map((y) => x * y * scale)));
    expect(Math.abs(spectralNorm(a) / scale / 25 - 1)).toBeLessThan(1e-12);
    expect(numericalRank(a)).toBe(1);
  }
  expect(spectralNorm(new Matrix(3, 2))).toBe(0);
});

propertyTest.prop([integerMatrix(7, 3), integerMatrix(3, 5)])('numerical rank of an integer product is its exact rank', (b, c) => {
  const product = b.map((row) => c[0]!.map((_, j) => row.reduce((sum, x, l) => sum + x * c[l]![j]!, 0)));
  // Gram determinants of rank-k integer matrices are integers >= 1, so the smallest non-zero singular value is at least
  // 1 / sigma_1^2 >= 1 / (35 * 243^2): above the tolerance 7 * 2^-52 * sigma_1.
  expect(numericalRank(new Matrix(product))).toBe(exactRank(product));
});

test('the rank counts singular values above an absolute tolerance', () => {
  const a = Matrix.diag([4, 1, 1e-3]);
  expect([0, 1e-3, 0.5, 1, 4].map((t) => numericalRank(a, t))).toEqual([3, 2, 2, 1, 0]);
  expect(numericalRank(Matrix.diag([1, 2 ** -50]))).toBe(2);
  expect(numericalRank(Matrix.diag([1, 2 ** -51]))).toBe(1);
  expect(numericalRank(new Matrix(3, 2))).toBe(0);
});

test('tokens count as the d x n matrix that they are', () => {
  const t = tokens(3, Float64Array.from({ length: 15 }, (_, i) => Math.sin(i)));
  expect(spectralNorm(t)).toBe(spectralNorm(tokensToMatrix(t)));
  expect(numericalRank(t)).toBe(2); // sin(3 k + i) = sin 3k cos i + cos 3k sin i
  expect(spectralNorm(t)).toBeLessThan(frobeniusNorm(t));
});

test('bad input', () => {
  expect(() => spectralNorm(new Matrix(0, 2))).toThrow(new RangeError('singularValues: a must have at least one row and one column, got 0 x 2'));
  expect(() => numericalRank(new Matrix([[1]]), -1)).toThrow(new RangeError('numericalRank: tolerance must lie in [0, Infinity], got -1'));
  expect(() => numericalRank(new Matrix([[Infinity]]))).toThrow(new RangeError('singularValues: a must be finite, got Infinity at index 0'));
});
