import { assertInRange, type Tokens } from '@prompt-limits/core-linalg';
import { monomialCount } from '../polynomial/monomialCount.ts';
import { polynomialDegree } from '../polynomial/polynomialDegree.ts';
import { largestHalfWidth } from '../polynomial/taylorDegree.ts';
import { weightTolerance } from '../polynomial/weightTolerance.ts';
import { attentionCost, type AttentionCost } from './attentionCost.ts';
import { assertHead, assertScores, causalOffset, maxAbs, visibleKeys, type ScoreProblem } from './problem.ts';
import { scoreRange, type ScoreRange, type ScoreRangeOptions } from './scoreRange.ts';
import { verdict } from './verdict.ts';

/** One head: Q, K and V, the scale, the mask, and the error that is allowed. */
export interface CriterionProblem extends ScoreProblem {
  /** V, dv x n. */
  readonly values: Tokens;
  /**
   * The error of an output entry that is allowed, as a fraction of the range of its row of V; above 0 and below 1.
   * $2^{-10}$ unless given, the spacing of Float16 numbers above 1: finer errors drown where models are served in half precision.
   */
  readonly tolerance?: number;
}

/** Largest absolute entries. */
export interface LargestEntries {
  /** Of Q. */
  readonly queries: number;
  /** Of K. */
  readonly keys: number;
  /** Of V. */
  readonly values: number;
  /** B, the largest of the three. */
  readonly overall: number;
}

/** The polynomial that meets the tolerance. */
export interface PolynomialSize {
  /** Relative error allowed on the weights, 2 tolerance / (1 + tolerance^2). */
  readonly weightTolerance: number;
  /** Its degree g, from `polynomialDegree`. */
  readonly degree: number;
  /** Its monomials, C(d + g, g), exactly. JSON needs `String(rank)`. */
  readonly rank: bigint;
}

/** What `efficiencyCriterion` returns. */
export interface EfficiencyCriterion {
  /** Number of keys; L_p + L in the paper. */
  readonly n: number;
  /** Width of a query and a key. */
  readonly d: number;
  /** Width of a value. */
  readonly dv: number;
  /** The scale that was given. */
  readonly scale: number;
  /** The tolerance in use. */
  readonly tolerance: number;
  /** Largest entries as they are: the paper's B of Problem 1. */
  readonly largest: LargestEntries;
  /** sqrt(ln n). */
  readonly threshold: number;
  /** B / sqrt(ln n); Infinity at n = 1 unless B = 0, which gives 0. */
  readonly ratio: number;
  /** Largest entries after Q and K are multiplied by sqrt(|scale| d): the same head with scores q . k / d. */
  readonly scaled: LargestEntries;
  /** scaled.overall / sqrt(ln n), as `ratio`. */
  readonly scaledRatio: number;
  /** 'within' if scaled.overall is at most sqrt(ln n), else 'outside'. */
  readonly side: 'within' | 'outside';
  /** The scores before and after centring. */
  readonly scores: ScoreRange;
  /** The polynomial; null if the half-width exceeds 709, where e^x leaves float64. */
  readonly polynomial: PolynomialSize | null;
  /** Counted operations; `polynomial` is Infinity where there is none. */
  readonly cost: AttentionCost;
  /** The method with the smaller count. */
  readonly faster: 'exact' | 'polynomial';
  /** All of it in words. */
  readonly verdict: string;
}

const ratioTo = (threshold: number, b: number): number => (b === 0 ? 0 : b / threshold);

