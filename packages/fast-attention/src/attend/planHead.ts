import type { Kernels, MonomialSet } from '@prompt-limits/core-linalg';
import { outputBound } from '../certificate/outputBound.ts';
import { exactRounding, sumRounding, unitRoundoff, type ExactRounding, type SumRounding } from '../certificate/rounding.ts';
import type { ErrorTerms } from '../certificate/certificate.ts';
import { adaptiveAffordable, margin, winningRank } from '../plan/firstLook.ts';
import { adaptivePlanning, timesOf, type CostModel, type PredictedTimes, type TimedSizes } from '../plan/costModel.ts';
import { valueRatio } from '../polynomial/expPolynomial.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { monomialCount } from '../polynomial/monomialCount.ts';
import { weightTolerance } from '../polynomial/weightTolerance.ts';
import type { CentredHead } from './centredHead.ts';
import { adaptiveVectors, blockScores, isotropicScores, type FeatureVectors, type ScorePolynomial } from './featureVectors.ts';
import { ifRoom } from './kernelMemory.ts';
import { knownPolynomial, knownSet, knownWeights, sharedHalfWidth } from './features.ts';

/** How a head is computed, and why. */
export interface HeadPlan {
  /** How the head was computed. */
  readonly method: 'exact' | 'polynomial';
  /** Degree and rank of the polynomial; with 'exact', of the one that was considered last, or null if there is none. */
  readonly degree: number | null;
  /** Its number of monomials, likewise. */
  readonly rank: number | null;
  /** R after centring: no score of the head leaves [-R, R]; null where it was not looked for. */
  readonly halfWidth: number | null;
  /** Whether the monomials are all those of a degree, or chosen for this head; null with 'exact'. */
  readonly truncation: 'isotropic' | 'adaptive' | null;
  /** What both methods were predicted to take, in milliseconds, the polynomial of this rank; null where nothing was predicted. */
  readonly predicted: PredictedTimes | null;
  /** Why, in words. */
  readonly reason: string;
  /** The blocks of a head that is not computed as one: near queries with near keys by the polynomial, those that reach further exactly. */
  readonly blocks?: readonly PlanBlock[];
}

/** Some queries of a key head with some of its keys. */
export interface PlanBlock {
  /** Queries, those of all heads that share the keys. */
  readonly queries: number;
  /** Keys. */
  readonly keys: number;
  /** How the block is computed. */
  readonly method: 'exact' | 'polynomial';
}

/** What is summed exactly beside a polynomial: how far its scores reach in the centred coordinates, ln omega included, and how they round. */
export interface ExactPart {
  readonly reach: number;
  /** At least |scale| |q0| |k - c|, to which the rounding of ln omega is relative; 0 where stored weights are taken. */
  readonly weighing: number;
  readonly rounding: ExactRounding;
}

/** A plan with what it needs to run. */
export interface PolynomialPlan {
  readonly set: MonomialSet;
  readonly weights: Float64Array;
  readonly scores: ScorePolynomial;
  readonly vectors: FeatureVectors;
  readonly rounding: SumRounding;
  /** Queries of a chunk of a causal head; null without a mask. */
  readonly chunk: number | null;
  /** The part that is summed exactly beside the polynomial, in a chunk or over far keys; null if there is none. */
  readonly exact: ExactPart | null;
  /** Proven before the run: the largest error as fractions of the range. */
  readonly terms: ErrorTerms;
  readonly bound: number;
}

/** What `planHead` decides from. */
export interface PlanQuestion {
  readonly head: CentredHead;
  readonly kernels: Kernels;
  readonly method: 'polynomial' | 'auto';
  /** null with `degree`: no bound is asked for. */
  readonly tolerance: number | null;
  readonly degree?: number;
  readonly dv: number;
  readonly causal: boolean;
  /** Pairs of a query of the group and a key that it sees. */
  readonly pairs: number;
  /** Fraction of the range that storing the output costs. */
  readonly storage: number;
  /** What exact attention certifies for this head. */
  readonly exactBound: number;
  /** Only the largest entries may be used. */
  readonly box: boolean;
  /** Which monomials may be taken. */
  readonly truncation: 'isotropic' | 'adaptive' | 'auto';
  /** What decides with 'auto'. */
  readonly costs: CostModel;
  /** Tokens of the head that this question leaves out, for exact attention: what that costs in milliseconds, and the keys among them. */
  readonly beside?: { readonly milliseconds: number; readonly keys: number } & Pick<ExactPart, 'reach' | 'weighing'>;
}

/** Tokens packed at once: their features and values stay in the second-level cache. */
export const tokenBlock: number = 16384;

