import { expect, test } from 'vitest';
import { logTicks } from '../../src/html/lossPlot.ts';
import { bytes, count, figure, largeNumber, operations, percent, plural } from '../../src/html/words.ts';

test('figures keep three digits and read like print', () => {
  expect([0, 7, 1234, 0.5, 12.345, 123.4, 123456, 1e-7, -2.5, Infinity, 8.9e31].map(figure)).toEqual(['0', '7', '1234', '0.500', '12.3', '123', '1.2 × 10⁵', '1.0 × 10⁻⁷', '−2.50', '∞', '8.9 × 10³¹']);
  expect(count(25829888)).toBe('25\u202F829\u202F888');
  expect([operations(999), operations(3.25e9), operations(0), bytes(131072)]).toEqual(['999 FLOP', '3.25 GFLOP', '0 FLOP', '128 KiB']);
  expect([plural(1, 'token'), plural(2, 'token')]).toEqual(['1 token', '2 tokens']);
});

test('0 and 100 per cent are kept for none and all', () => {
  expect([0, 1, 0.5, 54 / 55, 0.9999, 0.00028, 0.2941].map(percent)).toEqual(['0 %', '100 %', '50 %', '98.2 %', '99.9 %', '0.0280 %', '29.4 %']);
});

test('a length known by its logarithm is written out or told by its digits', () => {
  expect(largeNumber(3)).toBe('1\u202F000');
  expect(largeNumber(107767.71)).toBe('a number of 107\u202F768 digits');
});

test('ticks of a log axis are 1, 2 and 5 times powers of ten, or powers alone where those are many', () => {
  expect(logTicks(0.4, 12)).toEqual([0.5, 1, 2, 5, 10]);
  expect(logTicks(1e-3, 10)).toEqual([0.001, 0.01, 0.1, 1, 10]);
});