/**
 * On which side of the efficiency criterion one head lies, and at what cost: B = max of |Q|, |K|, |V| against
 * $\sqrt{\ln n}$, the range of the centred scores, the polynomial that replaces $e^x$ on it, and counted operations.
 *
 * **Which definition decides the side.** The theorems are asymptotic: almost linear time for B = o(sqrt(log n)) (Theorem 3.2),
 * under SETH no sub-quadratic time for all heads with B = C_b sqrt(log n), C_b some constant (Theorem 3.1). No single n tells the two
 * apart. `side` compares with constant 1, after translating the scale: the theorems rest on scores $q^\top k / d$ (Alman and
 * Song), and $\mathrm{scale}\;q^\top k = (a q)^\top (a k) / d$ with $a = \sqrt{|\mathrm{scale}|\,d}$ (a negative sign goes to
 * q). So a B of Q and K counts a B; V keeps its own. `ratio` is the printed B / sqrt(ln n) without the translation.
 *
 * **What the cost means.** If every weight is right up to the factor 1 +- epsilon, every output entry is right up to
 * tolerance times the range of its row of V (`weightTolerance`, exact arithmetic assumed), and a polynomial of the degree
 * told does that on the half-width told. Operations are counted (`attentionCost`), not timed. A later method may do
 * better than all monomials on keys of low rank; this count does not know.
 *
 * @param problem - Q (d x queries), K (d x n), V (dv x n), scale, tolerance, mask; Float32 or Float64, computed in Float64
 * @param options - 'pairs' (exact score range, O(queries n d) time) or 'radius' (upper bound, O((queries + n) d)); no n x n memory
 *
 * Paper: Problem 1, Theorems 3.1 and 3.2 (in the appendix their proofs are swapped); the scale is 1 there.
 *
 * @throws TypeError if Q, K or V are not Tokens
 * @throws RangeError if shapes disagree, a part is empty, a value is not finite, the tolerance is not in (0, 1), or scores could overflow
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const X = tokens(1, Float64Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 0.5 : -0.5)));
 * const { largest, side, polynomial, faster } = efficiencyCriterion({ queries: X, keys: X, values: X, scale: 1 });
 * largest.overall; // => 0.5
 * side; // => 'within'
 * polynomial?.rank; // => 3n
 * faster; // => 'polynomial'
 */
export function efficiencyCriterion(problem: CriterionProblem, options: ScoreRangeOptions = {}): EfficiencyCriterion {
  const { queries, keys, values, scale, tolerance = 2 ** -10 } = problem;
  assertScores('efficiencyCriterion', problem);
  assertHead('efficiencyCriterion', 'values', values);
  if (values.n !== keys.n) {
    throw new RangeError(`efficiencyCriterion: values must have as many tokens as keys (n = ${keys.n}), got n = ${values.n}`);
  }
  assertInRange('efficiencyCriterion', 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);

  const [d, n, dv] = [keys.d, keys.n, values.d];
  const entries = (factor: number): LargestEntries => {
    const parts = { queries: factor * maxAbs(queries.data), keys: factor * maxAbs(keys.data), values: maxAbs(values.data) };
    return { ...parts, overall: Math.max(...Object.values(parts)) };
  };
  const largest = entries(1);
  const scaled = entries(Math.sqrt(Math.abs(scale) * d));
  const threshold = Math.sqrt(Math.log(n));

  const scores = scoreRange(problem, options);
  const polynomial = scores.halfWidth > largestHalfWidth ? null : polynomialSize(d, scores.halfWidth, tolerance);
  const offset = causalOffset(problem);
  let pairs = 0;
  for (let i = 0; i < queries.n; i++) pairs += visibleKeys(n, offset, i);
  const cost = attentionCost({ queries: queries.n, keys: n, pairs, d, dv, rank: polynomial === null ? Infinity : Number(polynomial.rank) });

  const criterion: Omit<EfficiencyCriterion, 'verdict'> = {
    n, d, dv, scale, tolerance, largest, threshold,
    ratio: ratioTo(threshold, largest.overall),
    scaled,
    scaledRatio: ratioTo(threshold, scaled.overall),
    side: scaled.overall <= threshold ? 'within' : 'outside',
    scores, polynomial, cost,
    faster: cost.polynomial < cost.exact ? 'polynomial' : 'exact',
  };
  return { ...criterion, verdict: verdict(criterion) };
}

function polynomialSize(d: number, halfWidth: number, tolerance: number): PolynomialSize {
  const weights = weightTolerance(tolerance);
  const degree = polynomialDegree({ halfWidth, tolerance: weights });
  return { weightTolerance: weights, degree, rank: monomialCount(d, degree) };
}
