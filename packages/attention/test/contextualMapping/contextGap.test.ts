import { fc, test as propertyTest } from '@fast-check/vitest';
import { compareDyadic, dyadicFromNumber, fromDyadic, fromRational, toFloat64, type Interval } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { contextGaps } from '../../src/contextualMapping/contextGap.ts';

const exact = (values: readonly number[]): readonly { m: bigint; e: number }[][] => values.map((x) => [dyadicFromNumber(x)]);
const powers = (exponents: readonly number[]): Interval[] => exponents.map((e) => fromDyadic({ m: 1n, e }));

/** |mean of r over A - mean over B| with weights 2^e as numerator and denominator, straight from the two means. */
function meansApart(a: readonly number[], b: readonly number[], exponents: readonly number[], values: readonly number[]): [bigint, bigint] {
  const least = Math.min(...exponents);
  const weight = (x: number): bigint => 1n << BigInt(exponents[x]! - least);
  const [total, weighted] = [a, b].reduce<[bigint[], bigint[]]>(
    ([t, w], c) => [[...t, c.reduce((s, x) => s + weight(x), 0n)], [...w, c.reduce((s, x) => s + weight(x) * BigInt(values[x]!), 0n)]],
    [[], []],
  );
  const difference = weighted[0]! * total[1]! - weighted[1]! * total[0]!;
  return [difference < 0n ? -difference : difference, total[0]! * total[1]!];
}

const context = fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 6 });

propertyTest.prop([context, context, fc.array(fc.integer({ min: -300, max: 0 }), { minLength: 8, maxLength: 8 }), fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 8, maxLength: 8 })])(
  'holds the difference of the two means, computed as a ratio of integers',
  (a, b, exponents, values) => {
    const [numerator, denominator] = meansApart(a, b, exponents, values);
    const truth = fromRational(numerator, denominator, 2000);
    for (const bits of [53, 128, 2000]) {
      const gap = contextGaps(powers(exponents), exact(values), bits).between(Int32Array.from(a), Int32Array.from(b));
      expect(compareDyadic(gap.low, truth.high)).not.toBe(1);
      expect(compareDyadic(gap.high, truth.low)).not.toBe(-1);
    }
  },
);

test('large terms that cancel leave what is too small to be added: not 0, undecided until the bits reach it', () => {
  // r_0 - r_2 = 1 and r_1 - r_2 = -1 with equal weights; token 3 adds 2^-100.
  const [weights, values] = [powers([0, 0, 0, -100]), exact([1, -1, 0, 1])];
  const at = (bits: number): { low: number; high: number } => toFloat64(contextGaps(weights, values, bits).between(Int32Array.of(0, 1, 3), Int32Array.of(2)));
  expect(at(64).low).toBe(0);
  expect(at(64).high).toBeGreaterThan(2 ** -101);
  expect(at(128).low).toBeGreaterThan(2 ** -101 * (1 - 2 ** -20));
  expect(at(128).high).toBeLessThan(2 ** -101 * (1 + 2 ** -20));
});

test('a difference that is 0 term by term is 0', () => {
  expect(contextGaps(powers([0, -1, -2]), exact([5, 5, 5]), 64).between(Int32Array.of(0, 1), Int32Array.of(2)).high.m).toBe(0n);
});
