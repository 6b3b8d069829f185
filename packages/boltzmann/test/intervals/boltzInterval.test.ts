import { compare, contains, divide, dyadicFromNumber, fromNumber, fromRational, log2Size, relativeWidth, subtract, toFloat64, type Interval } from '@prompt-limits/core-linalg/intervals';
import { describe, expect, test } from 'vitest';
import { boltz, boltzDifference, boltzInterval, entropyInterval, logPartitionInterval } from '../../src/index.ts';
import checkedIn from '../references/mpfr.json' with { type: 'json' };

/** The decimal string, which MPFR rounded to 170 bits, widened by that rounding. */
function decimal(text: string): Interval {
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const numerator = BigInt(whole! + fraction) * (text.startsWith('-') ? -1n : 1n);
  const denominator = 10n ** BigInt(fraction.length);
  const slack = (numerator < 0n ? -numerator : numerator) * (1n << 32n) + 1n;
  const widened = (sign: bigint): Interval => fromRational(numerator * (1n << 200n) + sign * slack, denominator << 200n, 4000);
  return { low: widened(-1n).low, high: widened(1n).high };
}

const functions = { boltz: boltzInterval, logPartition: logPartitionInterval, entropy: entropyInterval } as const;

describe('enclose the references by MPFR, in float64 and at 64 and 160 bits', () => {
  test.each(checkedIn)('$name', ({ z, digits }) => {
    const size = Math.max(...z.map(Math.abs)) + Math.log(z.length) + 1;
    for (const [name, f] of Object.entries(functions)) {
      const exact = decimal(digits[name as keyof typeof digits]);
      const { low, high } = f(z);
      // An end beyond the largest float64 holds anything on its side.
      if (low > -Infinity) expect(compare(fromNumber(low), exact), name).not.toBe('greater');
      if (high < Infinity) expect(compare(fromNumber(high), exact), name).not.toBe('less');
      if (size < 1e308) expect(high / size - low / size, name).toBeLessThanOrEqual(40 * z.length * (1 + Math.log(z.length)) ** 2 * 2 ** -52);
      for (const bits of [64, 160]) {
        expect(['undecided', 'equal'], `${name} at ${bits}`).toContain(compare(f(z, bits), exact));
        expect(log2Size(subtract({ low: f(z, bits).high, high: f(z, bits).high }, { low: f(z, bits).low, high: f(z, bits).low }, 64)), `${name} at ${bits}`).toBeLessThanOrEqual(Math.ceil(Math.log2(size)) + 12 + Math.ceil(Math.log2(z.length)) * 2 - bits);
      }
    }
  });
});

test('exact for one score and for equal scores', () => {
  for (const z of [[0.1], [-Number.MAX_VALUE], [5e-324]]) {
    expect(boltzInterval(z)).toEqual({ low: z[0], high: z[0] });
    expect(toFloat64(boltzInterval(z, 64))).toEqual({ low: z[0], high: z[0] });
  }
  expect(toFloat64(boltzInterval([2.5, 2.5, 2.5], 64))).toEqual({ low: 2.5, high: 2.5 });
});

describe('boltzDifference', () => {
  test('agrees with both values at full precision, at any distance, in any order, of any lengths', () => {
    const pairs: [number[], number[]][] = [
      [[0, -10000], [0, -10010]],
      [[3, 1, -2], [3, -2, -4]],
      [[-4, 7, 7, 0.1], [7, 0.1, 7, 1e-3, -6]],
      [[5, -2000], [5]],
      [[1, 2], [2.5, 1]],
    ];
    for (const [a, b] of pairs) {
      const difference = boltzDifference(a, b, 100);
      // 20000 bits resolve e^-10010 beside 1; the quotient of the two enclosures holds 1.
      const brute = subtract(boltzInterval(a, 20_000), boltzInterval(b, 20_000), 20_000);
      expect(contains(divide(difference, brute, 100), dyadicFromNumber(1))).toBe(true);
      expect(relativeWidth(difference)).toBeLessThan(2 ** -80);
    }
  });

  test('what lies further than e^-1e12 is enclosed from 0', () => {
    const { low, high } = boltzDifference([1e15, -3], [1e15, -4], 100);
    expect([low.m <= 0n, high.m >= 0n, log2Size({ low, high }) < -1e12]).toEqual([true, true, true]);
  });

  test('0 for permutations, antisymmetric else', () => {
    expect(toFloat64(boltzDifference([1, 0, 5, 0], [0, 5, 0, 1], 53))).toEqual({ low: 0, high: 0 });
    const [there, back] = [toFloat64(boltzDifference([1, 0], [1, -2], 64)), toFloat64(boltzDifference([1, -2], [1, 0], 64))];
    expect(back).toEqual({ low: -there.high, high: -there.low });
    expect(there.low).toBeCloseTo(boltz([1, 0]) - boltz([1, -2]), 14);
  });
});

test('bad input', () => {
  expect(() => boltzInterval([])).toThrow(new RangeError('boltzInterval: z must hold at least one value, got none'));
  expect(() => entropyInterval([NaN], 64)).toThrow(new RangeError('entropyInterval: z must be finite, got NaN at index 0'));
  expect(() => logPartitionInterval([1], 52)).toThrow(new RangeError('logPartitionInterval: bits must be an integer from 53 to 1000000, got 52'));
  expect(() => boltzDifference([1], [], 64)).toThrow(new RangeError('boltzDifference: b must hold at least one value, got none'));
  expect(() => boltzDifference([1], [0], 2e6)).toThrow(new RangeError('boltzDifference: bits must be an integer from 53 to 1000000, got 2000000'));
});
