import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

test('contextual-map --quick: every construction is proved, its measured gap above the proven one', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'contextual-map', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Record<string, string | number | null>[] };
  expect(suite).toBe('contextual-map');
  expect(rows.map(({ mode, rank }) => `${mode} ${rank}`)).toEqual(['lemma 1', 'lemma 2', 'lemma 3', 'lemma 4', 'tight 1', 'tight 4', 'bound 1', 'bound 1']);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['N', 'L', 'd', 'vocabulary', 'rank', 'mode', 'status', 'pairs', 'bits', 'idBits', 'lnDeltaPaper', 'gapProven', 'gapMeasured', 'ms']);
    expect(row['status']).toBe(row['mode'] === 'bound' ? 'undecided' : 'proved');
  }
  // Numbers like 1e-9000 are text; their exponents compare.
  const exponent = (text: unknown): number => Number(String(text).split('e')[1]);
  for (const row of rows.slice(0, 4)) expect(exponent(row['gapMeasured'])).toBeGreaterThanOrEqual(exponent(row['gapProven']));
});
