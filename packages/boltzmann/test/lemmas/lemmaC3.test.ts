import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltzSecondDerivatives, lemmaC3 } from '../../src/index.ts';
import { excess } from '../support/vectors.ts';

propertyTest.prop([fc.array(excess, { minLength: 1, maxLength: 12 }), excess])('the second derivative is negative from ln n + 3 below the maximum', (gaps, beyond) => {
  const n = gaps.length + 1;
  const z = [0, ...gaps.map((g) => 0 - g)];
  z[1] = -((Math.log(n) + 3) * (1 + 2 ** -50) + beyond);
  const check = lemmaC3(z, 1, { maxBits: 4096 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', relation: '<', right: 0 });
  const second = check.left * Math.exp(-check.logScale);
  expect(Math.abs(second - boltzSecondDerivatives(z)[1]!)).toBeLessThanOrEqual(5 * (n + 8) * (1 + Math.log(n)) ** 2 * 2 ** -51 + check.error);
});

test('ln n + 1 would not be enough: convex there for n = 2', () => {
  const check = lemmaC3([0, -(Math.LN2 + 1.1)], 1);
  expect(check).toMatchObject({ applies: 'refuted', verdict: 'refuted' });
  expect(boltzSecondDerivatives([0, -(Math.LN2 + 1.1)])[1]).toBeGreaterThan(0);
});

test('bad input', () => {
  expect(() => lemmaC3([0, 1], -1)).toThrow(new RangeError('lemmaC3: i must be an integer from 0 to 1, got -1'));
  expect(() => lemmaC3([Infinity], 0)).toThrow(new RangeError('lemmaC3: z must be finite, got Infinity at index 0'));
});
