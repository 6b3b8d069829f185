import { absolute, add, divide, fromDyadic, log2Size, multiply, squareRoot, subtractDyadic, sum, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { DyadicVector } from './exactScores.ts';

/** Distances of one query's attention means in different contexts, at one precision. */
export interface ContextGaps {
  /**
   * $\| \sum_{x \in A} p_x r_x - \sum_{y \in B} p'_y r_y \|$ for softmax weights p over A and p' over B.
   *
   * With $w_x = e^{s_x}$ the difference is $\sum_{x \in A, y \in B} w_x w_y (r_x - r_y) / (\sum_A w \sum_B w)$. Terms of two
   * tokens that both contexts share come once as (x, y) and once as (y, x) and cancel, so they are left out, and with them
   * the numbers that would have to be computed to as many bits as the difference is small: what remains is relative to the
   * largest term that differs. No precision is lost however small the difference is.
   *
   * @param a - A, indices into the vocabulary
   * @param b - B
   */
  between(a: Int32Array, b: Int32Array): Interval;
}

/**
 * Prepares a query. Terms are made once and shared by all pairs of its contexts.
 *
 * @param weights - w, one interval a token that occurs beside the query
 * @param values - r, exact, one vector a token
 */
export function contextGaps(weights: readonly (Interval | undefined)[], values: readonly DyadicVector[], bits: number): ContextGaps {
  const made = new Map<number, Term>();
  const width = values[0]!.length;
  const term = (x: number, y: number): Term => {
    const key = x * values.length + y;
    let found = made.get(key);
    if (found === undefined) {
      const weight = multiply(weights[x]!, weights[y]!, bits);
      const parts = values[x]!.map((value, i) => multiply(weight, fromDyadic(subtractDyadic(value, values[y]![i]!)), bits));
      found = { parts, sizes: parts.map(log2Size) };
      made.set(key, found);
    }
    return found;
  };
  const total = (context: Int32Array): Interval => Array.from(context, (x) => weights[x]!).reduce((s, w) => add(s, w, bits));
  return {
    between(a, b) {
      const shared = sharedTokens(a, b);
      const terms: Term[] = [];
      for (const x of a) {
        for (const y of b) if (x !== y && !(shared.has(x) && shared.has(y))) terms.push(term(x, y));
      }
      const sums = Array.from({ length: width }, (_, i) => absolute(sumOfTerms(terms, i, bits)));
      const length = squareRoot(sum(sums.map((t) => multiply(t, t, bits)), bits), bits);
      return divide(length, multiply(total(a), total(b), bits), bits);
    },
  };
}

/** $w_x w_y (r_x - r_y)$, with each part below $2^{\mathrm{size}}$ in magnitude. */
interface Term {
  readonly parts: readonly Interval[];
  readonly sizes: readonly number[];
}

/** Bits below the last that count of the largest term. */
const GUARD = 8;

/** Part i of all terms. Those too small to show beside the largest are not added but bounded: scores are spaced, so they are most. */
function sumOfTerms(terms: readonly Term[], i: number, bits: number): Interval {
  let top = -Infinity;
  for (const { sizes } of terms) top = Math.max(top, sizes[i]!);
  const floor = top - bits - GUARD;
  const kept: Interval[] = [];
  let left = 0n;
  for (const { parts, sizes } of terms) {
    if (sizes[i]! > floor) kept.push(parts[i]!);
    else if (sizes[i]! > -Infinity) left++;
  }
  // Each of them is below 2^floor.
  if (left > 0n) kept.push({ low: { m: -left, e: floor }, high: { m: left, e: floor } });
  return sum(kept, bits);
}

/** Tokens of both contexts. */
function sharedTokens(a: Int32Array, b: Int32Array): ReadonlySet<number> {
  const own = new Set(a);
  return new Set(b.filter((x) => own.has(x)));
}
