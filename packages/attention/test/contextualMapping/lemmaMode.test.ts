import { Matrix, randomSource, type Tokens } from '@prompt-limits/core-linalg';
import { add, compare, compareDyadic, dyadicFromNumber, fromDyadic, multiply, sign, squareRoot, subtract, sum, type Interval } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { buildContextualMapping, scoreSpacing, tokenwiseSeparateness, vocabulary, type LemmaMapping } from '../../src/index.ts';
import { exactMapping } from '../../src/contextualMapping/exactGaps.ts';
import { mappingProblem } from '../../src/contextualMapping/mappingProblem.ts';
import { dataset, line, plane } from './datasets.ts';

const build = (sequences: readonly Tokens[], rank: number, seed: number, bits?: number): LemmaMapping =>
  buildContextualMapping(sequences, { mode: 'lemma', rank, random: randomSource(seed), ...(bits === undefined ? {} : { bits }) });

/** Positions that Definition 2.6 compares: different tokens, or equal ones in different vocabularies. */
function pairsOf(sequences: readonly Tokens[]): [[number, number], [number, number]][] {
  const { indices, contexts } = vocabulary(sequences);
  const places = indices.flatMap((own, i) => Array.from(own, (token, k) => ({ i, k, token, context: contexts[i]! })));
  return places.flatMap((a, x) => places.slice(0, x).flatMap((b) => (a.token !== b.token || a.context !== b.context ? [[[a.i, a.k], [b.i, b.k]] as [[number, number], [number, number]]] : [])));
}

/** The distance of two IDs, by computing both to `bits` bits and subtracting. */
function distance(a: readonly Interval[], b: readonly Interval[], bits: number): Interval {
  const squares = a.map((x, i) => {
    const difference = subtract(x, b[i]!, bits);
    const size = difference.low.m < 0n && difference.high.m > 0n ? { low: { m: 0n, e: 0 }, high: multiply(difference, difference, bits).high } : multiply(difference, difference, bits);
    return size;
  });
  return squareRoot(sum(squares, bits), bits);
}

/** Every pair by brute force at `bits` bits of the IDs themselves; returns the smallest as an enclosure. */
function bruteForce(sequences: readonly Tokens[], mapping: LemmaMapping, bits: number): { smallest: Interval; belowProven: number } {
  const ids = sequences.map((z, i) => Array.from({ length: z.n }, (_, k) => mapping.contextId(i, k, bits)));
  let smallest: Interval | undefined;
  let belowProven = 0;
  for (const [[i, k], [j, l]] of pairsOf(sequences)) {
    const gap = distance(ids[i]![k]!, ids[j]![l]!, bits);
    if (compareDyadic(gap.low, mapping.certificate.gapProven!.interval.low) <= 0) belowProven++;
    if (smallest === undefined || compareDyadic(gap.low, smallest.low) < 0) smallest = gap;
  }
  return { smallest: smallest!, belowProven };
}

// Vocabularies this small keep the IDs within some thousand bits, so that both sides of every pair can be written out.
test.each([1, 2, 3, 4])('rank %i: 100 random datasets, every gap recomputed from the IDs at twice the bits that they need', (rank) => {
  for (let seed = 1; seed <= 100; seed++) {
    const d = rank + (seed % 3);
    const [N, L, size] = [[4, 2, 3], [5, 3, 5], [6, 2, 5]][seed % 3] as [number, number, number];
    const sequences = dataset(100 * rank + seed, N, L, d, size);
    const mapping = build(sequences, rank, seed);
    const { status, bits, gapMeasured, gapProven, gammaProven } = mapping.certificate;
    expect(status).toBe('proved');
    const { smallest, belowProven } = bruteForce(sequences, mapping, Math.max(128, 2 * bits!.ids));
    expect(belowProven).toBe(0);
    expect(sign(smallest)).toBe(1);
    // Two enclosures of one number must meet.
    expect(compare(smallest, gapMeasured!.interval)).not.toMatch(/less|greater/);
    expect(compareDyadic(gapProven!.interval.low, gapMeasured!.interval.low)).toBe(-1);
    for (const [i, z] of sequences.entries()) {
      for (let k = 0; k < z.n; k++) {
        const id = mapping.contextId(i, k, 64);
        const square = sum(id.map((x) => multiply(x, x, 64)), 64);
        expect(compareDyadic(squareRoot({ low: square.high, high: square.high }, 64).high, dyadicFromNumber(gammaProven))).toBe(-1);
      }
    }
  }
});

