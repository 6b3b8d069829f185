import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionProblem } from '@prompt-limits/attention';
import { createKernels, normalTokens, randomSource, tokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend, planAttention, nominalCosts, type FastAttentionOptions } from '../../src/index.ts';
import { builds, exactly, stored, worst } from '../attend/cases.ts';

/** A problem whose tokens lie within about half a unit, but for the vectors listed, which are `far` times as long. */
interface Far {
  readonly n?: number;
  readonly keys?: number;
  readonly heads?: number;
  readonly keyHeads?: number;
  readonly queryAt?: readonly number[];
  readonly keyAt?: readonly number[];
  readonly far?: number;
  /** Added to every query. */
  readonly shift?: number;
  /** Values of a key, `beyond` for one of the far ones. */
  readonly value?: (c: number, key: number, beyond: boolean, random: number) => number;
}

const [d, dv] = [3, 2];

function problemOf(kernels: Kernels, { n = 61, keys = 71, heads = 1, keyHeads = heads, queryAt = [], keyAt = [], far = 30, shift = 0, value = (_c, _k, _b, x) => x }: Far): AttentionProblem {
  const random = randomSource(3);
  const stretched = (t: Tokens, at: readonly number[]): Tokens => {
    const data = Float64Array.from(t.data);
    for (const v of at) for (let c = 0; c < d; c++) data[v * d + c]! *= far;
    return tokens(t.d, data);
  };
  const Q = stretched(normalTokens(random, heads * d, n, 0.25), queryAt);
  const K = stretched(normalTokens(random, keyHeads * d, keys, 0.25), keyAt);
  const beyond = new Set(keyAt.map((v) => Math.floor(v / keyHeads)));
  const V = tokens(keyHeads * dv, Float64Array.from({ length: keyHeads * dv * keys }, (_, i) => {
    const key = Math.floor(i / (keyHeads * dv));
    return value(i % (keyHeads * dv), key, beyond.has(key), random.uniform() - 0.5);
  }));
  return { queries: stored(kernels, tokens(Q.d, Q.data.map((x) => x + shift))), keys: stored(kernels, K), values: stored(kernels, V), heads, keyHeads, scale: 1 / Math.sqrt(d) };
}

const every: FastAttentionOptions = { method: 'polynomial', perQuery: true, logPartition: true };

const cases: Record<string, Far> = {
  'one far query': { queryAt: [17], far: 200 },
  'one far key': { keyAt: [23], far: 800 },
  'a few of both': { queryAt: [0, 17, 60], keyAt: [0, 5, 70] },
  'far queries as long as each other': { queryAt: [4, 9, 30, 31], far: 100 },
  'the query centre is not 0': { shift: 0.7, queryAt: [3], keyAt: [2, 40], far: 50 },
  'heads in groups': { heads: 4, keyHeads: 2, queryAt: [5, 44, 46, 171], keyAt: [11, 12, 91], far: 24 },
  'three queries': { n: 3, keyAt: [8], far: 1000 },
  'more keys than queries': { n: 19, keys: 401, queryAt: [7], keyAt: [100, 399] },
  'far keys alone hold the largest values': { keyAt: [9, 50], far: 200, value: (_c, _k, beyond) => (beyond ? 1 : -1) },
  'half of the values at either end': { queryAt: [30], keyAt: [6], value: (c, key) => ((key + c) % 2 === 0 ? 1 : -1) },
};

