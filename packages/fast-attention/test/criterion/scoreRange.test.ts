import { test, fc } from '@fast-check/vitest';
import { column, normalTokens, randomSource, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { scoreRange, type ScoreProblem } from '../../src/index.ts';
import { fixed, multiply, toNumber } from '../fixedPoint.ts';

const one = (...values: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(values));

const problem: fc.Arbitrary<ScoreProblem> = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    d: fc.integer({ min: 1, max: 7 }),
    queries: fc.integer({ min: 1, max: 11 }),
    keys: fc.integer({ min: 1, max: 13 }),
    away: fc.constantFrom(0, 3, 1000),
    scale: fc.constantFrom(1, -0.5, 1 / 7),
    causal: fc.constantFrom(false, true, 2, -3),
  })
  .map(({ seed, d, queries, keys, away, scale, causal }) => {
    const random = randomSource(seed);
    const q = normalTokens(random, d, queries);
    const k = normalTokens(random, d, keys);
    return { queries: q, keys: tokens(d, k.data.map((x) => x + away)), scale, causal };
  });

/** scale (k_j - c) . q_i of every visible pair in high precision, by query. */
function scores({ queries, keys, scale, causal }: ScoreProblem, c: Float64Array): number[][] {
  const offset = typeof causal === 'number' ? causal : causal ? keys.n - queries.n : keys.n;
  return Array.from({ length: queries.n }, (_, i) =>
    Array.from({ length: keys.n }, (__, j) => j)
      .filter((j) => j <= i + offset)
      .map((j) => toNumber(multiply(fixed(scale), [...c].reduce((sum, x, row) => sum + multiply(fixed(column(keys, j)[row]!) - fixed(x), fixed(column(queries, i)[row]!)), 0n)))));
}

function centre(keys: Tokens, name: string): Float64Array {
  const rows = Array.from({ length: keys.d }, (_, row) => Array.from({ length: keys.n }, (__, j) => column(keys, j)[row]!));
  if (name === 'midrange') return Float64Array.from(rows, (r) => (Math.min(...r) + Math.max(...r)) / 2);
  if (name === 'mean') return Float64Array.from(rows, (r) => r.reduce((sum, k) => sum + k / r.length, 0));
  return new Float64Array(keys.d);
}

const largest = (table: number[][]): number => Math.max(0, ...table.flat().map(Math.abs));

describe('the figures', () => {
  test.prop([problem])('halfWidth bounds every centred score and is the least of the three centres', (p) => {
    const range = scoreRange(p);
    const widths = ['midrange', 'mean', 'none'].map((name) => largest(scores(p, centre(p.keys, name))));
    expect(range.halfWidth).toBeGreaterThanOrEqual(largest(scores(p, centre(p.keys, range.centre))));
    // What is added for rounding: (d + 4) u |scale| |q| (|k - base| + 2 |shift|), with |shift| up to |mean| <= |k|.
    const size = Math.abs(p.scale) * p.queries.d * Math.max(...p.queries.data.map(Math.abs)) * Math.max(...p.keys.data.map(Math.abs));
    const slack = 2 * (p.queries.d + 4) * 5 * size * 2 ** -53;
    expect(range.halfWidth).toBeLessThanOrEqual(Math.min(...widths) + slack);

    const raw = scores(p, centre(p.keys, 'none'));
    expect(Math.abs(range.low - Math.min(...raw.flat(), raw.flat().length === 0 ? 0 : Infinity))).toBeLessThanOrEqual(slack);
    expect(Math.abs(range.high - Math.max(...raw.flat(), raw.flat().length === 0 ? 0 : -Infinity))).toBeLessThanOrEqual(slack);
    const least = Math.max(0, ...raw.filter((row) => row.length > 0).map((row) => (Math.max(...row) - Math.min(...row)) / 2));
    expect(Math.abs(range.leastHalfWidth! - least)).toBeLessThanOrEqual(slack);
    expect(range.leastHalfWidth!).toBeLessThanOrEqual(range.halfWidth + slack);
  });

  test.prop([problem])("'radius' bounds 'pairs' from above", (p) => {
    const pairs = scoreRange(p);
    const radius = scoreRange(p, { method: 'radius' });
    expect(radius.halfWidth).toBe(pairs.radius);
    expect(radius.leastHalfWidth).toBe(null);
    expect(radius.halfWidth).toBeGreaterThanOrEqual(largest(scores(p, centre(p.keys, radius.centre))));
    expect(radius.low).toBeLessThanOrEqual(pairs.low);
    expect(radius.high).toBeGreaterThanOrEqual(pairs.high);
  });

  test.prop([problem, fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 7, maxLength: 7 })])(
    'adding one vector to every key changes neither the half-width of the best centre nor the least one',
    (p, shift) => {
      const { d } = p.keys;
      const moved = { ...p, keys: tokens(d, Float64Array.from(p.keys.data, (k, at) => k + shift[at % d]!)) };
      const [before, after] = [scoreRange(p), scoreRange(moved)];
      const size = Math.abs(p.scale) * d * Math.max(...p.queries.data.map(Math.abs)) * (64 + Math.max(...p.keys.data.map(Math.abs)));
      // Rounding of k + shift, of the centres (n of the mean) and of both sums.
      const slack = (4 * (d + 4) * 5 + 2 * p.keys.n + 8) * size * 2 ** -53;
      expect(Math.abs(before.leastHalfWidth! - after.leastHalfWidth!)).toBeLessThanOrEqual(slack);
      // No centring at all is not invariant, so the best of the other two is compared through the case where it is chosen.
      if (before.centre !== 'none' && after.centre !== 'none') expect(Math.abs(before.halfWidth - after.halfWidth)).toBeLessThanOrEqual(slack);
      else expect(after.halfWidth).toBeGreaterThanOrEqual(before.leastHalfWidth! - slack);
    },
  );

  test('keys far from 0: centring takes the offset away, exactly', () => {
    const { low, high, centre: chosen, halfWidth, leastHalfWidth } = scoreRange({ queries: one(1, -2), keys: one(1023, 1024, 1025), scale: 0.5 });
    expect({ low, high, chosen, leastHalfWidth }).toEqual({ low: -1025, high: 512.5, chosen: 'midrange', leastHalfWidth: 1 });
    expect(halfWidth).toBeCloseTo(1, 12);
  });

  test('each centre is chosen where it is best', () => {
    expect(scoreRange({ queries: one(1), keys: one(0, 1, 5), scale: 1 }).centre).toBe('midrange');
    // Only the first key is visible to the only query: its score is 0 without centring.
    expect(scoreRange({ queries: one(1), keys: one(0, 4, 5), scale: 1, causal: 0 }).centre).toBe('none');
    // Visible scores 0 and 1 under the mask; the mean 1 of all four keys is nearer to them than the midrange 1.5.
    expect(scoreRange({ queries: one(1), keys: one(0.9, 1.1, -1, 3.5), scale: 1, causal: 1 }).centre).toBe('mean');
  });

  test('Float32 tokens are the same numbers in Float64', () => {
    const random = randomSource(4);
    const [q, k] = [normalTokens(random, 5, 7, 1, 'float32'), normalTokens(random, 5, 11, 1, 'float32')];
    const wide = { queries: tokens(5, Float64Array.from(q.data)), keys: tokens(5, Float64Array.from(k.data)), scale: 0.3 };
    expect(scoreRange({ queries: q, keys: k, scale: 0.3 })).toEqual(scoreRange(wide));
  });
});

