import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { buildContextualMapping, contextualMappingBounds, isSeparated, type MappingOptions } from '../../src/index.ts';
import { dataset, line, plane } from './datasets.ts';

const lemma = (sequences: readonly Tokens[], options: Omit<MappingOptions, 'mode'> = {}): unknown => buildContextualMapping(sequences, { random: randomSource(1), ...options, mode: 'lemma' });

test('bound mode: the constants of Lemma 2.2 and of Remark D.2, from their formulas', () => {
  const parameters = { gammaMin: 1.5, gammaMax: 3, epsilon: 0.5, vocabularySize: 2, d: 1, length: 2 };
  const { lemma22, kajitsukaSato } = contextualMappingBounds(parameters);
  expect(lemma22.gamma).toBe(3.125);
  expect(lemma22.lnDelta).toBeCloseTo(-5 * 2 * 16 * 2 * 3 * Math.log(2), 10);
  // Small enough here for the printed product to stay in float64.
  const small = { gammaMin: 1, gammaMax: 1.125, epsilon: 1, vocabularySize: 1, d: 1, length: 2 };
  const l = Math.log(2);
  const printed = ((2 * l ** 2 * 1 * 1) / (1.125 ** 2 * 16 * (2 * l + 3) * Math.PI)) * Math.exp((-16 * (2 * l + 3) * Math.PI * 1.125 ** 2) / 4);
  expect(Math.exp(contextualMappingBounds(small).kajitsukaSato.lnDelta) / printed).toBeCloseTo(1, 10);
  expect(kajitsukaSato.lnDelta).toBeLessThan(0);
});

test('the printed delta has no unit of length: for tiny tokens, and for L = 1, it is out of reach', () => {
  const one = buildContextualMapping([line(0.2), line(0.4)], { mode: 'bound' });
  expect(one.bounds).toMatchObject({ attainable: false, lemma22: { lnDelta: 0 } });
  expect(one.certificate.status).toBe('refuted');
  // The exponent does not change as tokens shrink, the IDs do.
  const shrunk = (size: number): readonly Tokens[] => [line(size, 2 * size), line(size, 3 * size)];
  const [big, tiny] = [1, 1e-150].map((size) => buildContextualMapping(shrunk(size), { mode: 'bound' }).bounds);
  expect(big!.lemma22.lnDelta / tiny!.lemma22.lnDelta).toBeCloseTo(1, 12);
  expect([contextualMappingBounds({ gammaMin: 1e-300, gammaMax: 1.01e-300, epsilon: 1e-300, vocabularySize: 1, d: 1, length: 2 }).attainable, big!.attainable]).toEqual([false, true]);
});

test('errata 23: the paper\'s delta underflows, the certificate of each mode says what it proves', () => {
  const sequences = dataset(2, 6, 3, 2, 7);
  const random = (): ReturnType<typeof randomSource> => randomSource(2);
  const [l, t, b] = [
    buildContextualMapping(sequences, { mode: 'lemma', random: random() }).certificate,
    buildContextualMapping(sequences, { mode: 'tight', random: random() }).certificate,
    buildContextualMapping(sequences, { mode: 'bound' }).certificate,
  ];
  expect(Math.exp(b.lnDeltaPaper)).toBe(0);
  expect([l.status, t.status, b.status]).toEqual(['proved', 'proved', 'undecided']);
  expect(l.gapProven!.log10).toBeLessThan(-20);
  expect(t.gapProven!.log10).toBeGreaterThan(-8);
  expect([l.gapProven!.log10 * Math.LN10, t.gapProven!.log10 * Math.LN10].every((ln) => ln > b.lnDeltaPaper)).toBe(true);
  for (const { says } of [l, t, b]) expect(says.join(' ').length).toBeGreaterThan(40);
});

test('a separation that holds is used, also a weaker one', () => {
  const sequences = [plane([1, 0], [0, 1]), plane([1, 0], [1, 1])];
  const separation = { gammaMin: 0.5, gammaMax: 2, epsilon: 0.75 };
  expect(isSeparated(sequences, { gammaMin: 0.5, gammaMax: 2, delta: 0.75 }).separated).toBe(true);
  const { certificate } = buildContextualMapping(sequences, { mode: 'lemma', random: randomSource(1), separation });
  expect(certificate).toMatchObject({ status: 'proved', gammaPaper: 2.1875 });
});

test('context IDs nest as the precision grows', () => {
  const mapping = buildContextualMapping([line(1, 2), line(1, 3)], { mode: 'lemma', random: randomSource(1) });
  expect(() => mapping.contextId(2, 0, 64)).toThrow(new RangeError('contextId: i must be an integer from 0 to 1, got 2'));
  expect(() => mapping.contextId(0, 0, 1)).toThrow(new RangeError('contextId: bits must be an integer from 53 to 1000000, got 1'));
  expect(mapping.contextId(0, 1, 64)).toHaveLength(1);
});

test.each<[() => unknown, Error]>([
  [() => lemma([line(1, 2, 1)]), new RangeError('buildContextualMapping: no token may be repeated in a sequence, got token 2 of sequence 0 twice')],
  [() => lemma([line(0, 2)]), new RangeError('buildContextualMapping: no token may be zero in mode lemma, got gammaMin = 0')],
  [() => buildContextualMapping([line(-0, 2)], { mode: 'bound' }), new RangeError('buildContextualMapping: no token may be zero in mode bound, got gammaMin = 0')],
  [() => lemma([line(1, 2)], { rank: 2 }), new RangeError('buildContextualMapping: rank must be at most min(d, s) = 1, got 2')],
  [() => lemma([plane([1, 2])], { rank: 2, s: 1 }), new RangeError('buildContextualMapping: rank must be at most min(d, s) = 1, got 2')],
  [() => lemma([line(1, 2), plane([1, 2])]), new RangeError('vocabulary: sequence 1 must have d = 1 like sequence 0, got d = 2')],
  [() => lemma([line(1, 2), line(1, 2, 3)]), new RangeError('buildContextualMapping: every sequence must hold L = 2 tokens like sequence 0, got 3 in sequence 1')],
  [() => lemma([line(1, NaN)]), new RangeError('vocabulary: sequence 0 must be finite, got NaN at index 1')],
  [() => lemma([]), new RangeError('vocabulary: sequences must hold at least one value, got none')],
  [() => lemma([tokens(1, Float64Array.of(1, 2))], { bits: 10 }), new RangeError('buildContextualMapping: bits must be an integer from 53 to 1000000, got 10')],
  [() => buildContextualMapping([line(1, 2)], { mode: 'lemma' }), new RangeError('buildContextualMapping: random must be given for mode lemma, got undefined')],
  [() => buildContextualMapping([line(1, 2)], { mode: 'best' as 'tight' }), new RangeError('buildContextualMapping: mode must be one of lemma, tight, bound, got "best"')],
  [
    () => lemma([line(1, 2)], { separation: { gammaMin: 0.5, gammaMax: 3, epsilon: 1 } }),
    new RangeError('buildContextualMapping: the sequences must be separated as given, got (iii) fails: token 0 of sequence 0 and token 1 of sequence 0 must be farther apart than 1, the smallest distance is 1'),
  ],
])('bad input %#', (body, error) => {
  expect(body).toThrow(error);
});
