import { describe, expect, test } from 'vitest';
import { createPlainKernels, type AttentionShape, type FloatArray } from '../../src/index.ts';
import { allKernels, centralDifference, dot, filled, firstBeyond, numbers, unit } from './fixtures.ts';

const reference = createPlainKernels({ precision: 'float64' });
const kernelList = await allKernels();

const shape = (queries: number, keys: number, heads: number, keyHeads: number, d: number, dv: number, causal: number | null, scale: number = 0.7): AttentionShape =>
  ({ queries, keys, heads, keyHeads, d, dv, scale, causal });

const shapes: readonly AttentionShape[] = [
  shape(1, 1, 1, 1, 1, 1, null), shape(5, 7, 1, 1, 3, 2, null), shape(7, 5, 4, 2, 3, 11, null), shape(11, 13, 3, 3, 5, 7, 2),
  shape(7, 7, 6, 3, 2, 3, 0), shape(13, 5, 2, 1, 3, 5, -8), shape(3, 11, 1, 1, 7, 2, -3), shape(0, 5, 2, 2, 3, 3, null), shape(5, 0, 2, 2, 3, 3, null),
  shape(127, 301, 2, 1, 13, 17, 174), shape(3, 5, 1, 1, 2, 2, 100), shape(101, 599, 1, 1, 8, 8, null), shape(5, 7, 2, 2, 3, 5, null, 0), shape(5, 7, 2, 2, 3, 5, 1, -2),
];

/** Attention by definition: every score, one softmax a row, in float64. */
function naive(s: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray): { z: Float64Array; logPartition: Float64Array } {
  const z = new Float64Array(s.queries * s.heads * s.dv);
  const logPartition = new Float64Array(s.heads * s.queries);
  for (let a = 0; a < s.heads; a++) {
    const head = Math.floor((a * s.keyHeads) / s.heads);
    for (let i = 0; i < s.queries; i++) {
      const scores: number[] = [];
      for (let j = 0; j < s.keys && (s.causal === null || j <= i + s.causal); j++) {
        let score = 0;
        for (let c = 0; c < s.d; c++) score += q[(i * s.heads + a) * s.d + c]! * k[(j * s.keyHeads + head) * s.d + c]!;
        scores.push(s.scale * score);
      }
      const top = Math.max(...scores);
      const sum = scores.reduce((total, score) => total + Math.exp(score - top), 0);
      logPartition[a * s.queries + i] = scores.length === 0 ? -Infinity : top + Math.log(sum);
      scores.forEach((score, j) => {
        for (let c = 0; c < s.dv; c++) z[(i * s.heads + a) * s.dv + c]! += (Math.exp(score - top) / sum) * v[(j * s.keyHeads + head) * s.dv + c]!;
      });
    }
  }
  return { z, logPartition };
}

const wide = (array: FloatArray) => Float64Array.from(array);

/** Rounding of a score with |q|, |k| <= 1: d products and sums, the rounding of scale q and of the product with it. */
const scoreError = (s: AttentionShape, u: number) => (s.d + 3) * u * Math.abs(s.scale) * s.d;
/** Relative error of a weight: twice that of a score (its own and the maximum's), exp and shift, the sum of weights. */
const weightError = (s: AttentionShape, u: number) => 2 * scoreError(s, u) + (4 * Math.abs(s.scale) * s.d + s.keys + 16) * u;

