import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKernels, randomSource, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend } from '../../src/index.ts';
import { exactly, worst } from './cases.ts';

// Where tokens lie and how many threads share them changes nothing but rounding: in kernel memory, copied there, or read block by block.
const shapes = [
  { name: 'one head', n: 2503, heads: 1, keyHeads: 1, d: 5, dv: 3, causal: false },
  { name: 'groups of two', n: 1031, heads: 6, keyHeads: 3, d: 3, dv: 2, causal: false },
  { name: 'many heads', n: 521, heads: 7, keyHeads: 7, d: 2, dv: 3, causal: false },
  { name: 'causal groups', n: 701, heads: 4, keyHeads: 2, d: 3, dv: 2, causal: true },
] as const;

describe.each([1, 2])('%d threads', (threads) => {
  let [wide, narrow]: Kernels[] = [];
  beforeAll(async () => {
    wide = await createKernels({ threads, memoryMiB: 64 });
    // Less than the copies of the problem below take, more than a block of them.
    narrow = await createKernels({ threads, memoryMiB: 1 });
  });
  afterAll(() => [wide, narrow].forEach((k) => k!.close()));

  test.each(shapes)('$name: outputs, certificates of every query and log partitions, wherever the tokens lie', ({ n, heads, keyHeads, d, dv, causal }) => {
    const random = randomSource(7);
    const problem = {
      queries: uniformTokens(random, heads * d, n, -0.9, 0.7, 'float32') as Tokens<Float32Array>,
      keys: uniformTokens(random, keyHeads * d, n, -0.6, 0.8, 'float32') as Tokens<Float32Array>,
      values: uniformTokens(random, keyHeads * dv, n, -3, 2, 'float32') as Tokens<Float32Array>,
      scale: 0.6, heads, keyHeads, causal,
    };
    const exact = exactly(problem);
    const inside = wide!.scratch(() => {
      const at = (t: Tokens<Float32Array>): Tokens<Float32Array> => {
        const data = wide!.allocate(t.data.length) as Float32Array;
        data.set(t.data);
        return { ...t, data };
      };
      const own = { ...problem, queries: at(problem.queries), keys: at(problem.keys), values: at(problem.values) };
      return attend(own, { method: 'polynomial', degree: 3, kernels: wide! });
    });
    for (const perQuery of [false, true]) {
      const outside = attend(problem, { method: 'polynomial', degree: 3, perQuery, logPartition: perQuery, kernels: wide! });
      expect(outside.plan.every(({ method }) => method === 'polynomial')).toBe(true);
      expect(outside.certificate.relative).toBe(inside.certificate.relative);
      expect(worst(exact.perRow(outside.output.data), outside.certificate.perRow)).toBeLessThanOrEqual(1);
      if (perQuery) expect(worst(exact.perQuery(outside.output.data), outside.certificate.perQuery!)).toBeLessThanOrEqual(1);
      // Without a bound for each query quotients are taken by the kernels, to the same last digit or its neighbour.
      expect(outside.output.data.every((z, i) => Math.abs(z - inside.output.data[i]!) <= 2 ** -23 * Math.abs(z) + 2 ** -149)).toBe(true);
    }
    narrow!.scratch(() => {
      narrow!.allocate(Math.floor((2 ** 20 - 2 ** 17) / 4 - (heads * d + keyHeads * (d + dv)) * n)); // leaves no room for the copies beside the work
      const { output, certificate } = attend(problem, { method: 'polynomial', degree: 2, kernels: narrow! });
      expect(worst(exact.perRow(output.data), certificate.perRow)).toBeLessThanOrEqual(1);
    });
  });
});
