import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltz, lemmaC7 } from '../../src/index.ts';
import { bruteDifference, excess } from '../support/vectors.ts';

propertyTest.prop([fc.array(excess, { minLength: 0, maxLength: 9 }), excess, fc.oneof(fc.constant(2 ** -20), fc.double({ min: 1e-3, max: 200, noNaN: true }))])(
  'lowering a last entry that lies ln n + 3 below the top raises Boltz by the bound with delta = max a_i - a_n',
  (gaps, beyond, drop) => {
    const n = gaps.length + 2;
    const others = [0, ...gaps.map((g) => 0 - g)];
    const last = -((Math.log(n) + 3) * (1 + 2 ** -50) + beyond);
    const [a, b] = [[...others, last], [...others, last - drop]];
    const check = lemmaC7(a, b, { maxBits: 4096 });
    expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', logScale: -last });
    if (check.logScale < 700) expect(Math.abs(check.left - bruteDifference(b, a, check.logScale))).toBeLessThanOrEqual(check.error + 1e-11 * check.left);
  },
);

test('errata 17: the printed delta is free, and a larger one makes the statement false; the repair holds on the same vectors', () => {
  const [a, b] = [[0, -4], [0, -5]];
  expect(lemmaC7(a, b, { delta: 8 })).toMatchObject({ applies: 'proved', verdict: 'refuted' });
  expect(lemmaC7(a, b)).toMatchObject({ applies: 'proved', verdict: 'proved' });
  // Both sides once more, by hand: 0.0385 against 1 (8 + 1 - ln 2 - 1) 0.00669 = 0.0489 and (4 + 1 - ln 2 - 1) 0.00669 = 0.0221.
  const p = 1 / (1 + Math.exp(5));
  expect(boltz(b) - boltz(a)).toBeLessThan((9 - Math.LN2 - 1) * p);
  expect(boltz(b) - boltz(a)).toBeGreaterThan((5 - Math.LN2 - 1) * p);
});

test('far below the top the bound is sharp: left / right falls to 1', () => {
  const ratio = [10, 1000, 100_000].map((gap) => {
    const { left, right } = lemmaC7([0, -gap], [0, -gap - 2 ** -10], { maxBits: 4096 });
    return left / right;
  });
  expect(ratio[0]).toBeGreaterThan(1.07);
  expect(ratio[1]).toBeLessThan(1.002);
  expect(ratio[2]).toBeLessThan(1.00001 + 2 ** -10);
  expect(Math.min(...ratio)).toBeGreaterThan(1);
});

test('hypotheses: which fail, and by what margin', () => {
  const check = lemmaC7([0, 2, -1], [1, 2, -0.5]);
  expect(check.hypotheses.map((h) => h.verdict)).toEqual(['refuted', 'refuted', 'refuted']);
  expect(check.hypotheses.map((h) => h.margin)).toEqual([-1, -0.5, expect.closeTo(-Math.log(3), 14)]);
});

test('bad input', () => {
  expect(() => lemmaC7([0, -4], [0, -5], { delta: Infinity })).toThrow(new RangeError('lemmaC7: delta must be finite, got Infinity'));
  expect(() => lemmaC7([0], [1])).toThrow(new RangeError('lemmaC7: a must hold at least 2 values, got 1'));
});
