import { test } from 'vitest';
import type { AttentionShape, Kernels } from '../../src/index.ts';
import type { Problem } from './attentionReference.ts';
import { filled, numbers } from './fixtures.ts';

/** Prime dimensions, all different. */
export const base: AttentionShape = { queries: 13, keys: 17, heads: 4, keyHeads: 2, d: 7, dv: 5, scale: 0.4, causal: null };

/** A problem of `shape` with the same numbers in every run, in kernel memory or, `foreign`, outside of it. */
export function problem(kernels: Kernels, shape: AttentionShape, foreign: boolean = false): Problem {
  const next = numbers(shape.queries + 31 * shape.keys + 7 * shape.d);
  const array = (length: number) => filled(kernels, length, next, foreign);
  const { queries, keys, heads, keyHeads, d, dv } = shape;
  return { shape, q: array(queries * heads * d), k: array(keys * keyHeads * d), v: array(keys * keyHeads * dv), dz: array(queries * heads * dv) };
}

/** The tests over small shapes, which the forward pass and the gradient share. */
export function testSmallShapes(kernels: Kernels, check: (kernels: Kernels, given: Problem) => void): void {
  test('every number of queries and keys from 0 to 13', () => {
    for (let queries = 0; queries <= 13; queries++) {
      for (let keys = 0; keys <= 13; keys++) {
        const causal = [null, 0, keys - queries][(queries + keys) % 3]!;
        kernels.scratch(() => check(kernels, problem(kernels, { ...base, queries, keys, causal })));
      }
    }
  });

  test('every width of keys and values from 1 to 13', () => {
    for (let d = 1; d <= 13; d++) kernels.scratch(() => check(kernels, problem(kernels, { ...base, d, dv: 14 - d })));
  });

  test.each([[1, 1], [6, 1], [6, 3], [6, 6]])('%i heads on %i key heads', (heads, keyHeads) => {
    kernels.scratch(() => check(kernels, problem(kernels, { ...base, heads, keyHeads, causal: 2 })));
  });
}
