import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { compareDyadic, dyadicFromNumber, toFloat64 } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { buildContextualMapping, verifyContextualMapping, type TightMapping } from '../../src/index.ts';
import { dataset, line, plane } from './datasets.ts';

const build = (sequences: readonly Tokens[], rank: number, seed: number): TightMapping => buildContextualMapping(sequences, { mode: 'tight', rank, random: randomSource(seed) });

// 2^-53 is one rounding; every bound below counts roundings of positive sums.
const U = 2 ** -53;

/**
 * All context IDs as float64 intervals by another route: everything in float64, straight from the weights, with the error of each
 * step bounded by hand. Exponentials are off by an ulp at most, as measured for Node's; 4 are allowed.
 */
function floatIds(sequences: readonly Tokens[], { weights: { wO, wV, wK, wQ } }: TightMapping): { low: number; high: number }[][][] {
  const [o, v, k, q] = [wO, wV, wK, wQ].map((m) => m.to2DArray()) as [number[][], number[][], number[][], number[][]];
  const image = (m: number[][], x: ArrayLike<number>): { value: number[]; error: number[] } => ({
    value: m.map((row) => row.reduce((s, a, i) => s + a * x[i]!, 0)),
    error: m.map((row) => (row.length + 2) * U * row.reduce((s, a, i) => s + Math.abs(a * x[i]!), 0)),
  });
  return sequences.map((z) => {
    const columns = Array.from({ length: z.n }, (_, c) => z.data.subarray(c * z.d, (c + 1) * z.d));
    const keys = columns.map((x) => image(k, x));
    const values = columns.map((x) => image(v, x));
    return columns.map((x) => {
      const query = image(q, x);
      const scores = keys.map((key) => {
        const value = key.value.reduce((s, a, i) => s + a * query.value[i]!, 0);
        const error = key.value.reduce((s, a, i) => s + Math.abs(a) * query.error[i]! + key.error[i]! * (Math.abs(query.value[i]!) + query.error[i]!) + (wK.rows + 2) * U * Math.abs(a * query.value[i]!), 0);
        return { value, error };
      });
      const top = Math.max(...scores.map((s) => s.value));
      const w = scores.map((s) => Math.exp(s.value - top));
      const total = w.reduce((a, b) => a + b, 0);
      // A weight is off by this factor: error of its score, of the subtraction, of exp and of the sum of n.
      const off = scores.map((s) => s.error * 1.001 + Math.abs(s.value - top) * U + (z.n + 6) * U + Math.max(...scores.map((t) => t.error + Math.abs(t.value - top) * U)));
      const mean = v.map((_, i) => w.reduce((s, a, b) => s + (a / total) * values[b]!.value[i]!, 0));
      const meanError = v.map((_, i) => w.reduce((s, a, b) => s + (a / total) * (values[b]!.error[i]! + (off[b]! + (z.n + 4) * U) * 1.001 * Math.abs(values[b]!.value[i]!)), 0));
      return Array.from(x, (value, row) => {
        const added = o[row]!.reduce((s, a, i) => s + a * mean[i]!, 0);
        const error = o[row]!.reduce((s, a, i) => s + Math.abs(a) * (meanError[i]! + (wV.rows + 2) * U * Math.abs(mean[i]!)), 0) + 2 * U * (Math.abs(value) + Math.abs(added));
        return { low: value + added - 1.01 * error - Number.MIN_VALUE, high: value + added + 1.01 * error + Number.MIN_VALUE };
      });
    });
  });
}

test.each([1, 2, 3, 4])('rank %i: 25 random datasets, the gap confirmed over every pair by float64 intervals of another route', (rank) => {
  for (let seed = 1; seed <= 25; seed++) {
    const sequences = dataset(10 * seed + rank, 20 + seed, 4, rank + (seed % 3), 9 + (seed % 5));
    const mapping = build(sequences, rank, seed);
    const { status, gammaProven, gapProven, gapMeasured } = mapping.certificate;
    expect(status).toBe('proved');
    // The other route is a little wider, so it is asked for a gap a little smaller than the certificate's.
    const delta = toFloat64(gapProven!.interval).low * (1 - 2 ** -12);
    const check = verifyContextualMapping(sequences, floatIds(sequences, mapping), { gamma: gammaProven, delta });
    expect(check.reasons).toEqual([]);
    expect(check.verdict).toBe('proved');
    expect(check.smallestGap.low <= toFloat64(gapMeasured!.interval).high).toBe(true);
  }
});

test('the enclosure of the smallest gap holds it: IDs to 200 bits, every pair', () => {
  const sequences = dataset(3, 40, 5, 3, 11);
  const mapping = build(sequences, 2, 3);
  const ids = sequences.map((z, i) => Array.from({ length: z.n }, (_, k) => mapping.contextId(i, k, 200).map(toFloat64)));
  const { low, high } = toFloat64(mapping.certificate.gapMeasured!.interval);
  const check = verifyContextualMapping(sequences, ids, { gamma: mapping.certificate.gammaProven, delta: low * (1 - 2 ** -40) });
  expect(check.verdict).toBe('proved');
  expect(check.smallestGap.low).toBeGreaterThanOrEqual(low * (1 - 2 ** -30));
  expect(check.smallestGap.high).toBeLessThanOrEqual(high * (1 + 2 ** -30));
});

test('small contexts: all of (d, L, m) = (1, 2, 8) on a grid', () => {
  const values = Array.from({ length: 8 }, (_, k) => 1 + k / 8);
  const sequences = values.flatMap((x) => values.filter((y) => y > x).map((y) => line(x, y)));
  const { certificate } = build(sequences, 1, 1);
  expect(certificate.status).toBe('proved');
  expect(compareDyadic(certificate.gapProven!.interval.low, dyadicFromNumber(1e-6))).toBe(1);
});

test('a zero token is welcome: its scores are 0 and its contexts differ by their means', () => {
  const { certificate } = build([plane([0, 0], [1, 2]), plane([0, 0], [2, 1]), plane([1, 2], [2, 1])], 1, 4);
  expect(certificate).toMatchObject({ status: 'proved', bits: null, pairs: 3 });
});

test('means that coincide where scores are 0 leave nothing to tell apart: undecided, never proved', () => {
  // The zero token attends evenly; both contexts have the mean 0 whatever the temperature.
  const sequences = [tokens(1, Float64Array.of(0, 1, -1)), tokens(1, Float64Array.of(0, 2, -2))];
  const { certificate } = build(sequences, 1, 5);
  expect(certificate.status).not.toBe('proved');
  expect(certificate.gapProven!.log10).toBe(-Infinity);
});

test('no pair to ask about', () => {
  expect(build([line(3)], 1, 1).certificate).toMatchObject({ status: 'proved', gapProven: null, gapMeasured: null });
});
