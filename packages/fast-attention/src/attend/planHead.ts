import type { Kernels } from '@prompt-limits/core-linalg';
import { outputBound } from '../certificate/outputBound.ts';
import { exactRounding, sumRounding, unitRoundoff, type ExactRounding, type SumRounding } from '../certificate/rounding.ts';
import type { ErrorTerms } from '../certificate/certificate.ts';
import { attentionCost } from '../criterion/attentionCost.ts';
import { absoluteSum, valueRatio, type ExpPolynomial } from '../polynomial/expPolynomial.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { monomialCount } from '../polynomial/monomialCount.ts';
import type { CentredHead } from './centredHead.ts';
import { knownPolynomial, knownSet, sharedHalfWidth, weightsOf, type Features } from './features.ts';

/** How a head is computed, and why. */
export interface HeadPlan {
  readonly method: 'exact' | 'polynomial';
  /** Degree and rank of the polynomial; with 'exact', of the one that was considered last, or null if there is none. */
  readonly degree: number | null;
  readonly rank: number | null;
  /** R after centring: no score of the head leaves [-R, R]; null where it was not looked for. */
  readonly halfWidth: number | null;
  /** Why, in words. */
  readonly reason: string;
}

/** A plan with what it needs to run. */
export interface PolynomialPlan extends Features {
  readonly rounding: SumRounding;
  /** Chunk of queries of a causal head, and how exact attention rounds in it; null without a mask. */
  readonly chunk: { readonly size: number; readonly rounding: ExactRounding } | null;
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
}

/** Tokens packed at once: their features and values stay in the second-level cache. */
export const tokenBlock: number = 8192;

/** Most bytes of moments, weights and exponents of one head. */
export const stateBytes: number = 2 ** 26;

/** Queries of a causal chunk: exact attention inside costs half of it a query, reading the moments anew costs the rank. */
const causalChunk = 256;

/** Bytes of float64 moments, stored moments and weights, and of the exponents with their weights. */
const bytesOf = (rank: number, d: number, dv: number): number => rank * (16 * (dv + 1) + d + 16);

const short = (x: number): string => String(Number(x.toPrecision(3)));

/** The parts of the error at one query: |x| <= r, denominators at least `least` times the sum of the weights of the keys. */
export function errorTerms(plan: Pick<PolynomialPlan, 'polynomial' | 'rounding' | 'chunk'>, head: CentredHead, unit: number, r: number, least: number, storage: number): ErrorTerms {
  const { low, high } = valueRatio(plan.polynomial, r);
  const eta = head.etaFixed + head.etaSlope * r;
  const exact = plan.chunk?.rounding;
  // Exact weights beside those of the polynomial have the factor 1, so the band has to hold 1 as well.
  const [bottom, top] = exact === undefined ? [low, high] : [Math.min(1, low), Math.max(1, high)];
  const polynomial = outputBound(bottom, top);
  const spread = Math.max(eta, exact?.eta ?? 0);
  // tanh is subadditive: the band widened by e^{+-spread} costs at most tanh(spread / 2) more. Values: three float64 roundings, one stored.
  const input = spread / 2 + 0.51 * (unit + 4 * 2 ** -53);
  const kappa = (plan.rounding.relative * absoluteSum(plan.polynomial, r) + plan.rounding.absolute) / least;
  const sums = kappa < 1 && bottom > 0 ? kappa + (exact?.sums ?? 0) : 1;
  return { polynomial, input, sums, storage };
}

export const totalOf = (t: ErrorTerms): number => Math.min(1, (t.polynomial + t.input + t.sums + t.storage) * (1 + 2 ** -50));

