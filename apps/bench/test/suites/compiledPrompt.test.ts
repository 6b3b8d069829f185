import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

test('compiled-prompt --quick: one state for all lengths, at most 20 KB at d = 8, errors within the certificates', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'compiled-prompt', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Record<string, number>[] };
  expect(suite).toBe('compiled-prompt');
  expect(rows.map((row) => `${row['promptLength']} ${row['d']} ${row['rank']}`)).toEqual([
    '1000 8 165', '10000 8 165', '100000 8 165', '1000 8 495', '10000 8 495', '100000 8 495', '1000 16 969', '10000 16 969', '100000 16 969',
  ]);
  for (const row of rows) {
    expect(row['stateBytes']).toBe(4 * row['rank']! * (row['d']! + 1));
    if (row['d'] === 8) expect(row['fileBytes']).toBeLessThan(20 * 1024);
    expect(row['maxError']).toBeLessThanOrEqual(row['certified']!);
    expect(row['certified']).toBeLessThanOrEqual(row['certifiedRadius']!);
  }
});
