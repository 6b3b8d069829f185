import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { lemmaC7, lemmaC8 } from '../../src/index.ts';
import { bruteDifference, ladder, ladderPair } from '../support/vectors.ts';

propertyTest.prop([ladder, fc.nat()])('vectors that share their first k entries', ([n, excesses, holders], choice) => {
  const k = 1 + (choice % (n - 1));
  const [a, b] = ladderPair(n, k, excesses, holders);
  const check = lemmaC8(a, b, { maxBits: 4096 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', logScale: a[0]! - a[k]! });
  if (check.logScale < 700) expect(Math.abs(check.left - bruteDifference(b, a, check.logScale))).toBeLessThanOrEqual(check.error + 1e-11 * check.left);
});

test('errata 18: at n = 2 the proof has no Lemma C.7 to use, and the statement holds by direct computation', () => {
  const step = 4 * Math.LN2 * (1 + 2 ** -40);
  const [a, b] = [[0, -step], [0, -2 * step]];
  expect(lemmaC7(a, b).applies).toBe('refuted');
  expect(lemmaC8(a, b)).toMatchObject({ applies: 'proved', verdict: 'proved' });
  // The note's lower bound of left e^{g + h}: 36 and growing, against ln^2 2 = 0.48.
  for (const [g, h] of [[step, step], [step, 30], [50, step], [9, 12]] as const) {
    const note = (g * Math.exp(h)) / (1 + Math.exp(-g)) - g - h;
    const { left, right, logScale } = lemmaC8([0, -g], [0, -g - h]);
    expect(logScale).toBe(g);
    expect(left * Math.exp(h)).toBeGreaterThan(note * (1 - 1e-12));
    expect(note).toBeGreaterThan(36);
    expect(right * Math.exp(h)).toBeCloseTo(Math.LN2 ** 2, 10);
  }
});

test('gaps of e^-10000 are decided, in float64', () => {
  const check = lemmaC8([5, -9000, -9995], [5, -9000, -10005]);
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', logScale: 10000, bits: 53 });
});

test('hypotheses: which fail', () => {
  const verdicts = (a: number[], b: number[]) => lemmaC8(a, b).hypotheses.map((h) => h.verdict);
  expect(verdicts([9, 5], [9, 5])).toEqual(['proved', 'proved', 'refuted', 'refuted']);
  expect(lemmaC8([9, 5], [9, 5])).toMatchObject({ verdict: 'refuted', left: 0 });
  expect(verdicts([9, 4], [8, 4])).toEqual(['proved', 'refuted', 'refuted', 'proved']);
  expect(verdicts([9, 0], [9, 4])).toEqual(['proved', 'proved', 'proved', 'refuted']);
  expect(verdicts([0, 9], [0, 5])).toEqual(['refuted', 'proved', 'proved', 'proved']);
});
