import { compare, exp, fromDyadic, fromNumber, multiply, multiplyDyadic, sign, subtract, dyadicFromNumber, toFloat64, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { gridSeparation } from '../../src/index.ts';
import { naiveMean } from './contexts.ts';

const BITS = 512;

/** All contexts over R and D, in the order of their digits, the last position first. */
function contexts(R: number, D: number, n: number): number[][] {
  return Array.from({ length: (D + 1) ** n }, (_, index) => Array.from({ length: n }, (__, j) => R * (j + 1) + (Math.floor(index / (D + 1) ** j) % (D + 1))));
}

/** |A - A'| against the bound, and the sign, for every pair of contexts. */
function pairs(R: number, D: number, n: number, lambda: Dyadic, look: (i: number, difference: Interval, bound: Interval) => void): void {
  const { margin, topMargin, q } = gridSeparation({ R, D, lambda });
  const all = contexts(R, D, n);
  const means = all.map((codes) => naiveMean(codes, lambda, BITS));
  for (let x = 0; x < all.length; x++) {
    for (let y = 0; y < x; y++) {
      let i = n;
      while (all[x]![i - 1] === all[y]![i - 1]) i--;
      // The index runs through the digits, so x has the larger digit at i.
      expect(all[x]![i - 1]).toBeGreaterThan(all[y]![i - 1]!);
      const decay = exp(fromDyadic(multiplyDyadic(lambda, dyadicFromNumber(-(R * (n - i) + D)))), BITS);
      const mu = i === n ? topMargin! : margin;
      look(i, subtract(means[x]!, means[y]!, BITS), multiply(multiply(mu, subtract(fromNumber(1), q, BITS), BITS), decay, BITS));
    }
  }
}

// From the least temperature that is proven, or nearly, to one that leaves one token.
const cases: [number, number, number, number][] = [
  [2, 1, 4, 2.375],
  [2, 1, 5, 5],
  [3, 2, 4, 3.5625],
  [7, 1, 5, 0.34375],
  [11, 4, 3, 0.453125],
  [101, 2, 4, 0.0234375],
  [31, 6, 3, 0.12890625],
  [13, 12, 2, 7.875],
];

test.each(cases)('R = %i, D = %i, n = %i, lambda = %f: signs and gaps of all pairs of contexts, from the formula', (R, D, n, lambda) => {
  const exact = dyadicFromNumber(lambda);
  expect(gridSeparation({ R, D, lambda: exact })).toMatchObject({ proven: true, reasons: [] });
  pairs(R, D, n, exact, (i, difference, bound) => {
    const up = i === n ? difference : subtract(fromNumber(0), difference, BITS);
    expect(sign(up)).toBe(1);
    expect(compare(up, bound)).toBe('greater');
  });
});

test('eps bounds the distance of the mean from the last code', () => {
  for (const [R, D, n, lambda] of cases) {
    const exact = dyadicFromNumber(lambda);
    const { eps } = gridSeparation({ R, D, lambda: exact });
    for (const codes of contexts(R, D, n)) {
      expect(compare(subtract(fromNumber(codes[n - 1]!), naiveMean(codes, exact, BITS), BITS), eps)).toBe('less');
    }
  }
});

test('what is proven at one temperature is proven above it, with more room', () => {
  for (const [R, D, , lambda] of cases) {
    let before = gridSeparation({ R, D, lambda: dyadicFromNumber(lambda) });
    for (let k = 1; k <= 40; k++) {
      const next = gridSeparation({ R, D, lambda: dyadicFromNumber(lambda * (1 + k / 8)) });
      expect(next.proven).toBe(true);
      expect(compare(next.margin, before.margin)).toBe('greater');
      expect(compare(next.topMargin!, before.topMargin!)).toBe('greater');
      expect(compare(next.q, before.q)).toBe('less');
      before = next;
    }
  }
});

test('too low a temperature is refused, and there contexts do fall out of order', () => {
  const [R, D, n] = [2, 1, 4];
  const lambda = dyadicFromNumber(0.25);
  const { proven, reasons } = gridSeparation({ R, D, lambda });
  expect(proven).toBe(false);
  expect(reasons).toContain('margin must be above 0');
  let wrong = 0;
  pairs(R, D, n, lambda, (i, difference) => {
    if (sign(difference) !== (i === n ? 1 : -1)) wrong++;
  });
  expect(wrong).toBeGreaterThan(0);
});

test('R <= D is refused, and there two contexts are one set: codes 2, 3 and 3, 2', () => {
  const lambda = dyadicFromNumber(5);
  expect(gridSeparation({ R: 1, D: 2, lambda }).reasons).toContain('R must be above D');
  const [a, b] = [[2, 3, 5], [3, 2, 5]].map((codes) => naiveMean(codes, lambda, BITS));
  expect(sign(subtract(a!, b!, BITS))).toBe('undecided');
});

test('the last digit needs room of its own, unless it is the query', () => {
  const tight = { R: 1_000_000, D: 999, lambda: dyadicFromNumber(8e-6) };
  expect(gridSeparation(tight).reasons).toEqual(['topMargin must be above 0']);
  expect(gridSeparation({ ...tight, onlyLast: true })).toMatchObject({ proven: true, topMargin: null });
});

test('kappa_0 below 1 follows from the margin', () => {
  for (const [R, D, , lambda] of cases) expect(toFloat64(gridSeparation({ R, D, lambda: dyadicFromNumber(lambda) }).kappa0).high).toBeLessThan(1);
});

test('bad input', () => {
  const lambda = dyadicFromNumber(1);
  expect(() => gridSeparation({ R: 0, D: 1, lambda })).toThrow(new RangeError('gridSeparation: R must be at least 1, got 0'));
  expect(() => gridSeparation({ R: 2, D: 0.5, lambda })).toThrow(RangeError);
  expect(() => gridSeparation({ R: 2, D: 1, lambda: { m: -1n, e: 0 } })).toThrow(new RangeError('gridSeparation: lambda must be at least 2^-64, got -1 2^0'));
  expect(() => gridSeparation({ R: 2, D: 1, lambda: { m: 1n, e: -80 } })).toThrow(RangeError);
});