function prepared({ head, kernels, causal, storage, tolerance }: PlanQuestion, polynomial: ExpPolynomial): PolynomialPlan {
  const { d, n } = head.keys;
  const set = knownSet(d, polynomial.degree);
  const unit = unitRoundoff(kernels);
  // A causal head adds to its moments once a chunk, and once a block of keys that precede all queries.
  const calls = Math.ceil(n / (causal ? causalChunk : tokenBlock)) + 1;
  const sizes = { keys: n, block: tokenBlock, calls, largest: Math.max(head.keyNorm, head.queryNorm) };
  const rounding = sumRounding(set, polynomial, kernels, sizes, causal ? Math.exp(head.leastLog) : 1);
  const S = head.halfWidth - head.leastLog;
  const exact = causal ? exactRounding(kernels, causalChunk, d + 1, S) : null;
  // The masses of the two parts are added in the precision of the kernels: two roundings more.
  const chunk = exact === null ? null : { size: causalChunk, rounding: { ...exact, eta: exact.eta + exact.log, sums: exact.sums + 2 * unit } };
  const plan = { set, polynomial, weights: new Float64Array(0), rounding, chunk };
  const { low } = valueRatio(polynomial, head.halfWidth);
  const lost = rounding.relative * absoluteSum(polynomial, head.halfWidth) + rounding.absolute;
  // D >= low e^{-reach} sum omega, computed as at least `lost` sum omega less.
  const termsFor = (reach: number): ErrorTerms => {
    const sure = low * Math.exp(-reach) * (1 - 2 ** -40);
    return errorTerms(plan, head, unit, head.halfWidth, Math.max(Number.MIN_VALUE, sure - lost), storage);
  };
  // x >= -R; where that does not do, the mean of x (Jensen). With a mask the mean over the seen keys is not known.
  let terms = termsFor(head.halfWidth);
  if (!causal && tolerance !== null && totalOf(terms) > tolerance) terms = termsFor(head.drift());
  return { ...plan, terms, bound: totalOf(terms) };
}

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
    const found = prepared(question, polynomial);
    if (question.degree !== undefined || tolerance === null || found.bound <= tolerance) return { found, degree, rank, why: '', least: null };
    least = Math.min(least, found.bound);
    // What is left without the polynomial's own error does not fall with the degree.
    if (found.bound - found.terms.polynomial > tolerance && found.terms.polynomial < found.bound / 8) {
      for (let g = degree - 1; g >= 0; g--) least = Math.min(least, prepared(question, knownPolynomial(shared, g)).bound);
      return none(`${kernels.precision} certifies an error of ${short(least)} of the range of V at best, rounding included`, degree, rank, least);
    }
  }
  return none(`no polynomial of degree 64 meets the tolerance`, 64, null, least);
}

/**
 * Decides how one key head and its queries are computed: the least degree whose proven error, rounding included, meets the tolerance; then,
 * with 'auto', the cheaper method by counted operations. One function, so that a better model of the cost has one place.
 */
export function planHead(question: PlanQuestion): Planned {
  const { head, method, dv } = question;
  const { d, n: keys } = head.keys;
  const { found, degree, rank, why, least } = chosen(question);
  const halfWidth = head.halfWidth;
  if (found === null || degree === null || rank === null) return { plan: { method: 'exact', degree, rank, halfWidth, reason: why }, run: null, least };
  if (method === 'auto') {
    const queries = head.queries.n * head.queries.per;
    const cost = attentionCost({ queries, keys, pairs: question.pairs, d, dv, rank });
    // Where only the polynomial, whose values are centred, can certify the tolerance, it runs whatever it costs.
    const certifies = question.tolerance === null || question.exactBound <= question.tolerance;
    if (cost.polynomial >= 0.8 * cost.exact && certifies) {
      const reason = `by count of operations exact attention is no dearer: ${short(cost.exact)} against ${short(cost.polynomial)}`;
      return { plan: { method: 'exact', degree, rank, halfWidth, reason }, run: null, least: null };
    }
  }
  const reason = `degree ${degree}, rank ${rank} for scores within ${short(halfWidth)} of their centre`;
  return { plan: { method: 'polynomial', degree, rank, halfWidth, reason }, run: { ...found, weights: weightsOf(found.set, found.polynomial) }, least: null };
}
