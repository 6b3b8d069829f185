import { test, fc } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { blockDegrees, blockMonomials, truncationError } from '../../src/anisotropic/blockDegrees.ts';
import { aboutErrors } from '../../src/anisotropic/chooseBlocks.ts';
import { minimaxExp } from '../../src/index.ts';

/** The best polynomials of degree 0 to 9 on [-R, R]: their errors and how to evaluate them at t R. */
function family(R: number): { errors: number[]; at: (k: number, t: number) => number } {
  const list = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((k) => minimaxExp(R, k));
  return {
    errors: list.map((p) => p.error),
    at: (k, t) => (k < 0 ? 0 : list[k]!.coefficients.reduce((sum, c, i) => sum + c * Math.cos(i * Math.acos(t)), 0)),
  };
}

const closed = (degrees: readonly (readonly number[])[]): boolean => {
  const names = new Set(degrees.map((m) => m.join()));
  return degrees.every((m) => m.every((k, b) => k === 0 || names.has(m.map((l, i) => (i === b ? l - 1 : l)).join())));
};

test('blockMonomials counts exponent vectors of one degree', () => {
  expect([blockMonomials(3, 0), blockMonomials(1, 9), blockMonomials(3, 2), blockMonomials(16, 3)]).toEqual([1, 1, 6, 816]);
});

describe('truncationError', () => {
  test('one block is its best polynomial; nothing kept is an error of 1', () => {
    const { errors } = family(0.7);
    expect(truncationError([errors], [[0], [1], [2]])).toBeCloseTo(errors[2]!, 12);
    expect(truncationError([errors], [])).toBeCloseTo(1, 11);
  });

  const families = [[1.1, 0.3, 0.05].map(family), [0.6, 0.5].map(family), [2.3, 0.01].map(family)];
  const question = fc.record({
    which: fc.integer({ min: 0, max: 2 }),
    tolerance: fc.double({ min: 1e-4, max: 0.3, noNaN: true }),
    t: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    corner: fc.boolean(),
  });
  test.prop([question], { numRuns: 300, seed: 11 })('bounds the truncated product wherever it is looked at', ({ which, tolerance, t, corner }) => {
    const blocks = families[which]!;
    const R = [[1.1, 0.3, 0.05], [0.6, 0.5], [2.3, 0.01]][which]!;
    const found = blockDegrees(R.map(() => 2), blocks.map((f) => f.errors), tolerance, 10_000)!;
    expect(closed(found.degrees)).toBe(true);
    expect(found.error).toBeLessThanOrEqual(tolerance);
    const at = R.map((_, b) => (corner ? Math.sign(t[b]!) || 1 : t[b]!));
    const P = found.degrees.reduce((sum, m) => sum + m.reduce((v, k, b) => v * (blocks[b]!.at(k, at[b]!) - blocks[b]!.at(k - 1, at[b]!)), 1), 0);
    const x = R.reduce((sum, r, b) => sum + r * at[b]!, 0);
    // The test's own sums: fewer than 2^10 terms of at most e^4.
    expect(Math.abs(P / Math.exp(x) - 1)).toBeLessThanOrEqual(found.error + 2 ** -40);
  });

  test('the bound is within a factor of 3 of what corners of the box attain', () => {
    const blocks = families[0]!;
    const { degrees, error } = blockDegrees([1, 1, 1], blocks.map((f) => f.errors), 1e-2, 1000)!;
    let largest = 0;
    for (let i = 0; i < 21 ** 3; i++) {
      const at = [i % 21, Math.floor(i / 21) % 21, Math.floor(i / 441)].map((k) => -Math.cos((Math.PI * k) / 20));
      const P = degrees.reduce((sum, m) => sum + m.reduce((v, k, b) => v * (blocks[b]!.at(k, at[b]!) - blocks[b]!.at(k - 1, at[b]!)), 1), 0);
      largest = Math.max(largest, Math.abs(P * Math.exp(-1.1 * at[0]! - 0.3 * at[1]! - 0.05 * at[2]!) - 1));
    }
    expect(largest).toBeGreaterThan(error / 3);
    expect(largest).toBeLessThanOrEqual(error);
  });
});

describe('blockDegrees', () => {
  test('is not far from the best of all downward closed sets', () => {
    // Two blocks of 3 and 5 coordinates: every staircase of degrees up to 4 is tried.
    const errors = [family(0.8).errors.slice(0, 5), family(0.15).errors.slice(0, 5)];
    const tolerance = 5e-3;
    let best = Infinity;
    const tops = [0, 1, 2, 3, 4, 5];
    for (const a of tops) for (const b of tops) for (const c of tops) for (const e of tops) for (const f of tops) {
      const heights = [a, b, c, e, f];
      if (a === 0 || heights.some((h, i) => i > 0 && h > heights[i - 1]!)) continue;
      const set = heights.flatMap((h, i) => Array.from({ length: h }, (_, k) => [i, k]));
      const rank = set.reduce((sum, m) => sum + blockMonomials(3, m[0]!) * blockMonomials(5, m[1]!), 0);
      if (rank < best && truncationError(errors, set) <= tolerance) best = rank;
    }
    expect(best).toBeLessThan(200);
    expect(blockDegrees([3, 5], errors, tolerance, 1000)!.rank).toBeLessThanOrEqual(best * 1.15);
  });

  test('gives up where the rank or the degrees do not suffice', () => {
    const { errors } = family(1);
    expect(blockDegrees([16], [errors], 1e-2, 969)?.rank).toBe(969);
    expect(blockDegrees([16], [errors], 1e-2, 968)).toBe(null);
    expect(blockDegrees([2], [errors], 1e-9, 1e6)).toBe(null);
  });
});

test('the guide of the searches is near the best errors, from constants to small errors', () => {
  for (const R of [0.01, 0.3, 1, 2, 4, 8]) {
    aboutErrors(R, 1e-5).forEach((about, k) => {
      const { leastError } = minimaxExp(R, k);
      if (!(leastError > 1e-9)) return;
      expect(about).toBeGreaterThan(leastError / 1.5);
      expect(about).toBeLessThan(leastError * 1.5);
    });
  }
  expect(aboutErrors(300, 1e-3).length).toBe(65);
});
