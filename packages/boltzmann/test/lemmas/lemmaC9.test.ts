import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltz, lemmaC9 } from '../../src/index.ts';
import { descend, excess } from '../support/vectors.ts';

/** Vectors over one ladder of values, each by a set of places; shuffled by `turn`. */
const family = fc
  .integer({ min: 1, max: 6 })
  .chain((n) => fc.tuple(fc.constant(n), fc.array(excess, { minLength: 9, maxLength: 9 }), fc.uniqueArray(fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: n, maxLength: n }), { minLength: 2, maxLength: 5, selector: String }), fc.nat()));

propertyTest.prop([family])('vectors that differ as sets keep their Boltz values apart, in any order', ([n, excesses, places, turn]) => {
  const values = descend(0, 4 * Math.log(n) + 2 ** -20, excesses);
  const centre = Math.round(values.at(-1)! / 2);
  const vectors = places.map((p) => p.map((_, i) => values[p[(i + turn) % n]!]! - centre));
  const check = lemmaC9(vectors, { maxBits: 4096 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved' });
  const [i, j] = check.pair;
  expect(i).toBeLessThan(j);
  if (check.logScale === 0) expect(check.left).toBeCloseTo(Math.abs(boltz(vectors[i]!) - boltz(vectors[j]!)), 9);
});

test('errata 19: the print says all i and j; permuted and equal vectors have one Boltz value, and the added hypothesis is what they miss', () => {
  for (const vectors of [[[4, 0], [0, 4]], [[4, 0], [4, 0]], [[9, -9, 0], [20, 9, 0], [0, 9, -9]]]) {
    const check = lemmaC9(vectors);
    expect(check).toMatchObject({ verdict: 'refuted', left: 0, pair: [0, vectors.length - 1] });
    expect(check.hypotheses.filter((h) => h.verdict !== 'proved').map((h) => [h.statement, h.repair])).toEqual([['any two vectors differ as sets', true]]);
  }
  expect(lemmaC9([[4, 0], [4, -4]])).toMatchObject({ applies: 'proved', verdict: 'proved' });
});

test('n = 1: the bound is 0 and the statement says that different values differ', () => {
  expect(lemmaC9([[2], [-1], [2.5]])).toMatchObject({ applies: 'proved', verdict: 'proved', right: 0, left: 0.5, pair: [0, 2] });
});

test('the pair with the least room is the one that agrees furthest', () => {
  expect(lemmaC9([[30, 0, -30], [30, 0, -10], [10, 0, -10]]).pair).toEqual([0, 1]);
});

test('a gamma that is too small is seen; one that is larger lowers the bound', () => {
  const vectors = [[4, 0], [4, -4]];
  expect(lemmaC9(vectors, { gamma: 3 }).hypotheses[1]).toMatchObject({ margin: -1, verdict: 'refuted' });
  expect(lemmaC9(vectors, { gamma: 5 }).right).toBeLessThan(lemmaC9(vectors).right);
});

test('bad input', () => {
  expect(() => lemmaC9([[1, 0]])).toThrow(new RangeError('lemmaC9: vectors must hold at least 2, got 1'));
  expect(() => lemmaC9([[1, 0], [1]])).toThrow(new RangeError('lemmaC9: vectors[1] must have length 2 (that of the first), got 1'));
  expect(() => lemmaC9([[1, 0], [5, 0]], { gamma: 0 })).toThrow(new RangeError('lemmaC9: gamma must be above 0, got 0'));
});
