import { describe, expect, test } from 'vitest';
import { attend as attendExact, mergeAttention, type AttentionProblem } from '@prompt-limits/attention';
import { createKernels, createPlainKernels, normalTokens, randomSource, sliceColumns, tokens, uniformTokens, type Tokens } from '@prompt-limits/core-linalg';
import { attend, sampledFraction } from '../../src/index.ts';
import { checkedProblem } from '../../src/attend/problem.ts';
import { sampleRows } from '../../src/attend/sampleRows.ts';
import { exactly } from './cases.ts';

const f32 = (t: Tokens): Tokens<Float32Array> => tokens(t.d, Float32Array.from(t.data));
function uniform(seed: number, d: number, n: number, B = 0.5): AttentionProblem<Float64Array> {
  const r = randomSource(seed);
  return { queries: uniformTokens(r, d, n, -B, B), keys: uniformTokens(r, d, n, -B, B), values: uniformTokens(r, d, n, -B, B), scale: 1 / d };
}

describe('method', () => {
  test('exact is exact attention, in the range of V', () => {
    const problem = uniform(1, 5, 43);
    const { output, plan } = attend(problem, { method: 'exact' });
    expect(output.data).toEqual(attendExact(problem).output.data);
    expect(plan[0]).toMatchObject({ method: 'exact', degree: null, rank: null, halfWidth: null, reason: 'asked for' });
  });

  test('auto: exact where it is cheaper or the scores are too wide, polynomial where it pays', () => {
    expect(attend(uniform(1, 13, 43, 1)).plan[0]!.method).toBe('exact');
    expect(attend(uniform(1, 2, 700)).plan[0]!.method).toBe('polynomial');
    const wide = attend({ ...uniform(1, 2, 700), scale: 100 });
    expect(wide.plan[0]!.reason).toMatch(/^scores reach .* no polynomial here follows e\^x beyond 8/);
    expect(wide.certificate.says[0]).toMatch(/^0 of 1 heads by polynomial; exact: scores reach/);
  });

  test('a rank that would not fit: the number is told, and exact attention runs', () => {
    const r = randomSource(2);
    const X = normalTokens(r, 64, 101);
    const { plan, output } = attend({ queries: X, keys: X, values: X, scale: 1 / 32 }, { method: 'polynomial', tolerance: 1e-6 });
    expect(plan[0]!.method).toBe('exact');
    expect(plan[0]!.reason).toMatch(/needs \d+ monomials at d = 64, \d+ MiB a head, and 64 MiB are allowed/);
    expect(output.data).toEqual(attendExact({ queries: X, keys: X, values: X, scale: 1 / 32 }).output.data);
  });

  test('kernel memory that is too small for the rank: told, and exact attention runs', async () => {
    const kernels = await createKernels({ threads: 1, memoryMiB: 2 });
    const X = f32(normalTokens(randomSource(2), 16, 101));
    const problem = { queries: X, keys: X, values: X, scale: 1 / 16 };
    const { plan, output } = attend(problem, { method: 'polynomial', truncation: 'isotropic', tolerance: 1e-2, kernels });
    expect(plan[0]!.reason).toMatch(/^rank 4845 needs about \d+ MiB of kernel memory, more than is free$/);
    expect(output.data).toEqual(attendExact(problem, kernels).output.data);
    kernels.close();
  });

  test('heads of one problem are planned one by one', () => {
    const r = randomSource(3);
    // The second key head has scores too wide for any polynomial.
    const n = 450;
    const K = uniformTokens(r, 4, n, -0.5, 0.5).data.map((x, i) => (i % 4 < 2 ? x : 90 * x));
    const Q = uniformTokens(r, 8, n, -0.5, 0.5);
    const problem = { queries: Q, keys: tokens(4, K), values: uniformTokens(r, 6, n, -1, 1), scale: 1, heads: 4, keyHeads: 2 };
    const { plan, output, certificate } = attend(problem, { tolerance: 1e-4, perQuery: true });
    expect(plan.map((p) => p.method)).toEqual(['polynomial', 'polynomial', 'exact', 'exact']);
    const exact = exactly(problem);
    expect(Math.max(...exact.perQuery(output.data))).toBeLessThanOrEqual(1e-4);
    // The exact heads only carry rounding.
    expect(Math.max(...certificate.perQuery!.subarray(2 * n))).toBeLessThan(1e-9);
    expect(Math.max(...certificate.perRow.subarray(6))).toBeLessThan(1e-9);
    expect(certificate.perRow[0]!).toBeGreaterThan(1e-7);
  });

  test('least degree: one less does not meet the tolerance by its own certificate', () => {
    const problem = uniform(4, 3, 301, 1.5);
    for (const tolerance of [1e-2, 1e-4, 1e-6]) {
      const { plan, certificate } = attend(problem, { method: 'polynomial', tolerance });
      expect(certificate.relative).toBeLessThanOrEqual(tolerance);
      const less = attend(problem, { method: 'polynomial', degree: plan[0]!.degree! - 1 });
      // Planned for R rounded up by 1.1%, certified for R itself.
      expect(less.certificate.relative).toBeGreaterThan(tolerance * 0.8);
    }
  });
});

