import { fc, test as propertyTest } from '@fast-check/vitest';
import { afterEach, expect, test, vi } from 'vitest';
import { Matrix, maxNorm, multiply, qr, singularValues, solve, svd, tokens } from '../../src/index.ts';

const warn = vi.spyOn(console, 'warn');
afterEach(() => expect(warn).not.toHaveBeenCalled());

// fc.double visits subnormals, on which unguarded reflections of ml-matrix lose their orthogonality.
const entry = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double({ min: -1, max: 1, noNaN: true }));
const shaped = (rows: fc.Arbitrary<number>, columns: fc.Arbitrary<number>) =>
  fc.tuple(rows, columns).chain(([r, c]) => fc.array(fc.array(entry, { minLength: c, maxLength: c }), { minLength: r, maxLength: r }));
const size = fc.integer({ min: 1, max: 7 });
const anyMatrix = shaped(size, size);

/** Largest entry of a - b. */
const gap = (a: Matrix, b: Matrix) => maxNorm(Matrix.sub(a, b));
const gram = (a: Matrix) => a.transpose().mmul(a);
// Householder and Golub-Kahan steps lose a few roundings per row and column of matrices up to 7 x 7 with entries up to 9.
const TOLERANCE = 7 * 7 * 9 * 2 ** -52 * 8;

propertyTest.prop([anyMatrix])('A = U diag(s) V^T with orthonormal columns and decreasing s, whatever the shape', (rows) => {
  const a = new Matrix(rows);
  const k = Math.min(a.rows, a.columns);
  const { u, values, v } = svd(a);
  expect([u.rows, u.columns, values.length, v.rows, v.columns]).toEqual([a.rows, k, k, a.columns, k]);
  expect(gap(u.mmul(Matrix.diag(values)).mmul(v.transpose()), a)).toBeLessThan(TOLERANCE);
  expect(gap(gram(u), Matrix.eye(k))).toBeLessThan(TOLERANCE);
  expect(gap(gram(v), Matrix.eye(k))).toBeLessThan(TOLERANCE);
  values.forEach((s, i) => expect(s >= 0 && s <= (values[i - 1] ?? Infinity)).toBe(true));
  expect(maxNorm(tokens(k, Float64Array.from(singularValues(a), (s, i) => s - values[i]!)))).toBeLessThan(TOLERANCE);
  expect(a.to2DArray()).toEqual(rows);
});

test('singular values that are known: reflections around a diagonal', () => {
  const reflection = (w: number[]) => Matrix.sub(Matrix.eye(w.length), Matrix.mul(new Matrix(w.map((x) => w.map((y) => x * y))), 2 / w.reduce((s, x) => s + x * x, 0)));
  const diagonal = Matrix.zeros(5, 3);
  [7, 2, 0.5].forEach((s, i) => diagonal.set(i, i, s));
  const a = reflection([1, -2, 3, 1, 1]).mmul(diagonal).mmul(reflection([2, 1, -1]));
  [7, 2, 0.5].forEach((s, i) => expect(Math.abs(singularValues(a)[i]! - s)).toBeLessThan(5 * 7 * 2 ** -52 * 4));
});

test('a column of subnormals beside a 1: both factors stay orthonormal', () => {
  const a = new Matrix([[0, 0], [1e-323, 0], [-1e-323, 1], [0, 0]]);
  for (const { u, v } of [svd(a), { u: qr(a).q, v: Matrix.eye(2) }]) {
    expect(gap(gram(u), Matrix.eye(2))).toBeLessThan(TOLERANCE);
    expect(gap(gram(v), Matrix.eye(2))).toBeLessThan(TOLERANCE);
  }
});

test('the ends of the range: 1e300 and subnormals', () => {
  const small = new Matrix([[3, 0, 1], [0, -4, 1]]);
  for (const scale of [2 ** 1000, 2 ** -1060]) {
    const a = Matrix.mul(small, scale);
    singularValues(a).forEach((s, i) => expect(Math.abs(s / scale - singularValues(small)[i]!)).toBeLessThan(2 ** -13 * (scale < 1 ? 1 : 2 ** -35)));
    const { q, r } = qr(a.transpose());
    expect(gap(gram(q), Matrix.eye(2))).toBeLessThan(TOLERANCE);
    expect(Math.abs(r.get(0, 0) / scale - Math.sqrt(10))).toBeLessThan(2 ** -13);
    expect(gap(solve(a, a).x, solve(small, small).x)).toBeLessThan(TOLERANCE);
  }
});

