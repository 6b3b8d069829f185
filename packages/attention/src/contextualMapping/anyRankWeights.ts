import { assertInteger, column, Matrix, numericalRank, separatedDirection, spherePoint, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { compareDyadic, dyadicFromNumber, fromDyadic, log2Size, multiplyDyadic, subtractDyadic, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { absoluteDyadic, dotExactly, exactTokens, greater, increasing, lesser, scoresExactly, ZERO, type DyadicVector } from './exactScores.ts';
import { deltaOf, spacingOf, type ScoreSpacing } from './scoreSpacing.ts';
import { vocabulary } from './vocabulary.ts';

/** Options of `anyRankWeights`. */
export interface AnyRankOptions {
  /** Rank rho of both matrices, 1 <= rho <= min(d, s). */
  readonly rank: number;
  /** Hidden size s, the rank unless given. */
  readonly s?: number;
  /** The spacing $\delta \ge 0$ that scores are to exceed: a float64, or an interval that holds it (4 ln n, say). */
  readonly spacing: number | Interval;
  /** Where directions are drawn from. */
  readonly random: RandomSource;
}

/** Weights of Lemma D.2 and what is proven of them. */
export interface AnyRankWeights {
  /** $W_K = \sum_i p_i q_i^\top$, s x d. */
  readonly wK: Matrix;
  /** $W_Q = \sum_i p'_i q_i'^\top$, s x d. */
  readonly wQ: Matrix;
  /** $q_1, \dots, q_\rho$, one a row; $p_i$ is a power of two times the i-th unit vector. */
  readonly keyDirections: Matrix;
  /** $q'_1, \dots, q'_\rho$, one a row. */
  readonly queryDirections: Matrix;
  /** $c_i = p_i^\top p'_i$, powers of two; $p_i^\top p'_j = 0$ for i other than j. */
  readonly couplings: Float64Array;
  /** The spacing reached, decided on exact scores; its status is always 'proved'. */
  readonly spacing: ScoreSpacing;
}

/**
 * Weights of rank rho whose scores are spaced by more than delta:
 * $|(W_K v_a)^\top W_Q v_c - (W_K v_b)^\top W_Q v_c| > \delta$ for all tokens of the vocabulary with $v_a \ne v_b$.
 *
 * Lemma D.2 takes $p_i$ at random and the absolute value of a sum for the sum of absolute values; for rho > 1 terms may cancel
 * ($q_2 = q_1$ and $p_2^\top p'_2 = -p_1^\top p'_1$ give difference 0). Here the $p_i$ are orthogonal, so the difference is
 * $\sum_i c_i\, (q_i^\top (v_a - v_b))(q_i'^\top v_c)$, and the first term outweighs the others:
 * $c_1\, \min |q_1^\top (v_a - v_b)|\, \min |q_1'^\top v_c| - \sum_{i > 1} c_i \max |q_i^\top (v_a - v_b)| \max |q_i'^\top v_c| > \delta$.
 *
 * @param tokens - the vocabulary, d x n, none zero; duplicates count once. With `vocabulary(sequences).tokens` those of sequences
 * @returns float64 weights, their factors and the spacing. Entries, inequality and spacing are exact: directions are float64, all
 * factors powers of two, and scores are computed without rounding
 *
 * Paper: Lemma D.2 with row 14 of the errata; Kajitsuka and Sato (2024) is rank 1.
 *
 * @throws RangeError if rank is not from 1 to min(d, s), a token is zero, NaN or infinite, the spacing is below 0, tokens are so close
 * or so far apart that the weights would leave float64, or that their rank could not be told from rounding
 * @example
 * import { randomSource, tokens } from '@prompt-limits/core-linalg';
 * const V = tokens(2, Float64Array.of(1, 0, 0, 1, 1, 1));
 * const { wK, spacing } = anyRankWeights(V, { rank: 2, spacing: 4 * Math.log(3), random: randomSource(1) });
 * wK.rows; // => 2
 * spacing.status; // => 'proved'
 */
export function anyRankWeights(tokens: Tokens, options: AnyRankOptions): AnyRankWeights {
  const fn = 'anyRankWeights';
  const { tokens: V } = vocabulary([tokens]);
  const { rank, s = rank, random } = options;
  assertRank(fn, rank, V.d, s);
  const delta = deltaOf(fn, options.spacing);
  const zero = Array.from({ length: V.n }, (_, k) => column(V, k)).findIndex((v) => v.every((x) => x === 0));
  if (zero >= 0) throw new RangeError(`${fn}: no token of the vocabulary may be zero, got token ${zero}`);

  // q_1 keeps the tokens apart, q'_1 keeps them away from zero (Eq. (D.1)); the others only have to add rank.
  const q = completed(random, separatedDirection(V, { method: 'optimise', objective: 'absolute', random }).direction, rank);
  const qPrime = completed(random, separatedDirection(V, { method: 'optimise', objective: 'absolute', differences: 'origin', random }).direction, rank);
  const vectors = exactTokens(V);
  const exponents = couplingExponents(q, qPrime, vectors, delta.high);
  const wK = placed(fn, q, exponents.map((k) => Math.floor(k / 2)), s);
  const wQ = placed(fn, qPrime, exponents.map((k) => k - Math.floor(k / 2)), s);
  // Powers of two on the rows change no rank, and without them no row looks like rounding beside another.
  for (const [name, directions] of [['wK', q], ['wQ', qPrime]] as const) {
    const found = numericalRank(asRows(directions));
    if (found !== rank) throw new RangeError(`${fn}: the directions of ${name} must have rank ${rank}, got ${found}`);
  }
  const spacing = spacingOf(scoresExactly(wK, wQ, vectors), delta);
  if (spacing.status !== 'proved') throw new Error(`${fn}: the spacing must be proven by construction, got ${spacing.status}`);
  return { wK, wQ, keyDirections: asRows(q), queryDirections: asRows(qPrime), couplings: Float64Array.from(exponents, (k) => 2 ** k), spacing };
}

/** The n with $2^{n-1} \le |a| < 2^n$. */
const topExponent = (a: Dyadic): number => log2Size(fromDyadic(a));

/** Passes 1 <= rank <= min(d, s). */
export function assertRank(fn: string, rank: number, d: number, s: number): void {
  assertInteger(fn, 'rank', rank, 1);
  assertInteger(fn, 's', s, 1);
  if (rank > Math.min(d, s)) throw new RangeError(`${fn}: rank must be at most min(d, s) = ${Math.min(d, s)}, got ${rank}`);
}

/** `first` and rank - 1 unit vectors orthogonal to it and to each other up to rounding. */
export function completed(random: RandomSource, first: Float64Array, rank: number): readonly Float64Array[] {
  const rows = [first];
  while (rows.length < rank) {
    let next = spherePoint(random, first.length);
    // Twice is enough (Kahan): what a first pass leaves along the earlier rows is rounding of a vector that may be short.
    for (let pass = 0; pass < 2; pass++) {
      for (const row of rows) {
        const along = next.reduce((sum, x, i) => sum + x * row[i]!, 0);
        next = next.map((x, i) => x - along * row[i]!);
      }
      const norm = Math.sqrt(next.reduce((sum, x) => sum + x * x, 0));
      next = next.map((x) => x / norm);
    }
    if (next.every(Number.isFinite)) rows.push(next);
  }
  return rows;
}

/** Vectors as the rows of a matrix. */
export const asRows = (rows: readonly Float64Array[]): Matrix => new Matrix(rows.map((row) => Array.from(row)));

const exact = (v: Float64Array): DyadicVector => Array.from(v, dyadicFromNumber);

/**
 * Exponents $k_i$ with $c_i = 2^{k_i}$ such that $c_1 A \ge 2 \delta$ (c_1 A > delta where delta = 0) and every other term
 * is below $c_1 A / (4 \rho)$, A the smallest size of the first term's factors: together at least $\frac34 c_1 A > \delta$.
 */
function couplingExponents(q: readonly Float64Array[], qPrime: readonly Float64Array[], vectors: readonly DyadicVector[], delta: Dyadic): number[] {
  const sizes = q.map((direction, i) => {
    const [key, query] = [exact(direction), exact(qPrime[i]!)];
    const along = vectors.map((v) => dotExactly(key, v));
    const order = increasing(along);
    const steps = order.slice(1).map((a, k) => subtractDyadic(along[a]!, along[order[k]!]!));
    const away = vectors.map((v) => absoluteDyadic(dotExactly(query, v)));
    const widest = steps.length === 0 ? ZERO : subtractDyadic(along[order.at(-1)!]!, along[order[0]!]!);
    // With a single token there is no difference, and any factor will do.
    const narrowest = steps.length === 0 ? { m: 1n, e: 0 } : steps.reduce(lesser);
    return { least: multiplyDyadic(narrowest, away.reduce(lesser)), most: multiplyDyadic(widest, away.reduce(greater)) };
  });
  const floor = topExponent(sizes[0]!.least) - 1; // A >= 2^floor
  if (floor === -Infinity) throw new RangeError('anyRankWeights: the tokens must be told apart by one of 16 draws, got a difference of 0');
  // 2 delta < 2^(top + 1).
  const first = compareDyadic(delta, ZERO) === 0 ? -floor : topExponent(delta) + 1 - floor;
  const share = Math.ceil(Math.log2(4 * q.length));
  return sizes.map(({ most }, i) => (i === 0 || most.m === 0n ? first : first + floor - share - topExponent(most)));
}

/** The s x d matrix with $2^{k_i}$ times direction i in row i and zeros below. */
function placed(fn: string, directions: readonly Float64Array[], exponents: readonly number[], s: number): Matrix {
  const d = directions[0]!.length;
  return new Matrix(
    Array.from({ length: s }, (_, i) => {
      if (i >= directions.length) return Array.from({ length: d }, () => 0);
      const scale = 2 ** exponents[i]!;
      return Array.from(directions[i]!, (x) => {
        const y = x * scale;
        if (!Number.isFinite(y) || y / scale !== x) throw new RangeError(`${fn}: weights must fit float64, got an entry ${x} times 2^${exponents[i]}`);
        return y;
      });
    }),
  );
}
