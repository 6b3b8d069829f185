import { dyadicFromNumber, divide, exp, fromDyadic, fromNumber, log, multiply, squareRoot, subtractDyadic, sum, type Interval } from '@prompt-limits/core-linalg/intervals';
import { compareDyadic } from '@prompt-limits/core-linalg/intervals';
import { dotExactly, exactRows, type DyadicVector } from './exactScores.ts';
import type { AnyRankWeights } from './anyRankWeights.ts';
import type { PairGap } from './exactGaps.ts';

/** The bound is compared and printed, nothing is built on it. */
const BITS = 64;

/**
 * The smallest gap that the lemmas promise for equal tokens in two contexts, as a function of the pair.
 *
 * With scores a and b of the two contexts in decreasing order, equal up to place k, and $a_{k+1} > b_{k+1}$, Lemma C.8 (C.6 for
 * k = 0) gives $|\mathrm{Boltz}(a) - \mathrm{Boltz}(b)| > (\ln L)^2 e^{-(a_1 - b_{k+1})}$. With $\Delta$ the difference of the two attention means, that
 * difference is $\sum_i c_i (q_i'^\top v_c)(q_i^\top \Delta)$, so by Cauchy and Schwarz
 * $\|W_O W_V \Delta\| = w\, \|(q_i^\top \Delta)_i\| \ge w\, |\mathrm{Boltz}(a) - \mathrm{Boltz}(b)| / \|(c_i\, q_i'^\top v_c)_i\|$, for every rank.
 */
export function lemmaGap(weights: AnyRankWeights, w: number, scores: readonly DyadicVector[], vectors: readonly DyadicVector[], length: number): (pair: PairGap) => Interval {
  const lnL = log(fromNumber(length), BITS);
  const couplings = Array.from(weights.couplings, dyadicFromNumber);
  const directions = exactRows(weights.queryDirections);
  const front = vectors.map((v) => {
    const squares = directions.map((q, i) => {
      const term = fromDyadic(dotExactly([couplings[i]!], [dotExactly(q, v)]));
      return multiply(term, term, BITS);
    });
    return divide(multiply(fromNumber(w), multiply(lnL, lnL, BITS), BITS), squareRoot(sum(squares, BITS), BITS), BITS);
  });
  const exponentials = new Map<number, Interval>();
  return ({ token, contexts }) => {
    const row = scores[token]!;
    const [a, b] = contexts.map(({ members }) => [...members].sort((x, y) => compareDyadic(row[y]!, row[x]!)));
    const k = a!.findIndex((x, i) => x !== b![i]);
    const [first, second] = compareDyadic(row[a![k]!]!, row[b![k]!]!) > 0 ? [a!, b!] : [b!, a!];
    const [top, low] = [first[0]!, second[k]!];
    const key = (token * row.length + top) * row.length + low;
    let factor = exponentials.get(key);
    if (factor === undefined) {
      factor = exp(fromDyadic(subtractDyadic(row[low]!, row[top]!)), BITS);
      exponentials.set(key, factor);
    }
    return multiply(front[token]!, factor, BITS);
  };
}