/** Most bytes of moments, weights and exponents of one head. */
export const stateBytes: number = 2 ** 26;

/** Queries of a causal chunk: exact attention inside costs half of it a query, reading the moments anew costs the rank. */
const causalChunk = 256;

/** Bytes of float64 moments, stored moments and weights, and of the exponents with their weights. */
const bytesOf = (rank: number, d: number, dv: number): number => rank * (16 * (dv + 1) + d + 16);

const short = (x: number): string => String(Number(x.toPrecision(3)));

/** The parts of the error at one query: |x| <= r in the coordinates of the plan, denominators at least `least` times the sum of the weights of the keys. */
export function errorTerms(plan: Pick<PolynomialPlan, 'scores' | 'vectors' | 'rounding' | 'exact'>, head: CentredHead, unit: number, r: number, least: number, storage: number): ErrorTerms {
  const { low, high } = plan.scores.ratio(r);
  // Vectors are stored as centred first: in other coordinates r says nothing of what that costs.
  const eta = head.etaFixed + head.etaSlope * (plan.vectors.queries === head.queries ? r : head.halfWidth) + plan.vectors.shift;
  const { exact } = plan;
  // Exact weights beside those of the polynomial have the factor 1, so the band has to hold 1 as well.
  const [bottom, top] = exact === null ? [low, high] : [Math.min(1, low), Math.max(1, high)];
  const polynomial = outputBound(bottom, top);
  // They too are of stored vectors. ln omega of a key beside is a sum of d products that may cancel: d + 8 roundings of float64.
  const spread = exact === null ? eta
    : Math.max(eta, head.etaFixed + head.etaSlope * exact.reach + (head.keys.d + 8) * 2 ** -53 * exact.weighing) + exact.rounding.eta;
  // tanh is subadditive: the band widened by e^{+-spread} costs at most tanh(spread / 2) more. Values: three float64 roundings, one stored.
  const input = spread / 2 + 0.51 * (unit + 4 * 2 ** -53);
  const kappa = (plan.rounding.relative * plan.scores.absolute(r) + plan.rounding.absolute) / least;
  const sums = kappa < 1 && bottom > 0 ? kappa + (exact?.rounding.sums ?? 0) : 1;
  return { polynomial, input, sums, storage };
}

export const totalOf = (t: ErrorTerms): number => Math.min(1, (t.polynomial + t.input + t.sums + t.storage) * (1 + 2 ** -50));

function prepared({ head, kernels, causal, storage, tolerance, beside }: PlanQuestion, { set, weights, scores, vectors }: Pick<PolynomialPlan, 'set' | 'weights' | 'scores' | 'vectors'>): PolynomialPlan {
  const { d, n } = head.keys;
  const unit = unitRoundoff(kernels);
  // A causal head adds to its moments once a chunk, and once a block of keys that precede all queries.
  const calls = Math.ceil(n / (causal ? causalChunk : tokenBlock)) + 1;
  const sizes = { keys: n, block: tokenBlock, calls, largest: Math.max(vectors.keyNorm, vectors.queryNorm) };
  const rounding = sumRounding(set, scores, kernels, sizes, causal ? Math.exp(head.leastLog) : 1);
  const exactPart = (count: number, reach: number, weighing: number): ExactPart => {
    const exact = exactRounding(kernels, count, d + 1, reach);
    // The masses of the two parts are added in the precision of the kernels: two roundings more.
    return { reach, weighing, rounding: { ...exact, eta: exact.eta + exact.log, sums: exact.sums + 2 * unit } };
  };
  const exact = causal ? exactPart(causalChunk, head.halfWidth - head.leastLog, 0)
    : beside !== undefined && beside.keys > 0 ? exactPart(beside.keys, beside.reach, beside.weighing) : null;
  const chunk = causal ? causalChunk : null;
  const plan = { set, weights, scores, vectors, rounding, chunk, exact };
  // What |x| can be by the norms of either coordinates.
  const R = Math.min(head.halfWidth, vectors.halfWidth + vectors.shift);
  const { low } = scores.ratio(vectors.halfWidth);
  const lost = rounding.relative * scores.absolute(vectors.halfWidth) + rounding.absolute;
  // D >= low e^{-reach} sum omega, computed as at least `lost` sum omega less.
  const termsFor = (reach: number): ErrorTerms => {
    const sure = low * Math.exp(-reach - vectors.shift) * (1 - 2 ** -40);
    return errorTerms(plan, head, unit, vectors.halfWidth, Math.max(Number.MIN_VALUE, sure - lost), storage);
  };
  // x >= -R; where that does not do, the mean of x (Jensen). With a mask the mean over the seen keys is not known.
  let terms = termsFor(R);
  if (!causal && tolerance !== null && totalOf(terms) > tolerance) terms = termsFor(Math.min(R, head.drift()));
  return { ...plan, terms, bound: totalOf(terms) };
}

