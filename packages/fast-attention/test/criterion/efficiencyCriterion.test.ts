import { test, fc } from '@fast-check/vitest';
import { attendReference } from '@prompt-limits/attention';
import { column, normalTokens, randomSource, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attentionCost, efficiencyCriterion, expOperations, minimaxExp, monomialCount, type CriterionProblem } from '../../src/index.ts';

const one = (...values: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(values));
const times = (t: Tokens, factor: number): Tokens<Float64Array> => tokens(t.d, Float64Array.from(t.data, (x) => factor * x));

function head(seed: number, size: number, rest: Partial<CriterionProblem> = {}): CriterionProblem {
  const random = randomSource(seed);
  return { queries: normalTokens(random, 4, 11, size), keys: normalTokens(random, 4, 13, size), values: normalTokens(random, 3, 13, size), scale: 0.5, ...rest };
}

describe('the side', () => {
  test('B, sqrt(ln n) and their ratio by hand, at the scale 1/d of the theorems', () => {
    const p = { queries: tokens(2, Float64Array.of(1, -3)), keys: tokens(2, Float64Array.of(0.5, 2, 0, 1)), values: one(-1, 1), scale: 0.5 };
    const { largest, scaled, threshold, ratio, scaledRatio, side, n, d, dv } = efficiencyCriterion(p);
    expect({ n, d, dv }).toEqual({ n: 2, d: 2, dv: 1 });
    expect(largest).toEqual({ queries: 3, keys: 2, values: 1, overall: 3 });
    expect(scaled).toEqual(largest);
    expect(threshold).toBe(Math.sqrt(Math.LN2));
    expect(ratio).toBe(3 / Math.sqrt(Math.LN2));
    expect(scaledRatio).toBe(ratio);
    expect(side).toBe('outside');
  });

  test('the threshold itself is within, the next number is outside', () => {
    const b = Math.sqrt(Math.log(5));
    const rest = { keys: zeroTokens(1, 5), values: zeroTokens(1, 5), scale: 1 };
    expect(efficiencyCriterion({ ...rest, queries: one(b) }).side).toBe('within');
    expect(efficiencyCriterion({ ...rest, queries: one(b * (1 + Number.EPSILON)) }).side).toBe('outside');
  });

  test.prop([fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(0.25, 1, 4, 16, -1, -4)])(
    'every scale is the 1/d scale with Q and K multiplied by sqrt(|scale| d)',
    (seed, scale) => {
      const p = head(seed, 0.4, { scale });
      // d = 4 makes sqrt(|scale| d) a power of two, so both sides are the same float64 numbers.
      const a = Math.sqrt(Math.abs(scale) * 4);
      const same = { ...p, queries: times(p.queries, Math.sign(scale) * a), keys: times(p.keys, a), scale: 1 / 4 };
      const [given, translated] = [efficiencyCriterion(p), efficiencyCriterion(same)];
      expect(translated.largest).toEqual(given.scaled);
      for (const key of ['scaled', 'scaledRatio', 'side', 'polynomial', 'cost', 'faster'] as const) expect(translated[key]).toEqual(given[key]);
      expect(translated.scores.halfWidth).toBe(given.scores.halfWidth);
    },
  );

  test('values alone can put a head outside, and the words say so', () => {
    const p = head(1, 0.1);
    expect(efficiencyCriterion(p)).toMatchObject({ side: 'within' });
    const large = efficiencyCriterion({ ...p, values: times(p.values, 1000) });
    expect(large).toMatchObject({ side: 'outside', polynomial: efficiencyCriterion(p).polynomial });
    expect(large.verdict).toContain('Only the values exceed it');
    expect(efficiencyCriterion(head(1, 100)).verdict).not.toContain('Only the values');
  });
});

