import { createKernels, createPlainKernels, normalTokens, randomSource, type FloatArray, type Kernels } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { adaptiveTruncation, monomialCount, polynomialDegree, taylorDegree, type AdaptiveTruncation } from '../../src/index.ts';

const kernels: [string, Kernels][] = [
  ['float64', createPlainKernels({ precision: 'float64' })],
  ['float32 plain', createPlainKernels({ precision: 'float32' })],
  ['float32 wasm', await createKernels({ threads: 1 })],
];

const stored = (used: Kernels, x: Float64Array): FloatArray => (used.precision === 'float32' ? Float32Array.from(x) : x);

/** A Householder reflection of every token, so that no axis is special. */
function reflect(d: number, x: Float64Array): Float64Array {
  const h = Float64Array.from({ length: d }, (_, c) => Math.sin(c + 1));
  const square = h.reduce((sum, v) => sum + v * v, 0);
  const y = x.slice();
  for (let t = 0; t < x.length; t += d) {
    let dot = 0;
    for (let c = 0; c < d; c++) dot += x[t + c]! * h[c]!;
    for (let c = 0; c < d; c++) y[t + c]! -= (2 * dot * h[c]!) / square;
  }
  return y;
}

const scoreAt = (d: number, q: FloatArray, i: number, k: FloatArray, j: number): number => {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += q[i * d + c]! * k[j * d + c]!;
  return sum;
};

/** Q normal, K normal with spectrum decay^c, both reflected; Q scaled so that the largest |score| is `reach`. */
function decaying(seed: number, d: number, n: number, decay: number, reach: number = 1): { queries: Float64Array; keys: Float64Array } {
  const queries = reflect(d, normalTokens(randomSource(seed), d, n).data);
  const keys = reflect(d, normalTokens(randomSource(seed + 1), d, n).data.map((v, i) => v * decay ** (i % d)));
  let largest = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(scoreAt(d, queries, i, keys, j)));
  return { queries: queries.map((v) => (v * reach) / largest), keys };
}

/** ln P - q . k of a pair, in float64. */
function logRatio(found: AdaptiveTruncation, d: number, queries: FloatArray, keys: FloatArray, i: number, j: number): number {
  const { set, weights, used } = found.polynomial;
  const phi = new Float64Array(set.rank).fill(1);
  let P = 0;
  for (let r = 0; r < set.runs.length; r += 4) {
    const [v, p, l, o] = [set.runs[r]!, set.runs[r + 1]!, set.runs[r + 2]!, set.runs[r + 3]!];
    const x = found.queries[i * used + v]! * found.keys[j * used + v]!;
    for (let step = 0; step < l; step++) phi[o + step] = phi[p + step]! * x;
  }
  for (let a = 0; a < set.rank; a++) P += weights[a]! * phi[a]!;
  return Math.log(P) - scoreAt(d, queries, i, keys, j);
}

/** The largest |ln(c P) - q . k| over the first tokens, c as `logError` says, and how much of eta it is. */
function expectWithin(found: AdaptiveTruncation, d: number, queries: FloatArray, keys: FloatArray, count: number = 40): number {
  const log = -0.5 * Math.log1p(-(found.polynomial.error ** 2));
  let largest = 0;
  for (let i = 0; i < Math.min(count, queries.length / d); i++) {
    for (let j = 0; j < Math.min(count, keys.length / d); j++) largest = Math.max(largest, Math.abs(logRatio(found, d, queries, keys, i, j) + log));
  }
  // The test's own sums: rank + degree roundings of the absolute sum, and those of the score.
  const slack = (found.polynomial.set.rank + 64) * 2 ** -53 * found.polynomial.absolute * Math.exp(found.halfWidth);
  expect(largest).toBeLessThanOrEqual(found.logError + slack);
  return largest / found.logError;
}

