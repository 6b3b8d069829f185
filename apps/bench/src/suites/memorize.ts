import { setImmediate as breathe } from 'node:timers/promises';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { randomSource, uniformTokens, type RandomSource } from '@prompt-limits/core-linalg';
import { memorize as memorizeDataset, type LabelledSequence, type Memorisation } from '@prompt-limits/prompt-tuning';
import { exactCount } from '../cli/exactCount.ts';
import type { Row } from '../cli/table.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** A dataset of uniform inputs and labels, and the error allowed. */
interface Case {
  readonly N: number;
  readonly d: number;
  readonly L: number;
  readonly epsilon: number;
}

const QUICK: readonly Case[] = [
  { N: 2, d: 1, L: 1, epsilon: 0.25 },
  { N: 10, d: 1, L: 1, epsilon: 0.05 },
  { N: 50, d: 1, L: 1, epsilon: 0.01 },
  { N: 10, d: 2, L: 1, epsilon: 0.1 },
  { N: 50, d: 2, L: 1, epsilon: 0.05 },
  { N: 25, d: 1, L: 3, epsilon: 0.1 },
  { N: 10, d: 3, L: 5, epsilon: 0.2 },
];
const MORE: readonly Case[] = [
  { N: 50, d: 1, L: 3, epsilon: 0.1 },
  { N: 50, d: 2, L: 3, epsilon: 0.1 },
  { N: 50, d: 4, L: 2, epsilon: 0.1 },
];

/** Random datasets of each form. */
const DATASETS = { full: 100, quick: 50 } as const;
const MOST_EXAMPLES = 50;
const SHAPES = [{ d: 1, L: 1 }, { d: 2, L: 1 }, { d: 1, L: 2 }, { d: 3, L: 1 }] as const;

const FORMS = ['deep', 'wide'] as const;
const SEED = 1;

/** Datasets memorised by prompt alone. */
export const memorize: Suite = {
  name: 'memorize',
  claim:
    'Theorem 2.5, run: a prompt of 2 N L tokens or fewer makes a transformer of one attention layer reproduce random datasets of up to 50 examples within epsilon, none failing, where the paper takes lengths beyond 10^30.',
  columns: {
    N: 'examples of the dataset; of several, the most',
    d: 'width of a token, empty for several shapes',
    L: 'tokens of an input and of a label, empty for several shapes',
    form: 'deep: layers of 4 neurons; wide: two feed-forward layers',
    epsilon: 'allowed error of an example in the entrywise norm of alpha = 2; empty for several datasets, of 0.02 to 0.3',
    datasets: 'datasets of uniform inputs and labels in this row',
    failures: 'those with an example whose measured error is above epsilon',
    m: 'grid points per entry that tell the inputs apart',
    Lp: 'tokens of the prompt, d values each',
    layout: 'dictionary: N pairs of an input and its label; table: a value for every cell',
    bits: 'bits of precision that context IDs need',
    worstError: 'largest error of an example, measured by running it',
    worstRatio: 'largest worstError / epsilon',
    sufficientLp: 'length that Theorem 2.5 takes, for the least Lipschitz constant that any function through the data has; exact up to 24 digits',
    countingLp: 'length that every method needs whose prompts have entries of m values, for some labels of these inputs',
    usedLp: 'length that was used',
    msPerExample: 'milliseconds to build, run and check, for each example',
  },
  run,
};

async function run({ quick, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const list = quick ? QUICK : [...QUICK, ...MORE];
  const datasets = quick ? DATASETS.quick : DATASETS.full;
  const rows: Row[] = [];
  for (const form of FORMS) {
    const random = randomSource(SEED); // the same datasets in both forms
    for (const [i, c] of list.entries()) {
      await breathe();
      signal.throwIfAborted();
      onProgress((rows.length + i / list.length) / (FORMS.length * list.length + FORMS.length), `${form}, N = ${c.N}, d = ${c.d}, L = ${c.L}`);
      rows.push(single(c, form, random));
    }
    rows.push(await many(datasets, form, random, signal));
  }
  return { machine: describeNodeMachine(), rows };
}

interface Timed extends Memorisation {
  readonly ms: number;
}

function memorised({ N, d, L, epsilon }: Case, form: 'deep' | 'wide', random: RandomSource): Timed {
  const dataset: LabelledSequence[] = Array.from({ length: N }, () => ({ input: uniformTokens(random, d, L, 0, 1), label: uniformTokens(random, d, L, 0, 1) }));
  const start = performance.now();
  const result = memorizeDataset(dataset, epsilon, { form });
  return { ...result, ms: performance.now() - start };
}

function single(c: Case, form: 'deep' | 'wide', random: RandomSource): Row {
  const { tau, lengths, worstError, ms } = memorised(c, form, random);
  const { N, d, L, epsilon } = c;
  return {
    N, d, L, form, epsilon,
    datasets: 1,
    failures: worstError <= epsilon ? 0 : 1,
    m: tau.m,
    Lp: tau.Lp,
    layout: tau.surrogate.layout,
    bits: tau.bits,
    worstError,
    worstRatio: worstError / epsilon,
    sufficientLp: sufficient(lengths),
    countingLp: lengths.counting,
    usedLp: lengths.used,
    msPerExample: ms / N,
  };
}

function sufficient({ sufficient: length }: Memorisation['lengths']): number | string | null {
  if (length === null) return null;
  return length.exact === null ? `10^${length.log10.toPrecision(6)}` : exactCount(length.exact);
}

async function many(datasets: number, form: 'deep' | 'wide', random: RandomSource, signal: AbortSignal): Promise<Row> {
  let [failures, examples, most, worstError, worstRatio, ms] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < datasets; i++) {
    await breathe();
    signal.throwIfAborted();
    // Each tenth has the most examples.
    const N = i % 10 === 0 ? MOST_EXAMPLES : 1 + random.integer(MOST_EXAMPLES);
    const epsilon = 0.02 * 15 ** random.uniform();
    const found = memorised({ N, epsilon, ...SHAPES[random.integer(SHAPES.length)]! }, form, random);
    if (!(found.worstError <= epsilon)) failures++;
    most = Math.max(most, N);
    examples += N;
    worstError = Math.max(worstError, found.worstError);
    worstRatio = Math.max(worstRatio, found.worstError / epsilon);
    ms += found.ms;
  }
  const none = { m: null, Lp: null, layout: null, bits: null };
  const lengths = { sufficientLp: null, countingLp: null, usedLp: null };
  return { N: most, d: null, L: null, form, epsilon: null, datasets, failures, ...none, worstError, worstRatio, ...lengths, msPerExample: ms / examples };
}
