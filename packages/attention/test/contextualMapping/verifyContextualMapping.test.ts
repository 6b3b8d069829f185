import { fc, test } from '@fast-check/vitest';
import { normalTokens, randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { verifyContextualMapping, type TokenEnclosures } from '../../src/index.ts';
import { all, exactSquare, extreme, same, sequencesOf, square } from './cases.ts';

const width = 2;
/** Sequences of few tokens, so that contexts and tokens repeat, with an output of the same shape. */
const mapping = fc.integer({ min: 0, max: 2 ** 31 - 1 }).chain((seed) => {
  const small = sequencesOf(fc.integer({ min: 0, max: 2 }), 1);
  const value = fc.oneof(extreme, fc.integer({ min: -3, max: 3 }), fc.double({ min: -2, max: 2, noNaN: true }));
  return small.chain((sequences) =>
    fc.tuple(...sequences.map((z) => fc.array(value, { minLength: width * z.n, maxLength: width * z.n }))).map((outputs) => ({
      sequences,
      outputs: outputs.map((o) => tokens(width, Float64Array.from(o))),
      random: randomSource(seed),
    })),
  );
});

/** Pairs under condition 2, straight from Definition 2.6. */
function pairsOf(sequences: readonly Tokens[]): [number, number][] {
  const list = all(sequences);
  const holds = (i: number, j: number): boolean => all([sequences[i]!]).every((s) => all([sequences[j]!]).some((t) => same(s.values, t.values)));
  const equalSets = sequences.map((_, i) => sequences.map((__, j) => holds(i, j) && holds(j, i)));
  return list.flatMap((a, x) => list.flatMap((b, y): [number, number][] => (y < x && (!equalSets[a.sequence]![b.sequence] || !same(a.values, b.values)) ? [[x, y]] : [])));
}

const enclose = (outputs: readonly Tokens[], low: (x: number) => number, high: (x: number) => number): TokenEnclosures[] =>
  outputs.map((o) => all([o]).map(({ values }) => values.map((x) => ({ low: low(x), high: high(x) }))));

describe('Definition 2.6', () => {
  test.prop([mapping, extreme, extreme])('decides as exact arithmetic over all pairs does', ({ sequences, outputs }, g, e) => {
    const ids = all(outputs).map((t) => t.values);
    const norms = ids.map((id) => exactSquare(id));
    const pairs = pairsOf(sequences);
    const gaps = pairs.map(([x, y]) => exactSquare(ids[x]!, ids[y]!));
    // Parameters at random, and those at which the conditions turn over.
    const first = verifyContextualMapping(sequences, outputs, { gamma: 1, delta: 0 });
    const finite = (x: number): number => Math.min(Number.MAX_VALUE, x);
    for (const gamma of [Math.abs(g), first.largestNorm.low, finite(first.largestNorm.high)].filter((x) => x > 0)) {
      for (const delta of [Math.abs(e), finite(first.smallestGap.low), finite(first.smallestGap.high)]) {
        const check = verifyContextualMapping(sequences, outputs, { gamma, delta });
        const bounded = norms.every((norm) => norm < square(gamma));
        const apart = gaps.every((gap) => gap > square(delta));
        expect(check.largestNorm.verdict).toBe(bounded ? 'proved' : 'refuted');
        expect(check.smallestGap.verdict).toBe(apart ? 'proved' : 'refuted');
        expect(check.verdict).toBe(bounded && apart ? 'proved' : 'refuted');
        expect(check.reasons.length).toBe(Number(!bounded) + Number(!apart));
        expect(check.pairs).toBe(pairs.length);
      }
    }
  });

  test.prop([mapping])('bounds hold the largest norm and the smallest gap, and where they are attained', ({ sequences, outputs }) => {
    const { largestNorm, smallestGap } = verifyContextualMapping(sequences, outputs, { gamma: 1, delta: 0 });
    const list = all(outputs);
    const at = (p: { sequence: number; token: number }): number[] => list.find((t) => t.sequence === p.sequence && t.token === p.token)!.values;
    const within = (exact: bigint, { low, high }: { low: number; high: number }): boolean => square(low) <= exact && (high === Infinity || exact <= square(high));
    const norms = list.map((t) => exactSquare(t.values));
    expect(within(norms.reduce((a, b) => (a > b ? a : b)), largestNorm)).toBe(true);
    const gaps = pairsOf(sequences).map(([x, y]) => exactSquare(list[x]!.values, list[y]!.values));
    if (gaps.length === 0) {
      expect(smallestGap).toEqual({ verdict: 'proved', low: Infinity, high: Infinity, at: null });
      return;
    }
    expect(within(gaps.reduce((a, b) => (a < b ? a : b)), smallestGap)).toBe(true);
    const [a, b] = smallestGap.at!;
    expect(within(exactSquare(at(a), at(b)), smallestGap)).toBe(true);
    // d = 2: a relative 2 (d + 8) 2^-52, or a few units among subnormal numbers.
    expect(smallestGap.high - smallestGap.low).toBeLessThanOrEqual(smallestGap.high * 20 * 2 ** -52 + 4 * Number.MIN_VALUE);
  });

  test.prop([mapping, fc.constantFrom(0, 1e-9, 0.01, 0.1, 0.5)])('enclosures: proved holds for every choice inside, refuted for none, points agree with Tokens', ({ sequences, outputs, random }, radius) => {
    const moderate = outputs.map((o) => tokens(width, o.data.map((x) => Math.max(-8, Math.min(8, x)))));
    const boxes = enclose(moderate, (x) => x - radius, (x) => x + radius);
    for (const parameters of [{ gamma: 1, delta: 1 }, { gamma: 4, delta: 0.25 }, { gamma: 13, delta: 0 }]) {
      const known = verifyContextualMapping(sequences, enclose(moderate, (x) => x, (x) => x), parameters);
      expect(known).toEqual(verifyContextualMapping(sequences, moderate, parameters));
      const { verdict, largestNorm, smallestGap } = verifyContextualMapping(sequences, boxes, parameters);
      for (let draw = 0; draw < 8; draw++) {
        // Corners and points inside.
        const inside = boxes.map((columns) => tokens(width, Float64Array.from(columns.flat(), ({ low, high }) => [low, high, low + (high - low) * random.uniform()][random.integer(3)]!)));
        const point = verifyContextualMapping(sequences, inside, parameters);
        if (verdict !== 'undecided') expect(point.verdict).toBe(verdict);
        expect(point.smallestGap.high).toBeGreaterThanOrEqual(smallestGap.low);
        expect(point.smallestGap.low).toBeLessThanOrEqual(smallestGap.high);
        expect(point.largestNorm.high).toBeGreaterThanOrEqual(largestNorm.low);
        expect(point.largestNorm.low).toBeLessThanOrEqual(largestNorm.high);
      }
    }
  });
});

const sequences = [tokens(1, Float64Array.of(5, 6)), tokens(1, Float64Array.of(5, 7))];

test('a repeated token in one context may share its ID; a context as a permutation too; a changed context may not', () => {
  const ids = (x: number): Tokens[] => [tokens(1, Float64Array.of(1, 1, 2)), tokens(1, Float64Array.of(2, 1)), tokens(1, Float64Array.of(x, 3))];
  const repeated = [tokens(1, Float64Array.of(5, 5, 6)), tokens(1, Float64Array.of(6, 5)), tokens(1, Float64Array.of(5, 7))];
  expect(verifyContextualMapping(repeated, ids(1.5), { gamma: 4, delta: 0 }).verdict).toBe('proved');
  const check = verifyContextualMapping(repeated, ids(1), { gamma: 4, delta: 0 });
  expect(check.verdict).toBe('refuted');
  expect(check.smallestGap).toEqual({ verdict: 'refuted', low: 0, high: 0, at: [{ sequence: 0, token: 0 }, { sequence: 2, token: 0 }] });
  expect(check.reasons).toEqual(['condition 2 is refuted: the IDs of token 0 of sequence 0 and token 0 of sequence 2 must be farther apart than delta = 0, the smallest gap is 0']);
});

test('a token-wise map is no contextual mapping: it gives one token one ID in every context', () => {
  const identity = sequences;
  const { verdict, smallestGap } = verifyContextualMapping(sequences, identity, { gamma: 8, delta: 0 });
  expect([verdict, smallestGap.high]).toEqual(['refuted', 0]);
});

test('enclosures that overlap leave the gap undecided, and a norm interval that holds gamma the norm', () => {
  const wide = enclose([tokens(1, Float64Array.of(1, 2)), tokens(1, Float64Array.of(1.25, 3))], (x) => x - 0.2, (x) => x + 0.2);
  const check = verifyContextualMapping(sequences, wide, { gamma: 3, delta: 0 });
  expect([check.verdict, check.largestNorm.verdict, check.smallestGap.verdict]).toEqual(['undecided', 'undecided', 'undecided']);
  expect(check.reasons[1]).toMatch(/^condition 2 is undecided: .* the smallest gap is between 0 and 0\.65/);
  expect(verifyContextualMapping(sequences, wide, { gamma: 3, delta: 0.7 }).verdict).toBe('refuted');
});

test('IDs that differ by 5e-324 differ; at delta = 5e-324 they do not', () => {
  const outputs = [tokens(1, Float64Array.of(0, 2)), tokens(1, Float64Array.of(5e-324, 3))];
  expect(verifyContextualMapping(sequences, outputs, { gamma: 4, delta: 0 }).verdict).toBe('proved');
  expect(verifyContextualMapping(sequences, outputs, { gamma: 4, delta: 5e-324 }).verdict).toBe('refuted');
});

test('8000 tokens, the two closest planted far apart in the order of every direction but one', () => {
  const random = randomSource(11);
  const n = 8000;
  const ids = normalTokens(random, 5, n);
  ids.data.set(ids.data.subarray(0, 5), 5 * (n - 1));
  ids.data[5 * n - 3]! += 2 ** -30;
  const each = Array.from({ length: n }, (_, k) => tokens(1, Float64Array.of(k)));
  const outputs = Array.from({ length: n }, (_, k) => tokens(5, ids.data.slice(5 * k, 5 * k + 5)));
  const { smallestGap, pairs } = verifyContextualMapping(each, outputs, { gamma: 100, delta: 0 });
  expect(smallestGap.at).toEqual([{ sequence: 0, token: 0 }, { sequence: n - 1, token: 0 }]);
  expect(smallestGap.low / 2 ** -30).toBeCloseTo(1, 5);
  expect(pairs).toBe((n * (n - 1)) / 2);
});

test('bad input', () => {
  const outputs = [tokens(2, new Float64Array(4)), tokens(2, new Float64Array(4))];
  const call = (o: unknown, p: unknown = { gamma: 1, delta: 0 }): (() => unknown) => () => verifyContextualMapping(sequences, o as Tokens[], p as { gamma: number; delta: number });
  const fn = 'verifyContextualMapping';
  expect(call(outputs.slice(1))).toThrow(new RangeError(`${fn}: outputs must have length 2 (one for each sequence), got 1`));
  expect(call([outputs[0], tokens(2, new Float64Array(6))])).toThrow(new RangeError(`${fn}: output 1 must have as many tokens as sequence 1 (n = 2), got n = 3`));
  expect(call([outputs[0], tokens(1, new Float64Array(2))])).toThrow(new RangeError(`${fn}: output 1 must have d = 2 like output 0, got d = 1`));
  expect(call([outputs[0], tokens(2, Float64Array.of(0, 0, NaN, 0))])).toThrow(`${fn}: outputs must be finite, got NaN`);
  expect(call([outputs[0], tokens(2, Float64Array.of(0, 0, 1e308, 0))])).toThrow(`${fn}: outputs must be at most 2^1022`);
  expect(call([outputs[0], [[]]])).toThrow(TypeError);
  expect(call([[[{ low: 1, high: 0 }], [{ low: 0, high: 0 }]], [[{ low: 0, high: 0 }], [{ low: 0, high: 0 }]]])).toThrow(new RangeError(`${fn}: intervals of output 0 must have low <= high, got low = 1 and high = 0`));
  expect(call([[[{ low: 0, high: 0 }], []], [[], []]])).toThrow(RangeError);
  expect(call(outputs, { gamma: 0, delta: 0 })).toThrow(new RangeError(`${fn}: gamma must be above 0, got 0`));
  expect(call(outputs, { gamma: 1, delta: -1 })).toThrow(RangeError);
  expect(() => verifyContextualMapping([], [], { gamma: 1, delta: 0 })).toThrow(RangeError);
});
