import { normalTokens, randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { attend, nominalCosts, planAttention, predictedTimes, type CostModel } from '../../src/index.ts';
import { adaptivePlanning } from '../../src/plan/costModel.ts';
import { adaptiveAffordable, notWorthPlanning, winningRank } from '../../src/plan/firstLook.ts';

const costs: CostModel = { ...nominalCosts({ build: 'relaxed-simd', precision: 'float32' }), measured: true };
const near = uniformTokens(randomSource(1), 4, 3001, -0.5, 0.5);
const plain = { queries: near, keys: near, values: near, scale: 0.5 };

describe('planAttention', () => {
  test('plans what attend does, in the times that the model predicts', () => {
    const { heads, exact, planned, measured } = planAttention(plain, { costs });
    expect(heads).toEqual(attend(plain, { costs }).plan);
    const [plan] = heads;
    expect(plan).toMatchObject({ method: 'polynomial', truncation: 'isotropic' });
    const times = predictedTimes(costs, { queries: 3001, keys: 3001, pairs: 3001 ** 2, d: 4, dv: 4, rank: plan!.rank! });
    expect([exact, planned, measured]).toEqual([times.exact, times.polynomial, true]);
    expect(plan!.predicted).toEqual(times);
  });

  test('the cheaper method wins by a margin, and the margin is wider where nothing was measured', () => {
    const { exact, polynomial } = planAttention(plain, { costs }).heads[0]!.predicted!;
    const dearer = (factor: number, measured: boolean): string => {
      const monomial = { base: costs.monomial.base * factor, each: costs.monomial.each * factor };
      return planAttention(plain, { costs: { ...costs, monomial, measured } }).heads[0]!.method;
    };
    // polynomial = fixed + factor * terms.
    const fixed = polynomial - (6002 * 35 * (costs.monomial.base + 5 * costs.monomial.each)) / 1e6;
    const factorFor = (share: number): number => (share * exact - fixed) / (polynomial - fixed);
    expect([dearer(factorFor(0.79), true), dearer(factorFor(0.81), true)]).toEqual(['polynomial', 'exact']);
    expect([dearer(factorFor(0.64), false), dearer(factorFor(0.66), false)]).toEqual(['polynomial', 'exact']);
  });

  test('verdicts: neither all heads nor all n, and where the times come from', () => {
    expect(planAttention(plain, { costs }).verdict).toMatch(/^1 of 1 heads by polynomial \(rank 35\): predicted .* ms against .* ms for exact attention, by costs measured on this machine\. The time grows linearly with n as long as/);
    const wide = planAttention({ ...plain, scale: 300 }, { costs: { ...costs, measured: false } });
    expect(wide.heads[0]!.method).toBe('exact');
    expect(wide.verdict).toMatch(/^All of 1 heads are computed exactly \(.* ms by nominal costs, not measured here\): scores reach about .* n = 3001: Theorem 3\.1 rules out faster methods only for the worst head, asymptotically and under SETH\.$/);
  });

  test('heads of one model are planned one by one', () => {
    // Head 2 has keys 400 times as large.
    const n = 2003;
    const K = uniformTokens(randomSource(2), 6, n, -0.5, 0.5);
    const data = K.data.map((x, i) => (i % 6 >= 3 ? 400 * x : x));
    const Q = uniformTokens(randomSource(3), 12, n, -0.5, 0.5);
    const { heads, verdict } = planAttention({ queries: Q, keys: tokens(6, data), values: K, heads: 4, keyHeads: 2, scale: 0.5 }, { costs });
    expect(heads.map(({ method }) => method)).toEqual(['polynomial', 'polynomial', 'exact', 'exact']);
    expect(verdict).toMatch(/^2 of 4 heads by polynomial .* The others are computed exactly: scores reach about/);
  });

  test('causal heads count their chunks, and bounds from the largest entries need no centring', () => {
    const causal = planAttention({ ...plain, causal: true }, { costs }).heads[0]!;
    expect(causal.predicted!.polynomial).toBeGreaterThan(planAttention(plain, { costs }).heads[0]!.predicted!.polynomial);
    expect(planAttention(plain, { costs, aPriori: true, tolerance: 1e-2 }).heads[0]).toMatchObject({ truncation: 'isotropic' });
  });

  test.each([
    [{ tolerance: 0 }, 'planAttention: tolerance must lie in'],
    [{ truncation: 'x' as 'auto' }, 'planAttention: truncation must be one of isotropic, adaptive, auto, got "x"'],
    [{ costs: { ...costs, call: Number.NaN } }, 'planAttention: costs.call must be finite, got NaN'],
  ])('bad options %#', (options, message) => {
    expect(() => planAttention(plain, options)).toThrow(message);
  });
  test('bad problems', () => {
    expect(() => planAttention({ ...plain, keys: normalTokens(randomSource(1), 3, 5) })).toThrow('planAttention: keys must have');
    expect(() => planAttention({ ...plain, scale: Number.NaN })).toThrow('planAttention: scale must be finite, got NaN');
  });
});

describe('the first look', () => {
  const look = (scale: number, n: number, d: number = 4, model: CostModel = costs): string | null => {
    const data = uniformTokens(randomSource(5), d, n, -0.5, 0.5).data;
    const vectors = { data, n, stride: d, offset: 0, per: 1, d };
    return notWorthPlanning({ queries: vectors, keys: vectors, scale, tolerance: 1e-3, costs: model, sizes: { queries: n, keys: n, pairs: n * n, d, dv: d } });
  };
  test('few tokens, wide scores, and neither', () => {
    expect(look(0.5, 40)).toMatch(/^exact attention over 1600 pairs takes no longer than/);
    expect(look(300, 1500)).toMatch(/^scores reach about \d+ or more from their centre, and no polynomial here follows e\^x beyond 8$/);
    expect(look(8, 600)).toMatch(/^scores reach about [\d.]+ or more from their centre, so about \d+ monomials or more would be needed$/);
    expect(look(0.5, 1500)).toBe(null);
  });

  test('never refuses what the full plan finds to win, for scales around the threshold', () => {
    // The look assumes less than what centring leaves: where it refuses, the plan of all tokens has to say exact as well.
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const problem = { ...plain, queries: uniformTokens(randomSource(50 + i), 4, 1500, -0.5, 0.5), keys: uniformTokens(randomSource(90 + i), 4, 1500, -0.5, 0.5), values: uniformTokens(randomSource(9), 4, 1500, 0, 1), scale: 0.5 * 1.2 ** i };
      const vectors = (t: typeof near) => ({ data: t.data, n: t.n, stride: 4, offset: 0, per: 1, d: 4 });
      const sizes = { queries: 1500, keys: 1500, pairs: 1500 ** 2, d: 4, dv: 4 };
      if (notWorthPlanning({ queries: vectors(problem.queries), keys: vectors(problem.keys), scale: problem.scale, tolerance: 2 ** -10, costs, sizes }) === null) continue;
      refused++;
      const { predicted } = attend(problem, { method: 'polynomial', truncation: 'isotropic', costs }).plan[0]!;
      if (predicted !== null) expect(predicted.polynomial).toBeGreaterThan(0.8 * predicted.exact);
    }
    expect(refused).toBeGreaterThan(5);
  });

  test('winningRank is where the prediction turns', () => {
    const sizes = { queries: 900, keys: 1100, pairs: 990_000, d: 8, dv: 3 };
    const rank = winningRank(costs, sizes);
    const at = (r: number): boolean => {
      const { exact, polynomial } = predictedTimes(costs, { ...sizes, rank: r });
      return polynomial < 0.8 * exact;
    };
    expect([at(rank - 1), at(rank + 1)]).toEqual([true, false]);
    expect(winningRank(costs, { ...sizes, pairs: 10 })).toBe(0);
  });

  test('a search is affordable where it is a thirtieth of exact attention', () => {
    expect(adaptiveAffordable(16, adaptivePlanning(16) * 34)).toBe(true);
    expect(adaptiveAffordable(16, adaptivePlanning(16) * 33)).toBe(false);
    expect(adaptivePlanning(64)).toBeGreaterThan(adaptivePlanning(16));
  });
});
