import { test } from '@fast-check/vitest';
import { column, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { expect } from 'vitest';
import { vocabulary } from '../../src/index.ts';
import { all, extreme, same, sequencesOf } from './cases.ts';

test.prop([sequencesOf(extreme, 3)])('Definition 2.4: every token stands in the vocabulary once, and the sets are those of the sequences', (sequences) => {
  const V = vocabulary(sequences);
  const own = (a: number): number[] => Array.from(column(V.tokens, a));
  for (const { sequence, token, values } of all(sequences)) expect(same(own(V.indices[sequence]![token]!), values)).toBe(true);
  for (let a = 0; a < V.tokens.n; a++) for (let b = 0; b < a; b++) expect(same(own(a), own(b))).toBe(false);
  // In order of first appearance, and `first` is that appearance.
  const seen: number[][] = [];
  const firsts: { sequence: number; token: number }[] = [];
  for (const { sequence, token, values } of all(sequences)) {
    if (seen.some((s) => same(s, values))) continue;
    seen.push(values);
    firsts.push({ sequence, token });
  }
  expect(V.first).toEqual(firsts);
  for (const [i, a] of sequences.entries()) {
    expect(V.members[i]).toEqual(Int32Array.from([...new Set(V.indices[i])].toSorted((x, y) => x - y)));
    for (const [j, b] of sequences.entries()) {
      const holds = (x: Tokens, y: Tokens): boolean => all([x]).every((s) => all([y]).some((t) => same(s.values, t.values)));
      expect(V.contexts[i] === V.contexts[j]).toBe(holds(a, b) && holds(b, a));
    }
  }
});

test('-0 is 0, float32 and float64 tokens of equal value are one, the input stays as it is', () => {
  const z = tokens(2, Float64Array.of(-0, 0.5, 0, 0.5));
  const V = vocabulary([z, tokens(2, Float32Array.of(0, 0.5, 0, 0.1))]);
  expect(V.tokens).toEqual({ d: 2, n: 2, data: Float64Array.of(0, 0.5, 0, Math.fround(0.1)) });
  expect([...V.contexts]).toEqual([0, 1]);
  expect(Object.is(z.data[0], -0)).toBe(true);
});

test('neighbouring floats are two tokens', () => {
  expect(vocabulary([tokens(1, Float64Array.of(1, 1 + 2 ** -52, 1, 5e-324, 0))]).tokens.n).toBe(4);
});

test('bad input', () => {
  const good = zeroTokens(3, 2);
  expect(() => vocabulary([])).toThrow(new RangeError('vocabulary: sequences must hold at least one value, got none'));
  expect(() => vocabulary([good, zeroTokens(3, 0)])).toThrow(new RangeError('vocabulary: sequence 1 must hold at least one token, got none'));
  expect(() => vocabulary([good, zeroTokens(2, 3)])).toThrow(new RangeError('vocabulary: sequence 1 must have d = 3 like sequence 0, got d = 2'));
  expect(() => vocabulary([tokens(1, Float64Array.of(0, NaN))])).toThrow(new RangeError('vocabulary: sequence 0 must be finite, got NaN at index 1'));
  expect(() => vocabulary([[1, 2]] as unknown as Tokens[])).toThrow(TypeError);
});
