import { expect, test } from 'vitest';
import { formatNumber, formatTable } from '../../src/cli/table.ts';

test('numbers stand to the right with three or four digits, missing cells are empty', () => {
  expect(formatTable([{ name: 'a', ms: 1.23456 }, { name: 'long', ms: 1024, note: 'x' }, { name: 'b', ms: null }])).toBe(
    ['name    ms  note', '----  ----  ----', 'a     1.23', 'long  1024  x', 'b'].join('\n'),
  );
});

test('numbers keep their size', () => {
  expect([0, 12, 12.345, 123.45, 1234.5, 3e-8, 1234567.5, -0.5, NaN].map(formatNumber)).toEqual(['0', '12', '12.3', '123.5', '1235', '3.0e-8', '1.2e+6', '-0.500', 'NaN']);
});

test('vectors are shown as JSON, long ones cut', () => {
  expect(formatTable([{ a: [[1, -2.5], [0]] }]).split('\n')[2]).toBe('[[1,-2.5],[0]]');
  expect(formatTable([{ a: [Array<number>(50).fill(7)] }]).split('\n')[2]).toBe(`[[${'7,'.repeat(27)}7...`);
});
