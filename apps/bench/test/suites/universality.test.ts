import { tokens } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { withSlopes } from '../../src/suites/universality.ts';
import { Tally } from '../../src/suites/universalityRow.ts';
import { runCli } from '../support/runCli.ts';

type Row = Record<string, number | string | null>;

test('universality --quick: no mismatch, every distance within its bound and falling like 1/m', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'universality', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Row[] };
  expect(suite).toBe('universality');
  for (const row of rows) {
    expect(Object.keys(row)).toEqual([
      'd', 'L', 'm', 'form', 'mode', 'evaluator', 'Lp', 'layers', 'neurons', 'bits', 'functionsChecked', 'outputsChecked', 'gridMismatches',
      'dAlpha', 'dAlphaLow', 'bound', 'boundInput', 'boundOutput', 'boundRamps', 'slope', 'msBuild', 'msPerEvaluation',
    ]);
    expect(row['gridMismatches']).toBe(0);
    expect(row['Lp']).toBe(Number(row['L']) * Number(row['m']) ** (Number(row['d']) * Number(row['L'])));
    if (row['slope'] !== null) expect(Math.abs(row['slope'] as number + 1)).toBeLessThanOrEqual(0.2);
    if (row['dAlpha'] === null) continue;
    expect(row['dAlphaLow']).toBeLessThanOrEqual(row['dAlpha'] as number);
    expect(row['dAlpha']).toBeLessThanOrEqual(row['bound'] as number);
  }
  const name = ({ d, L, m, form, mode }: Row): string => `${d} ${L} ${m} ${form} ${mode}`;
  const found = new Map(rows.map((row) => [name(row), row]));
  for (const form of ['deep', 'wide']) {
    // All functions there are, on all inputs, and the cells of the distance.
    for (const [size, functions, cells] of [['1 1 2', 4, 2], ['1 1 3', 27, 3], ['1 1 4', 256, 4], ['1 2 2', 256, 4], ['2 1 2', 256, 4]] as const) {
      expect(found.get(`${size} ${form} tight`)).toMatchObject({ evaluator: 'full', functionsChecked: functions, outputsChecked: functions * cells + cells });
    }
    for (const size of ['1 1 20', '1 1 64', '1 2 8', '2 1 8']) {
      for (const mode of ['lemma', 'compact']) expect(found.get(`${size} ${form} ${mode}`)).toMatchObject({ evaluator: 'lazy', gridMismatches: 0 });
    }
    for (const size of ['1 1 8', '1 2 2', '2 1 2']) for (const mode of ['lemma', 'compact']) expect(found.get(`${size} ${form} ${mode}`)!['slope']).not.toBeNull();
  }
});

test('a mismatch is an entry beyond its error, at another grid point, NaN or missing', () => {
  const tally = new Tally({ labelError: 1e-9, m: 4 });
  const Z = tokens(1, Float64Array.of(0, 0));
  const label = Int32Array.of(1, 3);
  const mismatches = (...output: number[]): number => {
    const before = tally.mismatches;
    tally.check(() => tokens(1, Float64Array.from(output)), Z, label);
    return tally.mismatches - before;
  };
  expect(mismatches(0.25, 0.75)).toBe(0);
  expect(mismatches(0.25 + 1e-10, 0.75)).toBe(0);
  expect(mismatches(0.25, 0.75 + 1e-8)).toBe(1);
  expect(mismatches(0.5, 0.75)).toBe(1);
  expect(mismatches(0.25, NaN)).toBe(1);
  expect(mismatches(0.25)).toBe(1);
  expect(tally.outputs).toBe(6);
  // An error that reached half a step would hide the wrong grid point.
  const coarse = new Tally({ labelError: 1, m: 4 });
  coarse.check(() => tokens(1, Float64Array.of(0.5, 0.75)), Z, label);
  expect(coarse.mismatches).toBe(1);
});

test('the slope is fitted over three sizes of one group, rows without a distance aside', () => {
  const row = (m: number, dAlpha: number | null, form = 'deep') => ({ d: 1, L: 1, form, mode: 'lemma', m, dAlpha, slope: null });
  const rows = withSlopes([row(2, 1), row(4, 0.25), row(8, 0.0625), row(16, null), row(2, 1, 'wide'), row(4, 0.5, 'wide')]);
  expect(rows.slice(0, 4).map(({ slope }) => slope)).toEqual(Array(4).fill(expect.closeTo(-2, 12)));
  expect(rows.slice(4).map(({ slope }) => slope)).toEqual([null, null]);
});