propertyTest.prop([shaped(fc.integer({ min: 4, max: 7 }), fc.integer({ min: 1, max: 4 }))])('A = Q R, Q orthonormal, R upper triangular with diagonal >= 0', (rows) => {
  const a = new Matrix(rows);
  const { q, r } = qr(a);
  expect([q.rows, q.columns, r.rows, r.columns]).toEqual([a.rows, a.columns, a.columns, a.columns]);
  expect(gap(q.mmul(r), a)).toBeLessThan(TOLERANCE);
  expect(gap(gram(q), Matrix.eye(a.columns))).toBeLessThan(TOLERANCE);
  for (let i = 0; i < r.rows; i++) {
    expect(r.get(i, i)).toBeGreaterThanOrEqual(0);
    for (let j = 0; j < i; j++) expect(r.get(i, j)).toBe(0);
  }
  expect(a.to2DArray()).toEqual(rows);
});

propertyTest.prop([anyMatrix, fc.integer({ min: 1, max: 3 }), fc.infiniteStream(entry)])(
  'solve: the residual is orthogonal to the columns, the solution to the null space (Moore and Penrose)',
  (rows, m, entries) => {
    const a = new Matrix(rows);
    const values = singularValues(a);
    const negligible = Math.max(a.rows, a.columns) * 2 ** -52 * values[0]!;
    // A condition number above 1e6 would hide the orthogonality behind rounding; below 1e-100 solutions may overflow.
    fc.pre(values.every((s) => s <= negligible || s > 1e-6 * values[0]!) && (values[0] === 0 || values[0]! > 1e-100));
    const b = new Matrix(Array.from({ length: a.rows }, () => Array.from({ length: m }, () => entries.next().value!)));
    const { x, rank } = solve(a, b);
    const largest = Math.max(1, maxNorm(x));
    expect(rank).toBe(values.filter((s) => s > negligible).length);
    expect(maxNorm(a.transpose().mmul(Matrix.sub(a.mmul(x), b)))).toBeLessThan(1e-8 * largest);
    // x lies in the row space: projecting it there by the right singular vectors changes nothing.
    const v = svd(a).v;
    const leading = rank === 0 ? Matrix.zeros(a.columns, 1) : v.subMatrix(0, a.columns - 1, 0, rank - 1);
    expect(gap(leading.mmul(leading.transpose().mmul(x)), x)).toBeLessThan(1e-8 * largest);
  },
);

test('solve: exact small cases, regular, tall, wide, singular and zero', () => {
  const cases: [number[][], number[][], number[][], number][] = [
    [[[2, 1], [1, 1]], [[3], [2]], [[1], [1]], 2],
    [[[1], [1], [1]], [[1], [2], [6]], [[3]], 1],
    [[[1, 1]], [[4]], [[2], [2]], 1],
    [[[1, 1], [1, 1]], [[2], [4]], [[1.5], [1.5]], 1],
    [[[0, 0]], [[4]], [[0], [0]], 0],
  ];
  for (const [a, b, expected, rank] of cases) {
    const solution = solve(new Matrix(a), new Matrix(b));
    expect(gap(solution.x, new Matrix(expected))).toBeLessThan(32 * 2 ** -52);
    expect(solution.rank).toBe(rank);
  }
});

propertyTest.prop([size, size, size, fc.infiniteStream(fc.integer({ min: -1000, max: 1000 }))])('multiply: integer products are exact', (r, k, c, entries) => {
  const random = (rows: number, columns: number) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => entries.next().value!));
  const [a, b] = [random(r, k), random(k, c)];
  const expected = a.map((row) => b[0]!.map((_, j) => Number(row.reduce((sum, x, l) => sum + BigInt(x) * BigInt(b[l]![j]!), 0n))));
  expect(multiply(new Matrix(a), new Matrix(b)).to2DArray()).toEqual(expected);
});

test('multiply reads tokens as d x n', () => {
  expect(multiply(tokens(2, Float64Array.of(1, 2, 3, 4, 5, 6)), tokens(3, Float64Array.of(1, 0, 1))).to2DArray()).toEqual([[6], [8]]);
});

test.each<[() => unknown, string]>([
  [() => multiply(new Matrix(2, 3), new Matrix(2, 3)), 'multiply: b must have as many rows as a has columns (3), got 2 x 3'],
  [() => multiply(new Matrix([[NaN]]), new Matrix(1, 1)), 'multiply: a must be finite, got NaN at index 0'],
  [() => qr(new Matrix(2, 3)), 'qr: a must have at least as many rows as columns, got 2 x 3'],
  [() => svd(new Matrix(2, 0)), 'svd: a must have at least one row and one column, got 2 x 0'],
  [() => solve(new Matrix(2, 2), new Matrix(3, 1)), 'solve: b must have as many rows as a (2), got 3 x 1'],
  [() => singularValues(new Matrix([[1, -Infinity]])), 'singularValues: a must be finite, got -Infinity at index 1'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
