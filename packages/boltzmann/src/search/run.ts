import type { RandomSource } from '@prompt-limits/core-linalg';
import type { LemmaCheck } from '../lemmas/lemmaCheck.ts';
import { changeCase, drawCase, LOCAL_STEPS, type Step, undoChange } from './draw.ts';
import { MOST_SCORES, type Parameters, type Problem } from './problem.ts';
import type { SearchResult } from './searchLemma.ts';

/** A search that is under way. */
export interface Run {
  /** Cases evaluated so far. */
  cases(): number;
  /** Draws as many cases of n scores as a local search has steps, then searches from the tightest of them; `most` cases in all. */
  start(n: number, most: number): void;
  /** What was found; checks the tightest case of each n first. */
  result(): Omit<SearchResult, 'lemma'>;
}

/** Starts a search; `check` decides a case by intervals. */
export function createRun(problem: Problem, check: (vectors: readonly number[][]) => LemmaCheck, random: RandomSource, certifyEvery: number): Run {
  const found = { cases: 0, violations: 0, undecided: 0, close: 0, certified: 0, worstSlack: Infinity };
  let worstCase: readonly number[][] = [];
  const tightest = new Map<number, { slack: number; vectors: readonly number[][] }>();
  const current: Parameters & { n: number } = { n: 1, excess: new Float64Array(3 * MOST_SCORES), choice: new Uint8Array(3 * MOST_SCORES) };
  const best: Parameters & { n: number } = { n: 1, excess: new Float64Array(3 * MOST_SCORES), choice: new Uint8Array(3 * MOST_SCORES) };
  const step: Step = { kind: 'excess', at: 0, before: 0 };

  /** The lemma's function decides. */
  const certify = (vectors: readonly number[][]): void => {
    const { applies, verdict, relation } = check(vectors);
    // A case whose vectors, rounded once more, miss the hypotheses is none.
    if (applies !== 'proved') return;
    if (verdict === 'refuted') found.violations++;
    else if (verdict === 'proved' || relation === '=') found.certified++;
    else found.undecided++;
  };

  const evaluate = (): number => {
    const slack = problem.slack(current);
    found.cases++;
    // NaN is close too: nothing was learnt from float64.
    const close = !(slack > problem.error(current));
    if (close) found.close++;
    if (close || found.cases % certifyEvery === 0) certify(problem.vectors(current));
    if (slack < found.worstSlack) {
      found.worstSlack = slack;
      worstCase = problem.vectors(current);
    }
    const before = tightest.get(current.n);
    if (before === undefined || slack < before.slack) tightest.set(current.n, { slack, vectors: problem.vectors(current) });
    return slack;
  };

  return {
    cases: () => found.cases,
    start(n, most) {
      current.n = n;
      let lowest = Infinity;
      const draws = Math.min(most, LOCAL_STEPS);
      for (let i = 0; i < draws; i++) {
        drawCase(current, random);
        const slack = evaluate();
        if (i > 0 && !(slack < lowest)) continue;
        lowest = slack;
        best.excess.set(current.excess);
        best.choice.set(current.choice);
      }
      current.excess.set(best.excess);
      current.choice.set(best.choice);
      for (let i = draws; i < Math.min(most, 2 * LOCAL_STEPS); i++) {
        changeCase(current, random, step);
        const slack = evaluate();
        if (slack <= lowest) lowest = slack;
        else undoChange(current, step);
      }
    },
    result() {
      for (const { vectors } of tightest.values()) certify(vectors);
      return { ...found, unit: problem.unit, worstCase };
    },
  };
}
