import { expect, test } from 'vitest';
import type { Reals } from '../../src/intervals/reals.ts';
import { decide, type Relation, type Verdict } from '../../src/lemmas/lemmaCheck.ts';

test('verdict and slack for every relation', () => {
  const cases: [number, Relation, number, number, Verdict][] = [
    [3, '>', 2, 1, 'proved'],
    [3, '>', 3, 0, 'refuted'],
    [3, '>=', 3, 0, 'proved'],
    [3, '>=', 4, -1, 'refuted'],
    [3, '<', 4, 1, 'proved'],
    [3, '<', 3, 0, 'refuted'],
    [3, '<=', 3, 0, 'proved'],
    [3, '<=', 2, -1, 'refuted'],
    [3, '=', 3.5, -0.5, 'refuted'],
    [3, '=', 3, 0, 'proved'],
  ];
  for (const [left, relation, right, slack, verdict] of cases) {
    const check = decide('Lemma', (r) => ({ conditions: [], left: r.of(left), relation, right: r.of(right) }), {});
    expect(check).toEqual({ lemma: 'Lemma', hypotheses: [], applies: 'proved', left, relation, right, logScale: 0, slack, error: Math.abs(slack) * 2 ** -53, verdict, bits: 53 });
  }
});

/** 1 + 2^-200 against 1: more than 53 bits, and more than 128. */
const close = <T>(r: Reals<T>): T => r.add(r.of(1), r.of(2 ** -200));

test('what float64 leaves undecided is taken up with 128, 256, ... bits, up to the limit', () => {
  const run = (maxBits?: number) => decide('Lemma', (r) => ({ conditions: [], left: close(r), relation: '>', right: r.of(1) }), maxBits === undefined ? {} : { maxBits });
  expect(run()).toMatchObject({ verdict: 'undecided', bits: 53 });
  expect(run(255)).toMatchObject({ verdict: 'undecided', bits: 128 });
  expect(run(100_000)).toMatchObject({ verdict: 'proved', bits: 256 });
});

test('hypotheses: the smallest margin, strict or not, and one that is missed or undecided says so of all', () => {
  const check = (margins: number[], strict: boolean) => {
    const { hypotheses, applies } = decide('Lemma', (r) => ({ conditions: [{ statement: 'h', margins: margins.map(r.of), strict }], left: r.of(1), relation: '>', right: r.of(0) }), {});
    return [hypotheses[0]!.margin, hypotheses[0]!.verdict, applies];
  };
  expect(check([2, 1], true)).toEqual([1, 'proved', 'proved']);
  expect(check([2, 0], true)).toEqual([0, 'refuted', 'refuted']);
  expect(check([2, 0], false)).toEqual([0, 'proved', 'proved']);
  const unsure = decide('Lemma', (r) => ({ conditions: [{ statement: 'h', margins: [r.subtract(close(r), r.of(1))], strict: true }], left: r.of(1), relation: '>', right: r.of(0) }), {});
  expect(unsure).toMatchObject({ applies: 'undecided', verdict: 'proved' });
});

test('maxBits outside 53 to 1,000,000 is refused', () => {
  expect(() => decide('Lemma C.4', (r) => ({ conditions: [], left: r.of(1), relation: '>', right: r.of(0) }), { maxBits: 52 })).toThrow(
    new RangeError('lemmaC4: maxBits must be an integer from 53 to 1000000, got 52'),
  );
});