describe('certificates', () => {
  test('a-priori: a function of the largest entries, n and d alone', () => {
    const [a, b] = [uniform(5, 2, 97), uniform(6, 2, 97)];
    for (const p of [a, b]) for (const t of [p.queries, p.keys, p.values]) t.data[0] = 0.5;
    const options = { method: 'polynomial', certificate: 'a-priori', tolerance: 1e-3 } as const;
    const [x, y] = [attend(a, options), attend(b, options)];
    expect(x.certificate).toEqual(y.certificate);
    expect(x.plan).toEqual(y.plan);
    // R = scale d B^2, up to rounding.
    expect(x.plan[0]!.halfWidth).toBeCloseTo(0.25, 12);
    expect(x.certificate.bound).toBeLessThanOrEqual(1e-3);
    // Norms and centres of this input only shrink the score range.
    expect(attend(a, { ...options, certificate: 'a-posteriori' }).plan[0]!.halfWidth!).toBeLessThan(0.25);
  });

  test('sampled: the statement fails no more often than it admits', () => {
    const problem = uniform(7, 2, 149, 1);
    const { output } = attend(problem, { method: 'polynomial', degree: 2 });
    const errors = exactly(problem).perQuery(output.data).sort();
    const [rows, confidence, runs] = [9, 0.8, 600];
    const f = sampledFraction(rows, confidence);
    const checked = checkedProblem('test', problem);
    let failures = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const { relative } = sampleRows(problem, checked, output.data, rows, randomSource(seed));
      const within = errors.filter((e) => e <= relative).length / errors.length;
      if (within < f) failures++;
    }
    // Binomial(600, at most 0.2): mean at most 120, four standard deviations are 39. And it is not vacuous.
    expect(failures).toBeLessThanOrEqual(159);
    expect(failures).toBeGreaterThan(60);
    const { certificate } = attend(problem, { method: 'polynomial', degree: 2, certificate: 'sampled', sample: { rows, confidence, random: randomSource(3) } });
    expect(certificate.sample).toEqual({ rows, population: 149, confidence, fraction: f });
    expect(certificate.relative).toBeLessThanOrEqual(errors[148]! + 1e-12);
    expect(certificate.says[2]).toMatch(/^with confidence 0.8 at least 83.6% of all rows/);
  });

  test('log partitions merge with exact attention over other keys (Eq. I.2)', () => {
    const problem = uniform(8, 3, 211, 1);
    const part = (from: number, to: number) => ({ ...problem, keys: sliceColumns(problem.keys, from, to), values: sliceColumns(problem.values, from, to) });
    const near = attend(part(0, 150), { method: 'polynomial', tolerance: 1e-5, logPartition: true });
    const merged = mergeAttention([{ output: near.output, logPartition: near.logPartition! }, attendExact(part(150, 211))]);
    const whole = attendExact(problem);
    const worst = whole.output.data.reduce((most, z, i) => Math.max(most, Math.abs(z - merged.output.data[i]!)), 0);
    // Values lie in [-1, 1]: the near part is off by its bound, the shares by e^{2e}.
    expect(worst).toBeLessThanOrEqual(near.certificate.bound + 2 * near.logPartitionError! + 1e-12);
    expect(worst).toBeGreaterThan(0);
  });
});

