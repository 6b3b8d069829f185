import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { monomialSet, monomialSetOf, type MonomialSet } from '../../src/index.ts';

const row = ({ d, exponents }: MonomialSet, i: number): number[] => Array.from(exponents.subarray(i * d, (i + 1) * d));
const rows = (set: MonomialSet): string[] => Array.from({ length: set.rank }, (_, i) => row(set, i).join());

/** The exponents that the runs build, by their definition alone; fails where a run reads what no run wrote. */
function built({ d, rank, runs }: MonomialSet): string[] {
  const result: number[][] = [Array.from({ length: d }, () => 0)];
  for (let r = 0; r < runs.length; r += 4) {
    const [v, p, l, o] = [runs[r]!, runs[r + 1]!, runs[r + 2]!, runs[r + 3]!];
    expect([o, p + l <= o, l > 0]).toEqual([result.length, true, true]);
    for (let i = 0; i < l; i++) result.push(result[p + i]!.map((exponent, c) => exponent + (c === v ? 1 : 0)));
  }
  expect(result.length).toBe(rank);
  return result.map((exponents) => exponents.join());
}

describe('monomialSet', () => {
  test('holds every monomial of degree at most g once, C(d + g, g) of them, ordered by degree', () => {
    for (const [d, g, rank] of [[1, 0, 1], [1, 7, 8], [2, 3, 10], [3, 2, 10], [5, 4, 126], [16, 3, 969], [64, 2, 2145]] as const) {
      const set = monomialSet(d, g);
      expect([set.d, set.rank, set.degree, set.exponents.length]).toEqual([d, rank, g, rank * d]);
      const degrees = Array.from({ length: rank }, (_, i) => row(set, i).reduce((a, b) => a + b, 0));
      expect(degrees).toEqual(degrees.toSorted((a, b) => a - b));
      expect(degrees.at(-1)).toBe(g);
      expect(new Set(rows(set)).size).toBe(rank); // as many as there are, none twice, none beyond degree g: all of them
      expect(built(set)).toEqual(rows(set));
    }
  });

  test('takes one run a variable and degree', () => {
    expect(monomialSet(16, 3).runs.length / 4).toBe(48);
  });

  test('its exponents give the same set again', () => {
    for (const [d, g] of [[1, 3], [4, 0], [5, 3]] as const) expect(monomialSetOf(d, monomialSet(d, g).exponents)).toEqual(monomialSet(d, g));
  });

  test('refuses what it cannot hold', () => {
    expect(() => monomialSet(0, 1)).toThrow(new RangeError('monomialSet: d must be at least 1, got 0'));
    expect(() => monomialSet(2, 256)).toThrow(new RangeError('monomialSet: g must be an integer from 0 to 255, got 256'));
    expect(() => monomialSet(64, 40)).toThrow(new RangeError('monomialSet: C(d + g, g) d must be at most 1073741824 exponents, got d = 64, g = 40'));
    expect(() => monomialSet(2 ** 40, 255)).toThrow(RangeError);
  });
});

describe('monomialSetOf', () => {
  /** All divisors of some monomials, in random order. */
  const closedSets = fc
    .array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(4)), { minLength: 1, maxLength: 4 })
    .map((tops) => {
      const found = new Map<string, number[]>();
      for (const [a, b, c] of tops) {
        for (let i = 0; i <= a; i++) for (let j = 0; j <= b; j++) for (let k = 0; k <= c; k++) found.set(`${i},${j},${k}`, [i, j, k]);
      }
      return Array.from(found.values());
    })
    .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));

  property.prop([closedSets], { seed: 5 })('orders any downward closed set and builds it by its runs', (list) => {
    const set = monomialSetOf(3, list.flat());
    expect(rows(set).toSorted()).toEqual(list.map((exponents) => exponents.join()).toSorted());
    expect(built(set)).toEqual(rows(set));
    expect(set.degree).toBe(Math.max(...list.map(([a, b, c]) => a! + b! + c!)));
  });

  property.prop([closedSets, fc.nat()], { seed: 6 })('refuses a set with a hole', (list, at) => {
    const hole = list[at % list.length]!;
    const above = list.some((other) => other !== hole && other.every((exponent, c) => exponent >= hole[c]!));
    const rest = list.filter((other) => other !== hole).flat();
    if (above) expect(() => monomialSetOf(3, rest)).toThrow(/^monomialSetOf: exponents must hold every divisor, got \(.*\) without \(.*\)$/);
  });

  test('refuses anything else', () => {
    expect(() => monomialSetOf(2, [])).toThrow(new RangeError('monomialSetOf: exponents must hold d = 2 values for each of at least one monomial, got 0'));
    expect(() => monomialSetOf(2, [0, 0, 1])).toThrow(RangeError);
    expect(() => monomialSetOf(2, [0, 0, 1, 0, 1, 0])).toThrow(new RangeError('monomialSetOf: exponents must name each monomial once, got (1, 0) twice'));
    expect(() => monomialSetOf(1, [0, 1.5])).toThrow(new RangeError('monomialSetOf: exponents[1] must be an integer, got 1.5'));
    expect(() => monomialSetOf(1, [0, -1])).toThrow(RangeError);
    expect(() => monomialSetOf(1, null as unknown as number[])).toThrow(TypeError);
    expect(() => monomialSetOf(2, [1, 0])).toThrow(new RangeError('monomialSetOf: exponents must hold every divisor, got (1, 0) without (0, 0)'));
  });
});
