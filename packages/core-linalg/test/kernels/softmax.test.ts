import { describe, expect, test } from 'vitest';
import { createPlainKernels } from '../../src/index.ts';
import { allKernels, centralDifference, dot, filled, firstBeyond, numbers, unit } from './fixtures.ts';

const reference = createPlainKernels({ precision: 'float64' });
const shapes = [[0, 5], [3, 0], [1, 1], [7, 2], [5, 3], [3, 13], [11, 8], [2, 1009], [401, 97]] as const;

describe.each(await allKernels())('softmax of rows, %s', (_, kernels) => {
  test.each(shapes)('%i rows of %i columns', (rows, columns) => {
    kernels.scratch(() => {
      const next = numbers(rows + columns);
      const x = filled(kernels, rows * columns + 1, () => next() * 20);
      const y = filled(kernels, rows * columns + 1, () => 7);
      const expected = new Float64Array(rows * columns);
      const distance = new Float64Array(rows * columns);
      for (let r = 0; r < rows; r++) {
        const row = Array.from(x.subarray(r * columns, (r + 1) * columns));
        const top = Math.max(...row);
        const sum = row.reduce((s, v) => s + Math.exp(v - top), 0);
        row.forEach((v, j) => {
          expected[r * columns + j] = Math.exp(v - top) / sum;
          distance[r * columns + j] = top - v;
        });
      }
      // Rounding x - max moves a weight by (max - x) u, exp by 2.04 u, the sum of nonnegative weights by as much
      // (their mean distance is below 40) and columns u, the reciprocal and the product by 2 u; the reference likewise.
      const u = unit(kernels) + 2 ** -53;
      const bound = (i: number) => (distance[i]! + 40 + columns + 8) * u * expected[i]! + 2 ** -148;
      kernels.softmaxRows(rows, columns, x, y);
      expect(firstBeyond(y, expected, bound)).toBeUndefined();
      expect(y[rows * columns]).toBe(7);
      kernels.softmaxRows(rows, columns, x, x);
      expect(Array.from(x.subarray(0, rows * columns))).toEqual(Array.from(y.subarray(0, rows * columns)));
    });
  });

  test('rows of -Infinity are zeros, ties share, far scores vanish, NaN and Infinity make the row NaN', () => {
    const rows = [
      [-Infinity, -Infinity, -Infinity], [0, -Infinity, 0], [3e38, -3e38, -3e38], [-3e38, -3e38, -3e38], [1, Number.NaN, 2], [1, Infinity, 2],
      [-Infinity, -Infinity, Number.NaN],
    ];
    const third = kernels.precision === 'float32' ? Math.fround(1 / 3) : 1 / 3;
    const x = filled(kernels, 21, (i) => rows.flat()[i]!);
    kernels.softmaxRows(7, 3, x, x);
    expect(Array.from(x)).toEqual([0, 0, 0, 0.5, 0, 0.5, 1, 0, 0, third, third, third, ...Array.from({ length: 9 }, () => Number.NaN)]);
  });

  test.each(shapes)('gradient, %i rows of %i columns', (rows, columns) => {
    kernels.scratch(() => {
      const next = numbers(columns);
      const logits = filled(kernels, rows * columns, () => next() * 3);
      const y = kernels.allocate(rows * columns);
      kernels.softmaxRows(rows, columns, logits, y);
      const dy = filled(kernels, rows * columns, next);
      const old = filled(kernels, rows * columns + 1, next, true);
      const dx = filled(kernels, rows * columns + 1, (i) => old[i]!);
      kernels.softmaxRowsVjp(rows, columns, y, dy, dx);
      const expected = Float64Array.from(old);
      reference.softmaxRowsVjp(rows, columns, Float64Array.from(y), Float64Array.from(dy), expected);
      // |dy| <= 1 and sum y <= 1 + columns u: the dot product errs by (columns + 2) u, dy - dot by 2 u more, the
      // product by u (y 2), the last addition by u of a sum of at most |old| + 2 y <= 3.
      expect(firstBeyond(dx, expected, (i) => ((columns + 6) * (y[i] ?? 0) + 3) * (unit(kernels) + 2 ** -53))).toBeUndefined();
      expect(dx[rows * columns]).toBe(old[rows * columns]);
    });
  });
});

test('the gradient is the derivative, by central differences in float64', () => {
  const [rows, columns] = [3, 5];
  const next = numbers(11);
  const x = filled(reference, rows * columns, next);
  const dy = filled(reference, rows * columns, next);
  const y = reference.allocate(rows * columns);
  const dx = reference.allocate(rows * columns);
  const loss = () => {
    reference.softmaxRows(rows, columns, x, y);
    return dot(y, dy);
  };
  loss();
  reference.softmaxRowsVjp(rows, columns, y, dy, dx);
  // Truncation h^2 / 6 times a third derivative below 6, and rounding 2^-53 columns / h: below 3e-10 together.
  for (let i = 0; i < x.length; i++) expect(Math.abs(centralDifference(loss, x, i) - dx[i]!)).toBeLessThan(3e-10);
});