test('errata 3: with scale 1 the scores reach d B^2, with 1/sqrt(d) sqrt(d) B^2, with 1/d B^2 whatever the width', () => {
  const B = 0.5;
  const at = (d: number, scale: number) => {
    // Corners of the box, where |q| = |k| = B sqrt(d).
    const r = randomSource(d);
    const corner = (): Tokens => tokens(d, Float64Array.from({ length: 40 * d }, () => (r.uniform() < 0.5 ? -B : B)));
    const problem = { queries: corner(), keys: corner(), values: corner(), scale };
    problem.keys.data.set(problem.queries.data.subarray(0, d));
    return attend(problem, { method: 'polynomial', certificate: 'a-priori', tolerance: 1e-2 }).plan[0]!;
  };
  for (const d of [2, 7, 13]) {
    expect(at(d, 1).halfWidth).toBeCloseTo(d * B * B, 10);
    expect(at(d, 1 / Math.sqrt(d)).halfWidth).toBeCloseTo(Math.sqrt(d) * B * B, 10);
    expect(at(d, 1 / d).halfWidth).toBeCloseTo(B * B, 10);
  }
  // So the degree that B alone promises holds for the scale 1/d only.
  expect([2, 7, 13].map((d) => at(d, 1 / d).degree)).toEqual([1, 1, 1]);
  expect([2, 7, 13].map((d) => at(d, 1).degree)).toEqual([2, 4, 6]);
});

describe('bad input', () => {
  const good = uniform(9, 3, 11);
  const empty = { d: 3, n: 0, data: new Float64Array(0) };
  const bad: [string, () => unknown, string][] = [
    ['NaN', () => attend({ ...good, keys: tokens(3, good.keys.data.map((x, i) => (i === 4 ? Number.NaN : x))) }), 'attend: keys must be finite'],
    ['Infinity', () => attend({ ...good, values: tokens(3, good.keys.data.map((x, i) => (i === 4 ? Infinity : x))) }), 'attend: values must be finite'],
    ['no queries', () => attend({ ...good, queries: empty }), 'attend: queries.n must be at least 1, got 0'],
    ['no keys', () => attend({ ...good, keys: empty, values: empty }), 'attend: keys.n must be at least 1, got 0'],
    ['widths', () => attend({ ...good, keys: uniformTokens(randomSource(1), 2, 11, 0, 1) }), 'attend: keys must have keyHeads * d / heads rows (1 * 3 / 1 = 3), got d = 2'],
    ['tokens', () => attend({ ...good, values: uniformTokens(randomSource(1), 2, 10, 0, 1) }), 'attend: values must have as many tokens as keys (n = 11), got n = 10'],
    ['heads', () => attend({ ...good, heads: 2 }), 'attend: heads must divide the rows of queries (3), got 2'],
    ['tolerance 0', () => attend(good, { tolerance: 0 }), 'attend: tolerance must lie in'],
    ['tolerance NaN', () => attend(good, { tolerance: Number.NaN }), 'attend: tolerance must lie in'],
    ['method', () => attend(good, { method: 'fast' as 'auto' }), 'attend: method must be one of exact, polynomial, auto, got "fast"'],
    ['rows', () => attend(good, { sample: { rows: 0 } }), 'attend: sample.rows must be at least 1, got 0'],
    ['overflow', () => attend({ ...good, scale: 1e308 }), 'attend: d * scale * |Q| * |K|, each factor at least 1, must be at most'],
  ];
  test.each(bad)('%s', (_name, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(RangeError);
  });

  test('kinds', () => {
    expect(() => attend({ ...good, keys: f32(good.keys) as unknown as Tokens<Float64Array> })).toThrow('attend: keys must be stored like queries in a Float64Array, got Float32Array(33)');
    expect(() => attend(good, { kernels: createPlainKernels({ precision: 'float32' }) })).toThrow('attend: kernels must compute in the precision of the tokens (float64), got "float32"');
  });

  test('a tolerance below what Float32 certifies: the smallest is named, and it works', () => {
    const problem = { ...good, queries: f32(good.queries), keys: f32(good.keys), values: f32(good.values) };
    for (const method of ['polynomial', 'auto'] as const) {
      let smallest = 0;
      try {
        attend(problem, { tolerance: 1e-9, method });
      } catch (error) {
        smallest = Number(/must be at least (\S+), the smallest that float32 certifies for this input, got 1e-9/.exec((error as Error).message)?.[1]);
      }
      expect(smallest).toBeGreaterThan(2 ** -25);
      expect(attend(problem, { tolerance: smallest, method }).certificate.relative).toBeLessThanOrEqual(smallest);
    }
  });
});
