import { interleave, median } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { randomSource, tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { buildUniversal, promptOfTable, type UniversalTransformer } from '@prompt-limits/prompt-tuning';
import { exactCount } from '../cli/exactCount.ts';
import type { Row } from '../cli/table.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** Grids whose every neuron is stored: m^(m + 1) context IDs of d = L = 1. */
const TIGHT = [2, 3, 4, 5] as const;
/** Grids of which nothing but the quantiser is. */
const COMPACT = [8, 16, 32, 64] as const;

const ROUNDS = { full: 7, quick: 3 } as const;
const SEED = 1;

/** Depth against width: the same functions by many narrow layers or by one wide one. */
export const widthDepth: Suite = {
  name: 'width-depth',
  claim:
    'Theorem 2.3 trades width for the depth of Theorem 2.4: 4 neurons in each of m^(m+1) layers, or 3 m^(m+1) neurons (4 beyond float64) in one, for d = L = 1; the lazy evaluation gives the outputs of the full one in a time that does not grow with them.',
  columns: {
    m: 'grid points per entry; d = L = 1, so m prompt tokens',
    form: 'deep: layers of at most 4 neurons (Theorem 2.3); wide: two feed-forward layers (Theorem 2.4)',
    mode: 'tight: float64, all weights stored; compact: any precision, evaluated lazily alone',
    layers: 'feed-forward layers, counts exact up to 24 digits',
    width: 'most neurons of a layer',
    neurons: 'hidden neurons of all layers',
    parameters: 'entries of all weights and biases of the layers',
    flopsPerToken: 'operations for one token in all of them, dense',
    msPerTokenFull: 'milliseconds of an input with every neuron multiplied, over its m + 1 tokens; empty where they are not stored',
    msPerTokenLazy: 'the same with only the neurons that can be non-zero; the prompt is loaded before, for both',
    maxDifference: 'largest difference of their outputs over every input of the grid, or of the lazy output from the table where there is no other',
    printedLayers: 'layers behind the attention by Lemma 2.5, without its O',
    printedNeurons: 'neurons of the wide form by Lemma F.2, without its O',
  },
  run,
};

async function run({ quick, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const random = randomSource(SEED);
  const list = [...TIGHT.map((m) => ({ m, mode: 'tight' as const })), ...COMPACT.map((m) => ({ m, mode: 'compact' as const }))].flatMap((c) => [
    { ...c, form: 'deep' as const },
    { ...c, form: 'wide' as const },
  ]);
  const rows: Row[] = [];
  for (const [i, c] of list.entries()) {
    signal.throwIfAborted();
    onProgress(i / list.length, `${c.form}, m = ${c.m}`);
    rows.push(await measure(c, random, quick ? ROUNDS.quick : ROUNDS.full, signal));
  }
  return { machine: describeNodeMachine(), rows };
}

type Run = (Z: Tokens) => Tokens<Float64Array>;

async function measure({ m, mode, form }: { readonly m: number; readonly mode: 'tight' | 'compact'; readonly form: 'deep' | 'wide' }, random: RandomSource, rounds: number, signal: AbortSignal): Promise<Row> {
  const size = { d: 1, L: 1, m, form, mode };
  const digits = Int32Array.from({ length: m }, () => random.integer(m));
  const P = promptOfTable({ ...size, digits });
  const lazyTau = buildUniversal(size);
  const lazy = lazyTau.load(P);
  const full = mode === 'tight' ? buildUniversal({ ...size, evaluator: 'full' }).load(P) : null;
  const reference = full ?? ((Z: Tokens) => tokens(1, Float64Array.of(digits[Math.round(Z.data[0]! * m)]! / m)));
  let maxDifference = 0;
  for (let k = 0; k < m; k++) maxDifference = Math.max(maxDifference, Math.abs(value(lazy, k / m) - value(reference, k / m)));
  // One input after another, so that no two calls are the same.
  const next = (tau: Run) => {
    let k = 0;
    return () => value(tau, (k = (k + 1) % m) / m);
  };
  const timed = [{ name: 'lazy', run: next(lazy) }, ...(full ? [{ name: 'full', run: next(full) }] : [])];
  const samples = await interleave(timed, { rounds, signal });
  const perToken = (name: string): number | null => {
    const found = samples.find((s) => s.name === name);
    return found ? median(found.milliseconds) / (m + 1) : null;
  };
  return { m, form, mode, ...counts(lazyTau), msPerTokenFull: perToken('full'), msPerTokenLazy: perToken('lazy'), maxDifference, ...printed(lazyTau) };
}

const value = (tau: Run, z: number): number => tau(tokens(1, Float64Array.of(z))).data[0]!;

function counts({ cost }: UniversalTransformer): Row {
  const { layersBefore, layersAfter, width, neurons, parameters, flopsPerToken } = cost!; // null beyond 2^20 bits; 65 tokens of 6 bits have 390
  return {
    layers: exactCount(layersBefore + layersAfter),
    width: exactCount(width),
    neurons: exactCount(neurons),
    parameters: exactCount(parameters),
    flopsPerToken: exactCount(flopsPerToken),
  };
}

const printed = ({ cost }: UniversalTransformer): Row => ({ printedLayers: exactCount(cost!.printed.layers), printedNeurons: exactCount(cost!.printed.neurons) });
