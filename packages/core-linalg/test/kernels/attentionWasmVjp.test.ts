import { describe, expect, test } from 'vitest';
import { createPlainKernels, type FloatArray, type Kernels } from '../../src/index.ts';
import { base, problem, testSmallShapes } from './attentionCases.ts';
import { attentionReference, type Problem } from './attentionReference.ts';
import { allKernels, centralDifference, dot, filled, firstBeyond, unit } from './fixtures.ts';

/** What attentionVjp adds to gradients that start at `start`; one value more in each, which it may not touch. */
function gradients(kernels: Kernels, { shape, q, k, v, dz }: Problem, start: number = 0): Record<'dq' | 'dk' | 'dv', FloatArray> {
  const z = filled(kernels, dz.length, () => 7);
  const logPartition = filled(kernels, shape.heads * shape.queries, () => 7);
  kernels.attention(shape, q, k, v, z, logPartition);
  const [dq, dk, dv] = [q, k, v].map((x) => filled(kernels, x.length + 1, () => start)) as [FloatArray, FloatArray, FloatArray];
  kernels.attentionVjp(shape, q, k, v, z, logPartition, dz, dq, dk, dv);
  expect([dq.at(-1), dk.at(-1), dv.at(-1)]).toEqual([start, start, start]);
  return { dq: dq.subarray(0, -1), dk: dk.subarray(0, -1), dv: dv.subarray(0, -1) };
}

/** Every entry lies within the error that its own sums allow. */
function check(kernels: Kernels, given: Problem, start: number = 0): void {
  const u = unit(kernels);
  const expected = attentionReference(given, u);
  const actual = gradients(kernels, given, start);
  for (const name of ['dq', 'dk', 'dv'] as const) {
    const { value, bound } = expected[name];
    const sums = value.map((x) => x + start);
    // The last addition rounds the sum.
    const beyond = firstBeyond(actual[name], sums, (i) => bound[i]! + u * (Math.abs(sums[i]!) + bound[i]!) + 2 ** -126);
    expect(beyond, `${name} of ${JSON.stringify(given.shape)}`).toBeUndefined();
  }
}

const kernelList = await allKernels();

describe.each(kernelList)('gradient of attention, %s', (_, kernels) => {
  test.each([null, 4, 0, -3, -13, -100, 100])('prime dimensions, causal %s', (causal) => {
    kernels.scratch(() => check(kernels, problem(kernels, { ...base, causal }), 0.75));
    check(kernels, problem(kernels, { ...base, causal }, true));
  });

  testSmallShapes(kernels, check);

  test.each([[113, 301, null], [113, 301, 188], [211, 97, 0], [300, 101, -150], [1, 503, 502], [97, 96, null], [96, 192, -5]])(
    'several tiles: %i queries, %i keys, causal %s', (queries, keys, causal) => {
      kernels.scratch(() => check(kernels, problem(kernels, { ...base, queries, keys, causal, heads: 3, keyHeads: 1, scale: -3 })));
    },
  );

  test('scale 0, equal keys, one key', () => {
    kernels.scratch(() => {
      check(kernels, problem(kernels, { ...base, scale: 0 }));
      const equal = problem(kernels, base);
      equal.k.fill(0.5);
      check(kernels, equal);
      check(kernels, problem(kernels, { ...base, keys: 1 }));
    });
  });

  test('hidden keys and queries that see nothing get no gradient', () => {
    kernels.scratch(() => {
      const { queries, heads, keys, keyHeads, d, dv: width } = base;
      const { dq, dk, dv } = gradients(kernels, problem(kernels, { ...base, causal: -3 }));
      const some = (x: FloatArray) => x.some((value) => value !== 0);
      for (let i = 0; i < queries; i++) expect(some(dq.subarray(i * heads * d, (i + 1) * heads * d))).toBe(i > 3); // one key: no choice
      for (let j = 0; j < keys; j++) {
        expect(some(dv.subarray(j * keyHeads * width, (j + 1) * keyHeads * width))).toBe(j <= queries - 1 - 3);
        if (j > queries - 1 - 3) expect(some(dk.subarray(j * keyHeads * d, (j + 1) * keyHeads * d))).toBe(false);
      }
    });
  });
});

test.each(kernelList)('scores of 1e30: the chosen value gets the whole gradient, %s', (_, kernels) => {
  kernels.scratch(() => {
    for (const keys of [3, 11, 300]) {
      const shape = { ...base, queries: 2, heads: 1, keyHeads: 1, keys, d: 1, dv: 1, scale: 1e15 };
      const q = filled(kernels, 2, (i) => (i === 0 ? 1 : -1));
      const k = filled(kernels, keys, (j) => (j - keys / 2) * 1e13);
      const v = filled(kernels, keys, (j) => j + 0.5);
      const dz = filled(kernels, 2, (i) => i + 3);
      const { dq, dk, dv } = gradients(kernels, { shape, q, k, v, dz });
      expect(Array.from(dv)).toEqual(Array.from({ length: keys }, (__, j) => (j === 0 ? 4 : j === keys - 1 ? 3 : 0)));
      expect([...dq, ...dk]).toEqual(Array.from({ length: 2 + keys }, () => 0));
    }
  });
});

test('the formulas are the derivative, by central differences in float64', () => {
  const kernels = createPlainKernels({ precision: 'float64' });
  const given = problem(kernels, { ...base, queries: 5, keys: 7, causal: 1 });
  const expected = attentionReference(given, 0);
  const loss = () => dot(given.dz, attentionReference(given, 0).z.value);
  for (const [name, input] of [['dq', given.q], ['dk', given.k], ['dv', given.v]] as const) {
    // Truncation h^2 / 6 times a third derivative below 6, and rounding 2^-53 times 100 terms / h: below 2e-9 together.
    for (let i = 0; i < input.length; i += 3) expect(Math.abs(centralDifference(loss, input, i) - expected[name].value[i]!)).toBeLessThan(2e-9);
  }
});
