import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalTokens, randomSource, tokens, uniformTokens, type Kernels, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { attendReference, type AttentionProblem } from '@prompt-limits/attention';
import { attend, type FastAttention, type HeadPlan } from '../../src/index.ts';
import { builds, exactly, stored, worst } from './cases.ts';

/** Every token times one orthogonal reflection of each head, so that no coordinate is special. */
function reflected(d: number, t: Tokens): Tokens {
  const h = Float64Array.from({ length: d }, (_, c) => Math.sin(c + 1));
  const square = h.reduce((sum, v) => sum + v * v, 0);
  const data = Float64Array.from(t.data);
  for (let at = 0; at < data.length; at += d) {
    let dot = 0;
    for (let c = 0; c < d; c++) dot += data[at + c]! * h[c]!;
    for (let c = 0; c < d; c++) data[at + c]! -= (2 * dot * h[c]!) / square;
  }
  return tokens(t.d, data);
}

/** Keys with spectrum decay^c around a centre, queries normal, scores of a half-width of about `reach`. */
function decaying(random: RandomSource, { d, heads, keyHeads }: { d: number; heads: number; keyHeads: number }, queries: number, keys: number, decay: number, reach: number): [Tokens, Tokens] {
  const size = reach / (3 * Math.sqrt(1 / (1 - decay * decay)));
  const Q = normalTokens(random, heads * d, queries, size);
  const K = normalTokens(random, keyHeads * d, keys);
  const spread = tokens(K.d, K.data.map((x, i) => x * decay ** (i % d) + 0.7));
  return [reflected(d, Q), reflected(d, spread)];
}

const twoPoint = (random: RandomSource, d: number, n: number): Tokens => tokens(d, Float64Array.from({ length: d * n }, () => (random.uniform() < 0.5 ? -1 : 1)));

/** Everything the certificate says, against exact attention in Float64; returns how much of the bound was needed. */
function expectHolds(problem: AttentionProblem, { output, certificate, plan, logPartition, logPartitionError }: FastAttention, label: string): number {
  const exact = exactly(problem);
  const used = worst(exact.perRow(output.data), certificate.perRow);
  expect(used, label).toBeLessThanOrEqual(1);
  const perQuery = exact.perQuery(output.data);
  expect(worst(perQuery, certificate.perQuery!), label).toBeLessThanOrEqual(1);
  expect(Math.max(...perQuery), label).toBeLessThanOrEqual(certificate.relative);
  let off = 0;
  logPartition!.forEach((log, at) => {
    if (exact.logPartition[at] !== -Infinity) off = Math.max(off, Math.abs(log - exact.logPartition[at]!));
  });
  expect(off, label).toBeLessThanOrEqual(logPartitionError! + exact.logError);
  expect(plan.length).toBe(problem.heads ?? 1);
  return used;
}

