import { monomialReadVjpRounding, type Kernels, type MonomialSet } from '@prompt-limits/core-linalg';
import { knownSet, sharedHalfWidth, weightsOf } from '../attend/features.ts';
import { exactRounding, sumRounding, unitRoundoff, type SumRounding } from '../certificate/rounding.ts';
import { expPolynomial, type ExpPolynomial } from '../polynomial/expPolynomial.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { monomialCount } from '../polynomial/monomialCount.ts';
import { tokenBlock } from './featureSums.ts';
import type { GradientInputs, HeadFrame } from './headInputs.ts';
import { derivativeOf, radiusIndex, ratioTable, relativeErrors, rowTable, type RatioTable, type RelativeErrors, type RowTable } from './rowErrors.ts';

/** Rounding of everything that a head computes, apart from what depends on a row. */
export interface HeadRounding {
  /** Readings of p and of p': relative to sums of absolute terms. */
  readonly sums: number;
  readonly derivativeSums: number;
  /** Absolute errors of readings of normalised columns, over keys and over queries; and of their derivatives. */
  readonly keyUnderflow: number;
  readonly queryUnderflow: number;
  readonly vjpFactor: number;
  /** Stored factors of a product: inputs, cotangents, float64 sums between. */
  readonly stored: number;
  readonly u: number;
}

/** How one head is computed by features, and what errors that has at most. */
export interface HeadPlan {
  readonly frame: HeadFrame;
  /** p, of degree g, in place of e^x in normalisers and outputs; all monomials of degree at most g with their weights. */
  readonly polynomial: ExpPolynomial;
  readonly set: MonomialSet;
  readonly weights: Float64Array;
  /** p', in place of e^x in the gradient: the first monomials of `set` with their weights. */
  readonly lower: MonomialSet;
  readonly lowerWeights: Float64Array;
  readonly table: RatioTable;
  readonly rows: RowTable;
  readonly rounding: HeadRounding;
  /** Queries of a causal chunk, and how exact attention rounds in it; null without a mask. */
  readonly chunk: { readonly length: number; readonly rounding: ChunkRounding } | null;
  /** Upper bounds known before any sum is computed. */
  readonly relative: RelativeErrors;
}

/** Rounding of a causal chunk's exact part; S bounds its scores. */
export interface ChunkRounding {
  /** Relative error of $\sum_j e^{s_{ij}}$ and of the numerators, as a part of the range. */
  readonly sums: number;
  /** A probability computed again is right up to $e^{\pm eta}$. */
  readonly eta: number;
  /** Products and sums of the gradient. */
  readonly products: number;
}

/**
 * Rounding of `Kernels.attention` and `attentionVjp` on a chunk of `queries` queries and `keys` keys, S >= any |score|, L >= any
 * |log partition|.
 *
 * Sums: `exactRounding` gives factors $e^{\pm\eta}$ on weights and relative errors of sums and logs; numerator (twice: the sum and
 * its mean) and denominator together stay below 2 (e^{eta + log} - 1) + 4 sums + 4 u. Probabilities: a score errs by (d + 2) u S,
 * its stored key by 2 u S, the stored log partition by u L, the difference and the exponential ($2^{-22} + |x| 2^{-23}$) by
 * 4 u + 4 u (S + L). Gradient: dz . v and dz . z err by (dv + 4) u of their absolute terms, the sums over keys and rows by their
 * lengths, tiles of 96 rows between; weights below $e^{-87}$ are dropped.
 */
export function chunkRounding(kernels: Kernels, queries: number, keys: number, d: number, dv: number, S: number, L: number): ChunkRounding {
  const u = unitRoundoff(kernels);
  const { eta, sums, log } = exactRounding(kernels, keys, d, S);
  return {
    sums: 2 * Math.expm1(eta + log + 4 * u * S) + 4 * sums + 6 * u,
    eta: ((d + 10) * S + 6 * L + 12) * u * (1 + 2 ** -10),
    products: (2 * (dv + 5) + queries + keys + 128) * u + keys * Math.exp(-87),
  };
}

