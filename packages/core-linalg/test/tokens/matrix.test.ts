import { expect, test } from 'vitest';
import { Matrix, tokens, tokensFromMatrix, tokensToMatrix, zeroTokens } from '../../src/index.ts';

const t = () => tokens(3, Float64Array.from({ length: 15 }, (_, at) => at ** 3 - 40.1));

test('entry (i, k) of the matrix is entry i of token k', () => {
  const matrix = tokensToMatrix(t());
  expect([matrix.rows, matrix.columns]).toEqual([3, 5]);
  for (let k = 0; k < 5; k++) for (let i = 0; i < 3; i++) expect(matrix.get(i, k)).toBe(t().data[3 * k + i]);
});

test('there and back is exact, also without tokens', () => {
  expect(tokensFromMatrix(tokensToMatrix(t()))).toEqual(t());
  expect(tokensFromMatrix(tokensToMatrix(zeroTokens(3, 0)))).toEqual(zeroTokens(3, 0));
  expect(tokensFromMatrix(new Matrix([[0.1]]), 'float32').data).toEqual(Float32Array.of(0.1));
});

test('neither side shares memory with the other', () => {
  const source = t();
  const matrix = tokensToMatrix(source);
  matrix.set(1, 2, 99);
  expect(source).toEqual(t());
  const back = tokensFromMatrix(matrix);
  back.data.fill(0);
  expect(matrix.get(1, 2)).toBe(99);
});

test('bad input', () => {
  expect(() => tokensToMatrix(tokens(1, Float64Array.of(1, NaN)))).toThrow(new RangeError('tokensToMatrix: the tokens must be finite, got NaN at index 1'));
  expect(() => tokensFromMatrix([[1]] as unknown as Matrix)).toThrow(new TypeError('tokensFromMatrix: matrix must be an ml-matrix, got Array(1)'));
  expect(() => tokensFromMatrix(new Matrix(0, 2))).toThrow(new RangeError('tokensFromMatrix: rows must be at least 1, got 0'));
  expect(() => tokensFromMatrix(new Matrix([[1e300]]), 'float32')).toThrow(
    new RangeError('tokensFromMatrix: matrix rounded to float32 must be finite, got Infinity at index 0'),
  );
});