describe.each(builds)('adaptive truncation, %s', (_build, make) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await make();
  });
  afterAll(() => kernels.close());

  const shapes: [string, { queries: number; keys: number; d: number; dv: number; heads: number; keyHeads: number }, boolean | number][] = [
    ['self', { queries: 211, keys: 211, d: 7, dv: 3, heads: 1, keyHeads: 1 }, false],
    ['cross', { queries: 31, keys: 307, d: 5, dv: 2, heads: 1, keyHeads: 1 }, false],
    ['grouped', { queries: 67, keys: 67, d: 5, dv: 2, heads: 6, keyHeads: 2 }, false],
    ['causal', { queries: 523, keys: 523, d: 3, dv: 3, heads: 1, keyHeads: 1 }, true],
    ['causal, grouped, keys before the queries', { queries: 270, keys: 331, d: 3, dv: 2, heads: 2, keyHeads: 1 }, true],
    ['one query', { queries: 1, keys: 101, d: 5, dv: 3, heads: 1, keyHeads: 1 }, false],
    ['one key', { queries: 13, keys: 1, d: 3, dv: 2, heads: 1, keyHeads: 1 }, false],
    ['d = 1', { queries: 103, keys: 97, d: 1, dv: 1, heads: 1, keyHeads: 1 }, false],
  ];
  test.each(shapes)('%s: the certificate holds for decays, reaches and tolerances', (name, shape, causal) => {
    let adaptives = 0;
    for (const [index, [decay, reach, tolerance]] of ([[0.5, 1, 1e-3], [0.2, 2, 1e-2], [0.8, 0.5, 1e-3], [0.3, 0.1, 2e-4], [0.1, 4, 1e-2]] as const).entries()) {
      const random = randomSource(40 + index);
      const [Q, K] = decaying(random, shape, shape.queries, shape.keys, decay, reach);
      const V = twoPoint(random, shape.keyHeads * shape.dv, shape.keys);
      const problem = { queries: stored(kernels, Q), keys: stored(kernels, K), values: stored(kernels, V), heads: shape.heads, keyHeads: shape.keyHeads, scale: 1, causal };
      const result = attend(problem, { method: 'polynomial', truncation: 'adaptive', tolerance, perQuery: true, logPartition: true, kernels });
      const label = `${name}, decay ${decay}, reach ${reach}, tolerance ${tolerance}`;
      expectHolds(problem, result, label);
      for (const { method, truncation } of result.plan) {
        if (method !== 'polynomial') continue;
        expect(truncation, label).toBe('adaptive');
        expect(result.certificate.relative, label).toBeLessThanOrEqual(tolerance);
        adaptives++;
      }
    }
    expect(adaptives).toBeGreaterThan(1);
  });

  test('adversary: every corner of the box of scores, values that take the sign of the error of each weight', () => {
    const [d, n] = [3, 16];
    // All sign patterns of (1, 0.3, 0.1), twice with other magnitudes inside: each block reaches its radius with both signs at once.
    const corners = Float64Array.from({ length: n * d }, (_, i) => (Math.floor(i / d) >> (i % d)) % 2 === 0 ? 1 : -1);
    const K = tokens(d, corners.map((sign, i) => sign * [1, 0.3, 0.1][i % d]! * (i < 8 * d ? 1 : 0.6)));
    const Q = tokens(d, corners.map((sign, i) => sign * [1, 0.3, 0.1][i % d]! * (i < 8 * d ? 1 : 0.7)));
    for (const tolerance of [1e-2, 1e-3]) {
      const options = { method: 'polynomial', truncation: 'adaptive', tolerance, perQuery: true, logPartition: true, kernels } as const;
      const scores = { queries: stored(kernels, Q), keys: stored(kernels, K), scale: 1 };
      // One-hot values show the weights; values of the sign of their error add all of it up.
      const oneHot = tokens(n, Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)));
      const unit = { ...scores, values: stored(kernels, oneHot) };
      const shown = attend(unit, options);
      expectHolds(unit, shown, `weights, tolerance ${tolerance}`);
      const exact = attendReference(unit).output.data;
      const signs = tokens(n, Float64Array.from({ length: n * n }, (_, at) => {
        const [j, i] = [Math.floor(at / n), at % n];
        return Math.sign(shown.output.data[i * n + j]! - exact[i * n + j]!) || 1;
      }));
      const problem = { ...scores, values: stored(kernels, signs) };
      const result = attend(problem, options);
      expect(result.plan[0]!.truncation).toBe('adaptive');
      // A certificate of a quarter of this one would be violated.
      expect(expectHolds(problem, result, `tolerance ${tolerance}`)).toBeGreaterThan(1 / 4);
    }
  });
});

