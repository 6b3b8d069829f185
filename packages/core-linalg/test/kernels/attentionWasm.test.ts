import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../src/index.ts';
import { base, problem, testSmallShapes } from './attentionCases.ts';
import { attentionReference, type Problem } from './attentionReference.ts';
import { allKernels, filled, firstBeyond, unit } from './fixtures.ts';

function attention(kernels: Kernels, { shape, q, k, v }: Problem) {
  const z = filled(kernels, shape.queries * shape.heads * shape.dv + 1, () => 7);
  const logPartition = filled(kernels, shape.heads * shape.queries + 1, () => 7);
  kernels.attention(shape, q, k, v, z, logPartition);
  expect([z.at(-1), logPartition.at(-1)]).toEqual([7, 7]); // nothing is written behind the results
  return { z: z.subarray(0, -1), logPartition: logPartition.subarray(0, -1) };
}

/** Every entry lies within the error that its own sums allow. */
function check(kernels: Kernels, given: Problem): void {
  const expected = attentionReference({ ...given, dz: new Float64Array(given.shape.queries * given.shape.heads * given.shape.dv) }, unit(kernels));
  const actual = attention(kernels, given);
  const least = 2 ** -126; // more than a result may lose when it is stored below the normal range
  for (const name of ['z', 'logPartition'] as const) {
    expect(firstBeyond(actual[name], expected[name].value, (i) => expected[name].bound[i]! + least), `${name} of ${JSON.stringify(given.shape)}`).toBeUndefined();
  }
}

describe.each(await allKernels())('attention, %s', (_, kernels) => {
  test.each([null, 4, 0, -3, -13, -100, 100])('prime dimensions, causal %s', (causal) => {
    kernels.scratch(() => check(kernels, problem(kernels, { ...base, causal })));
    check(kernels, problem(kernels, { ...base, causal }, true));
  });

  testSmallShapes(kernels, check);

  test.each([[113, 600, null], [113, 600, 487], [211, 257, 0], [300, 101, -150], [1, 1009, 1008], [97, 256, null], [96, 512, -5]])(
    'several tiles: %i queries, %i keys, causal %s', (queries, keys, causal) => {
      kernels.scratch(() => check(kernels, problem(kernels, { ...base, queries, keys, causal, heads: 3, keyHeads: 1, scale: -3 })));
    },
  );

  test('scale 0 and equal keys weigh all keys alike', () => {
    kernels.scratch(() => {
      check(kernels, problem(kernels, { ...base, keys: 300, scale: 0 }));
      const equal = problem(kernels, { ...base, keys: 300 });
      equal.k.fill(0.5);
      check(kernels, equal);
    });
  });

  test('one key gets the whole weight: z is its value, exactly', () => {
    kernels.scratch(() => {
      const one = problem(kernels, { ...base, keys: 1 });
      check(kernels, one);
      const { z } = attention(kernels, one);
      const { heads, dv } = base;
      expect(z.every((x, at) => x === one.v[Math.floor((Math.floor(at / dv) % heads) / 2) * dv + (at % dv)])).toBe(true);
    });
  });

  test('a query that sees no key gets z = 0 and logPartition -Infinity', () => {
    kernels.scratch(() => {
      const { z, logPartition } = attention(kernels, problem(kernels, { ...base, causal: -3 }));
      for (let i = 0; i < base.queries; i++) {
        const row = Array.from(z.subarray(i * 20, (i + 1) * 20));
        expect(row.every((x) => x === 0)).toBe(i < 3);
        for (let a = 0; a < base.heads; a++) expect(logPartition[a * base.queries + i] === -Infinity).toBe(i < 3);
      }
      const none = attention(kernels, problem(kernels, { ...base, keys: 0 }));
      expect([...none.z, ...none.logPartition].every((x) => x === 0 || x === -Infinity)).toBe(true);
    });
  });

  test('what a query does not see changes no bit of its result', () => {
    kernels.scratch(() => {
      const given = problem(kernels, { ...base, queries: 5, keys: 300, causal: 270 });
      const before = attention(kernels, given);
      given.k.fill(1e15, 275 * 2 * 7);
      given.v.fill(-1e30, 275 * 2 * 5);
      const after = attention(kernels, given);
      expect(after.z).toEqual(before.z);
      expect(after.logPartition).toEqual(before.logPartition);
    });
  });

  test('scores of 1e30 of either sign choose the largest, far ones vanish without NaN', () => {
    kernels.scratch(() => {
      for (const keys of [3, 11, 700]) {
        const shape = { ...base, queries: 2, heads: 1, keyHeads: 1, keys, d: 1, dv: 1, scale: 1e15 };
        const q = filled(kernels, 2, (i) => (i === 0 ? 1 : -1));
        const k = filled(kernels, keys, (j) => (j - keys / 2) * 1e13);
        const v = filled(kernels, keys, (j) => j + 0.5);
        const { z, logPartition } = attention(kernels, { shape, q, k, v, dz: q });
        expect(Array.from(z)).toEqual([v[keys - 1], v[0]]);
        expect(logPartition[0]! / (k[keys - 1]! * 1e15)).toBeCloseTo(1, 6);
        expect(logPartition[1]! / (-k[0]! * 1e15)).toBeCloseTo(1, 6);
      }
    });
  });
});