/** The isotropic polynomial of one degree; its weights follow when it is taken. */
function isotropic(question: PlanQuestion, halfWidth: number, degree: number): PolynomialPlan {
  const { head } = question;
  const vectors = { ...head, shift: 0 };
  return prepared(question, { set: knownSet(head.keys.d, degree), weights: new Float64Array(0), scores: isotropicScores(knownPolynomial(halfWidth, degree)), vectors });
}

/** The plan of a head that is computed exactly before anything else is known of it. */
export const exactPlan = (reason: string): HeadPlan => ({ method: 'exact', truncation: null, degree: null, rank: null, halfWidth: null, predicted: null, reason });

/** What `planHead` returns. */
export interface Planned {
  readonly plan: HeadPlan;
  /** What the polynomial needs to run, or null if the head is computed exactly. */
  readonly run: PolynomialPlan | null;
  /** The smallest error that the polynomial method certifies, where that is why the head is computed exactly. */
  readonly least: number | null;
}

/** The degree to take: the least that meets the tolerance, or why there is none. */
function chosen(question: PlanQuestion): { found: PolynomialPlan | null; degree: number | null; rank: number | null; why: string; least: number | null } {
  const { head, tolerance, dv, kernels } = question;
  const { d } = head.keys;
  const none = (why: string, degree: number | null, rank: number | null, least: number | null = null) => ({ found: null, degree, rank, why, least });
  if (!(head.halfWidth <= largestMinimaxHalfWidth)) {
    return none(`scores reach ${short(head.halfWidth)} from their centre, and no polynomial here follows e^x beyond ${largestMinimaxHalfWidth}`, null, null);
  }
  const shared = sharedHalfWidth(head.halfWidth, largestMinimaxHalfWidth);
  let least = Infinity;
  for (let degree = question.degree ?? 0; degree <= 64; degree++) {
    const rank = Number(monomialCount(d, degree));
    const bytes = bytesOf(rank, d, dv);
    if (bytes > stateBytes) {
      return none(`degree ${degree} needs ${rank} monomials at d = ${d}, ${Math.ceil(bytes / 2 ** 20)} MiB a head, and ${stateBytes / 2 ** 20} MiB are allowed`, degree, rank);
    }
    const polynomial = knownPolynomial(shared, degree);
    const { low, high } = valueRatio(polynomial, head.halfWidth);
    const alone = outputBound(low, high);
    // What the degrees before would certify matters only if none does.
    if (question.degree === undefined && tolerance !== null && alone > tolerance && alone > 2 ** -20) continue;
    const found = isotropic(question, shared, degree);
    if (question.degree !== undefined || tolerance === null || found.bound <= tolerance) return { found, degree, rank, why: '', least: null };
    least = Math.min(least, found.bound);
    // What is left without the polynomial's own error does not fall with the degree.
    if (found.bound - found.terms.polynomial > tolerance && found.terms.polynomial < found.bound / 8) {
      for (let g = degree - 1; g >= 0; g--) least = Math.min(least, isotropic(question, shared, g).bound);
      return none(`${kernels.precision} certifies an error of ${short(least)} of the range of V at best, rounding included`, degree, rank, least);
    }
  }
  return none(`no polynomial of degree 64 meets the tolerance`, 64, null, least);
}

/** The polynomial in blocks of balanced coordinates with at most `mostRank` monomials, or null; twice where rounding takes more than expected. */
function adaptive(question: PlanQuestion, mostRank: number): PolynomialPlan | null {
  const { head, kernels, tolerance } = question;
  if (tolerance === null || mostRank < 1) return null;
  // First all but what storing and sums of a low degree take, then what they took.
  let spare = question.storage + (head.etaFixed + head.etaSlope * head.halfWidth) / 2 + tolerance / 64;
  for (let attempt = 0; attempt < 2 && spare < tolerance; attempt++) {
    const made = adaptiveVectors(head, weightTolerance(tolerance - spare), mostRank, kernels);
    if (made === null) return null;
    const { set, weights } = made.found.polynomial;
    const found = prepared(question, { set, weights, scores: blockScores(made.found), vectors: made.vectors });
    if (found.bound <= tolerance) return found;
    spare = (found.bound - found.terms.polynomial) * 1.05;
  }
  return null;
}

/**
 * MiB of kernel memory that a run takes beyond what is free, or null if there is room: blocks of tokens, moments and weights, float64 sums
 * and rows of monomials of each thread. Small runs are not asked.
 */
