import { emptyLadder, fillLadder, ladderVectors, logDifference } from './ladder.ts';
import type { Parameters, Problem } from './problem.ts';

const UNIT = 'ln(left / right)';

/** The bound of Lemmas C.6 and C.8 without its exponential: 2 ln ln n. */
const logOfSquaredLog = (n: number): number => 2 * Math.log(Math.log(n));

// Every difference in a ladder is at least (1 - 1/16 - 1/e^2) of its first term, whose factors are right to (n + 6) 2^-52.
const error = ({ n }: Parameters): number => (n + 20) * 2 ** -49;

/** Lemma C.6: the largest entry of a above that of b. */
export function firstEntryProblem(): Problem {
  const ladder = emptyLadder();
  return {
    lemma: 'Lemma C.6',
    unit: UNIT,
    leastScores: 2,
    slack: (at) => {
      fillLadder(ladder, at, 0);
      return logDifference(ladder, ladder.gaps[ladder.nextOfB]!) - logOfSquaredLog(at.n);
    },
    error,
    vectors: (at) => {
      fillLadder(ladder, at, 0);
      return ladderVectors(ladder);
    },
  };
}

/** Lemma C.8: the first k entries shared, k by the first choice. */
export function sharedEntriesProblem(): Problem {
  const ladder = emptyLadder();
  const sharedBy = ({ n, choice }: Parameters): number => 1 + (choice[0]! % (n - 1));
  return {
    lemma: 'Lemma C.8',
    unit: UNIT,
    leastScores: 2,
    slack: (at) => {
      fillLadder(ladder, at, sharedBy(at));
      return logDifference(ladder, ladder.gaps[ladder.nextOfB]!) - logOfSquaredLog(at.n);
    },
    error,
    vectors: (at) => {
      fillLadder(ladder, at, sharedBy(at));
      return ladderVectors(ladder);
    },
  };
}

/** Lemma C.9 for two vectors: k from 0 on; gamma is half of what all entries span, the least that any shift leaves. */
export function separationProblem(): Problem {
  const ladder = emptyLadder();
  const fill = (at: Parameters): void => fillLadder(ladder, at, at.choice[0]! % at.n);
  return {
    lemma: 'Lemma C.9',
    unit: UNIT,
    leastScores: 2,
    slack: (at) => {
      fill(at);
      return logDifference(ladder, ladder.gaps[ladder.size - 1]!) - logOfSquaredLog(at.n);
    },
    error,
    vectors: (at) => {
      fill(at);
      // Centred by a multiple of a quarter: gaps below 2^50 then lose at most one rounding, which the test of the vectors sees.
      const half = Math.ceil(ladder.gaps[ladder.size - 1]! * 2) / 4;
      return ladderVectors(ladder).map((v) => v.map((x) => x + half));
    },
  };
}
