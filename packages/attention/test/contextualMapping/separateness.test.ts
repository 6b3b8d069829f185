import { fc, test } from '@fast-check/vitest';
import { normalTokens, randomSource, tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { isSeparated, tokenwiseSeparateness } from '../../src/index.ts';
import { all, exactSquare, extreme, same, sequencesOf, square } from './cases.ts';

const d = 3;
const data = fc.oneof(
  sequencesOf(extreme, d),
  sequencesOf(fc.double({ min: -4, max: 4, noNaN: true }), d),
  // A grid: many ties, all of them exact.
  sequencesOf(fc.integer({ min: -2, max: 2 }), d),
);

/** The float64 near the root of `x`, in the units of `exactSquare`: Newton's iteration in integers. */
function root(x: bigint): number {
  if (x === 0n) return 0;
  let r = 1n << BigInt(Math.ceil(x.toString(2).length / 2));
  for (let next = (r + x / r) / 2n; next < r; next = (r + x / r) / 2n) r = next;
  const shift = Math.max(0, r.toString(2).length - 60);
  return Math.min(Number.MAX_VALUE, Number(r >> BigInt(shift)) * 2 ** (shift - 1074));
}

/** By brute force in integers: the least and largest square of a norm, the least of a distance of distinct tokens. */
function exactly(sequences: Parameters<typeof tokenwiseSeparateness>[0]): { shortest: bigint; longest: bigint; closest: bigint | null } {
  const list = all(sequences).map((t) => t.values);
  const norms = list.map((values) => exactSquare(values)).toSorted((a, b) => (a < b ? -1 : 1));
  const gaps = list.flatMap((a) => list.filter((b) => !same(a, b)).map((b) => exactSquare(a, b)));
  return { shortest: norms[0]!, longest: norms.at(-1)!, closest: gaps.length === 0 ? null : gaps.reduce((a, b) => (a < b ? a : b)) };
}

// The documented distance from the supremum: a relative (d + 8) 2^-51 or 2 units of 2^-1074. Squared in integers.
const below = (x: bigint): bigint => (x * ((1n << 49n) - BigInt(d + 8))) >> 49n;
const reaches = (value: number, exact: bigint): boolean => square(value + 2 * Number.MIN_VALUE) >= below(exact);

describe('Definition 2.5', () => {
  test.prop([data])('the parameters hold strictly and nothing much larger does, in exact arithmetic', (sequences) => {
    const { gammaMin, gammaMax, delta } = tokenwiseSeparateness(sequences);
    const { shortest, longest, closest } = exactly(sequences);
    expect(square(gammaMin) < shortest).toBe(true);
    expect(reaches(gammaMin, shortest)).toBe(true);
    if (gammaMax === Infinity) expect(longest > square(Number.MAX_VALUE / 2)).toBe(true);
    else {
      expect(square(gammaMax) > longest).toBe(true);
      expect(below(below(square(Math.max(0, gammaMax - 2 * Number.MIN_VALUE)))) <= longest).toBe(true);
    }
    if (closest === null) expect(delta).toBe(Infinity);
    else {
      expect(square(delta) < closest).toBe(true);
      expect(reaches(delta, closest)).toBe(true);
    }
  });

  test.prop([data])('the tokens named attain the parameters up to rounding', (sequences) => {
    const found = tokenwiseSeparateness(sequences);
    const at = ({ sequence, token }: { sequence: number; token: number }): number[] => all(sequences).find((t) => t.sequence === sequence && t.token === token)!.values;
    const { shortest, longest, closest } = exactly(sequences);
    const slack = 4n; // squares of subnormal numbers, in units of 2^-2148
    expect(below(exactSquare(at(found.shortest)) - slack) <= shortest).toBe(true);
    expect(exactSquare(at(found.longest)) >= below(longest) - slack).toBe(true);
    if (closest === null) expect(found.closest).toBeNull();
    else expect(below(exactSquare(at(found.closest![0]), at(found.closest![1])) - slack) <= closest).toBe(true);
  });

  test.prop([data])('isSeparated accepts the parameters found', (sequences) => {
    expect(isSeparated(sequences, tokenwiseSeparateness(sequences))).toEqual({ separated: true, reasons: [] });
  });

  test.prop([data, fc.tuple(extreme, extreme, extreme), fc.integer({ min: -2, max: 2 })])('isSeparated decides as exact arithmetic does', (sequences, [gammaMin, gammaMax, delta], ulps) => {
    const { shortest, longest, closest } = exactly(sequences);
    const near = (x: bigint): number => root(x) * (1 + ulps * 2 ** -52); // so close that float64 cannot settle it
    for (const p of [{ gammaMin, gammaMax, delta }, { gammaMin: near(shortest), gammaMax: near(longest), delta: near(closest ?? 0n) }]) {
      const { reasons } = isSeparated(sequences, p);
      expect(reasons.some((r) => r.startsWith('(i)'))).toBe(shortest <= square(p.gammaMin));
      expect(reasons.some((r) => r.startsWith('(ii)'))).toBe(p.gammaMax !== Infinity && longest >= square(p.gammaMax));
      expect(reasons.some((r) => r.startsWith('(iii)'))).toBe(p.delta !== Infinity && closest !== null && closest <= square(p.delta));
    }
  });
});

test('the inequalities are strict: at the norm and at the distance themselves they fail', () => {
  const sequences = [tokens(2, Float64Array.of(3, 4, 0, 0, 1e-300, 0))];
  expect(isSeparated(sequences, { gammaMax: 5 }).separated).toBe(false);
  expect(isSeparated(sequences, { gammaMax: 5 + 2 ** -50 }).separated).toBe(true);
  expect(isSeparated(sequences, { delta: 1e-300 }).reasons).toEqual(['(iii) fails: token 1 of sequence 0 and token 2 of sequence 0 must be farther apart than 1e-300, the smallest distance is 1e-300']);
  expect(isSeparated(sequences, { gammaMin: 0 }).reasons).toEqual(['(i) fails: token 1 of sequence 0 must be longer than 0, its norm is 0']);
  expect(isSeparated(sequences, {}).separated).toBe(true);
});

test('a zero token allows no gammaMin of 0 or more; a single token no distance', () => {
  const found = tokenwiseSeparateness([tokens(2, Float64Array.of(0, -0)), tokens(2, Float64Array.of(0, 0))]);
  expect(found).toEqual({ gammaMin: -5e-324, gammaMax: 5e-324, delta: Infinity, shortest: { sequence: 0, token: 0 }, longest: { sequence: 0, token: 0 }, closest: null });
});

test('huge and subnormal tokens: no overflow, nothing vanishes', () => {
  const least = Number.MIN_VALUE;
  const { gammaMax, delta, closest } = tokenwiseSeparateness([tokens(2, Float64Array.of(3e300, 4e300, 5e-324, 0)), tokens(2, Float64Array.of(4 * least, 4 * least, 1e-160, 0))]);
  expect(gammaMax / 5e300).toBeCloseTo(1, 14);
  expect(delta).toBe(4 * least); // the distance is 5 units of 2^-1074, and the inequality is strict
  expect(closest).toEqual([{ sequence: 0, token: 1 }, { sequence: 1, token: 0 }]);
});

test('1031 tokens: the sweep finds the smallest distance of a plain double loop', () => {
  const z = normalTokens(randomSource(5), 7, 1031);
  let least = Infinity;
  for (let j = 0; j < z.n; j++) {
    for (let k = 0; k < j; k++) {
      let s = 0;
      for (let i = 0; i < 7; i++) s += (z.data[j * 7 + i]! - z.data[k * 7 + i]!) ** 2;
      least = Math.min(least, Math.sqrt(s));
    }
  }
  expect(Math.abs(tokenwiseSeparateness([z]).delta / least - 1)).toBeLessThanOrEqual(15 * 2 ** -51);
});

test('bad input', () => {
  const z = tokens(1, Float64Array.of(1, 2));
  expect(() => isSeparated([z], { delta: NaN })).toThrow(new RangeError('isSeparated: delta must not be NaN, got NaN'));
  expect(() => isSeparated([z], { gammaMin: '1' as unknown as number })).toThrow(TypeError);
  expect(() => tokenwiseSeparateness([tokens(1, Float64Array.of(1e308, 0))])).toThrow(RangeError('tokenwiseSeparateness: values must be at most 2^1022 so that no difference overflows, got 1e+308'));
  expect(() => tokenwiseSeparateness([])).toThrow(RangeError);
});
