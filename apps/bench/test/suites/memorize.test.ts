import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

test('memorize --quick: 100 random datasets and more within epsilon, in prompts of at most 2 N L tokens', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'memorize', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Record<string, number | string | null>[] };
  expect(suite).toBe('memorize');
  for (const row of rows) {
    expect(Object.keys(row)).toEqual([
      'N', 'd', 'L', 'form', 'epsilon', 'datasets', 'failures', 'm', 'Lp', 'layout', 'bits', 'worstError', 'worstRatio', 'sufficientLp', 'countingLp', 'usedLp', 'msPerExample',
    ]);
    expect(row['failures']).toBe(0);
    expect(row['worstRatio']).toBeLessThanOrEqual(1);
    // A constant output would pass only if the labels did not matter: errors are measured, not 0.
    expect(row['worstError']).toBeGreaterThan(0);
  }
  const single = rows.filter((row) => row['datasets'] === 1);
  for (const row of single) {
    expect(row['usedLp']).toBe(row['Lp']);
    expect(row['usedLp']).toBeLessThanOrEqual(2 * Number(row['N']) * Number(row['L']));
    expect(row['countingLp']).toBeLessThanOrEqual(Number(row['usedLp']));
    expect(Number(row['sufficientLp'])).toBeGreaterThan(Number(row['usedLp']));
  }
  expect(rows.filter((row) => row['datasets'] !== 1).map(({ form, datasets, N }) => [form, datasets, N])).toEqual([['deep', 50, 50], ['wide', 50, 50]]);
  expect(Math.max(...single.map((row) => Number(row['N'])))).toBe(50);
  expect(single.some((row) => Number(row['sufficientLp']) > 1e30)).toBe(true);
});
