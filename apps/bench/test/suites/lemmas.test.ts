import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

interface Row {
  lemma: string;
  cases: number;
  violations: number;
  undecided: number;
  certified: number;
  worstSlack: number;
  counterexampleAsPrinted: number[][] | null;
}

test('lemmas --quick: no violation of any lemma, a witness for the two that fail as printed and for no other', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'lemmas', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Row[] };
  expect(suite).toBe('lemmas');
  expect(rows.map((r) => r.lemma)).toEqual(['C.1', 'C.2', 'C.3', 'C.4', 'C.5', 'C.6', 'C.7', 'C.8', 'C.9']);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['lemma', 'statement', 'cases', 'violations', 'undecided', 'byIntervals', 'certified', 'worstSlack', 'slackUnit', 'worstCase', 'counterexampleAsPrinted', 'microseconds']);
    expect(row).toMatchObject({ cases: 100_000, violations: 0, undecided: 0 });
    expect(row.worstSlack).toBeGreaterThan(0);
    expect(row.certified).toBeGreaterThan(100);
  }
  expect(rows.filter((r) => r.counterexampleAsPrinted !== null).map((r) => [r.lemma, r.counterexampleAsPrinted])).toEqual([
    ['C.7', [[0, -4], [0, -5], [8]]],
    ['C.9', [[4, 0], [0, 4]]],
  ]);
});
