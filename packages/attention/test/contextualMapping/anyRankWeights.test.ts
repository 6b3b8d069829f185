import { fc, test as propertyTest } from '@fast-check/vitest';
import { column, Matrix, normalTokens, numericalRank, randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { fromNumber, hull, toFloat64 } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { anyRankWeights, scoreSpacing, type AnyRankWeights } from '../../src/index.ts';
import { units } from './cases.ts';

const dot = (a: readonly bigint[], b: readonly bigint[]): bigint => a.reduce((s, x, i) => s + x * b[i]!, 0n);
const columns = (V: Tokens): bigint[][] => Array.from({ length: V.n }, (_, k) => [...column(V, k)].map(units));
const rows = (m: Matrix): bigint[][] => m.to2DArray().map((row) => row.map(units));
const abs = (x: bigint): bigint => (x < 0n ? -x : x);
const least = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b));
const most = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a > b ? a : b));

/** All |score(a, c) - score(b, c)|, a and b different, in units of 2^(-4 * 1074), straight from the weights in integers. */
function differences(V: Tokens, { wK, wQ }: { wK: Matrix; wQ: Matrix }): bigint[] {
  const v = columns(V);
  const keys = v.map((x) => rows(wK).map((row) => dot(row, x)));
  const queries = v.map((x) => rows(wQ).map((row) => dot(row, x)));
  return queries.flatMap((q) => keys.flatMap((k, a) => keys.slice(0, a).map((l) => abs(dot(k, q) - dot(l, q)))));
}

const UNIT = units(1);
/** delta in units of 2^(-4 * 1074). */
const scaled = (delta: number): bigint => units(delta) * UNIT ** 3n;

/** The inequality of the repair, in integers: c_1 min |q_1 . (a - b)| min |q'_1 . c| - sum of the others' largest sizes > delta. */
function dominance(V: Tokens, { keyDirections, queryDirections, couplings }: AnyRankWeights): bigint {
  const v = columns(V);
  const terms = rows(keyDirections).map((q, i) => {
    const along = v.map((x) => dot(q, x));
    const steps = along.flatMap((x, a) => along.slice(0, a).map((y) => abs(x - y)));
    const away = v.map((x) => abs(dot(rows(queryDirections)[i]!, x)));
    // c_i = 2^k, k possibly negative: in units of 2^-1074 and divided out again.
    const c = units(couplings[i]!);
    return { least: (c * least(steps) * least(away)) / UNIT, most: (c * most(steps) * most(away)) / UNIT + 1n };
  });
  return terms[0]!.least - terms.slice(1).reduce((s, t) => s + t.most, 0n);
}

const sizes = fc.constantFrom([1, 1, 3, 7], [2, 2, 2, 5], [3, 2, 3, 11], [5, 4, 5, 13], [3, 3, 7, 2]);

propertyTest.prop([sizes, fc.integer({ min: 0, max: 2 ** 31 }), fc.double({ min: 0, max: 40, noNaN: true })])(
  'Lemma D.2: scores of distinct tokens are spaced by more than delta and the first term outweighs the others, in integers',
  ([d, rank, s, n], seed, delta) => {
    const V = normalTokens(randomSource(seed), d, n);
    const weights = anyRankWeights(V, { rank, s, spacing: delta, random: randomSource(seed + 1) });
    expect(least(differences(V, weights)) > scaled(delta)).toBe(true);
    expect(dominance(V, weights) > scaled(delta)).toBe(true);
    expect([weights.wK.rows, weights.wK.columns, weights.wQ.rows, weights.wQ.columns]).toEqual([s, d, s, d]);
    expect([numericalRank(weights.wK), numericalRank(weights.wQ)]).toEqual([rank, rank]);
    // The smallest spacing that is reported is the smallest there is.
    const reported = toFloat64(weights.spacing.smallest!);
    const smallest = least(differences(V, weights));
    expect(scaled(reported.low) <= smallest && smallest <= scaled(reported.high)).toBe(true);
  },
);

test('W_K and W_Q are the sums of outer products that are returned, with p_i orthogonal', () => {
  const V = normalTokens(randomSource(2), 5, 7);
  const { wK, wQ, keyDirections, queryDirections, couplings } = anyRankWeights(V, { rank: 3, s: 4, spacing: 5, random: randomSource(3) });
  // W_K^T W_Q = sum_i c_i q_i q'_i^T exactly, as all factors are powers of two: cross terms would show.
  const product = wK.transpose().mmul(wQ);
  const sum = keyDirections.transpose().mmul(Matrix.diag([...couplings])).mmul(queryDirections);
  expect(product.sub(sum).abs().max()).toBeLessThan(5 * 2 ** -52 * Math.max(...couplings));
});

