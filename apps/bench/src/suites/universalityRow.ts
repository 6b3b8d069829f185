import { setImmediate as breathe } from 'node:timers/promises';
import { gridDigitsOf, gridSize, quantiseToGrid, tokens, zeroTokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import {
  affineTarget,
  applyTable,
  buildUniversal,
  promptOfTable,
  tableOf,
  tableOfNumber,
  universalityError,
  type FunctionTable,
  type MeasuredTarget,
  type UniversalTransformer,
  type UniversalityError,
} from '@prompt-limits/prompt-tuning';
import { exactCount } from '../cli/exactCount.ts';
import type { Row } from '../cli/table.ts';

/** One transformer and how much of it is checked. */
export interface UniversalityCase {
  readonly d: number;
  readonly L: number;
  readonly m: number;
  readonly form: 'deep' | 'wide';
  readonly mode: 'tight' | 'lemma' | 'compact';
  readonly evaluator: 'full' | 'lazy';
  /** Functions that run through their prompts: each there is, or so many random ones. */
  readonly functions: 'all' | number;
  /** Inputs of each: the whole grid, or so many random ones of it. */
  readonly inputs: 'all' | number;
  /** Whether the distance to `distanceTarget` is measured: a run in every cell. */
  readonly distance: boolean;
}

/** Index of the norm. With alpha = 1 a ramp of measure mu costs mu times its error, and not their root. */
const ALPHA = 1;

/**
 * The target of the distances, one for each width, with its Lipschitz constant: $f(z) = 0.3 + 0.6 z$, and for two entries
 * $f(z)_1 = 0.95 - 0.6 z_2$, $f(z)_2 = 0.25 + 0.7 z_1$. Where the steps of such lines fall matters on grids of 2 or 3 points; with these their error times m
 * is between 0.97 and 1.15 from m = 2 on, so that coarse grids show the law of fine ones.
 */
export function distanceTarget(d: number, L: number): { readonly f: MeasuredTarget; readonly C: number } {
  if (d * L === 1) return { f: affineTarget({ d, L, slope: [0.6], offset: [0.3] }), C: 0.6 };
  return { f: affineTarget({ d, L, slope: [-0.6, 0.7], offset: [0.95, 0.25], source: [1, 0] }), C: 0.7 };
}

/** Runs of one transformer, compared with tables. */
export class Tally {
  /** Outputs that were compared. */
  outputs = 0;
  /** Outputs with an entry that is not its label. */
  mismatches = 0;
  /** Time of all runs. */
  milliseconds = 0;
  readonly #labelError: number;
  readonly #m: number;

  constructor({ labelError, m }: Pick<UniversalTransformer, 'labelError' | 'm'>) {
    this.#labelError = labelError;
    this.#m = m;
  }

  /** Runs the transformer on one input and compares every entry with its digit. */
  check(run: (Z: Tokens) => Tokens<Float64Array>, Z: Tokens, label: Int32Array): Tokens<Float64Array> {
    const start = performance.now();
    const output = run(Z);
    this.milliseconds += performance.now() - start;
    this.outputs++;
    const wrong = output.data.length !== label.length || label.some((k, i) => this.#isWrong(output.data[i]!, k));
    if (wrong) this.mismatches++;
    return output;
  }

  /** NaN is wrong too. */
  #isWrong(x: number, digit: number): boolean {
    return !(Math.abs(x - digit / this.#m) <= this.#labelError && Math.round(x * this.#m) === digit);
  }
}

/** Builds the transformer, runs it through the prompts of its functions, and measures its distance to the target. */
export async function universalityRow(c: UniversalityCase, random: RandomSource, signal: AbortSignal): Promise<Row> {
  const { d, L, m, form, mode, evaluator } = c;
  const start = performance.now();
  const tau = buildUniversal({ d, L, m, form, mode, evaluator });
  const msBuild = performance.now() - start;
  const tally = new Tally(tau);
  const cells = Number(gridSize(d, L, m));
  const functions = c.functions === 'all' ? cells ** cells : c.functions;
  for (let i = 0; i < functions; i++) {
    const table = c.functions === 'all' ? tableOfNumber(BigInt(i), { d, L, m }) : randomTable(c, cells, random);
    const run = tau.load(promptOfTable(table));
    for (let j = 0; j < (c.inputs === 'all' ? cells : c.inputs); j++) {
      signal.throwIfAborted();
      const cell = gridDigitsOf(BigInt(c.inputs === 'all' ? j : random.integer(cells)), m, d * L);
      tally.check(run, tokens(d, Float64Array.from(cell, (k) => k / m)), applyTable(table, cell));
    }
    await breathe();
  }
  const error = c.distance ? await distance(tau, tally, signal) : null;
  return {
    d, L, m, form, mode, evaluator,
    Lp: tau.Lp,
    layers: tau.cost && exactCount(tau.cost.layersBefore + tau.cost.layersAfter),
    neurons: tau.cost && exactCount(tau.cost.neurons),
    bits: tau.bits,
    functionsChecked: functions,
    outputsChecked: tally.outputs,
    gridMismatches: tally.mismatches,
    dAlpha: error && error.measured.high,
    dAlphaLow: error && error.measured.low,
    bound: error && error.bound.total,
    boundInput: error && error.bound.inputQuantisation,
    boundOutput: error && error.bound.outputQuantisation,
    boundRamps: error && error.bound.ramps,
    slope: null,
    msBuild,
    msPerEvaluation: tally.milliseconds / tally.outputs,
  };
}

function randomTable({ d, L, m }: UniversalityCase, cells: number, random: RandomSource): FunctionTable {
  return { d, L, m, digits: Int32Array.from({ length: cells * d * L }, () => random.integer(m)) };
}

/** The distance to the target, with a signal let through before each run: `universalityError` is asked for its inputs first, and has the outputs then. */
async function distance(tau: UniversalTransformer, tally: Tally, signal: AbortSignal): Promise<UniversalityError> {
  const { d, L, m } = tau;
  const { f, C } = distanceTarget(d, L);
  const table = tableOf(f, { d, L, m });
  const P = promptOfTable(table);
  const inputs: Tokens[] = [];
  const outputs: Tokens<Float64Array>[] = [];
  const measure = (load: UniversalTransformer['load']): UniversalityError => universalityError({ ...tau, load }, P, f, { alpha: ALPHA, C });
  measure(() => (Z) => {
    inputs.push(tokens(d, Z.data.slice()));
    return zeroTokens(d, L);
  });
  const run = tau.load(P);
  for (const Z of inputs) {
    await breathe();
    signal.throwIfAborted();
    outputs.push(tally.check(run, Z, applyTable(table, quantiseToGrid(Z, m))));
  }
  let next = 0;
  return measure(() => () => outputs[next++]!);
}
