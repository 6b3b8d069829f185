import { assertInteger, assertOneOf, Matrix } from '@prompt-limits/core-linalg';
import { compare, compareDyadic, exp, fromDyadic, fromNumber, fromRational, log, log2Size, multiply, subtract, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { magnitude, type Magnitude } from '../contextualMapping/magnitude.ts';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import type { GridCodes } from './gridCodes.ts';
import { gridSeparation, type GridSeparation } from './gridSeparation.ts';
import { compactTemperature, lemmaTemperature, queryRange, temperatureAt, type GridSizes } from './gridTemperature.ts';

/** Precision of constants. */
const BITS = 128;

// Contexts are told apart to 2^-64 of a half-width, enough for a float64 value of a hat.
const RESOLUTION = 64;

/** What `gridContextMapping` builds for. */
export interface GridContextOptions {
  /** Width of a token. */
  readonly d: number;
  /** Grid points per unit, at least 2. */
  readonly m: number;
  /** Tokens in all, prompt included. */
  readonly n: number;
  /** The last `reads` tokens are read: their IDs are told apart. */
  readonly reads: number;
  /** 'lemma': positions 1, ..., n and scores more than 4 ln n apart. 'compact': wider positions and the least temperature that is proven. */
  readonly mode: 'lemma' | 'compact';
  /**
   * Compact mode: the largest step rho between positions, an integer from 1; 64 unless given. Tokens reach rho n + 1: a smaller step lets a quantiser in front
   * have narrower ramps, and costs bits.
   */
  readonly largestStep?: number;
}

/** A contextual mapping on a whole grid, too fine for float64: one head, and what is proven of it. */
export interface GridContextMapping {
  /** How it was made. */
  readonly mode: 'lemma' | 'compact';
  /** Grid, positions and codes. */
  readonly codes: GridCodes;
  /** The last `reads` tokens are read. */
  readonly reads: number;
  /** $\beta$, exact: the inverse temperature of a query with code a is $\beta a$. */
  readonly beta: Dyadic;
  /** The output weight $\kappa$, a power of two with $\kappa (R n + D) \le 1/2$. */
  readonly kappa: number;
  /** The conditions, at the least temperature of a query. */
  readonly separation: GridSeparation;
  /** Any two different IDs of read tokens, over all contexts, are farther apart than the lower end. */
  readonly gap: Magnitude;
  /** $\log_2$ of the gap that Lemma C.9 promises here, for comparison; null in compact mode, where its hypothesis fails. */
  readonly paperGapLog2: number | null;
  /** w, a power of two, at most gap / 16: hats of this half-width do not meet, and an x nearer than w to an ID is decoded to it. */
  readonly halfWidth: Dyadic;
  /** IDs to within $2^{-\mathrm{bits}} = 2^{-64} w$ resolve hats to float64. */
  readonly bits: number;
  /** The weights, exact in float64: size 1, rank 1. */
  readonly head: AttentionHead;
}

/**
 * One attention head of size 1 that gives every read token of every one of the $m^{d n}$ sequences of a grid its own scalar ID.
 *
 * With the codes $a_j$ of `gridCodes`, $u = (1, m, \dots, m^{d-1})$ and
 * $W_V = W_K = u^\top$, $W_Q = \beta m^2 u^\top$, $W_O = \kappa e_1$, the score of key j for query k is $\beta a_j a_k$ and the output
 * $q(M)_k = M_k + \kappa e_1 A_k / m$ with $A_k = \sum_j a_j e^{\lambda a_j} / \sum_j e^{\lambda a_j}$, $\lambda = \beta a_k$. The ID of the token is
 * $$x_k = u^\top q(M)_k = (a_k + \kappa A_k) / m .$$
 * As $0 < \kappa A_k \le 1/2$, IDs of different query codes are at least $1/(2m)$ apart, and equal ones of different contexts by `gridSeparation`:
 * $$\mathrm{gap} = \min\Big(\frac{1}{2m},\ \frac{\kappa}{m}\, \mu\, (1 - q)\, e^{-\lambda_{\max} (R (n - 1) + D)}\Big),$$
 * $\mu$ and q taken at the least temperature, where they are smallest and largest.
 *
 * Bits: $\log_2(1/\mathrm{gap})$ is about $\lambda_{\max} R n / \ln 2$. Lemma mode has $\lambda \ge 4 \ln n$ and R = m + ... + m^d: $O(m^d n \log n)$ (the paper's bound
 * squares n m^d). Compact mode has $\lambda R$ about $\ln(2 D)$ while $\lambda_{\max} / \lambda_{\min} = (R n + D) / (R (n - \mathrm{reads} + 1))$ is near 1: about
 * $d \log_2 m + 2$ bits a token, where telling all contexts apart takes at least $d \log_2 m$.
 *
 * @returns weights, proven gap and half-width; `contextId` computes IDs, `decodeContext` reads contexts off them
 *
 * Paper: Lemma 2.2 for Lemmas E.2 and F.2, with positions from 1 (errata 8) and s = 1, rank 1 (errata 16); modes of errata 23.
 *
 * @throws RangeError if a size is no integer in range, `reads` exceeds n, codes or weights would not be exact, or the mode is unknown
 * @example
 * const mapping = gridContextMapping({ d: 1, m: 20, n: 21, reads: 1, mode: 'lemma' });
 * mapping.separation.proven; // => true
 * mapping.gap.text; // => '2.787e-2320'
 * gridContextMapping({ d: 1, m: 20, n: 21, reads: 1, mode: 'compact' }).gap.text; // => '2.151e-42'
 */
export function gridContextMapping({ d, m, n, reads, mode, largestStep = 64 }: GridContextOptions): GridContextMapping {
  const fn = 'gridContextMapping';
  assertOneOf(fn, 'mode', mode, ['lemma', 'compact']);
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'm', m, 2);
  assertInteger(fn, 'n', n, 1);
  assertInteger(fn, 'reads', reads, 1, n);
  assertInteger(fn, 'largestStep', largestStep, 1);
  const sizes: GridSizes = { d, m, n, reads, largestStep };
  const { codes, beta } = mode === 'lemma' ? lemmaTemperature(sizes) : compactTemperature(sizes);
  const { first, last } = queryRange(codes, reads);
  const separation = gridSeparation({ R: codes.R, D: codes.D, lambda: temperatureAt(beta, first), onlyLast: reads === 1 });
  const spacing = multiply(fromNumber(4), log(fromNumber(Math.max(2, n)), BITS), BITS);
  const spaced = mode === 'compact' || compare(fromDyadic(temperatureAt(beta, first)), spacing) === 'greater';
  if (!separation.proven || !spaced) throw new Error(`${fn}: the search found a temperature that does not separate: ${separation.reasons.join('; ')}. This is a defect, please report it`);
  const kappa = 2 ** -(1 + Math.ceil(Math.log2(last)));
  const gap = provenGap(codes, separation, temperatureAt(beta, last), kappa);
  // 2^(size - 1) <= gap, so w <= gap / 16. The decoder moves x by at most 1.5 w, which moves the mean A by at most gap_A / 8.
  const halfWidth = { m: 1n, e: log2Size(point(gap.low)) - 5 };
  return {
    mode,
    codes,
    reads,
    beta,
    kappa,
    separation,
    gap: magnitude(gap),
    paperGapLog2: mode === 'lemma' ? lemmaC9Log2(codes, beta, kappa) : null,
    halfWidth,
    bits: RESOLUTION - halfWidth.e,
    head: gridHead(codes, Number(beta.m) * 2 ** beta.e, kappa),
  };
}

