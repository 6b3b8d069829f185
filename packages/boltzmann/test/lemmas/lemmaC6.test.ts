import { test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltz, lemmaC6 } from '../../src/index.ts';
import { ladder, ladderPair } from '../support/vectors.ts';

propertyTest.prop([ladder])('vectors whose largest entries differ: Boltz is more than 3 ln n apart', ([n, excesses, holders]) => {
  const [a, b] = ladderPair(n, 0, excesses, holders);
  const check = lemmaC6(a, b, { maxBits: 4096 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', logScale: 0 });
  expect(Math.abs(check.left - (boltz(a) - boltz(b)))).toBeLessThanOrEqual((Math.abs(boltz(b)) + (n + 6) * (1 + Math.log(n))) * 2 ** -50);
  expect(check.left).toBeGreaterThan(3 * Math.log(n));
});

test('the proof quotes delta > 2 ln n + 3, which 4 ln n is not for n = 2, 3, 4; the statement holds there', () => {
  expect([2, 3, 4, 5].map((n) => 4 * Math.log(n) > 2 * Math.log(n) + 3)).toEqual([false, false, false, true]);
  for (const n of [2, 3, 4]) {
    const step = 4 * Math.log(n) * (1 + 2 ** -40);
    const a = Array.from({ length: n }, (_, i) => (0 - i) * step);
    expect(lemmaC6(a, a.map((x) => x - step))).toMatchObject({ applies: 'proved', verdict: 'proved' });
  }
});

test('without separation it fails: the larger maximum can come with the smaller Boltz', () => {
  const check = lemmaC6([0, -1], [-0.1, -9]);
  expect(check).toMatchObject({ applies: 'refuted', verdict: 'refuted' });
  expect(check.hypotheses.map((h) => h.verdict)).toEqual(['proved', 'refuted', 'proved']);
});

test('bad input', () => {
  expect(() => lemmaC6([1], [0])).toThrow(new RangeError('lemmaC6: a must hold at least 2 values, got 1'));
  expect(() => lemmaC6([1, 0], [0])).toThrow(new RangeError('lemmaC6: b must have length 2 (the length of a), got 1'));
});