describe.each(kernelList)('attention, %s', (_, kernels) => {
  const u = unit(kernels) + 2 ** -53;

  test.each(shapes)('%o', (s) => {
    for (const foreign of [false, true]) {
      kernels.scratch(() => {
        const next = numbers(s.queries + s.keys + s.d);
        const q = filled(kernels, s.queries * s.heads * s.d, next, foreign);
        const k = filled(kernels, s.keys * s.keyHeads * s.d, next, foreign);
        const v = filled(kernels, s.keys * s.keyHeads * s.dv, next, foreign);
        const z = filled(kernels, s.queries * s.heads * s.dv + 1, () => 7, foreign);
        const logPartition = filled(kernels, s.heads * s.queries + 1, () => 7, foreign);
        kernels.attention(s, q, k, v, z, logPartition);
        const expected = naive(s, q, k, v);
        // |v| <= 1, so z errs by twice the relative error of the weights.
        expect(firstBeyond(z, [...expected.z, 7], () => 2 * weightError(s, u))).toBeUndefined();
        const logBound = (i: number) => scoreError(s, u) + (s.keys + 8 + Math.abs(expected.logPartition[i] ?? 0)) * u;
        expect(firstBeyond(logPartition, [...expected.logPartition, 7], logBound)).toBeUndefined();
      });
    }
  });

  test('a convex combination at any size of finite scores: one far above the rest takes all', () => {
    const s = shape(2, 3, 1, 1, 1, 2, null, 1);
    const big = kernels.precision === 'float32' ? 1e38 : 1e300;
    const z = kernels.allocate(4);
    const logPartition = kernels.allocate(2);
    kernels.attention(s, filled(kernels, 2, (i) => [1, -1][i]!), filled(kernels, 3, (j) => [big, 0, -big][j]!), filled(kernels, 6, (i) => i), z, logPartition);
    expect(Array.from(z)).toEqual([0, 1, 4, 5]);
    const rounded = kernels.precision === 'float32' ? Math.fround(big) : big;
    expect(Array.from(logPartition)).toEqual([rounded, rounded]);
  });

  test.each(shapes)('gradient %o', (s) => {
    kernels.scratch(() => {
      const next = numbers(s.queries * s.keys + s.dv);
      const group = s.heads / s.keyHeads;
      const q = filled(kernels, s.queries * s.heads * s.d, next);
      const k = filled(kernels, s.keys * s.keyHeads * s.d, next);
      const v = filled(kernels, s.keys * s.keyHeads * s.dv, next, true);
      const z = kernels.allocate(s.queries * s.heads * s.dv);
      const logPartition = kernels.allocate(s.heads * s.queries);
      kernels.attention(s, q, k, v, z, logPartition);
      const dz = filled(kernels, z.length, next);
      const olds = [q, k, v].map((array) => filled(kernels, array.length, next, true));
      const gradients = olds.map((old, i) => filled(kernels, old.length, (j) => old[j]!, i === 1));
      kernels.attentionVjp(s, q, k, v, z, logPartition, dz, gradients[0]!, gradients[1]!, gradients[2]!);
      const exact = naive(s, q, k, v);
      const expected = olds.map(wide);
      reference.attentionVjp(s, wide(q), wide(k), wide(v), exact.z, exact.logPartition, wide(dz), expected[0]!, expected[1]!, expected[2]!);
      // A probability errs by that of its score, of logPartition and exp; with all inputs in [-1, 1]
      // |ds| <= 2 dv |scale| p, whose own sums of dv terms err by (dv + 4) u and through z by 2 weightError;
      // a query sums over keys (sum p = 1), a key over the rows of its head, each addition rounds by u.
      const p = 3 * weightError(s, u) + 8 * u;
      const ds = 2 * s.dv * Math.abs(s.scale) * (2 * p + (s.dv + 4) * u + 2 * weightError(s, u));
      const rows = s.queries * group;
      const bounds = [ds + (s.keys + 2) * u * (1 + 2 * s.dv * Math.abs(s.scale)), rows * (ds + (rows + 2) * u * (1 + 2 * s.dv * Math.abs(s.scale))), rows * (p + (rows + 2) * u * 2)];
      gradients.forEach((gradient, i) => {
        expect({ i, beyond: firstBeyond(gradient, expected[i]!, () => bounds[i]! + u) }).toEqual({ i, beyond: undefined });
      });
    });
  });
});

test.each(shapes.slice(0, 7))('the float64 gradient is the derivative: %o', (s) => {
  const next = numbers(19);
  const inputs = [s.queries * s.heads * s.d, s.keys * s.keyHeads * s.d, s.keys * s.keyHeads * s.dv].map((length) => filled(reference, length, next));
  const [q, k, v] = inputs as [FloatArray, FloatArray, FloatArray];
  const z = reference.allocate(s.queries * s.heads * s.dv);
  const logPartition = reference.allocate(s.heads * s.queries);
  const dz = filled(reference, z.length, next);
  const loss = () => {
    reference.attention(s, q, k, v, z, logPartition);
    return dot(z, dz);
  };
  loss();
  const gradients = inputs.map((input) => reference.allocate(input.length));
  reference.attentionVjp(s, q, k, v, z, logPartition, dz, gradients[0]!, gradients[1]!, gradients[2]!);
  // Truncation h^2 / 6 times third derivatives below 100, rounding of a loss of at most 154 terms / h.
  inputs.forEach((input, which) => {
    for (let i = 0; i < input.length; i++) expect(Math.abs(centralDifference(loss, input, i) - gradients[which]![i]!)).toBeLessThan(4e-9);
  });
});