/**
 * The head of `gridContextMapping`. Exact where beta m^(d+1) and kappa are float64 numbers.
 *
 * @internal
 */
export function gridHead({ m, d, direction }: GridCodes, beta: number, kappa: number): AttentionHead {
  const row = Matrix.rowVector(Array.from(direction));
  const wO = Matrix.zeros(d, 1);
  wO.set(0, 0, kappa);
  return { wO, wV: row, wK: row.clone(), wQ: row.clone().mul(m * m).mul(beta) };
}

const point = (x: Dyadic): Interval => ({ low: x, high: x });

function provenGap({ R, D, n, m }: GridCodes, { q, margin, topMargin }: GridSeparation, largest: Dyadic, kappa: number): Interval {
  const half = fromRational(1n, BigInt(2 * m), BITS);
  // A single token has no context, and different queries differ by half a code.
  if (n === 1) return half;
  const mu = topMargin === null ? margin : lesser(margin, topMargin);
  const decay = exp(multiply(fromDyadic(largest), fromNumber(-(R * (n - 1) + D)), BITS), BITS);
  const front = multiply(multiply(mu, subtract(fromNumber(1), q, BITS), BITS), multiply(fromNumber(kappa), fromRational(1n, BigInt(m), BITS), BITS), BITS);
  return lesser(half, multiply(front, decay, BITS));
}

const lesser = (a: Interval, b: Interval): Interval => ({
  low: compareDyadic(a.low, b.low) <= 0 ? a.low : b.low,
  high: compareDyadic(a.high, b.high) <= 0 ? a.high : b.high,
});

/**
 * $\log_2$ of $(\kappa / (m \lambda))\, (\ln n)^2 e^{-2 \gamma}$: the scores are $\lambda a_j$, so their Boltz is $\lambda A$; gamma is the largest score.
 */
function lemmaC9Log2({ R, D, n, m }: GridCodes, beta: Dyadic, kappa: number): number {
  const b = Number(beta.m) * 2 ** beta.e;
  const last = R * n + D;
  return Math.log2(kappa / (m * b * last)) + 2 * Math.log2(Math.log(n)) - (2 * b * last * last) / Math.LN2;
}