function missingMemory(kernels: Kernels, { rank, degree, d }: MonomialSet, dv: number): number | null {
  const kept = Math.ceil((rank * Math.max(1, degree)) / (d + degree));
  const values = rank * (dv + 1) * (2 + 2 * kernels.threads) + 144 * kept * kernels.threads + tokenBlock * (d + dv + 1);
  if (kernels.build === 'plain' || values < 2 ** 19) return null;
  const found = ifRoom(() => kernels.scratch(() => kernels.allocate(values).length));
  return found === null ? Math.ceil(values / 2 ** 18) : null;
}

/**
 * Decides how one key head and its queries are computed. Isotropic: the least degree whose proven error, rounding included, meets the
 * tolerance. Adaptive: fewer monomials that do, where the search for them takes a small part of the time they can save. Then, with 'auto',
 * exact attention unless the polynomial is predicted to be faster by a margin.
 */
export function planHead(question: PlanQuestion): Planned {
  const { head, method, dv, costs, truncation, causal, kernels } = question;
  const { d, n: keys } = head.keys;
  const sizes: Omit<TimedSizes, 'rank'> = { queries: head.queries.n * head.queries.per, keys, pairs: question.pairs, d, dv, chunk: causal ? causalChunk : 0 };
  const { milliseconds: besides = 0 } = question.beside ?? {};
  const times = (rank: number, changed: number): PredictedTimes => {
    const { exact, polynomial } = timesOf(costs, { ...sizes, rank, changed });
    return { exact, polynomial: polynomial + besides };
  };
  const { found, degree, rank, why, least } = chosen(question);
  const ranked = found === null || rank === null ? Infinity : rank;

  let taken = truncation === 'adaptive' ? null : found;
  let changed: PolynomialPlan | null = null;
  if (question.degree === undefined && !question.box && truncation !== 'isotropic') {
    const bytesRank = Math.floor(stateBytes / bytesOf(1, d, dv));
    // With 'auto' only ranks that win are of use, with 'polynomial' all that are below the isotropic one.
    const useful = Math.min(bytesRank, truncation === 'adaptive' ? bytesRank : ranked - 1, method === 'auto' ? winningRank(costs, { ...sizes, changed: d }) : Infinity);
    const { exact, polynomial } = times(Math.min(ranked, bytesRank), 0);
    const saves = method === 'auto' && !(polynomial < margin(costs) * exact) ? adaptiveAffordable(d, exact) : polynomial > 8 * adaptivePlanning(d);
    if (truncation === 'adaptive' || saves || (method === 'polynomial' && found === null)) changed = adaptive(question, useful);
    if (changed !== null && (taken === null || times(changed.set.rank, d).polynomial < times(ranked, 0).polynomial)) taken = changed;
  }

  const halfWidth = taken?.vectors.halfWidth ?? head.halfWidth;
  const none = { method: 'exact', truncation: null, halfWidth: head.halfWidth, degree, rank } as const;
  if (taken === null) {
    const reason = why === '' ? 'no polynomial in blocks of coordinates needs few enough monomials' : why;
    return { plan: { ...none, predicted: null, reason }, run: null, least };
  }
  const size = taken.set.rank;
  const predicted = times(size, taken === changed ? d : 0);
  if (method === 'auto') {
    // Where only the polynomial, whose values are centred, can certify the tolerance, it runs whatever it costs.
    const certifies = question.tolerance === null || question.exactBound <= question.tolerance;
    if (predicted.polynomial >= margin(costs) * predicted.exact && certifies) {
      const reason = `exact attention is predicted to take ${short(predicted.exact)} ms and the polynomial of rank ${size} ${short(predicted.polynomial)} ms${costs.measured ? '' : ' on a machine like the one the costs are of'}`;
      return { plan: { ...none, predicted, reason }, run: null, least: null };
    }
  }
  const missing = missingMemory(kernels, taken.set, dv);
  if (missing !== null) {
    const reason = `rank ${size} needs about ${missing} MiB of kernel memory, more than is free`;
    return { plan: { ...none, predicted, reason }, run: null, least: null };
  }
  const how = taken === changed ? `degree ${taken.set.degree} in ${taken.set.d} balanced coordinates` : `degree ${taken.set.degree}`;
  const reason = `${how}, rank ${size} for scores within ${short(halfWidth)} of their centre`;
  return {
    plan: { method: 'polynomial', truncation: taken === changed ? 'adaptive' : 'isotropic', degree: taken.set.degree, rank: size, halfWidth, predicted, reason },
    run: taken === changed ? taken : { ...taken, weights: knownWeights(taken.set, taken.scores) },
    least: null,
  };
}
