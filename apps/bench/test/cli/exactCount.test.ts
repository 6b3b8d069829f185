import { expect, test } from 'vitest';
import { exactCount } from '../../src/cli/exactCount.ts';

test('counts are numbers while float64 holds them, then text: all digits, and powers beyond 24 of them', () => {
  expect(exactCount(0n)).toBe(0);
  expect(exactCount(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
  expect(exactCount(2n ** 53n + 1n)).toBe('9007199254740993');
  expect(exactCount(10n ** 24n - 1n)).toBe('9'.repeat(24));
  expect(exactCount(10n ** 24n)).toBe('1.0e24');
  // 9.96e29 is 1.0e30 with two digits.
  expect(exactCount(996n * 10n ** 27n)).toBe('1.0e30');
  expect(exactCount(314n * 10n ** 500n)).toBe('3.1e502');
});
