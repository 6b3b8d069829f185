import { randomSource } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { lemmaC7, lemmaC9, searchLemma } from '../../src/index.ts';
import { MOST_SCORES, type Problem } from '../../src/search/problem.ts';
import { drawCase } from '../../src/search/draw.ts';
import { checkCase, LEMMAS, problemOf } from '../../src/search/problems.ts';
import { createRun } from '../../src/search/run.ts';

test.each(LEMMAS)('%s: no counter-example, and the tightest case is found again from the same seed', (lemma) => {
  const run = () => searchLemma(lemma, { cases: 4000, random: randomSource(7), certifyEvery: 500 });
  const result = run();
  expect(result).toMatchObject({ lemma, cases: 4000, violations: 0, undecided: 0 });
  expect(result.certified).toBeGreaterThan(8);
  expect(result.worstSlack).toBeGreaterThan(0);
  expect(run()).toEqual(result);
});

/** The slack of the search's unit from the sides that the lemma's own function gives. */
const fromSides: Readonly<Record<string, (left: number, right: number, logScale: number) => number>> = {
  'C.6': (left, right) => Math.log(left / right),
  'C.7': (left, right) => Math.log(left / right),
  'C.8': (left, right) => Math.log(left / right),
};

test.each(Object.keys(fromSides))('%s: the slack of the search is that of the lemma, by the other route', (name) => {
  const lemma = name as 'C.6' | 'C.7' | 'C.8';
  const problem = problemOf(lemma);
  const random = randomSource(3);
  let compared = 0;
  for (let i = 0; i < 200; i++) {
    const at = { n: 2 + (i % 7), excess: new Float64Array(3 * MOST_SCORES), choice: new Uint8Array(3 * MOST_SCORES) };
    drawCase(at, random);
    const slack = problem.slack(at);
    const { left, right, logScale, applies, error } = checkCase(lemma, problem.vectors(at), { maxBits: 512 });
    expect(applies).toBe('proved');
    // Sides that float64 can show.
    if (!(right > 1e-290 && left < 1e290)) continue;
    compared++;
    // The function's sides carry the rounding of float64 as relative errors.
    const rounding = error / right;
    expect(Math.abs(slack - fromSides[lemma]!(left, right, logScale))).toBeLessThanOrEqual(problem.error(at) + 1e-12 * (1 + logScale) + rounding);
  }
  expect(compared).toBeGreaterThan(30);
});

test('C.2 to C.5: tightest cases known by hand', () => {
  const worst = (lemma: (typeof LEMMAS)[number], n: number) => searchLemma(lemma, { cases: 8000, random: randomSource(5), sizes: [n] }).worstSlack;
  // At n = 2 only the excess is free and the boundary is the tightest: depth = g / (1 + e^g).
  const g = Math.LN2 + 1;
  expect(worst('C.2', 2)).toBeCloseTo((g - 1 - g / (1 + Math.exp(g))) / g, 9);
  const h = Math.LN2 + 3;
  const p = 1 / (1 + Math.exp(h));
  expect(worst('C.3', 2)).toBeCloseTo(((1 - 2 * p) * (h - 1 - h / (1 + Math.exp(h))) - 1) / h, 9);
  // As z_2 rises to z_1 - delta: 1 - (1 + e^-delta) / delta.
  expect(worst('C.4', 2)).toBeCloseTo(1 - (1 + Math.exp(-g)) / g, 6);
  // Equal entries in the limit: the mean of z lies 1/n of the way from the lowest to the first.
  expect(worst('C.5', 3)).toBeLessThan(0.34);
  expect(worst('C.5', 3)).toBeGreaterThan(1 / 3);
});

/** A search whose every case goes to intervals. */
const doubtful = (lemma: 'C.7' | 'C.9'): Problem => ({ ...problemOf(lemma), error: () => Infinity });

test('what float64 leaves open goes to intervals and is counted', () => {
  const run = createRun(doubtful('C.7'), (vectors) => checkCase('C.7', vectors, { maxBits: 4096 }), randomSource(1), 1e9);
  run.start(3, 20);
  expect(run.result()).toMatchObject({ cases: 20, close: 20, certified: 21, violations: 0, undecided: 0 });
});

test('a counter-example is counted: Lemma C.7 with a delta that the print allows and the repair does not', () => {
  const run = createRun(doubtful('C.7'), ([a, b]) => lemmaC7(a!, b!, { delta: 1e30, maxBits: 4096 }), randomSource(1), 1e9);
  run.start(3, 20);
  const { violations, certified, undecided } = run.result();
  // Where b_n lies far below a_n the left side is larger still.
  expect([violations + certified, undecided]).toEqual([21, 0]);
  expect(violations).toBeGreaterThan(10);
});

test('vectors that miss the hypotheses are no counter-example, and what intervals leave open is counted', () => {
  const permuted = createRun(doubtful('C.9'), () => lemmaC9([[4, 0], [0, 4]]), randomSource(1), 1e9);
  permuted.start(2, 5);
  expect(permuted.result()).toMatchObject({ cases: 5, close: 5, certified: 0, violations: 0, undecided: 0 });
  const open = createRun(doubtful('C.7'), () => ({ ...lemmaC7([0, -4], [0, -5]), verdict: 'undecided' }), randomSource(1), 1e9);
  open.start(2, 5);
  expect(open.result()).toMatchObject({ cases: 5, certified: 0, violations: 0, undecided: 6 });
});

test('bad input', () => {
  const random = randomSource(1);
  expect(() => searchLemma('C.10' as never, { cases: 1, random })).toThrow(new RangeError('searchLemma: lemma must be one of C.1, C.2, C.3, C.4, C.5, C.6, C.7, C.8, C.9, got "C.10"'));
  expect(() => searchLemma('C.2', { cases: 0, random })).toThrow(new RangeError('searchLemma: cases must be at least 1, got 0'));
  expect(() => searchLemma('C.2', { cases: 1, random, sizes: [65] })).toThrow(new RangeError('searchLemma: sizes[0] must be an integer from 1 to 64, got 65'));
  expect(() => searchLemma('C.2', { cases: 1, random, sizes: [1] })).toThrow(new RangeError('searchLemma: sizes must hold one of at least 2, got none'));
});
