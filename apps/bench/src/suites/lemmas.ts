import { setImmediate as breathe } from 'node:timers/promises';
import { lemmaC7, lemmaC9, searchLemma, type LemmaCheck, type LemmaName, type SearchResult } from '@prompt-limits/boltzmann';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { randomSource, type RandomSource } from '@prompt-limits/core-linalg';
import type { Row } from '../cli/table.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** Cases of each lemma, and with --quick. */
const CASES = { full: 1_000_000, quick: 100_000 } as const;

/** Searches that a lemma's cases are cut into, so that Ctrl-C and the progress line need not wait for all of them. */
const PARTS = 20;

const SEED = 1;

/** Evaluates a printed statement; the hypotheses that a repair adds do not count. */
interface Witness {
  readonly vectors: readonly (readonly number[])[];
  readonly check: LemmaCheck;
}

interface Subject {
  readonly lemma: LemmaName;
  /** What is searched. */
  readonly statement: string;
  /** A case in which the printed statement fails. */
  readonly witness?: () => Witness;
}

const SUBJECTS: readonly Subject[] = [
  { lemma: 'C.1', statement: 'as printed' },
  { lemma: 'C.2', statement: 'as printed' },
  { lemma: 'C.3', statement: 'as printed' },
  { lemma: 'C.4', statement: 'as printed' },
  { lemma: 'C.5', statement: 'as printed, and without its separation' },
  { lemma: 'C.6', statement: 'as printed' },
  { lemma: 'C.7', statement: 'repaired: delta = max a_i - a_n', witness: delta },
  { lemma: 'C.8', statement: 'as printed, n = 2 included' },
  { lemma: 'C.9', statement: 'repaired: vectors differ as sets', witness: permuted },
];

/** Lemma C.7 leaves delta open; a, b and a delta for which it fails. */
function delta(): Witness {
  const vectors = [[0, -4], [0, -5], [8]] as const;
  return { vectors, check: lemmaC7(vectors[0], vectors[1], { delta: vectors[2][0], maxBits: 4096 }) };
}

/** Lemma C.9 speaks of all vectors with two indices. */
function permuted(): Witness {
  const vectors = [[4, 0], [0, 4]] as const;
  return { vectors, check: lemmaC9(vectors, { maxBits: 4096 }) };
}

/** Counter-examples looked for in every lemma of Appendix C. */
export const lemmas: Suite = {
  name: 'lemmas',
  claim: 'Lemmas C.1 to C.9, two of them repaired, have no counter-example among 10^6 random and adversarial cases each; the printed C.7 and C.9 have one.',
  columns: {
    lemma: 'number in the paper',
    statement: 'which form is searched',
    cases: 'cases that meet the hypotheses, on their boundary and off it, half random and half on the way of local searches',
    violations: 'cases in which the conclusion fails, by intervals',
    undecided: 'cases that neither float64 nor intervals of 4096 bits decide',
    byIntervals: 'cases that went to intervals, as their float64 slack was within its error',
    certified: 'cases proved by the function of the lemma, with intervals: a sample, the tightest ones and those of the column before; of the equality C.1, not refuted',
    worstSlack: 'smallest slack, 0 where the conclusion would become an equality',
    slackUnit: 'what the slack is',
    worstCase: 'the vectors of that case, numbers rounded to 6 digits',
    counterexampleAsPrinted: 'vectors for which the printed statement is refuted by intervals (for C.7 with a delta), or null where it holds',
    microseconds: 'time of a case',
  },
  run,
};

async function run({ quick, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const cases = quick ? CASES.quick : CASES.full;
  const random = randomSource(SEED);
  const rows: Row[] = [];
  for (const [i, subject] of SUBJECTS.entries()) {
    const report = (f: number): void => onProgress((i + f) / SUBJECTS.length, `Lemma ${subject.lemma}`);
    const start = performance.now();
    const found = await searchInParts(subject.lemma, cases, random, signal, report);
    const milliseconds = performance.now() - start;
    rows.push({
      lemma: found.lemma,
      statement: subject.statement,
      cases: found.cases,
      violations: found.violations,
      undecided: found.undecided,
      byIntervals: found.close,
      certified: found.certified,
      worstSlack: found.worstSlack,
      slackUnit: found.unit,
      worstCase: found.worstCase.map((z) => z.map((x) => Number(x.toPrecision(6)))),
      counterexampleAsPrinted: refuting(subject.witness?.()),
      microseconds: (milliseconds * 1000) / found.cases,
    });
  }
  return { machine: describeNodeMachine(), rows };
}

/** The vectors, if the printed hypotheses are proved for them and the conclusion refuted. */
function refuting(witness: Witness | undefined): readonly (readonly number[])[] | null {
  if (witness === undefined) return null;
  const { hypotheses, verdict } = witness.check;
  return verdict === 'refuted' && hypotheses.every((h) => h.repair || h.verdict === 'proved') ? witness.vectors : null;
}

async function searchInParts(lemma: LemmaName, cases: number, random: RandomSource, signal: AbortSignal, report: (f: number) => void): Promise<SearchResult> {
  let all: SearchResult | undefined;
  for (let part = 0; part < PARTS; part++) {
    signal.throwIfAborted();
    report(part / PARTS);
    const next = searchLemma(lemma, { cases: Math.ceil(cases / PARTS), random: random.fork() });
    all = all === undefined ? next : both(all, next);
    await breathe();
  }
  return all!;
}

function both(a: SearchResult, b: SearchResult): SearchResult {
  return {
    ...(a.worstSlack <= b.worstSlack ? a : b),
    cases: a.cases + b.cases,
    violations: a.violations + b.violations,
    undecided: a.undecided + b.undecided,
    close: a.close + b.close,
    certified: a.certified + b.certified,
  };
}