test('errata 14: with q_2 = q_1 and p_2 . p\'_2 = -p_1 . p\'_1 the printed construction has score difference 0, and is refused', () => {
  const V = normalTokens(randomSource(4), 3, 5);
  const delta = 4 * Math.log(3);
  const { keyDirections, queryDirections } = anyRankWeights(V, { rank: 1, spacing: delta, random: randomSource(5) });
  const [q, qPrime] = [keyDirections.getRow(0), queryDirections.getRow(0)];
  // |p_i . p'_i| is far above the printed 5 (|V| + 1)^4 d delta / (epsilon gamma_min).
  const c = 2 ** 40;
  const printed = { wK: new Matrix([q, q]), wQ: new Matrix([qPrime.map((x) => c * x), qPrime.map((x) => -c * x)]) };
  const found = scoreSpacing(V, printed, delta);
  expect([found.status, toFloat64(found.smallest!)]).toEqual(['refuted', { low: 0, high: 0 }]);
  // The sum of absolute values, which the proof takes instead, is as large as it says.
  const alone = { wK: new Matrix([q]), wQ: new Matrix([qPrime.map((x) => c * x)]) };
  expect(scoreSpacing(V, alone, delta).status).toBe('proved');
  expect(anyRankWeights(V, { rank: 2, spacing: delta, random: randomSource(5) }).spacing.status).toBe('proved');
});

test('a spacing that is too small is refused, at the boundary exactly', () => {
  const V = tokens(1, Float64Array.of(1, 3, 4));
  const one = new Matrix([[1]]);
  expect(scoreSpacing(V, { wK: one, wQ: one }, 1)).toEqual({ status: 'refuted', smallest: fromNumber(1), triple: [1, 2, 0] });
  expect(scoreSpacing(V, { wK: one, wQ: one }, 1 - 2 ** -53).status).toBe('proved');
  expect(scoreSpacing(V, { wK: one, wQ: one }, hull(fromNumber(0.5), fromNumber(1.5))).status).toBe('undecided');
});

test('one token has no spacing to keep; duplicates and -0 count once', () => {
  const V = tokens(2, Float64Array.of(0, 3, -0, 3));
  expect(anyRankWeights(V, { rank: 2, spacing: 100, random: randomSource(1) }).spacing).toEqual({ status: 'proved', smallest: null, triple: null });
});

test.each([1e-150, 1e150, 2 ** -500])('tokens of size %f are spaced as well', (size) => {
  const V = normalTokens(randomSource(6), 3, 5, size);
  const weights = anyRankWeights(V, { rank: 3, spacing: 7, random: randomSource(7) });
  expect(least(differences(V, weights)) > scaled(7)).toBe(true);
});

test.each<[() => unknown, Error]>([
  [() => anyRankWeights(plain(), { rank: 3, spacing: 1, random: randomSource(1) }), new RangeError('anyRankWeights: rank must be at most min(d, s) = 2, got 3')],
  // Errata 16: hidden size 1 leaves rank 1 only.
  [() => anyRankWeights(plain(), { rank: 2, s: 1, spacing: 1, random: randomSource(1) }), new RangeError('anyRankWeights: rank must be at most min(d, s) = 1, got 2')],
  [() => anyRankWeights(plain(), { rank: 0, spacing: 1, random: randomSource(1) }), new RangeError('anyRankWeights: rank must be at least 1, got 0')],
  [() => anyRankWeights(tokens(2, Float64Array.of(1, 2, 0, -0)), { rank: 1, spacing: 1, random: randomSource(1) }), new RangeError('anyRankWeights: no token of the vocabulary may be zero, got token 1')],
  [() => anyRankWeights(plain(), { rank: 1, spacing: -1, random: randomSource(1) }), new RangeError('anyRankWeights: spacing must be at least 0, got -1')],
  [() => anyRankWeights(plain(), { rank: 1, spacing: '1' as unknown as number, random: randomSource(1) }), new TypeError('anyRankWeights: spacing must be a number or an interval, got "1"')],
  [() => anyRankWeights(tokens(1, Float64Array.of(1, NaN)), { rank: 1, spacing: 1, random: randomSource(1) }), new RangeError('vocabulary: sequence 0 must be finite, got NaN at index 1')],
  [() => scoreSpacing(plain(), { wK: new Matrix([[1]]), wQ: new Matrix([[1]]) }, 1), new RangeError('scoreSpacing: wK and wQ must both be s x 2, got 1 x 1 and 1 x 1')],
])('bad input %#', (body, error) => {
  expect(body).toThrow(error);
});

function plain(): Tokens {
  return tokens(2, Float64Array.of(1, 0, 0, 1, 1, 1));
}
