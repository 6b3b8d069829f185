import { expect, test } from 'vitest';
import { check, matches, near, throws } from '../compare.ts';

test.each([
  [0.82396, near(0.824, 0.00005), true],
  [0.82394, near(0.824, 0.00005), false],
  [0.35, near(0.4, 0.05), true], // 0.4 - 0.35 exceeds 0.05 by rounding alone
  ['0.824', near(0.824, 0.00005), false],
  [Number.NaN, near(0.824, 0.00005), false],
  [3, 3, true],
  [3.0000000001, 3, false],
  [-0, 0, false],
  [0, -0, false],
  [Number.NaN, Number.NaN, true],
  [Infinity, -Infinity, false],
  [3n, 3n, true],
  [3n, 3, false],
  [null, undefined, false],
  [Float32Array.of(0.333, 1), [near(0.33, 0.005), 1], true],
  [Float32Array.of(0.333, 1, 0), [near(0.33, 0.005), 1], false],
  [Uint8Array.of(1, 2), [1, 3], false],
  [new DataView(new ArrayBuffer(1)), [0], false],
  [{ a: [1], b: 'x' }, { b: 'x', a: [1] }, true],
  [{ a: 1, b: undefined }, { a: 1 }, false],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [[1], { 0: 1 }, false],
  [{ 0: 1, length: 1 }, [1], false],
  [new Map([[1, 2]]), new Map([[1, 2]]), true],
  [new Map([[1, 2]]), new Map([[1, 3]]), false],
  [Promise.resolve(1), 1, false],
])('%o against %o: %o', (actual, expected, same) => {
  expect(matches(actual, expected)).toBe(same);
});

test('a wrong value names the place, the printed and the real one', () => {
  expect(() => check([1, 2], [1, 3], 'a.md:7', '[1, 3]')).toThrow('a.md:7: the documentation says [1, 3], got [ 1, 2 ]');
});

const fails = (): never => {
  throw new RangeError('f: n must be at least 1, got 0');
};

test('an expected error is told from another error and from none', async () => {
  await throws(fails, 'RangeError', 'at least 1', 'here');
  await throws(() => Promise.reject(new TypeError('no')), 'TypeError', '', 'here');
  await expect(throws(fails, 'TypeError', 'at least 1', 'here')).rejects.toThrow('here: the documentation says TypeError: at least 1, got RangeError: f:');
  await expect(throws(fails, 'RangeError', 'at most', 'here')).rejects.toThrow('got RangeError');
  await expect(throws(() => 5, 'RangeError', '', 'here')).rejects.toThrow('got no error but 5');
});
