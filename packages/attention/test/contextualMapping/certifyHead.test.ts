import { Matrix, randomSource, type Tokens } from '@prompt-limits/core-linalg';
import { divide, exp, fromDyadic, fromNumber, add, multiply, sign, subtract, subtractDyadic, dyadicFromNumber, multiplyDyadic, type Dyadic } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { buildContextualMapping, certifyHead, scoreSpacing, vocabulary, type AttentionHead } from '../../src/index.ts';
import { dataset, line, plane } from './datasets.ts';

const eye = (n: number): Matrix => Matrix.eye(n);

test('agrees with the certificate of the construction', () => {
  const sequences = dataset(1, 8, 4, 3, 8);
  const { weights, certificate } = buildContextualMapping(sequences, { mode: 'lemma', rank: 2, random: randomSource(1) });
  const found = certifyHead(sequences, weights);
  expect(found).toMatchObject({ status: 'proved', pairs: certificate.pairs, bits: certificate.bits! });
  expect(found.gap).toEqual(certificate.gapMeasured);
});

test('a cancelling second term: scores of equal size everywhere are refused as spacing, and without values as mapping', () => {
  const sequences = [plane([1, 0], [0, 1]), plane([1, 0], [1, 1])];
  const q = [0.6, 0.8];
  const cancelling = { wK: new Matrix([q, q]), wQ: new Matrix([q.map((x) => 2 ** 20 * x), q.map((x) => -(2 ** 20) * x)]) };
  expect(scoreSpacing(vocabulary(sequences).tokens, cancelling, 4 * Math.log(2)).status).toBe('refuted');
  // All scores are 0, so attention takes the plain mean. Of these two contexts the means are equal.
  const collide = [plane([1, 0], [0, 2], [2, 1]), plane([1, 0], [1, 1], [1, 2])];
  expect(certifyHead(collide, { ...cancelling, wV: eye(2), wO: eye(2) }, { bits: 512 }).status).not.toBe('proved');
});

test('a dropped rank of W_V: on tokens that q_1 cannot tell apart the gap is exactly 0 (errata 15)', () => {
  const sequences = [plane([1, 1], [1, 2]), plane([1, 1], [1, 4])];
  const head: AttentionHead = { wK: eye(2).mul(4), wQ: eye(2), wV: eye(2), wO: eye(2) };
  expect(certifyHead(sequences, head).status).toBe('proved');
  const dropped = certifyHead(sequences, { ...head, wV: new Matrix([[1, 0], [0, 0]]) });
  expect(dropped).toMatchObject({ status: 'refuted', pairs: 1 });
  expect(dropped.gap).toMatchObject({ log10: -Infinity, pair: [{ sequence: 0, token: 0 }, { sequence: 1, token: 0 }] });
});

test('errata 15: with q\'\'_1 = q_1 alone a spaced construction has a coupling c_2 for which the gap is 0', () => {
  // Query (1, 0) beside (2, 0) and beside (101, 1); q_i and q'_i: the axes and the first axis. The printed size of c_1.
  const spacing = 4 * Math.log(2);
  const c1 = -(4 ** 4 * 2 * spacing);
  const [c, a, b] = [[1, 0], [2, 0], [101, 1]] as const;
  const score = (x: readonly [number, number], c2: number): Dyadic => {
    const term = (p: number, q: number): Dyadic => multiplyDyadic(dyadicFromNumber(p), dyadicFromNumber(q));
    return subtractDyadic(term(c1, x[0] - 1), term(-c2, x[1]));
  };
  /** q_1 . Delta = p_a q_1.(a - c) - p_b q_1.(b - c). */
  const alongFirst = (c2: number): -1 | 0 | 1 | 'undecided' => {
    const mass = (x: readonly [number, number]): ReturnType<typeof exp> => {
      const w = exp(fromDyadic(score(x, c2)), 128);
      return divide(w, add(w, fromNumber(1), 128), 128);
    };
    return sign(subtract(multiply(mass(a), fromNumber(a[0] - c[0]), 128), multiply(mass(b), fromNumber(b[0] - c[0]), 128), 128));
  };
  // p_a = 100 p_b at c_2 = -99 c_1 - ln 100: below it one sign, above it the other, so between them the gap along q_1 is 0.
  const middle = -99 * c1 - Math.log(100);
  expect([alongFirst(middle - 2 ** -10), alongFirst(middle + 2 ** -10)]).toEqual([1, -1]);
  const sequences = [plane([...c], [...a]), plane([...c], [...b])];
  for (const c2 of [middle - 2 ** -10, middle, middle + 2 ** -10]) {
    const head = { wK: eye(2), wQ: new Matrix([[c1, 0], [c2, 0]]), wO: eye(2) };
    expect(scoreSpacing(vocabulary(sequences).tokens, head, spacing).status).toBe('proved');
    // Over all directions the gap is of the size of p_b; along q_1 alone it nearly vanishes there.
    const repaired = certifyHead(sequences, { ...head, wV: eye(2) }).gap!.log10;
    const printed = certifyHead(sequences, { ...head, wV: new Matrix([[1, 0], [0, 0]]) }).gap!.log10;
    expect(repaired - printed).toBeGreaterThan(1);
  }
});