test.each([1, 2, 3, 4])('rank %i: larger vocabularies, every pair recomputed at twice the bits without cancellation', (rank) => {
  const sequences = dataset(rank, 12, 5, 4, 17);
  const { certificate, weights } = build(sequences, rank, rank);
  expect(certificate.status).toBe('proved');
  const exact = exactMapping(mappingProblem('test', sequences), weights);
  const pairs = [...exact.gaps(64)];
  expect(pairs.length).toBe(certificate.pairs);
  for (const { token, contexts, gap } of pairs) {
    const again = exact.gap(token, contexts, 2 * certificate.bits!.most);
    expect(compare(gap, again)).not.toMatch(/less|greater/);
    expect(compareDyadic(again.low, certificate.gapProven!.interval.low)).toBe(1);
  }
});

test('errata 14, 15: the weights have the rank asked for, in W_V too, and spacing above 4 ln L', () => {
  const sequences = dataset(3, 8, 4, 5, 9);
  const { weights, factors } = build(sequences, 3, 4);
  expect(weights.wV.to2DArray()).toEqual(factors.keyDirections.to2DArray());
  // W_O p''_i are orthogonal and of one length: W_O^T W_O is a multiple of the identity.
  const gram = weights.wO.transpose().mmul(weights.wO);
  expect(gram.to2DArray()).toEqual(Matrix.eye(3).mul(gram.get(0, 0)).to2DArray());
  expect(scoreSpacing(vocabulary(sequences).tokens, weights, 4 * Math.log(4) * (1 + 2 ** -50)).status).toBe('proved');
});

test('(D.3): attention moves no token by epsilon / 4', () => {
  const sequences = dataset(5, 6, 3, 3, 7);
  const mapping = build(sequences, 2, 5);
  const epsilon = tokenwiseSeparateness(sequences).delta;
  for (const [i, z] of sequences.entries()) {
    for (let k = 0; k < z.n; k++) {
      const moved = mapping.contextId(i, k, 64).map((x, c) => subtract(x, fromDyadic(dyadicFromNumber(z.data[k * z.d + c]!)), 64));
      const square = moved.map((x) => multiply(x, x, 64)).reduce((a, b) => add(a, b, 64));
      expect(compareDyadic(square.high, dyadicFromNumber((epsilon / 4) ** 2 * (1 + 2 ** -50)))).toBe(-1);
    }
  }
});

test('L = 1: every token is its own context, and distinct tokens stay half of epsilon apart', () => {
  const { certificate } = build([line(1), line(2), line(2), line(4)], 1, 1);
  expect(certificate).toMatchObject({ status: 'proved', pairs: 0, bits: { least: 0, most: 0 } });
  expect(certificate.gapProven!.text).toBe('4.999e-1');
  expect(compareDyadic(certificate.gapMeasured!.interval.low, dyadicFromNumber(0.5))).toBe(1);
});

test('equal vocabularies are under no condition, a single token neither', () => {
  expect(build([line(1, 2), line(2, 1)], 1, 1).certificate.pairs).toBe(0);
  expect(build([plane([1, 2]), plane([1, 2])], 2, 1).certificate).toMatchObject({ status: 'proved', gapProven: null, gapMeasured: null, pairs: 0 });
});

test('n = 2, where Lemma C.8 has its own proof, and tokens of extreme size', () => {
  for (const size of [1, 1e-150, 1e150]) {
    const { certificate } = build([line(size, 2 * size), line(size, 3 * size), line(2 * size, 3 * size)], 1, 2);
    expect(certificate).toMatchObject({ status: 'proved', pairs: 3 });
  }
});

test('more bits change no verdict and enclose the same gap', () => {
  const sequences = dataset(8, 6, 4, 3, 8);
  const [few, many] = [build(sequences, 2, 9, 53), build(sequences, 2, 9, 1000)];
  expect([few.certificate.status, many.certificate.status]).toEqual(['proved', 'proved']);
  expect(few.certificate.bits).toMatchObject({ limit: 53, most: 53 });
  expect(compare(few.certificate.gapMeasured!.interval, many.certificate.gapMeasured!.interval)).not.toMatch(/less|greater/);
});
