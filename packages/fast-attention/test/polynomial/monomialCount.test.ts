import { test, fc } from '@fast-check/vitest';
import { expect } from 'vitest';
import { monomialCount } from '../../src/index.ts';

/** Exponent vectors of d variables with sum at most g, one by one. */
function listed(d: number, g: number): number {
  if (d === 0) return 1;
  let count = 0;
  for (let first = 0; first <= g; first++) count += listed(d - 1, g - first);
  return count;
}

test.prop([fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 7 })])('counts the monomials', (d, g) => {
  expect(monomialCount(d, g)).toBe(BigInt(listed(d, g)));
});

test.prop([fc.integer({ min: 2, max: 300 }), fc.integer({ min: 1, max: 300 })])('Pascal: with and without the last variable', (d, g) => {
  expect(monomialCount(d, g)).toBe(monomialCount(d - 1, g) + monomialCount(d, g - 1));
});

test('known ranks, and one beyond float64', () => {
  expect([monomialCount(16, 4), monomialCount(64, 3), monomialCount(1, 2000)]).toEqual([4845n, 47905n, 2001n]);
  expect(monomialCount(1024, 1024).toString()).toHaveLength(615);
});

test('bad input', () => {
  expect(() => monomialCount(0, 1)).toThrow(new RangeError('monomialCount: d must be at least 1, got 0'));
  expect(() => monomialCount(2, -1)).toThrow(new RangeError('monomialCount: g must be at least 0, got -1'));
  expect(() => monomialCount(2, 0.5)).toThrow(new RangeError('monomialCount: g must be an integer, got 0.5'));
});
