import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

test('a suite with --json prints exactly one document, rows with the documented columns', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'kernels', '--quick', '--threads', '1', '--json']);
  expect(code).toBe(0);
  // JSON.parse refuses anything before or after the one document.
  const { suite, machine, rows, ...rest } = JSON.parse(stdout);
  expect({ suite, rest }).toEqual({ suite: 'kernels', rest: {} });
  expect(machine).toMatchObject({ threads: 1, runtime: `Node ${process.versions.node}` });
  expect(new Set(rows.map((r: { kernel: string }) => r.kernel)).has('gemm NN')).toBe(true);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['kernel', 'shape', 'threads', 'build', 'us', 'gflops', 'gvalues', 'maxError', 'ofCeiling', 'speedup', 'speedupOverPlain']);
    expect(row.gflops).toBeGreaterThan(0);
    expect(row.maxError).toBeLessThan(1e-5);
  }
});