describe('which truncation is taken', () => {
  const costs = { exactPair: { base: 0.5, each: 0.036 }, monomial: { base: 0.1, each: 0.04 }, token: { base: 10, each: 8 }, call: 1e5, measured: true };
  const [d, n] = [16, 600];
  const random = randomSource(3);
  const [Q, K] = decaying(random, { d, heads: 1, keyHeads: 1 }, n, n, 0.5, 0.2);
  const V = uniformTokens(random, 4, n, -1, 1);
  const problem = { queries: Q, keys: K, values: V, scale: 1 };

  test('adaptive ranks are never above the isotropic one where both are looked for', () => {
    const isotropic = attend(problem, { method: 'polynomial', truncation: 'isotropic', tolerance: 1e-2 }).plan[0]!;
    const adaptive = attend(problem, { method: 'polynomial', truncation: 'adaptive', tolerance: 1e-2 }).plan[0]!;
    const either = attend(problem, { method: 'polynomial', tolerance: 1e-2 }).plan[0]!;
    expect([isotropic.truncation, adaptive.truncation]).toEqual(['isotropic', 'adaptive']);
    expect(adaptive.rank! * 4).toBeLessThan(isotropic.rank!);
    expect(either.rank!).toBeLessThanOrEqual(isotropic.rank!);
    // No decay: nothing to gain.
    const X = uniformTokens(randomSource(5), 3, 200, -0.5, 0.5);
    const flat = { queries: X, keys: X, values: X, scale: 0.5 };
    expect(attend(flat, { method: 'polynomial', tolerance: 1e-3 }).plan[0]).toMatchObject({ truncation: 'isotropic' });
  });

  test('auto with given costs: exact, isotropic and adaptive, each where it is fastest', () => {
    const times = ({ base, each }: { base: number; each: number }, factor: number): { base: number; each: number } => ({ base: base * factor, each: each * factor });
    const at = (pair: number, monomial: number): HeadPlan =>
      attend(problem, { tolerance: 1e-2, costs: { ...costs, exactPair: times(costs.exactPair, pair), monomial: times(costs.monomial, monomial) } }).plan[0]!;
    expect(at(1, 1)).toMatchObject({ method: 'exact', truncation: null });
    // Exact attention 600 times as slow: the isotropic rank wins, and too little is left to gain for a search.
    expect(at(600, 1)).toMatchObject({ method: 'polynomial', truncation: 'isotropic' });
    // All of it 600 times as slow: the isotropic rank loses, fewer monomials win.
    const slow = at(600, 600);
    expect(slow).toMatchObject({ method: 'polynomial', truncation: 'adaptive' });
    expect(slow.predicted!.polynomial).toBeLessThan(0.8 * slow.predicted!.exact);
  });

  test('reach beyond every isotropic polynomial: adaptive coordinates may still do', () => {
    // Queries far along the direction in which no key moves, and the other way round: |q| |k| is large, no score is.
    const m = 300;
    const q = normalTokens(randomSource(6), 3, m, 0.2).data.map((x, i) => (i % 3 === 0 ? 100 * x : x));
    const k = normalTokens(randomSource(7), 3, m).data.map((x, i) => (i % 3 === 0 ? 0.01 * x : x));
    const crossed = { queries: tokens(3, q), keys: tokens(3, k), values: V.n > 0 ? tokens(4, V.data.slice(0, 4 * m)) : V, scale: 1 };
    const result = attend(crossed, { method: 'polynomial', tolerance: 1e-2, perQuery: true, logPartition: true });
    expect(result.plan[0]).toMatchObject({ method: 'polynomial', truncation: 'adaptive' });
    expectHolds(crossed, result, 'crossed');
    expect(attend(crossed, { method: 'polynomial', truncation: 'isotropic', tolerance: 1e-2 }).plan[0]!.method).toBe('exact');
  });

  test('a degree, and bounds from the largest entries, leave the coordinates as they are', () => {
    expect(attend(problem, { method: 'polynomial', degree: 2 }).plan[0]!.truncation).toBe('isotropic');
    const X = uniformTokens(randomSource(5), 3, 200, -0.5, 0.5);
    expect(attend({ queries: X, keys: X, values: X, scale: 0.5 }, { method: 'polynomial', certificate: 'a-priori', tolerance: 1e-2 }).plan[0]!.truncation).toBe('isotropic');
  });

  test('bad options', () => {
    expect(() => attend(problem, { truncation: 'some' as 'auto' })).toThrow('attend: truncation must be one of isotropic, adaptive, auto, got "some"');
    expect(() => attend(problem, { costs: { ...costs, call: -1 } })).toThrow('attend: costs.call must not be negative, got -1');
  });
});
