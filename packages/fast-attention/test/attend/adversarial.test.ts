import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionProblem } from '@prompt-limits/attention';
import { normalTokens, randomSource, tokens, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend } from '../../src/index.ts';
import { centredHead } from '../../src/attend/centredHead.ts';
import { knownPolynomial, sharedHalfWidth } from '../../src/attend/features.ts';
import { checkedProblem, headVectors } from '../../src/attend/problem.ts';
import { builds, exactly, stored, worst } from './cases.ts';

/**
 * Values that the polynomial hurts most: column c is +1 on the keys whose weight for query c the polynomial raises most, -1 on those it lowers,
 * each with half of the weight. Returns the problem and the degree's certificate.
 */
function adversarial(kernels: Kernels, Q: Tokens, K: Tokens, scale: number, degree: number): AttentionProblem {
  const [queries, keys] = [stored(kernels, Q), stored(kernels, K)];
  const columns = Math.min(7, queries.n);
  const blank = { queries, keys, values: stored(kernels, tokens(1, new Float64Array(keys.n))), scale };
  const checked = checkedProblem('test', blank);
  const head = centredHead(headVectors(blank, checked, 0), checked, { box: false, reach: Infinity })!;
  const { coefficients } = knownPolynomial(sharedHalfWidth(head.halfWidth, 8), degree);
  const V = new Float64Array(columns * keys.n);
  for (let c = 0; c < columns; c++) {
    const rows = Array.from({ length: keys.n }, (_, j) => {
      let [x, weight] = [0, 0];
      for (let a = 0; a < keys.d; a++) {
        x += (queries.data[c * keys.d + a]! - head.queryCentre[a]!) * scale * (keys.data[j * keys.d + a]! - head.keyCentre[a]!);
        weight += scale * queries.data[c * keys.d + a]! * (keys.data[j * keys.d + a]! - head.keyCentre[a]!);
      }
      return { j, weight: Math.exp(weight), ratio: coefficients.reduceRight((s, m) => s * x + m, 0) * Math.exp(-x) };
    }).sort((a, b) => b.ratio - a.ratio);
    const total = rows.reduce((sum, r) => sum + r.weight, 0);
    let seen = 0;
    for (const { j, weight } of rows) {
      V[j * columns + c] = seen + weight / 2 < total / 2 ? 1 : -1;
      seen += weight;
    }
  }
  return { ...blank, values: stored(kernels, tokens(columns, V)) };
}

const median = (x: number[]): number => x.sort((a, b) => a - b)[Math.floor(x.length / 2)]!;

