/** Most scores of one vector that a search draws; scratch arrays are sized by it. */
export const MOST_SCORES = 64;

/** A case of a lemma by parameters that cannot leave the hypotheses: any values give vectors that meet them. */
export interface Parameters {
  /** Scores of a vector, n. */
  readonly n: number;
  /** Excesses over the boundary of the hypotheses, each 0 (on it) or above; 3 n are there. */
  readonly excess: Float64Array;
  /** Which vector holds a score, how many are shared and the like, each 0 to 255; 3 n are there. */
  readonly choice: Uint8Array;
}

/** A lemma as a search sees it. */
export interface Problem {
  /** The paper's number. */
  readonly lemma: string;
  /** What the slack is: 0 where the conclusion becomes an equality. */
  readonly unit: string;
  /** Fewest scores that the lemma speaks of. */
  readonly leastScores: number;
  /** Slack of the conclusion by float64, without allocating; every difference is formed without cancellation and scaled, so that nothing underflows. */
  slack(at: Parameters): number;
  /** Bound on the error of the slack: a smaller slack is left to intervals. */
  error(at: Parameters): number;
  /** The vectors of the case; the lemma's function takes them in this order. */
  vectors(at: Parameters): readonly number[][];
}

/** A number just above the real `x`, given within a few roundings: the place for the boundary of a strict hypothesis. */
export const justAbove = (x: number): number => x * (1 + 2 ** -48);

/** The float64 sum, or what comes next in the scale of `from` if that has not grown by more than `least`. */
export function stepUp(from: number, step: number, least: number): number {
  let to = from + step;
  while (to - from <= least) to += Math.max(to * 2 ** -52, 2 ** -1074);
  return to;
}