describe.each(builds)('blocks of a head, %s', (_build, make) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await make();
  });
  afterAll(() => kernels.close());

  test.each(Object.entries(cases))('%s: within the certificate of every query and of the log partitions', (_name, far) => {
    const problem = problemOf(kernels, far);
    const { output, certificate, plan, logPartition, logPartitionError } = attend(problem, { ...every, kernels });
    const exact = exactly(problem);
    expect(worst(exact.perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
    expect(worst(exact.perRow(output.data), certificate.perRow)).toBeLessThanOrEqual(1);
    expect(certificate.relative).toBeLessThanOrEqual(2 ** -10);
    logPartition!.forEach((x, i) => expect(Math.abs(x - exact.logPartition[i]!)).toBeLessThanOrEqual(logPartitionError! + exact.logError));
    const group = (far.heads ?? 1) / (far.keyHeads ?? far.heads ?? 1);
    for (const [head, { method, blocks }] of plan.entries()) {
      const [queries, keys] = [problem.queries.n * group, problem.keys.n];
      expect(method).toBe('polynomial');
      // The blocks are the head: every pair of a query and a key once.
      if (blocks !== undefined) expect(blocks.reduce((sum, block) => sum + block.queries * block.keys, 0), `head ${head}`).toBe(queries * keys);
    }
    expect(plan.some(({ blocks }) => blocks !== undefined)).toBe(true);
    expect(plan.find(({ blocks }) => blocks !== undefined)!.reason).toMatch(/further out exactly$/);
  });

  test('far keys that take all of the weight, or none', () => {
    // Scores with the far key reach some hundred: the polynomial part of a row counts for nothing, or for everything.
    const problem = problemOf(kernels, { keyAt: [13], far: 1500 });
    const { output, certificate, plan } = attend(problem, { ...every, tolerance: 1e-2, kernels });
    const exact = exactly(problem);
    expect(plan[0]!.blocks).toHaveLength(2);
    expect(worst(exact.perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
    const weights = Array.from({ length: problem.queries.n }, (_, i) => {
      const score = [0, 1, 2].reduce((sum, c) => sum + problem.queries.data[i * d + c]! * problem.keys.data[13 * d + c]!, 0) * problem.scale;
      return Math.exp(score - exact.logPartition[i]!);
    });
    expect(Math.min(...weights)).toBeLessThan(1e-9);
    expect(Math.max(...weights)).toBeGreaterThan(1 - 1e-9);
  });

  test('a sampled certificate and a tolerance that only blocks meet', () => {
    const problem = problemOf(kernels, { queryAt: [17], keyAt: [3] });
    const { output, certificate } = attend(problem, { method: 'polynomial', certificate: 'sampled', kernels });
    expect(worst(exactly(problem).perRow(output.data), attend(problem, { ...every, kernels }).certificate.perRow)).toBeLessThanOrEqual(1);
    expect(certificate.relative).toBeLessThanOrEqual(2 ** -10);
  });
});

describe('where a head is not divided', () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await createKernels({ threads: 1, memoryMiB: 64 });
  });
  afterAll(() => kernels.close());
  const method = 'polynomial';

  test('no token is far', () => {
    const { plan } = attend(problemOf(kernels, {}), { method, kernels });
    expect(plan[0]).not.toHaveProperty('blocks');
    expect(plan[0]!.method).toBe('polynomial');
  });

  test('all tokens are', () => {
    const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    const { plan, certificate } = attend(problemOf(kernels, { queryAt: all(61), keyAt: all(71) }), { method, kernels });
    expect([plan[0]!.method, plan[0]!.blocks]).toEqual(['exact', undefined]);
    expect(certificate.terms.polynomial).toBe(0);
  });

  test('near keys are all equal: stored as zeros, they leave no room for the far one', () => {
    const problem = problemOf(kernels, { keyAt: [70], far: 1000 });
    problem.keys.data.fill(0.25, 0, 70 * d);
    const { output, certificate, plan } = attend(problem, { ...every, kernels });
    expect(plan[0]!.method).toBe('exact');
    expect(worst(exactly(problem).perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
  });

  test('with a mask, with a degree, from the box', () => {
    const problem = problemOf(kernels, { queryAt: [17], keyAt: [3] });
    for (const options of [{ degree: 2 }, { certificate: 'a-priori' }] as const) expect(attend(problem, { method, ...options, kernels }).plan[0]).not.toHaveProperty('blocks');
    expect(attend({ ...problem, causal: true }, { method, kernels }).plan[0]).not.toHaveProperty('blocks');
  });
});

describe('what a review found', () => {
  test.each([24, 22, 18, 14])('far keys across the query centre: products of 2^%d that cancel, whose rounding is not small', (exponent) => {
    // Every product is exact in float64, so the reference is right; ln omega of the far key is a small difference of three of them.
    const P = 2 ** exponent;
    const random = randomSource(1);
    const queries = tokens(3, Float32Array.from({ length: 120 }, (_, at) => (at % 3 === 0 ? 3 * P : at % 3 === 1 ? 7 * P : 1e-6 * 2 ** (24 - exponent) * random.normal())));
    const keys = tokens(3, Float32Array.from({ length: 60 }, (_, at) => (at % 3 === 2 ? 1e-3 * random.normal() : 0)));
    keys.data.set([7 * P, -3 * P, 2.5 * P], 15);
    const values = tokens(1, new Float32Array(20).fill(-1));
    values.data[5] = 1;
    for (const scale of [0.3, 0.7]) {
      const problem = { queries, keys, values, scale };
      const { output, certificate, logPartition, logPartitionError } = attend(problem, every);
      const exact = exactly(problem);
      expect(worst(exact.perRow(output.data), certificate.perRow)).toBeLessThanOrEqual(1);
      logPartition!.forEach((x, i) => expect(Math.abs(x - exact.logPartition[i]!)).toBeLessThanOrEqual(logPartitionError! + exact.logError));
    }
  });

  test('a far key that leaves Float32 once it is scaled like the near ones', () => {
    const column = (value: (i: number) => number): Tokens<Float32Array> => tokens(1, Float32Array.from({ length: 20 }, (_, i) => value(i)));
    const problem = { queries: column((i) => i / 10 - 1), keys: column((i) => (i === 9 ? 2e37 : (i - 9) * 1e-41)), values: column((i) => i % 3), scale: 1e-36 };
    const { output, certificate } = attend(problem, every);
    expect(output.data.every(Number.isFinite)).toBe(true);
    expect(worst(exactly(problem).perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
  });

  test('values that are all equal say nothing of the log partitions', async () => {
    const kernels = await createKernels({ threads: 1, memoryMiB: 16 });
    for (const far of [{}, { keyAt: [8], far: 200, shift: 0.5 }]) {
      for (const keys of [3, 20, 71]) {
        const problem = problemOf(kernels, { ...far, keys: Math.max(keys, 9), value: () => 1 });
        const { certificate, logPartition, logPartitionError } = attend(problem, { method: 'polynomial', logPartition: true, kernels });
        const exact = exactly(problem);
        expect(certificate.bound).toBe(0);
        const other = attend({ ...problem, values: problemOf(kernels, { keys: Math.max(keys, 9) }).values }, { method: 'polynomial', logPartition: true, kernels });
        expect(logPartitionError).toBe(other.logPartitionError);
        logPartition!.forEach((x, i) => expect(Math.abs(x - exact.logPartition[i]!)).toBeLessThanOrEqual(logPartitionError! + exact.logError));
      }
    }
    kernels.close();
  });

  test('kernels without room for the far queries compute the head undivided', async () => {
    const small = await createKernels({ threads: 1, memoryMiB: 2 });
    const roomy = await createKernels({ threads: 1, memoryMiB: 64 });
    // One far query: exact attention for it needs all keys and values at once.
    const problem = problemOf(small, { n: 151, keys: 60_001, queryAt: [10], far: 9 });
    const costs = { exactPair: { base: 50, each: 1 }, monomial: { base: 5, each: 0.05 }, token: { base: 10, each: 2 }, call: 0, measured: true };
    const options = { tolerance: 1e-3, costs, perQuery: true } as const;
    expect(attend(problem, { ...options, kernels: roomy }).plan[0]).toHaveProperty('blocks');
    const { output, certificate, plan } = attend(problem, { ...options, kernels: small });
    expect([plan[0]!.method, plan[0]!.blocks]).toEqual(['polynomial', undefined]);
    expect(worst(exactly(problem).perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
    small.close();
    roomy.close();
  });
});

test('auto divides a head where that is predicted to be faster, and planAttention says the same', async () => {
  const kernels = await createKernels({ threads: 1, memoryMiB: 64 });
  const problem = problemOf(kernels, { n: 1297, keys: 4093, queryAt: [1000], keyAt: [2000] });
  const costs = nominalCosts(kernels);
  const { plan, certificate, output } = attend(problem, { costs, perQuery: true, kernels });
  expect(plan[0]!.blocks).toEqual([
    { queries: 1296, keys: 4092, method: 'polynomial' },
    { queries: 1296, keys: 1, method: 'exact' },
    { queries: 1, keys: 4093, method: 'exact' },
  ]);
  expect(worst(exactly(problem).perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
  const { heads, planned, exact } = planAttention(problem, { costs, kernels });
  expect(heads[0]).toEqual(plan[0]);
  expect(planned).toBe(plan[0]!.predicted!.polynomial);
  expect(planned).toBeLessThan(exact / 2);
  // Where exact attention costs next to nothing nothing is worth dividing for.
  const cheap = { ...costs, exactPair: { base: costs.exactPair.base / 50, each: costs.exactPair.each / 50 } };
  expect(attend(problem, { costs: cheap, kernels }).plan[0]!.method).toBe('exact');
  kernels.close();
});