describe.each(builds)('%s', (_build, make) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await make();
  });
  afterAll(() => kernels.close());

  test('keys at the peaks of the error: the bound is nearly attained, half of it is violated', () => {
    // d = 1: queries +-1 and keys spread over [-R, R] reach every score, so the polynomial shows all of its error.
    for (const [R, degree] of [[0.5, 2], [1, 3], [2, 4], [3, 6]] as const) {
      const K = tokens(1, Float64Array.from({ length: 801 }, (_, j) => -R * Math.cos((Math.PI * j) / 800)));
      const problem = adversarial(kernels, tokens(1, Float64Array.of(1, -1)), K, 1, degree);
      const { output, certificate } = attend(problem, { method: 'polynomial', degree, perQuery: true, kernels });
      const found = exactly(problem).perQuery(output.data);
      expect(worst(found, certificate.perQuery!)).toBeLessThanOrEqual(1);
      expect(Math.max(...found)).toBeGreaterThan(0.5 * certificate.relative);
    }
  });

  test('adversarial values in several dimensions: never violated, median looseness at most 3', () => {
    const looseness: number[] = [];
    for (let seed = 1; seed <= 24; seed++) {
      const random = randomSource(seed);
      const d = [1, 2, 3, 5][seed % 4]!;
      const spread = [0.3, 0.7, 1.1][seed % 3]!;
      // Aligned queries: multiples of one direction, the first the longest; keys spread along it and about it.
      const u = normalTokens(random, d, 1);
      const n = 131;
      const along = (scale: (t: number) => number, noise: number): Tokens => {
        const t = normalTokens(random, d, n, noise);
        const length = Math.hypot(...u.data);
        return tokens(d, t.data.map((x, i) => x + (scale(Math.floor(i / d)) * u.data[i % d]!) / length));
      };
      const Q = along((i) => 1 - (2 * i) / n, 0);
      const K = along((j) => spread * Math.cos((Math.PI * j) / n), 0.05 * spread);
      for (const degree of [1, 2, 3]) {
        const problem = adversarial(kernels, Q, K, 1, degree);
        const { output, certificate } = attend(problem, { method: 'polynomial', degree, perQuery: true, kernels });
        const found = exactly(problem).perQuery(output.data);
        expect(worst(found, certificate.perQuery!)).toBeLessThanOrEqual(1);
        expect(Math.max(...found)).toBeLessThanOrEqual(certificate.relative);
        looseness.push(certificate.relative / Math.max(...found));
      }
    }
    expect(median(looseness)).toBeLessThanOrEqual(3);
  });

  test('half-widths at the edge of what the precision carries', () => {
    for (const [R, method] of [[7.9, 'polynomial'], [8.2, 'exact']] as const) {
      const random = randomSource(31);
      const side = (n: number): Tokens => stored(kernels, tokens(1, Float64Array.from({ length: n }, (_, i) => Math.sqrt(R) * (i < 2 ? 2 * i - 1 : 2 * random.uniform() - 1))));
      const problem = { queries: side(53), keys: side(307), values: stored(kernels, uniformTokens(random, 2, 307, -1, 1)), scale: 1 };
      const exact = exactly(problem);
      for (const degree of [9, 14, 20, 26]) {
        const { output, certificate, plan } = attend(problem, { method: 'polynomial', degree, perQuery: true, kernels });
        expect(plan[0]!.method).toBe(method);
        expect(worst(exact.perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
        expect(worst(exact.perRow(output.data), certificate.perRow)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('terms that cancel: rounding decides, and the certificate needs its part', () => {
    // All keys but one at -R of the first query: its denominator is e^{-R} of theirs, sums of terms up to e^R.
    const R = 5;
    const random = randomSource(51);
    const K = tokens(1, Float64Array.from({ length: 401 }, (_, j) => (j === 0 ? R : -R * (1 - 0.01 * random.uniform()))));
    const V = tokens(1, Float64Array.from({ length: 401 }, (_, j) => (j % 2 === 0 ? 1 : -1)));
    const problem = { queries: stored(kernels, tokens(1, Float64Array.of(1, -1))), keys: stored(kernels, K), values: stored(kernels, V), scale: 1 };
    const { output, certificate } = attend(problem, { method: 'polynomial', degree: 24, perQuery: true, kernels });
    const found = exactly(problem).perQuery(output.data);
    expect(worst(found, certificate.perQuery!)).toBeLessThanOrEqual(1);
    const { polynomial, input, storage, sums } = certificate.terms;
    // In Float64 the proof of the polynomial itself ends where rounding begins.
    if (kernels.precision === 'float32') expect(Math.max(...found)).toBeGreaterThan(polynomial + input + storage);
    expect(sums).toBeLessThan(0.05);
  });

  test('many keys whose values cancel, and a mean far above the range', () => {
    const random = randomSource(41);
    const [n, m, d] = [20011, 5, 4];
    const values = tokens(3, Float64Array.from({ length: 3 * n }, (_, i) => (i % 3 === 0 ? (Math.floor(i / 3) % 2 === 0 ? 1 : -1) : i % 3 === 1 ? 1e3 + (random.uniform() < 0.5 ? -1 : 1) / 128 : i === 2 ? 1 : 0)));
    const problem = { queries: stored(kernels, uniformTokens(random, d, m, -1, 1)), keys: stored(kernels, uniformTokens(random, d, n, -1, 1)), values: stored(kernels, values), scale: 1 / 4 };
    const { output, certificate, plan } = attend(problem, { method: 'polynomial', degree: 6, perQuery: true, kernels });
    expect(plan[0]!.rank).toBe(210);
    const exact = exactly(problem);
    expect(worst(exact.perRow(output.data), certificate.perRow)).toBeLessThanOrEqual(1);
    expect(worst(exact.perQuery(output.data), certificate.perQuery!)).toBeLessThanOrEqual(1);
    // 20,011 values that cancel, and still rounding is bounded well below the polynomial's errors of interest.
    expect(certificate.terms.sums).toBeLessThan(1e-4);
  });
});
