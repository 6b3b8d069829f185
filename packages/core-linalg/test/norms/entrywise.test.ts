import { fc, test as propertyTest } from '@fast-check/vitest';
import { MatrixSelectionView } from 'ml-matrix';
import { expect, test } from 'vitest';
import { Matrix, entrywiseNorm, frobeniusNorm, maxNorm, tokens, zeroTokens } from '../../src/index.ts';
import { isRootOf, units } from '../exact.ts';

const column = (...values: number[]) => tokens(1, Float64Array.from(values));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
// Below 2^-950 the rounding of a result to the subnormal grid exceeds any relative bound; those have their own test.
const normalRange = finite.filter((x) => x === 0 || (Math.abs(x) > 2 ** -950 && Math.abs(x) < 2 ** 1000));

propertyTest.prop([fc.array(normalRange, { minLength: 1, maxLength: 23 }), fc.integer({ min: 1, max: 7 })])(
  'the entrywise norm is the exact root of the exact sum of powers, up to (N + 6) 2^-52',
  (values, alpha) => {
    const total = values.reduce((sum, x) => sum + units(Math.abs(x)) ** BigInt(alpha), 0n);
    expect(isRootOf(entrywiseNorm(column(...values), alpha), alpha, total, (values.length + 6) * 2 ** -52)).toBe(true);
  },
);

propertyTest.prop([fc.array(finite, { minLength: 1, maxLength: 23 }), fc.double({ min: 1, max: 1e6, noNaN: true })])(
  'max norm <= entrywise norm <= N^(1/alpha) max norm, for every alpha',
  (values, alpha) => {
    const x = column(...values);
    const norm = entrywiseNorm(x, alpha);
    const slack = 1 + (values.length + 6) * 2 ** -52;
    expect(maxNorm(x)).toBeLessThanOrEqual(norm * slack);
    expect(norm).toBeLessThanOrEqual(maxNorm(x) * values.length ** (1 / alpha) * slack + Number.MIN_VALUE);
  },
);

test('extreme values: nothing overflows or vanishes on the way', () => {
  expect(frobeniusNorm(column(3e300, -4e300))).toBe(5e300);
  expect(frobeniusNorm(column(3e-320, 4e-320))).toBe(5e-320);
  expect(frobeniusNorm(column(Number.MIN_VALUE))).toBe(Number.MIN_VALUE);
  expect(entrywiseNorm(column(1e300, 1e-300), 1)).toBe(1e300);
  expect(entrywiseNorm(column(-2, 1), 1e308)).toBe(2);
  expect(entrywiseNorm(column(-2, 1), Infinity)).toBe(2);
  expect(frobeniusNorm(column(Number.MAX_VALUE, Number.MAX_VALUE))).toBe(Infinity);
});

test('tokens and their matrix have the same norms; views of ml-matrix are read as well', () => {
  const t = tokens(3, Float32Array.from({ length: 15 }, (_, i) => i - 7));
  const matrix = new Matrix([0, 1, 2].map((i) => [0, 3, 6, 9, 12].map((at) => at + i - 7)));
  expect(frobeniusNorm(t)).toBe(Math.sqrt(280));
  expect(frobeniusNorm(matrix)).toBe(frobeniusNorm(t));
  expect(entrywiseNorm(matrix, 1)).toBe(56);
  expect(maxNorm(new MatrixSelectionView(matrix, [1], [2, 3]))).toBe(3);
});

test('without entries every norm is 0', () => {
  expect([maxNorm(zeroTokens(3, 0)), entrywiseNorm(zeroTokens(3, 0), 2), frobeniusNorm(new Matrix(0, 2))]).toEqual([0, 0, 0]);
});

test('bad input', () => {
  expect(() => maxNorm(column(1, NaN))).toThrow(new RangeError('maxNorm: x must be finite, got NaN at index 1'));
  expect(() => entrywiseNorm(column(1), 0.5)).toThrow(new RangeError('entrywiseNorm: alpha must lie in [1, Infinity], got 0.5'));
  expect(() => entrywiseNorm(column(1), NaN)).toThrow(new RangeError('entrywiseNorm: alpha must lie in [1, Infinity], got NaN'));
  expect(() => maxNorm([1] as never)).toThrow(new TypeError('maxNorm: x must be tokens or an ml-matrix, got Array(1)'));
  expect(() => maxNorm(null as never)).toThrow(new TypeError('maxNorm: x must be tokens or an ml-matrix, got null'));
});