describe('the polynomial does what is promised', () => {
  test.prop([fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(0.1, 1e-2, 1e-4), fc.constantFrom(false, true)], { numRuns: 20 })(
    'attention by that polynomial errs by at most tolerance times the range of V',
    (seed, tolerance, causal) => {
      const p = head(seed, 0.9, { tolerance, causal });
      const { polynomial, scores } = efficiencyCriterion(p);
      const R = scores.halfWidth;
      fc.pre(R >= 2 ** -20 && R <= 8); // one polynomial; longer intervals take powers of it
      const { coefficients } = minimaxExp(R, polynomial!.degree);
      const at = (x: number): number => coefficients.reduce((sum, c, k) => sum + c * Math.cos(k * Math.acos(Math.max(-1, Math.min(1, x / R)))), 0);
      const rows = Array.from({ length: 4 }, (_, c) => Array.from({ length: 13 }, (__, j) => column(p.keys, j)[c]!));
      const centre = rows.map((r) => (scores.centre === 'none' ? 0 : scores.centre === 'mean' ? r.reduce((a, b) => a + b) / 13 : (Math.min(...r) + Math.max(...r)) / 2));
      const exact = attendReference({ ...p, causal: p.causal! }).output;
      const offset = causal ? 2 : 13;
      for (let i = 0; i < 11; i++) {
        const seen = Array.from({ length: 13 }, (_, j) => j).filter((j) => j <= i + offset);
        const weights = seen.map((j) => at(p.scale * centre.reduce((sum, c, row) => sum + (column(p.keys, j)[row]! - c) * column(p.queries, i)[row]!, 0)));
        for (let c = 0; c < 3; c++) {
          const values = seen.map((j) => column(p.values, j)[c]!);
          const approximate = weights.reduce((sum, w, j) => sum + w * values[j]!, 0) / weights.reduce((a, b) => a + b);
          const allowed = tolerance * (Math.max(...values) - Math.min(...values));
          // Evaluating by cosines errs by e^{2R} (g + 2) roundings relatively: below 1e-7 for the R that occur.
          expect(Math.abs(approximate - column(exact, i)[c]!)).toBeLessThanOrEqual(allowed + 1e-7);
        }
      }
    },
  );

  test('degree, rank and cost belong together', () => {
    const { polynomial, cost, d, dv, tolerance, faster } = efficiencyCriterion(head(2, 0.5));
    expect(tolerance).toBe(2 ** -10);
    expect(polynomial!.weightTolerance).toBeCloseTo(2 ** -9, 8);
    expect(polynomial!.rank).toBe(monomialCount(d, polynomial!.degree));
    expect(cost).toEqual({ exact: 11 * 13 * (2 * d + 2 * dv + expOperations), polynomial: (11 + 13) * Number(polynomial!.rank) * (2 * dv + 3) });
    expect(faster).toBe(cost.polynomial < cost.exact ? 'polynomial' : 'exact');
  });

  test('a causal head counts the pairs that are seen', () => {
    // 11 queries on 13 keys, the last aligned: 3 + 4 + ... + 13 pairs.
    expect(efficiencyCriterion(head(2, 0.5, { causal: true })).cost.exact).toBe(88 * (8 + 6 + expOperations));
    expect(efficiencyCriterion(head(2, 0.5, { causal: -20 })).cost.exact).toBe(0);
  });

  test('cost by hand: figures per query of rank 165 and 969', () => {
    // 4096 keys against their sums: 2 (dv + 1) + 1 operations a monomial.
    expect(attentionCost({ queries: 1, keys: 0, pairs: 4096, d: 8, dv: 8, rank: 165 })).toEqual({ exact: 4096 * 48, polynomial: 3135 });
    expect(attentionCost({ queries: 1, keys: 0, pairs: 0, d: 16, dv: 16, rank: 969 }).polynomial).toBe(33915);
  });

  test("'radius' never promises more than 'pairs'", () => {
    const [pairs, radius] = [efficiencyCriterion(head(3, 0.5)), efficiencyCriterion(head(3, 0.5), { method: 'radius' })];
    expect(radius.polynomial!.degree).toBeGreaterThanOrEqual(pairs.polynomial!.degree);
    expect(radius.side).toBe(pairs.side);
  });
});

describe('extremes', () => {
  test('n = 1: ln n = 0', () => {
    const c = efficiencyCriterion({ queries: one(2), keys: one(3), values: one(4), scale: 1 });
    expect(c).toMatchObject({ n: 1, threshold: 0, ratio: Infinity, scaledRatio: Infinity, side: 'outside', polynomial: { degree: 0, rank: 1n } });
    expect(c.verdict).toContain('means nothing at n = 1');
    expect(efficiencyCriterion({ queries: one(0), keys: one(0), values: one(0), scale: 1 })).toMatchObject({ ratio: 0, side: 'within' });
  });

  test('zero keys and equal keys need degree 0', () => {
    for (const keys of [zeroTokens(4, 13), tokens(4, new Float64Array(52).fill(0.7))]) {
      expect(efficiencyCriterion(head(4, 1, { keys })).polynomial).toMatchObject({ degree: 0, rank: 1n });
    }
  });

  test('scores beyond e^709: no polynomial, exact', () => {
    const c = efficiencyCriterion(head(5, 100));
    expect(c).toMatchObject({ polynomial: null, faster: 'exact', cost: { polynomial: Infinity } });
    expect(c.verdict).toContain('compute exactly');
  });

  test('a rank beyond float64 is still exact, and the words stay finite', () => {
    const keys = tokens(1024, Float64Array.from({ length: 2048 }, (_, at) => (at < 1024 ? 0.5 : -0.5)));
    const c = efficiencyCriterion({ queries: keys, keys, values: keys, scale: 1 });
    expect(c.polynomial!.rank).toBe(monomialCount(1024, c.polynomial!.degree));
    expect(c).toMatchObject({ faster: 'exact', cost: { polynomial: Infinity } });
    expect(c.verdict).not.toMatch(/NaN|Infinity/);
  });

  test('the words claim neither hardness of this head nor speed without the count', () => {
    expect(efficiencyCriterion(head(6, 0.2)).verdict).toMatch(/^within: .*cannot show which family.*by count of operations/s);
    expect(efficiencyCriterion(head(6, 2)).verdict).toMatch(/^outside: .*if SETH holds.*does not speak of this one head.*by count of operations/s);
  });
});

describe('bad input', () => {
  const cases: [string, Partial<Record<keyof CriterionProblem, unknown>>, string][] = [
    ['rows', { keys: zeroTokens(5, 13) }, 'efficiencyCriterion: keys must have as many rows as queries (d = 4), got d = 5'],
    ['tokens', { values: zeroTokens(3, 12) }, 'efficiencyCriterion: values must have as many tokens as keys (n = 13), got n = 12'],
    ['empty', { keys: zeroTokens(4, 0), values: zeroTokens(3, 0) }, 'efficiencyCriterion: keys.n must be at least 1, got 0'],
    ['NaN', { values: tokens(3, new Float64Array(39).fill(Number.NaN)) }, 'efficiencyCriterion: values must be finite, got NaN at index 0'],
    ['tolerance', { tolerance: 0 }, 'efficiencyCriterion: tolerance must lie in'],
    ['scale', { scale: undefined }, 'efficiencyCriterion: scale must be a number, got undefined'],
  ];
  test.each(cases)('%s', (_, change, message) => {
    expect(() => efficiencyCriterion({ ...head(7, 1), ...change } as CriterionProblem)).toThrow(message);
  });
});
