import { logLogSlope } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { randomSource } from '@prompt-limits/core-linalg';
import type { Row } from '../cli/table.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';
import { universalityRow, type UniversalityCase } from './universalityRow.ts';

const SEED = 1;

/** Every function of these grids is run: 4, 27, 256, 256, 256. */
const EXHAUSTIVE = [[1, 1, 2], [1, 1, 3], [1, 1, 4], [1, 2, 2], [2, 1, 2]] as const;

/** Grids of the lazy evaluation: sizes, then the most milliseconds that one evaluation in mode 'lemma' is expected to take. */
const LAZY = [
  [1, 1, 8, 1], [1, 1, 16, 2], [1, 1, 20, 3], [1, 1, 32, 20], [1, 1, 64, 500],
  [1, 2, 2, 1], [1, 2, 3, 1], [1, 2, 4, 2], [1, 2, 5, 10], [1, 2, 8, 300],
  [2, 1, 2, 1], [2, 1, 3, 1], [2, 1, 4, 2], [2, 1, 5, 10], [2, 1, 8, 500],
] as const;

/** Beyond 8 values an entry of two: in mode 'compact' alone, and not with --quick. */
const FINER = [[1, 1, 128], [1, 2, 16], [2, 1, 16]] as const;

/** From here on evaluations are counted one by one. */
const SLOW = 100;

function cases(quick: boolean): UniversalityCase[] {
  const forms = ['deep', 'wide'] as const;
  const list: UniversalityCase[] = [];
  for (const form of forms) {
    for (const [d, L, m] of EXHAUSTIVE) list.push({ d, L, m, form, mode: 'tight', evaluator: 'full', functions: 'all', inputs: 'all', distance: true });
  }
  for (const mode of ['compact', 'lemma'] as const) {
    for (const form of forms) {
      const lazy = { form, mode, evaluator: 'lazy', inputs: 'all', distance: true } as const;
      for (const [d, L, m, ms] of LAZY) {
        if (mode === 'compact' || ms < SLOW) list.push({ ...lazy, d, L, m, functions: quick ? (ms < 20 ? 2 : 1) : 10 });
        // A distance takes a run in each of 64 cells.
        else list.push({ ...lazy, d, L, m, functions: quick ? 4 : 8, inputs: quick ? 1 : 4, distance: !quick });
      }
      if (mode === 'compact' && !quick) for (const [d, L, m] of FINER) list.push({ ...lazy, d, L, m, functions: 2 });
    }
  }
  return list;
}

/** One transformer for all functions, chosen by prompt: Theorems 2.3 and 2.4, run. */
export const universality: Suite = {
  name: 'universality',
  claim:
    'Theorems 2.3 and 2.4, built and run: one transformer with one attention layer computes every quantised function that its prompt names, without a mismatch, and is within the bound of a Lipschitz target, at a distance that falls like 1/m; in lemma mode under 2 s an evaluation.',
  columns: {
    d: 'width of a token',
    L: 'tokens of an input',
    m: 'grid points per entry, 1/delta',
    form: 'deep: layers of 4 neurons (Theorem 2.3); wide: two feed-forward layers (Theorem 2.4)',
    mode: 'tight: float64; lemma: scores spaced by 4 ln n; compact: the fewest bits that are proven to do',
    evaluator: 'full: every neuron; lazy: only those that can be non-zero',
    Lp: 'tokens of the prompt, L m^(dL)',
    layers: 'feed-forward layers, exact up to 24 digits',
    neurons: 'their hidden neurons, exact up to 24 digits',
    bits: 'bits of precision that context IDs need',
    functionsChecked: 'functions that were run through prompts of their own: all there are in mode tight, else random ones',
    outputsChecked: 'outputs compared with the table of their function, those of the distance included',
    gridMismatches: 'outputs with an entry farther from its value than float64 explains, or nearer to another grid point',
    dAlpha: 'proven upper end of the distance to one affine target in the entrywise norm of alpha = 1; empty where it was not measured',
    dAlphaLow: 'proven lower end',
    bound: '(C + 1) delta d L and what the ramps add: dAlpha must not be above it',
    boundInput: 'its part from quantised inputs',
    boundOutput: 'its part from quantised outputs',
    boundRamps: 'its part from the ramps',
    slope: 'fitted slope of log dAlpha against log m over the rows of the same d, L, form and mode; empty for fewer than three',
    msBuild: 'milliseconds to build the transformer',
    msPerEvaluation: 'milliseconds of an input with a loaded prompt, the mean of outputsChecked runs',
  },
  run,
};

async function run({ quick, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const random = randomSource(SEED);
  const list = cases(quick);
  const rows: Row[] = [];
  for (const [i, c] of list.entries()) {
    onProgress(i / list.length, `${c.mode}, ${c.form}, d = ${c.d}, L = ${c.L}, m = ${c.m}`);
    rows.push(await universalityRow(c, random.fork(), signal));
  }
  return { machine: describeNodeMachine(), rows: withSlopes(rows) };
}

/** Rows with the slope of their group, where it has three sizes. */
export function withSlopes(rows: readonly Row[]): Row[] {
  const group = ({ d, L, form, mode }: Row): string => [d, L, form, mode].join();
  return rows.map((row) => {
    const measured = rows.filter((other) => group(other) === group(row) && other['dAlpha'] !== null);
    if (measured.length < 3) return row;
    const numbers = (column: string): number[] => measured.map((other) => Number(other[column]));
    return { ...row, slope: logLogSlope(numbers('m'), numbers('dAlpha')).slope };
  });
}
