import { describe, type Matrix, type Tokens } from '@prompt-limits/core-linalg';
import { compare, fromDyadic, fromNumber, subtractDyadic, compareDyadic, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { exactTokens, increasing, scoresExactly, type DyadicVector } from './exactScores.ts';
import { vocabulary } from './vocabulary.ts';

/** How far apart the scores of distinct tokens are, and whether that is enough. */
export interface ScoreSpacing {
  /** `proved`: the smallest difference exceeds the spacing asked for; `refuted`: it does not; `undecided`: the interval given for it is too wide. */
  readonly status: 'proved' | 'refuted' | 'undecided';
  /** The smallest $|(W_K v_a)^\top W_Q v_c - (W_K v_b)^\top W_Q v_c|$, exact; null if there are no two distinct tokens. */
  readonly smallest: Interval | null;
  /** Indices a, b, c into the vocabulary that attain it, null likewise. */
  readonly triple: readonly [number, number, number] | null;
}

/**
 * The score spacing of Lemma D.2, decided: whether $|(W_K v_a)^\top W_Q v_c - (W_K v_b)^\top W_Q v_c| > \delta$ for all tokens of the
 * vocabulary with $v_a \ne v_b$.
 *
 * @param tokens - the vocabulary, d x n; duplicates count once
 * @param weights - $W_K$ and $W_Q$, s x d, finite
 * @param spacing - $\delta \ge 0$: a float64, or an interval that holds it
 * @returns the verdict for the real numbers that the float64 entries are: scores are computed exactly, without rounding.
 * $O(n^2 (s + \log n) + n s d)$ operations
 *
 * Paper: Lemma D.2, Eq. (D.6).
 *
 * @throws RangeError if shapes disagree, or a value is NaN or infinite
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const one = new Matrix([[1]]);
 * scoreSpacing(tokens(1, Float64Array.of(1, 3)), { wK: one, wQ: one }, 1.5).status; // => 'proved'
 * scoreSpacing(tokens(1, Float64Array.of(1, 3)), { wK: one, wQ: one }, 2).status; // => 'refuted'
 */
export function scoreSpacing(tokens: Tokens, weights: { readonly wK: Matrix; readonly wQ: Matrix }, spacing: number | Interval): ScoreSpacing {
  const { tokens: V } = vocabulary([tokens]);
  const { wK, wQ } = weights;
  if (wK.columns !== V.d || wQ.columns !== V.d || wK.rows !== wQ.rows) {
    throw new RangeError(`scoreSpacing: wK and wQ must both be s x ${V.d}, got ${wK.rows} x ${wK.columns} and ${wQ.rows} x ${wQ.columns}`);
  }
  return spacingOf(scoresExactly(wK, wQ, exactTokens(V)), deltaOf('scoreSpacing', spacing));
}

/** A spacing as an interval, checked to be at least 0. */
export function deltaOf(fn: string, spacing: number | Interval): Interval {
  const delta = typeof spacing === 'number' ? fromNumber(spacing) : spacing;
  if (typeof delta?.low?.m !== 'bigint') throw new TypeError(`${fn}: spacing must be a number or an interval, got ${describe(spacing)}`);
  if (delta.low.m < 0n) throw new RangeError(`${fn}: spacing must be at least 0, got ${describe(spacing)}`);
  return delta;
}

/** The verdict on exact scores, `scores[c][a]`. */
export function spacingOf(scores: readonly DyadicVector[], delta: Interval): ScoreSpacing {
  let smallest: Dyadic | null = null;
  let triple: readonly [number, number, number] | null = null;
  for (const [c, row] of scores.entries()) {
    // The smallest difference of a row is one of neighbours in its order.
    const order = increasing(row);
    for (let k = 1; k < order.length; k++) {
      const [a, b] = [order[k - 1]!, order[k]!];
      const gap = subtractDyadic(row[b]!, row[a]!);
      if (smallest !== null && compareDyadic(gap, smallest) >= 0) continue;
      [smallest, triple] = [gap, [Math.min(a, b), Math.max(a, b), c]];
    }
  }
  if (smallest === null) return { status: 'proved', smallest: null, triple: null };
  const verdict = compare(fromDyadic(smallest), delta);
  const status = verdict === 'greater' ? 'proved' : verdict === 'undecided' && compareDyadic(smallest, delta.low) > 0 ? 'undecided' : 'refuted';
  return { status, smallest: fromDyadic(smallest), triple };
}
