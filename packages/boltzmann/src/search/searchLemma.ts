import { assertInteger, assertOneOf, type RandomSource } from '@prompt-limits/core-linalg';
import { MOST_SCORES } from './problem.ts';
import { checkCase, LEMMAS, problemOf, type LemmaName } from './problems.ts';
import { createRun } from './run.ts';

/** How a search is run. */
export interface SearchOptions {
  /** How many cases: one evaluation of both sides each, half drawn at random, half on the way of local searches. */
  readonly cases: number;
  /** Where randomness comes from. */
  readonly random: RandomSource;
  /** Numbers of scores to draw from; by default 2 to 16 and some up to 61. Lemmas of two scores and more leave out 1. */
  readonly sizes?: readonly number[];
  /** One case in so many is checked again by the lemma's own function, with intervals; 5000 by default. */
  readonly certifyEvery?: number;
}

/** What a search found. */
export interface SearchResult {
  /** The lemma. */
  readonly lemma: LemmaName;
  /** Cases evaluated; each meets the hypotheses. */
  readonly cases: number;
  /** Cases whose conclusion fails, by intervals. */
  readonly violations: number;
  /** Cases that neither float64 nor intervals of 4096 bits decided. */
  readonly undecided: number;
  /** Cases that went to intervals because the float64 slack was within its error. */
  readonly close: number;
  /** Cases proved by the lemma's function: the tightest of each number of scores and one in `certifyEvery`. */
  readonly certified: number;
  /** Smallest slack, in `unit`. */
  readonly worstSlack: number;
  /** What the slack is. */
  readonly unit: string;
  /** The vectors of the tightest case. */
  readonly worstCase: readonly (readonly number[])[];
}

/** Bits of the intervals that decide what float64 leaves open. */
const MOST_BITS = 4096;

const SIZES: readonly number[] = [1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 11, 13, 16, 23, 37, 61];

/**
 * Looks for counter-examples of a lemma and for its tightest case: cases that meet the hypotheses, many on their boundary, drawn at random
 * and then pushed towards smaller slack by local search. Every case is evaluated in float64 without cancellation, scaled so that gaps of
 * $e^{-10000}$ are seen; what float64 cannot decide goes to intervals. Exhausts nothing: it is evidence, the proof is the lemma's.
 *
 * @param lemma - 'C.1' to 'C.9', in the repaired form of its function
 * @returns the count of violations with the tightest case
 *
 * @throws RangeError for an unknown lemma, fewer than 1 case, or a size outside 1 to 64
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const { violations, undecided } = searchLemma('C.8', { cases: 2000, random: randomSource(1) });
 * violations + undecided; // => 0
 */
export function searchLemma(lemma: LemmaName, { cases, random, sizes = SIZES, certifyEvery = 5000 }: SearchOptions): SearchResult {
  assertOneOf('searchLemma', 'lemma', lemma, LEMMAS);
  assertInteger('searchLemma', 'cases', cases, 1);
  assertInteger('searchLemma', 'certifyEvery', certifyEvery, 1);
  sizes.forEach((n, i) => assertInteger('searchLemma', `sizes[${i}]`, n, 1, MOST_SCORES));
  const problem = problemOf(lemma);
  const usable = sizes.filter((n) => n >= problem.leastScores);
  if (usable.length === 0) throw new RangeError(`searchLemma: sizes must hold one of at least ${problem.leastScores}, got none`);
  // More bits never prove an equality.
  const maxBits = lemma === 'C.1' ? 53 : MOST_BITS;
  const run = createRun(problem, (vectors) => checkCase(lemma, vectors, { maxBits }), random, certifyEvery);
  while (run.cases() < cases) run.start(usable[random.integer(usable.length)]!, cases - run.cases());
  return { lemma, ...run.result() };
}