/** Weights of a chunk's scores: |scale| |q_i| |k_j - c|. */
export function largestChunkScore(inputs: GradientInputs, frame: HeadFrame): number {
  return (frame.queryRadius + Math.abs(inputs.shape.scale) * Math.hypot(...frame.queryCentre) * (1 + 2 ** -50)) * frame.keyRadius * (1 + 2 ** -50);
}

/** Underflow counts against ranges widened by 2^-40 of the largest: `finishRows`. */
export const underflowFactor: number = 2 ** 41;

/** Degrees beyond: none that a half-width of at most 8 needs. */
const largestDegree = 48;

/** Queries of a causal chunk: long enough that sums of features are worth their reading, short against them. */
const chunkLength = 256;

const polynomials = new Map<string, { readonly polynomial: ExpPolynomial; readonly table: RatioTable }>();

/** The polynomial of a degree that serves e^x by its value and by its derivative, remembered. */
function known(halfWidth: number, degree: number): { readonly polynomial: ExpPolynomial; readonly table: RatioTable } {
  const key = `${halfWidth}:${degree}`;
  const old = polynomials.get(key);
  if (old !== undefined) return old;
  if (polynomials.size >= 256) polynomials.clear();
  const polynomial = expPolynomial(halfWidth, degree, { aim: 'derivative' });
  const made = { polynomial, table: ratioTable(polynomial) };
  polynomials.set(key, made);
  return made;
}

/** The head by the features of p, of degree g. */
function planned(inputs: GradientInputs, frame: HeadFrame, kernels: Kernels, { polynomial, table }: ReturnType<typeof known>): HeadPlan {
  const { queries, keys, d, dv, causal } = inputs.shape;
  const { degree } = polynomial;
  const [lower, set] = [knownSet(d, degree - 1), knownSet(d, degree)];
  const u = unitRoundoff(kernels);
  // Stored vectors are balanced: no entry exceeds sqrt(R) by more than the power of two leaves.
  const largest = Math.max(frame.keyRadius / frame.balance, frame.queryRadius * frame.balance) * (1 + 2 ** -20) + 2 ** -100;
  const chunks = causal === null ? 1 : Math.ceil(Math.max(queries, keys) / chunkLength) + 2;
  const over = (n: number): SumRounding => sumRounding(set, polynomial, kernels, { keys: n, block: tokenBlock, calls: Math.ceil(n / tokenBlock) + chunks, largest });
  const [ofKeys, ofQueries] = [over(keys), over(queries)];
  // Weights (and the product in those of p'), stored rows of values or cotangents (at most 4 roundings).
  const more = (4 * degree + 16) * 2 ** -53 + 4 * u;
  const sums = (1 + Math.max(ofKeys.relative, ofQueries.relative)) * (1 + more) - 1;
  const rounding = {
    sums,
    derivativeSums: (1 + sums) * (1 + monomialReadVjpRounding(set, dv + 1, kernels).relative) - 1,
    keyUnderflow: 4 * ofKeys.absolute,
    queryUnderflow: 4 * ofQueries.absolute,
    // What reaches a derivative by underflow: that of the sums times at most g for each of the columns, and its own, of the same form.
    vjpFactor: 8 * (degree + 1) * (dv + 5),
    stored: 16 * u + (4 * dv + 16) * 2 ** -53,
    u,
  };
  // A stored query entry rounds 3 times, a key entry twice, none by more than u: 6 u of a score, and what underflow takes. ln omega: d
  // products and sums and rounded factors, (d + 4) u64 of |scale| |q_0| |k~|; its distance to the top, twice that; the exponential, 4 u64.
  const reach = Math.abs(inputs.shape.scale) * Math.hypot(...frame.queryCentre) * frame.keyRadius;
  const lost = d * (2 * largest + 1) * (kernels.precision === 'float32' ? 2 ** -148 : 2 ** -1068);
  let mu = 6 * u * frame.halfWidth + lost + (reach === 0 ? 0 : (2 * (d + 8) * reach + 8) * 2 ** -53);
  const S = largestChunkScore(inputs, frame);
  // No log partition exceeds S + ln n by more than the polynomial's and its rounding's error, below 1.
  const chunk = causal === null ? null : { length: chunkLength, rounding: chunkRounding(kernels, chunkLength, Math.min(keys, chunkLength), d, dv, S, S + Math.log(keys) + 1) };
  if (chunk !== null) {
    mu = Math.max(mu, (chunk.rounding.eta + mu) / 2);
    rounding.stored += chunk.rounding.products;
  }
  const plan = {
    frame, polynomial, lower, lowerWeights: weightsOf(lower, { coefficients: derivativeOf(polynomial) }), set, weights: weightsOf(set, polynomial),
    table, rows: rowTable(table, mu, causal !== null), rounding, chunk,
  };
  return { ...plan, relative: relativeBefore(plan, causal === null ? 1 : Math.exp(-2 * reach)) };
}

