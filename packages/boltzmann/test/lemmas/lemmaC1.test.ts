import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltz, lemmaC1 } from '../../src/index.ts';

const score = fc.oneof(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 1, -1));

propertyTest.prop([fc.array(score, { minLength: 1, maxLength: 13 })])('Boltz = -S + ln Z: the intervals of both sides meet, in float64 and at 128 bits', (z) => {
  for (const maxBits of [53, 128]) {
    const check = lemmaC1(z, { maxBits });
    expect(check.verdict, JSON.stringify(check)).not.toBe('refuted');
    const size = Math.max(...z.map(Math.abs));
    // 20 n roundings of numbers up to (1 + ln n)^2 and a few of the size of the scores.
    const unit = check.bits === 53 ? 2 ** -52 : 2 ** -120;
    expect(check.error).toBeLessThanOrEqual((8 * size + 40 * z.length * (1 + Math.log(z.length)) ** 2 + 40) * unit + Math.abs(check.slack));
    expect(Math.abs(check.left - boltz(z))).toBeLessThanOrEqual((8 * size + 40 * z.length * (1 + Math.log(z.length)) ** 2 + 40) * 2 ** -52);
  }
});

test('it can fail: with a plus before the entropy the sides differ by 2 S, far above the error', () => {
  const check = lemmaC1([0, 1, -2]);
  const logPartition = Math.log(1 + Math.E + Math.exp(-2));
  expect(2 * (logPartition - check.right)).toBeGreaterThan(1e10 * check.error);
});

test('bad input', () => {
  expect(() => lemmaC1([])).toThrow(new RangeError('lemmaC1: z must hold at least one value, got none'));
  expect(() => lemmaC1([0, NaN])).toThrow(new RangeError('lemmaC1: z must be finite, got NaN at index 1'));
});