describe.each(kernels)('adaptiveTruncation, %s', (_, used) => {
  test('spectrum 0.5^c, d = 16, half-width 1, a thousandth of the range: far below the isotropic ranks', () => {
    const d = 16;
    const { queries, keys } = decaying(5, d, 1031, 0.5);
    const tolerance = 2e-3;
    const taylor = monomialCount(d, taylorDegree({ halfWidth: 1, tolerance }));
    const minimax = monomialCount(d, polynomialDegree({ halfWidth: 1, tolerance }));
    used.scratch(() => {
      const [q, k] = [stored(used, queries), stored(used, keys)];
      const found = adaptiveTruncation({ d, queries: q, keys: k }, { tolerance, mostRank: Number(minimax) }, used)!;
      expect(found.polynomial.set.rank * 100).toBeLessThan(Number(taylor));
      expect(found.polynomial.set.rank * 8).toBeLessThan(Number(minimax));
      expect(Math.tanh(found.logError)).toBeLessThanOrEqual(tolerance);
      expect(expectWithin(found, d, q, k)).toBeGreaterThan(0.1);
    });
  });

  const cases: [string, number, number, number, number, number][] = [
    ['a slow decay', 7, 211, 0.7, 1, 1e-3],
    ['a fast decay', 11, 211, 0.2, 1.5, 1e-4],
    ['no decay', 3, 211, 1, 0.5, 1e-3],
    ['one coordinate', 1, 31, 1, 2, 1e-3],
    ['one token each', 5, 1, 0.5, 0.9, 1e-3],
    ['a wide reach', 5, 101, 0.1, 4, 1e-2],
    ['many tokens', 5, 2503, 0.4, 1, 1e-2],
  ];
  test.each(cases)('%s (d = %d, n = %d): eta holds on pairs', (__, d, n, decay, reach, tolerance) => {
    const { queries, keys } = decaying(n, d, Math.min(n, 300), decay, reach);
    // More tokens than the sample: those outside reach 1.5 times further, so that only the pass over all of them can know.
    const long = (x: Float64Array): Float64Array => (n <= 300 ? x : Float64Array.from({ length: n * d }, (___, i) => x[i % x.length]! * (i >= (n - 1) * d ? 1.5 : 1)));
    used.scratch(() => {
      const [q, k] = [stored(used, long(queries)), stored(used, long(keys))];
      const found = adaptiveTruncation({ d, queries: q, keys: k }, { tolerance, mostRank: 20_000 }, used)!;
      expect(Math.tanh(found.logError)).toBeLessThanOrEqual(tolerance);
      expectWithin(found, d, q, k);
      const last = { queries: q.subarray(q.length - d), keys: k.subarray(k.length - d) };
      const u = found.polynomial.used;
      expectWithin({ ...found, queries: found.queries.slice(-u), keys: found.keys.slice(-u) }, d, last.queries, last.keys);
    });
  });

  test('adversary: every query aligned with a key in every block, both signs', () => {
    const d = 5;
    const { keys } = decaying(3, d, 101, 0.5);
    // q_i = +-0.3 k_i: both sides have the same moments, so balancing keeps them parallel and scores reach what Cauchy-Schwarz allows.
    const queries = keys.map((v, i) => (Math.floor(i / d) % 2 === 0 ? v : -v) * 0.3);
    used.scratch(() => {
      const [q, k] = [stored(used, queries), stored(used, keys)];
      const found = adaptiveTruncation({ d, queries: q, keys: k }, { tolerance: 1e-3, mostRank: 20_000 }, used)!;
      expect(expectWithin(found, d, q, k, 101)).toBeGreaterThan(0.15);
    });
  });

  test('zero queries, and equal keys centred to zero: one monomial', () => {
    used.scratch(() => {
      const [q, k] = [stored(used, new Float64Array(21)), stored(used, normalTokens(randomSource(1), 7, 5).data)];
      for (const [queries, keys] of [[q, k], [k, q]] as const) {
        const found = adaptiveTruncation({ d: 7, queries, keys }, { tolerance: 1e-3, mostRank: 10 }, used)!;
        expect(found.polynomial.set.rank).toBe(1);
        expectWithin(found, 7, queries, keys);
      }
    });
  });

  test('never more monomials than are of use, else null', () => {
    const d = 5;
    const { queries, keys } = decaying(7, d, 101, 0.9);
    used.scratch(() => {
      const problem = { d, queries: stored(used, queries), keys: stored(used, keys) };
      const free = adaptiveTruncation(problem, { tolerance: 1e-3, mostRank: 1e6 }, used)!;
      expect(adaptiveTruncation(problem, { tolerance: 1e-3, mostRank: Math.floor(free.polynomial.set.rank / 3) }, used)).toBe(null);
      // Reach 40: no polynomial.
      expect(adaptiveTruncation({ ...problem, keys: stored(used, keys.map((v) => v * 40)) }, { tolerance: 1e-3, mostRank: 1e6 }, used)).toBe(null);
    });
  });
});

test('Float32 coordinates cannot certify what they have lost', () => {
  const { queries, keys } = decaying(7, 5, 31, 0.5);
  const used = createPlainKernels({ precision: 'float32' });
  expect(adaptiveTruncation({ d: 5, queries: stored(used, queries), keys: stored(used, keys) }, { tolerance: 1e-8, mostRank: 1e6 }, used)).toBe(null);
});

test('bad input', () => {
  const used = createPlainKernels({ precision: 'float64' });
  const [problem, limits] = [{ d: 2, queries: new Float64Array(4), keys: new Float64Array(6) }, { tolerance: 1e-3, mostRank: 10 }];
  expect(() => adaptiveTruncation({ ...problem, keys: new Float64Array(5) }, limits, used)).toThrow('adaptiveTruncation: keys must hold whole tokens of width d = 2, at least one, got 5 values');
  expect(() => adaptiveTruncation({ ...problem, queries: new Float64Array(0) }, limits, used)).toThrow('queries must hold whole tokens of width d = 2, at least one, got 0 values');
  expect(() => adaptiveTruncation(problem, { ...limits, tolerance: 0 }, used)).toThrow('adaptiveTruncation: tolerance must lie in');
  expect(() => adaptiveTruncation(problem, { ...limits, mostRank: 0 }, used)).toThrow('adaptiveTruncation: mostRank must be at least 1, got 0');
});