/**
 * The errors of a row of the largest radius whose normaliser is as small as it can be, sum_j omega_j l e^{-R}. The sum of the omega is at
 * least 1 over all keys, and at least e^{-2 reach} over those that a causal query sees: `least`.
 */
function relativeBefore({ frame, table, rows, rounding, chunk }: Omit<HeadPlan, 'relative'>, least: number): RelativeErrors {
  const k = radiusIndex(table, frame.halfWidth);
  const grown = (Math.exp(frame.halfWidth) / Math.max(table.low[k]!, Number.MIN_VALUE)) * (1 + 2 ** -40);
  const t = (rounding.sums * table.absolute[k]! + (rounding.keyUnderflow * underflowFactor) / least) * grown + (chunk?.rounding.sums ?? 0);
  const sums = rounding.derivativeSums * table.derivativeAbsolute[k]! * grown * (1 + 4 * t);
  return relativeErrors(rows, k, t / (1 - Math.min(t, 0.5)), sums, rounding.stored);
}

export const worst = (e: RelativeErrors): number => Math.max(e.queries, e.keys, e.values);

/** What `planPolynomial` found. */
export type PolynomialPlan =
  | { readonly plan: HeadPlan }
  /** Why there is none, and the least tolerance that could be met, where one can. */
  | { readonly plan: null; readonly why: string; readonly least: number };

/** The head by the fewest features that meet the tolerance in every natural unit. */
export function planPolynomial(inputs: GradientInputs, frame: HeadFrame, kernels: Kernels, tolerance: number, maxRank: number): PolynomialPlan {
  const R = frame.halfWidth;
  if (!(R <= largestMinimaxHalfWidth)) {
    return { plan: null, why: `the half-width of its scores is ${R.toPrecision(3)}, above ${largestMinimaxHalfWidth}`, least: Infinity };
  }
  const halfWidth = sharedHalfWidth(R, largestMinimaxHalfWidth);
  const { d } = inputs.shape;
  let least = Infinity;
  for (let degree = 1; degree <= largestDegree; degree++) {
    const rank = monomialCount(d, degree);
    if (rank > BigInt(maxRank)) return { plan: null, why: `degree ${degree} has ${rank} monomials in ${d} variables, more than ${maxRank}`, least };
    // The polynomial alone first: its error costs no set of monomials.
    const found = known(halfWidth, degree);
    if (found.polynomial.derivativeError > tolerance) continue;
    const plan = planned(inputs, frame, kernels, found);
    const error = worst(plan.relative);
    if (error <= tolerance) return { plan };
    // The error falls with the degree until rounding stops it.
    const stuck = error > least / 1.01;
    least = Math.min(least, error);
    if (stuck) return { plan: null, why: `rounding in ${kernels.precision} leaves an error of ${least.toPrecision(3)}`, least };
  }
  return { plan: null, why: `no degree up to ${largestDegree} suffices`, least };
}
