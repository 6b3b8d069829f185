import { expect, test } from 'vitest';
import { gridDirection, separatedDirection, tokensFromColumns } from '../../src/index.ts';

/** All points of the grid of `levels` values a coordinate, `step` apart. */
function grid(d: number, levels: number, step: number): number[][] {
  let points: number[][] = [[]];
  for (let i = 0; i < d; i++) points = points.flatMap((p) => Array.from({ length: levels }, (_, k) => [...p, k * step]));
  return points;
}

test.each([[1, 1], [1, 7], [2, 3], [2, 11], [3, 5], [5, 2], [7, 2]])('d = %i, %i levels: the full grid keeps the gap and the constant, in exact arithmetic', (d, levels) => {
  const { direction, gap, constant } = gridDirection(d, levels);
  const points = tokensFromColumns(grid(d, levels, 1));
  const measured = separatedDirection(points, { method: 'grid', levels });
  expect(measured.direction).toEqual(direction);
  expect(measured.gap).toBeGreaterThanOrEqual(gap);
  expect(measured.reached).toBeGreaterThanOrEqual(constant);
  expect(measured.meets).toBe(true);
  if (levels > 1) expect(measured.gap / gap).toBeCloseTo(1, 12); // two numbers that are neighbours
});

test('the constant beats that of Lemma D.1 and is the formula', () => {
  for (const [d, m] of [[2, 3], [3, 4], [4, 7]] as const) {
    const { constant } = gridDirection(d, m);
    expect(constant / (Math.sqrt(m * m - 1) / ((m - 1) * Math.sqrt(d * (m ** (2 * d) - 1))))).toBeCloseTo(1, 10);
    expect(constant).toBeGreaterThan(Math.sqrt(8 / (Math.PI * d)) / m ** (2 * d));
  }
});

test('a step of 1/3, which float64 rounds, is separated too', () => {
  const points = tokensFromColumns(grid(3, 3, 1 / 3));
  expect(separatedDirection(points, { method: 'grid', levels: 3 }).gap).toBeGreaterThan(gridDirection(3, 3).gap / 3 - 1e-15);
});

test('too few levels merge points, and the result says so', () => {
  const points = tokensFromColumns([[2, 0], [0, 1]]);
  expect(separatedDirection(points, { method: 'grid', levels: 2 })).toMatchObject({ reached: 0, gap: 0, meets: false });
});

test.each([
  [() => gridDirection(0, 2), 'gridDirection: d must be at least 1, got 0'],
  [() => gridDirection(2, 0), 'gridDirection: levels must be at least 1, got 0'],
  [() => gridDirection(46, 2), `gridDirection: levels ** d must be at most 2 ** 45, got ${2 ** 46}`],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