describe('degenerate cases have width 0', () => {
  const q = normalTokens(randomSource(5), 3, 4);
  const equal = tokens(3, Float64Array.from({ length: 15 }, (_, at) => [0.1, -7.3, 1e8][at % 3]!));
  test.each<[string, ScoreProblem]>([
    ['equal keys', { queries: q, keys: equal, scale: 2 }],
    ['one key', { queries: q, keys: normalTokens(randomSource(6), 3, 1), scale: 2 }],
    ['zero keys', { queries: q, keys: zeroTokens(3, 5), scale: 2 }],
    ['scale 0', { queries: q, keys: q, scale: 0 }],
    ['no visible key', { queries: q, keys: q, scale: 1, causal: -4 }],
  ])('%s', (_, p) => {
    expect(scoreRange(p)).toMatchObject({ halfWidth: 0, leastHalfWidth: 0 });
  });

  test('subnormal and huge entries stay finite', () => {
    expect(scoreRange({ queries: one(5e-324), keys: one(5e-324, 1), scale: 1 }).halfWidth).toBeLessThan(1e-300);
    expect(scoreRange({ queries: one(1e150), keys: one(1e150, -1e150), scale: 1 }).halfWidth / 1e300).toBeCloseTo(1, 12);
  });
});

describe('bad input', () => {
  const good = { queries: zeroTokens(7, 3), keys: zeroTokens(7, 5), scale: 1 };
  const cases: [string, object, string][] = [
    ['rows', { keys: zeroTokens(11, 5) }, 'scoreRange: keys must have as many rows as queries (d = 7), got d = 11'],
    ['no key', { keys: zeroTokens(7, 0) }, 'scoreRange: keys.n must be at least 1, got 0'],
    ['no query', { queries: zeroTokens(7, 0) }, 'scoreRange: queries.n must be at least 1, got 0'],
    ['NaN', { queries: tokens(7, new Float64Array(7).fill(Number.NaN)) }, 'scoreRange: queries must be finite, got NaN at index 0'],
    ['scale', { scale: Number.NaN }, 'scoreRange: scale must be finite, got NaN'],
    ['overflow', { scale: 1e308 }, 'so that no score overflows, got Infinity'],
    ['mask', { causal: 0.5 }, 'scoreRange: causal must be an integer, got 0.5'],
    ['no tokens', { keys: null }, 'scoreRange: keys must be Tokens over a Float32Array or a Float64Array, got null'],
  ];
  test.each(cases)('%s', (_, change, message) => {
    expect(() => scoreRange({ ...good, ...change })).toThrow(message);
  });
  test('method', () => {
    expect(() => scoreRange(good, { method: 'guess' as 'pairs' })).toThrow('scoreRange: method must be one of pairs, radius, got "guess"');
  });
});
