import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kernels } from '@prompt-limits/core-linalg';
import { attend } from '../../src/index.ts';
import { builds, data, exactly, makeProblem, worst, type Sizes } from './cases.ts';

const shapes: [string, Sizes, boolean | number][] = [
  ['self', { queries: 101, keys: 101, d: 3, dv: 5 }, false],
  ['cross', { queries: 37, keys: 307, d: 2, dv: 3 }, false],
  ['grouped', { queries: 67, keys: 67, d: 3, dv: 2, heads: 6, keyHeads: 2 }, false],
  ['causal', { queries: 523, keys: 523, d: 2, dv: 3 }, true],
  ['causal, grouped, keys before the queries', { queries: 270, keys: 331, d: 2, dv: 2, heads: 2, keyHeads: 1 }, true],
  ['causal, rows that see nothing', { queries: 263, keys: 259, d: 2, dv: 2 }, -3],
  ['causal, more queries than keys', { queries: 307, keys: 90, d: 3, dv: 1 }, 5],
  ['one query', { queries: 1, keys: 101, d: 5, dv: 3 }, false],
  ['one key', { queries: 13, keys: 1, d: 3, dv: 2 }, false],
  ['one of each', { queries: 1, keys: 1, d: 1, dv: 1 }, true],
  ['d = 1', { queries: 103, keys: 97, d: 1, dv: 1 }, false],
];

describe.each(builds)('%s', (_build, make) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await make();
  });
  afterAll(() => kernels.close());

  test.each(shapes)('%s: the certificate holds on all kinds of data, for a set of degrees and tolerances', (shapeName, sizes, causal) => {
    let polynomials = 0;
    for (const [index, name] of Object.keys(data).entries()) {
      const problem = makeProblem(kernels, name, 100 + index, sizes, { scale: index % 2 === 0 ? 1 / Math.sqrt(sizes.d) : -1 / sizes.d, causal });
      const exact = exactly(problem);
      for (const options of [{ tolerance: 1e-2 }, { degree: 1 }, { degree: 4 }, { degree: 3, certificate: 'a-priori' }, { method: 'exact' }] as const) {
        const label = `${shapeName}, ${name}, ${JSON.stringify(options)}`;
        const { output, certificate, plan, logPartition, logPartitionError } = attend(problem, { method: 'polynomial', perQuery: true, logPartition: true, kernels, ...options });
        if (plan[0]!.method === 'polynomial') polynomials++;
        expect(worst(exact.perRow(output.data), certificate.perRow), label).toBeLessThanOrEqual(1);
        expect(certificate.bound, label).toBe(Math.max(...certificate.perRow));
        if (certificate.kind === 'a-posteriori') {
          const perQuery = exact.perQuery(output.data);
          expect(worst(perQuery, certificate.perQuery!), label).toBeLessThanOrEqual(1);
          expect(Math.max(...perQuery), label).toBeLessThanOrEqual(certificate.relative);
          expect(Math.max(...certificate.perQuery!), label).toBeLessThanOrEqual(certificate.relative * (1 + 1e-12));
        }
        if ('tolerance' in options && plan.every((p) => p.method === 'polynomial')) expect(certificate.relative, label).toBeLessThanOrEqual(1e-2);
        const hidden = (log: number): boolean => log === -Infinity;
        expect(Array.from(logPartition!, hidden), label).toEqual(Array.from(exact.logPartition, hidden));
        const off = Array.from(logPartition!).reduce((most: number, log: number, at: number) => (hidden(log) ? most : Math.max(most, Math.abs(log - exact.logPartition[at]!))), 0);
        expect(off, label).toBeLessThanOrEqual(logPartitionError! + exact.logError);
      }
    }
    expect(polynomials).toBeGreaterThan(15);
  });
});
