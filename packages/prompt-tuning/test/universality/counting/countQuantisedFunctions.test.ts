import { describe, expect, test } from 'vitest';
import { countQuantisedFunctions } from '../../../src/universality/counting/countQuantisedFunctions.ts';
import { tableNumber, tableOfNumber } from '../../../src/universality/functionTable.ts';

describe('countQuantisedFunctions', () => {
  test.each([[1, 1, 2, 4n], [1, 1, 3, 27n], [1, 1, 4, 256n], [1, 2, 2, 256n], [2, 1, 2, 256n], [1, 1, 5, 3125n]] as const)('d = %i, L = %i, m = %i: the numbers of all tables', (d, L, m, count) => {
    expect(countQuantisedFunctions({ d, L, m })).toEqual({ exact: count, log2: expect.closeTo(Math.log2(Number(count)), 12) });
    const last = tableOfNumber(count - 1n, { d, L, m });
    expect([...last.digits].every((c) => c === m - 1)).toBe(true);
    expect(tableNumber(last)).toBe(count - 1n);
    expect(() => tableOfNumber(count, { d, L, m })).toThrow(RangeError);
  });

  test('up to a million bits exactly, then by its logarithm', () => {
    expect(countQuantisedFunctions({ d: 1, L: 16, m: 2 })).toEqual({ exact: 1n << 1048576n, log2: 1048576 });
    expect(countQuantisedFunctions({ d: 1, L: 17, m: 2 })).toEqual({ exact: null, log2: 17 * 2 ** 17 });
    expect(countQuantisedFunctions({ d: 512, L: 45, m: 10 })).toEqual({ exact: null, log2: Infinity });
    expect(() => countQuantisedFunctions({ d: 1, L: 1, m: 1 })).toThrow('countQuantisedFunctions: m must be an integer from 2 to 2147483648, got 1');
  });
});
