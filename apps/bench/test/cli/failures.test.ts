import { expect, test } from 'vitest';
import { coloursFor } from '../../src/cli/colours.ts';
import { integer, numberAbove } from '../../src/cli/options.ts';
import { describeFailure, UsageError } from '../../src/cli/usageError.ts';

test('what the user can mend is one line; a fault of the program is not hidden', () => {
  expect(describeFailure(new UsageError('--text: a\n  b'))).toBe('--text: a b');
  expect(describeFailure(new RangeError('loadModel: d must be 1, got 2'))).toBe('loadModel: d must be 1, got 2');
  expect(describeFailure(Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open', path: '/x' }))).toBe('/x: no such file or folder');
  expect(describeFailure(new RangeError('Invalid array length'))).toBe(null);
  expect(describeFailure(new TypeError('x is not a function'))).toBe(null);
});

test('numbers of the command line are whole, in range and nothing else', () => {
  expect(integer(1, 64)('64')).toBe(64);
  for (const wrong of ['0', '65', '1.5', '', ' ', '1e3', 'NaN', '0x10', '9007199254740993']) expect(() => integer(1, 64)(wrong), wrong).toThrow('It must be an integer from 1 to 64.');
  expect(numberAbove(0)('3e-2')).toBe(0.03);
  for (const wrong of ['0', '-1', '', 'Infinity', 'x']) expect(() => numberAbove(0)(wrong), wrong).toThrow('It must be a number above 0.');
});

test('colours only on a terminal, and not where NO_COLOR is set', () => {
  const before = process.env['NO_COLOR'];
  try {
    delete process.env['NO_COLOR'];
    expect(coloursFor({ isTTY: true }).red('x')).toBe('\u001B[31mx\u001B[39m');
    expect(coloursFor({}).red('x')).toBe('x');
    process.env['NO_COLOR'] = '1';
    expect(coloursFor({ isTTY: true }).red('x')).toBe('x');
  } finally {
    if (before === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = before;
  }
});