test('too few bits: undecided, and proved with more', () => {
  // Scores of size 2^-200 and contexts of equal mean: the gap is about 2^-200 of terms of size 1.
  const sequences = [line(10, 1, 4), line(10, 2, 3)];
  const head = { wK: new Matrix([[2 ** -200]]), wQ: new Matrix([[1]]), wV: new Matrix([[1]]), wO: new Matrix([[1]]) };
  expect(certifyHead(sequences, head, { bits: 100 })).toMatchObject({ status: 'undecided', bits: { limit: 100, most: 100 } });
  const found = certifyHead(sequences, head, { bits: 1000 });
  expect(found).toMatchObject({ status: 'proved', bits: { most: 256 } });
  // Half the derivative of the mean: (17 - 13) 10 / 3 2^-200 to first order.
  expect(found.gap!.log10).toBeCloseTo(Math.log10(40 / 3) - 200 * Math.log10(2), 10);
});

test('values that take every token back to 0 leave distinct tokens equal', () => {
  const one = new Matrix([[1]]);
  const found = certifyHead([line(1), line(2)], { wK: one, wQ: one, wV: one, wO: new Matrix([[-1]]) });
  expect(found).toMatchObject({ status: 'refuted', pairs: 0 });
  // A little short of that they differ by a little.
  expect(certifyHead([line(1), line(2)], { wK: one, wQ: one, wV: one, wO: new Matrix([[2 ** -30 - 1]]) }).gap!.log10).toBeCloseTo(-30 * Math.log10(2), 5);
});

test('the scale multiplies the scores', () => {
  const sequences = [line(1, 2), line(1, 3)];
  const one = new Matrix([[1]]);
  const scaled = certifyHead(sequences, { wK: one, wQ: one, wV: one, wO: one, scale: 0.25 }).gap;
  expect(scaled).toEqual(certifyHead(sequences, { wK: new Matrix([[0.25]]), wQ: one, wV: one, wO: one }).gap);
});

test.each<[(sequences: Tokens[], head: AttentionHead) => unknown, Error]>([
  [(s, h) => certifyHead(s, { ...h, wO: eye(2) }), new RangeError('certifyHead: wO must be 1 x 1, got 2 x 2')],
  [(s, h) => certifyHead(s, { ...h, wK: new Matrix([[1, 2]]) }), new RangeError('certifyHead: wK must be 1 x 1, got 1 x 2')],
  [(s, h) => certifyHead(s, { ...h, wK: new Matrix([[NaN]]) }), new RangeError('certifyHead: wK must be finite, got NaN at index 0')],
  [(s, h) => certifyHead(s, { ...h, wQ: [[1]] as unknown as Matrix }), new TypeError('certifyHead: wQ must be an ml-matrix, got Array(1)')],
  [(s, h) => certifyHead(s, { ...h, scale: Infinity }), new RangeError('certifyHead: scale must be finite, got Infinity')],
  [(s, h) => certifyHead(s, h, { bits: 52 }), new RangeError('certifyHead: bits must be an integer from 53 to 1000000, got 52')],
  [(_, h) => certifyHead([line(1, 1)], h), new RangeError('certifyHead: no token may be repeated in a sequence, got token 1 of sequence 0 twice')],
])('bad input %#', (body, error) => {
  const one = new Matrix([[1]]);
  expect(() => body([line(1, 2)], { wO: one, wV: one, wK: one, wQ: one })).toThrow(error);
});
