import { absolute, add, divide, fromDyadic, multiply, squareRoot, subtractDyadic, sum, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { DyadicVector } from './exactScores.ts';

/** One query and two contexts that hold its token, as sets of the vocabulary. */
export interface ContextPair {
  readonly a: Int32Array;
  readonly b: Int32Array;
}

/**
 * $\| \sum_{x \in A} p_x r_x - \sum_{y \in B} p'_y r_y \|$ for softmax weights p over A and p' over B of the same query.
 *
 * With $w_x = e^{s_x}$ the difference is $\sum_{x \in A, y \in B} w_x w_y (r_x - r_y) / (\sum_A w \sum_B w)$. Terms of two
 * tokens that both contexts share come once as (x, y) and once as (y, x) and cancel, so they are left out, and with them
 * the numbers that would have to be computed to as many bits as the difference is small: what remains is relative to the
 * largest term that differs. No precision is lost however small the difference is.
 *
 * @param pair - two contexts
 * @param weights - w, one interval a token, all of one query
 * @param values - r, exact, one vector a token
 */
export function contextGap(pair: ContextPair, weights: readonly (Interval | undefined)[], values: readonly DyadicVector[], bits: number): Interval {
  const shared = sharedTokens(pair);
  const terms: Interval[][] = values[0]!.map(() => []);
  for (const x of pair.a) {
    for (const y of pair.b) {
      if (x === y || (shared.has(x) && shared.has(y))) continue;
      const weight = multiply(weights[x]!, weights[y]!, bits);
      for (let i = 0; i < terms.length; i++) {
        const difference: Dyadic = subtractDyadic(values[x]![i]!, values[y]![i]!);
        if (difference.m !== 0n) terms[i]!.push(multiply(weight, fromDyadic(difference), bits));
      }
    }
  }
  const sums = terms.map((t) => sum(t, bits));
  const length = squareRoot(sum(sums.map(absolute).map((t) => multiply(t, t, bits)), bits), bits);
  return divide(length, multiply(total(pair.a, weights, bits), total(pair.b, weights, bits), bits), bits);
}

/** Tokens of both contexts. */
export function sharedTokens({ a, b }: ContextPair): ReadonlySet<number> {
  const own = new Set(a);
  return new Set(b.filter((x) => own.has(x)));
}

function total(context: Int32Array, weights: readonly (Interval | undefined)[], bits: number): Interval {
  return Array.from(context, (x) => weights[x]!).reduce((s, w) => add(s, w, bits));
}
