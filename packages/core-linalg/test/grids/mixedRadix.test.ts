import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { fromDigits, randomSource, toDigits } from '../../src/index.ts';

/** One digit after another by BigInt division, the schoolbook way. */
function slowly(index: bigint, radices: readonly number[]): number[] {
  let rest = index;
  return radices.map((r) => {
    const digit = Number(rest % BigInt(r));
    rest /= BigInt(r);
    return digit;
  });
}

const radix = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constantFrom(2 ** 31, 2 ** 31 - 1, 2 ** 26, 2 ** 27, 94906265), fc.integer({ min: 1, max: 2 ** 31 }));
const problem = fc.array(fc.tuple(radix, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 43 }).map((pairs) => ({
  radices: pairs.map(([r]) => r),
  digits: pairs.map(([r, share]) => Math.min(r - 1, Math.floor(share * r))),
}));

describe('mixed radix', () => {
  test.prop([problem], { seed: 401 })('digits and number are those of Horner and of repeated division', ({ radices, digits }) => {
    let number = 0n;
    for (let i = digits.length - 1; i >= 0; i--) number = number * BigInt(radices[i]!) + BigInt(digits[i]!);
    expect(fromDigits(digits, radices)).toBe(number);
    expect([...toDigits(number, radices)]).toEqual(digits);
    expect(slowly(number, radices)).toEqual(digits);
  });

  test('every number of 3 * 1 * 5 * 2 has its own digits, in order', () => {
    const radices = [3, 1, 5, 2];
    const seen = Array.from({ length: 30 }, (_, i) => toDigits(BigInt(i), radices));
    expect(new Set(seen.map((digits) => digits.join())).size).toBe(30);
    seen.forEach((digits, i) => expect(digits[0]! + 3 * (digits[2]! + 5 * digits[3]!)).toBe(i));
  });

  test('100,000 digits go through and come back', () => {
    const random = randomSource(402);
    const radices = Array.from({ length: 100_000 }, () => 1 + random.integer(97));
    const digits = radices.map((r) => random.integer(r));
    expect([...toDigits(fromDigits(digits, radices), radices)]).toEqual(digits);
  });

  test('the largest number and none at all', () => {
    expect(toDigits(0n, [])).toEqual(new Int32Array(0));
    expect(fromDigits([], [])).toBe(0n);
    const radices = Array.from({ length: 19 }, () => 2 ** 31);
    expect(toDigits((1n << 589n) - 1n, radices)).toEqual(new Int32Array(19).fill(2 ** 31 - 1));
  });

  test('refuses what has no digits', () => {
    expect(() => toDigits(30n, [3, 5, 2])).toThrow(new RangeError('toDigits: index must lie in 0 to the product of the radices less one, 29n, got 30n'));
    expect(() => toDigits(-1n, [3])).toThrow('got -1n');
    expect(() => toDigits(1n << 500n, [2])).toThrow('got a bigint of about 504 bits');
    expect(() => toDigits(1n, [])).toThrow(RangeError);
    expect(() => toDigits(3 as unknown as bigint, [5])).toThrow(new TypeError('toDigits: index must be a bigint, got 3'));
    expect(() => toDigits(0n, [3, 0])).toThrow('toDigits: radix 1 must be an integer from 1 to 2147483648, got 0');
    expect(() => fromDigits([1], [3, 3])).toThrow('fromDigits: digits must have length 2 (the number of radices), got 1');
    expect(() => fromDigits([3], [3])).toThrow('fromDigits: digit 0 must be an integer from 0 to 2, got 3');
    expect(() => fromDigits([0.5], [3])).toThrow(RangeError);
  });
});
