import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

test('gradient --quick: errors within the certificates, at every size', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'gradient', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Record<string, number>[] };
  expect(suite).toBe('gradient');
  expect(rows.map((row) => `${row['n']} ${row['d']} ${row['mask']} ${row['rank']}`)).toEqual([
    '4096 8 none 495', '16384 8 none 495', '4096 8 causal 495', '16384 8 causal 495', '4096 16 none 969', '16384 16 none 969',
  ]);
  for (const row of rows) expect(row['maxError']).toBeLessThanOrEqual(row['certified']!);
});
