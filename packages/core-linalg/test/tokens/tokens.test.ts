import { expect, test } from 'vitest';
import { column, concatTokens, sliceColumns, tokens, tokensFromColumns, zeroTokens } from '../../src/index.ts';

// d = 3, n = 5: entry (i, k) holds 10 k + i, so a swap of the two indices shows.
const layout = () => tokens(3, Float64Array.from({ length: 15 }, (_, at) => 10 * Math.floor(at / 3) + (at % 3)));

test('a token is d neighbouring values: column k is data[k d .. (k + 1) d)', () => {
  const t = layout();
  expect(t.n).toBe(5);
  expect([...column(t, 4)]).toEqual([40, 41, 42]);
  expect([...sliceColumns(t, 1, 3).data]).toEqual([10, 11, 12, 20, 21, 22]);
  expect(sliceColumns(t, 5).n).toBe(0);
});

test('tokens, column and sliceColumns are views; tokensFromColumns and concatTokens copy', () => {
  const t = layout();
  column(t, 2)[1] = -1;
  expect(t.data[7]).toBe(-1);
  sliceColumns(t, 2).data[0] = -2;
  expect(t.data[6]).toBe(-2);
  const joined = concatTokens(t, t);
  joined.data.fill(0);
  expect(t.data[14]).toBe(42);
  const source = [Float64Array.of(1, 2)];
  tokensFromColumns(source).data[0] = 9;
  expect(source[0]![0]).toBe(1);
});

test('concatTokens puts the prompt before the input and keeps the storage of the first part', () => {
  const prompt = tokens(2, Float32Array.of(1, 2));
  const joined = concatTokens(prompt, zeroTokens(2, 0), tokens(2, Float64Array.of(3, 4, 5, 6)));
  expect(joined.n).toBe(3);
  expect(joined.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
});

test('the storage follows the precision', () => {
  expect(zeroTokens(2, 3).data).toEqual(new Float64Array(6));
  expect(zeroTokens(2, 3, 'float32').data).toEqual(new Float32Array(6));
  expect(tokensFromColumns([[0.1]], 'float32').data).toEqual(Float32Array.of(0.1));
});

test.each<[() => unknown, string]>([
  [() => tokens(0, new Float64Array(2)), 'RangeError: tokens: d must be at least 1, got 0'],
  [() => tokens(2, new Float64Array(3)), 'RangeError: tokens: the length of data must be a multiple of d = 2, got 3'],
  [() => tokens(1, [1] as unknown as Float64Array), 'TypeError: tokens: data must be a Float32Array or a Float64Array, got Array(1)'],
  [() => zeroTokens(2, -1), 'RangeError: zeroTokens: n must be at least 0, got -1'],
  [() => zeroTokens(2, 1, 'f64' as 'float64'), 'RangeError: zeroTokens: precision must be one of float32, float64, got "f64"'],
  [() => zeroTokens(2 ** 30, 2 ** 30), 'RangeError: zeroTokens: d * n must lie in [0, 4294967296], got 1152921504606847000'],
  [() => tokensFromColumns([]), 'RangeError: tokensFromColumns: columns must hold at least one value, got none'],
  [() => tokensFromColumns([[1], [1, 2]]), 'RangeError: tokensFromColumns: column 1 must have length 1 (the length of column 0), got 2'],
  [() => column(layout(), 5), 'RangeError: column: k must be an integer from 0 to 4, got 5'],
  [() => sliceColumns(layout(), 3, 2), 'RangeError: sliceColumns: from must be an integer from 0 to 2, got 3'],
  [() => sliceColumns(layout(), 0, 6), 'RangeError: sliceColumns: to must be an integer from 0 to 5, got 6'],
  [() => concatTokens(), 'RangeError: concatTokens: parts must hold at least one value, got none'],
  [() => concatTokens(zeroTokens(2, 1), zeroTokens(3, 1)), 'RangeError: concatTokens: every part must have d = 2 like the first, got d = 3 in part 1'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new (message.startsWith('Range') ? RangeError : TypeError)(message.slice(message.indexOf(' ') + 1)));
});
