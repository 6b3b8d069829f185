import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltzGradient, lemmaC2 } from '../../src/index.ts';
import { excess } from '../support/vectors.ts';

propertyTest.prop([fc.array(excess, { minLength: 1, maxLength: 12 }), excess])('the derivative is negative from ln n + 1 below the maximum', (gaps, beyond) => {
  const n = gaps.length + 1;
  const z = [0, ...gaps.map((g) => 0 - g)];
  z[1] = -((Math.log(n) + 1) * (1 + 2 ** -50) + beyond);
  const check = lemmaC2(z, 1, { maxBits: 4096 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved', relation: '<', right: 0 });
  // The derivative itself, by its own function; p underflows where logScale is large.
  const derivative = check.left * Math.exp(-check.logScale);
  expect(Math.abs(derivative - boltzGradient(z)[1]!)).toBeLessThanOrEqual((n + 8) * (1 + Math.log(n)) ** 2 * 2 ** -51 + check.error);
});

test('the maximum itself: the lemma does not apply, and Boltz grows', () => {
  expect(lemmaC2([0, -3], 0)).toMatchObject({ applies: 'refuted', verdict: 'refuted' });
  expect(lemmaC2([5], 0)).toMatchObject({ applies: 'refuted', verdict: 'refuted', left: 1 });
});

test('the condition is not necessary: for n = 2 the sign changes at a gap of 1.2784645, where g = 1 + 1 / (1 + e^g) g', () => {
  const margin = (gap: number) => lemmaC2([0, -gap], 1).hypotheses[0]!.margin;
  expect(lemmaC2([0, -1.2784], 1).verdict).toBe('refuted');
  expect(lemmaC2([0, -1.2786], 1)).toMatchObject({ applies: 'refuted', verdict: 'proved' });
  expect(margin(1.2786)).toBeCloseTo(1.2786 - Math.LN2 - 1, 14);
});

test('within rounding of its boundary a hypothesis is undecided in float64 and decided by more bits', () => {
  const z = [1e10, 1e10 - (Math.LN2 + 1)];
  expect(lemmaC2(z, 1, { maxBits: 256 }).applies).not.toBe('undecided');
  expect(() => lemmaC2(z, 2)).toThrow(new RangeError('lemmaC2: i must be an integer from 0 to 1, got 2'));
});
