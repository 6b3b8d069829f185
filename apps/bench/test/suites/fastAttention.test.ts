import { expect, test } from 'vitest';
import { fastCases, fastProblem } from '../../src/suites/fastAttentionCases.ts';
import { runCli } from '../support/runCli.ts';

test('data are what they are called', () => {
  const c = fastCases(true).find(({ data }) => data === 'half-width 0.5')!;
  const { queries, keys, scale } = fastProblem({ ...c, n: 211 });
  let largest = 0;
  for (let i = 0; i < 211; i++) {
    for (let j = 0; j < 211; j++) {
      let score = 0;
      for (let k = 0; k < c.d; k++) score += queries.data[i * c.d + k]! * keys.data[j * c.d + k]!;
      largest = Math.max(largest, Math.abs(score * scale));
    }
  }
  expect(largest).toBeLessThanOrEqual(0.5);
  expect(largest).toBeGreaterThan(0.2);
});

test('fast-attention --quick: every row within its certificate, every figure there', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'fast-attention', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Record<string, number | string | null>[] };
  expect(suite).toBe('fast-attention');
  const measured = rows.filter((row) => 'n' in row);
  expect(measured).toHaveLength(fastCases(true).length);
  for (const row of measured) {
    expect(row['ms']).toBeGreaterThan(0);
    if (row['certified'] !== null) expect(row['maxError']).toBeLessThanOrEqual(row['certified'] as number);
    if (row['asked'] === 'polynomial') expect(row['method']).toBe('polynomial');
    if (row['taylorRank'] !== null) expect(row['taylorRank']).toBeGreaterThan(10 * (row['rank'] as number));
    if (row['data'] === 'uniform' && row['asked'] === 'polynomial' && row['causal'] === 0) expect(row['ortMs2']).toBeGreaterThan(0);
  }
  expect(measured.filter((row) => row['asked'] === 'auto').map((row) => row['method'])).toEqual(['polynomial', 'polynomial', ...Array.from({ length: 7 }, () => 'exact')]);
  expect(rows.filter((row) => !('n' in row)).map((row) => typeof row['value'])).toEqual(['number', 'number']);
});
