import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltz, lemmaC5 } from '../../src/index.ts';
import { bruteDifference, descend, excess } from '../support/vectors.ts';

propertyTest.prop([fc.array(excess, { minLength: 1, maxLength: 9 }), fc.nat(), fc.constantFrom(2 ** -20, 3)])('continuing a falling vector lowers Boltz, separated or not', (excesses, cut, least) => {
  const longer = descend(0, least, excesses);
  const n = 1 + (cut % (longer.length - 1));
  const check = lemmaC5(longer.slice(0, n), longer, { maxBits: 4096 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', logScale: -longer[n]! });
  if (check.logScale < 700) expect(Math.abs(check.left - bruteDifference(longer.slice(0, n), longer, check.logScale))).toBeLessThanOrEqual(check.error + 1e-11 * check.left);
});

test("the print's condition is for n entries, its proof moves m: at m = 40, n = 2 entries ln 2 + 1 apart are enough all the same", () => {
  const longer = descend(0, Math.LN2 + 1, Array<number>(39).fill(0));
  expect(Math.log(40) + 1).toBeGreaterThan(Math.LN2 + 1.1);
  expect(lemmaC5(longer.slice(0, 2), longer).verdict).toBe('proved');
});

test('a larger entry at the end raises Boltz: then the hypotheses say so', () => {
  expect(lemmaC5([0, -1], [0, -1, 5])).toMatchObject({ applies: 'refuted', verdict: 'refuted' });
  expect(boltz([0, -1, 5])).toBeGreaterThan(boltz([0, -1]));
  expect(lemmaC5([0, -1], [0, -2, -3]).hypotheses.map((h) => [h.margin, h.verdict])).toEqual([[-1, 'refuted'], [1, 'proved']]);
});

test('bad input', () => {
  expect(() => lemmaC5([0, -1], [0, -1])).toThrow(new RangeError('lemmaC5: longer must hold more than 2 values (the length of z), got 2'));
});
