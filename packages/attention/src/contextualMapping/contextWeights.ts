import { exp, fromDyadic, subtractDyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { greater, type DyadicVector } from './exactScores.ts';

/** $e^{s_x - top}$ of one query for every token x that can stand beside it, at any precision. */
export interface QueryWeights {
  /** The weights at `bits` bits; entries of tokens outside `tokens` are absent. */
  at(bits: number): readonly (Interval | undefined)[];
}

/**
 * Unnormalised softmax weights of one query, each computed once a precision.
 *
 * @param scores - exact scores of the query against the whole vocabulary
 * @param tokens - the tokens that occur in its contexts; the largest of their scores is `top`
 */
export function queryWeights(scores: DyadicVector, tokens: ReadonlySet<number>): QueryWeights {
  const top = [...tokens].map((a) => scores[a]!).reduce(greater);
  const made = new Map<number, readonly (Interval | undefined)[]>();
  return {
    at(bits) {
      let weights = made.get(bits);
      if (weights === undefined) {
        // Exponents have no limit, so e^-100000 keeps all its bits: shifting by top only keeps the numbers readable.
        weights = scores.map((score, a) => (tokens.has(a) ? exp(fromDyadic(subtractDyadic(score, top)), bits) : undefined));
        made.set(bits, weights);
      }
      return weights;
    },
  };
}
