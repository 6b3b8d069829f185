import { expect, test } from 'vitest';
import { createKernels, createPlainKernels, monomialSet, normalTokens, randomSource, uniformTokens, type FloatArray, type Kernels } from '@prompt-limits/core-linalg';
import { attendReference } from '@prompt-limits/attention';
import { exactRounding, sumRounding } from '../../src/certificate/rounding.ts';
import { absoluteSum, expPolynomial } from '../../src/polynomial/expPolynomial.ts';
import { weightsOf } from '../../src/attend/features.ts';

const builds: [string, () => Promise<Kernels>][] = [
  ['float32 wasm', () => createKernels({ threads: 1, memoryMiB: 64 })],
  ['float32 plain', () => Promise.resolve(createPlainKernels({ precision: 'float32' }))],
  ['float64 plain', () => Promise.resolve(createPlainKernels({ precision: 'float64' }))],
];

test.each(builds)('sumRounding holds for moments, weights and readings: %s', async (_name, make) => {
  const kernels = await make();
  const random = randomSource(23);
  const make32 = (length: number): FloatArray => (kernels.precision === 'float32' ? new Float32Array(length) : new Float64Array(length));
  for (const [d, degree, keys, spread] of [[1, 5, 307, 1.3], [3, 4, 211, 1], [7, 3, 1009, 0.6], [5, 0, 17, 1], [2, 6, 503, 1e-3]] as const) {
    const set = monomialSet(d, degree);
    const p = expPolynomial(Math.min(8, d * spread * spread), degree);
    const store = (n: number, rows: number): FloatArray => {
      const out = make32(n * rows);
      out.set(uniformTokens(random, rows, n, -spread, spread).data);
      return out;
    };
    const [q, k] = [store(11, d), store(keys, d)];
    // Values of both signs cancel; the last column is the weights.
    const y = make32(keys * 3);
    for (let j = 0; j < keys; j++) [y[3 * j], y[3 * j + 1], y[3 * j + 2]] = [j % 2 === 0 ? 1 : -1, random.uniform() * 2 - 1, 1];
    const moments = make32(set.rank * 3);
    kernels.monomialMoments(set, keys, k, 3, y, moments);
    const weights = weightsOf(set, p);
    const W = make32(set.rank * 3);
    for (let at = 0; at < W.length; at++) W[at] = weights[Math.floor(at / 3)]! * moments[at]!;
    const out = make32(11 * 3);
    kernels.monomialRead(set, 11, q, 3, W, out);
    const rounding = sumRounding(set, p, kernels, { keys, block: keys, largest: spread });
    for (let i = 0; i < 11; i++) {
      for (let c = 0; c < 3; c++) {
        let [sum, absolute] = [0, 0];
        for (let j = 0; j < keys; j++) {
          let [x, size] = [0, 0];
          for (let a = 0; a < d; a++) {
            const product = q[i * d + a]! * k[j * d + a]!;
            [x, size] = [x + product, size + Math.abs(product)];
          }
          sum += p.coefficients.reduceRight((s, m) => s * x + m, 0) * y[3 * j + c]!;
          absolute += absoluteSum(p, size) * Math.abs(y[3 * j + c]!);
        }
        // The float64 reference errs by about (keys + d + 2 degree) 2^-53 of the same absolute sum.
        const reference = absolute * (keys + 2 * d + 2 * degree + 4) * 2 ** -53;
        expect(Math.abs(out[3 * i + c]! - sum)).toBeLessThanOrEqual(rounding.relative * absolute + rounding.absolute * keys + reference);
      }
    }
  }
  kernels.close();
});

test.each(builds)('exactRounding holds for Kernels.attention, values that cancel and scores up to 30: %s', async (_name, make) => {
  const kernels = await make();
  const random = randomSource(5);
  for (const [d, n, spread] of [[3, 7, 1], [5, 701, 0.7], [11, 300, 1.2], [2, 1500, 2]] as const) {
    const round = (rows: number, s: number) => {
      const t = normalTokens(random, rows, n, s);
      return kernels.precision === 'float32' ? t.data.map(Math.fround) : t.data;
    };
    const [Q, K, V] = [round(d, spread), round(d, spread), round(2, 1)];
    const problem = { queries: { d, n, data: Q }, keys: { d, n, data: K }, values: { d: 2, n, data: V }, scale: 1 };
    const { output, logPartition } = attendReference(problem);
    const Storage = kernels.precision === 'float32' ? Float32Array : Float64Array;
    const [z, logs] = [new Storage(2 * n), new Storage(n)];
    kernels.attention({ queries: n, keys: n, heads: 1, keyHeads: 1, d, dv: 2, scale: 1, causal: null }, Storage.from(Q), Storage.from(K), Storage.from(V), z, logs);
    const norm = (X: Float64Array): number => Math.max(...Array.from({ length: n }, (_, t) => Math.hypot(...X.subarray(t * d, t * d + d))));
    const S = norm(Q) * norm(K);
    const { eta, sums, log } = exactRounding(kernels, n, d, S);
    const largest = Math.max(...V.map(Math.abs));
    // Factors e^{+-eta} on weights move a mean of values in [-largest, largest] by tanh(eta/2) of 2 largest; the reference errs as Float64.
    const reference = exactRounding({ precision: 'float64' }, n, d, S);
    const bound = largest * (eta + 2 * sums + reference.eta + 2 * reference.sums + 2 ** -24);
    for (let at = 0; at < z.length; at++) expect(Math.abs(z[at]! - output.data[at]!)).toBeLessThanOrEqual(bound);
    for (let i = 0; i < n; i++) expect(Math.abs(logs[i]! - logPartition[i]!)).toBeLessThanOrEqual(eta + sums + log + reference.eta + reference.sums + reference.log);
  }
  kernels.close();
});
