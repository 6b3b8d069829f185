import { add, divide, dot, fromDyadic, sum, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import { contextGaps, type ContextGaps } from './contextGap.ts';
import { queryWeights } from './contextWeights.ts';
import { exactRows, imagesExactly, scoresExactly, transposed, type DyadicVector } from './exactScores.ts';
import type { Context, MappingProblem } from './mappingProblem.ts';

/** The gap of one token's IDs in two contexts. */
export interface PairGap {
  /** Index of the token in the vocabulary. */
  readonly token: number;
  readonly contexts: readonly [Context, Context];
  /** Encloses the distance of the two IDs. */
  readonly gap: Interval;
  /** Bits of precision at which its sign was decided, or the limit. */
  readonly bits: number;
}

/** Precision that pairs start with: enough for all but pairs whose own terms cancel. */
const FIRST_BITS = 64;

/** Head and problem in exact numbers, ready for enclosures of any precision. */
export interface ExactMapping {
  /** Exact scores, `scores[c][a]`. */
  readonly scores: readonly DyadicVector[];
  /** $W_O W_V v$ for every token, exact. */
  readonly values: readonly DyadicVector[];
  /** The gaps of equal tokens in different contexts, pair after pair, each at the fewest bits (64, 128, ...) that decide it. */
  gaps(limit: number): Generator<PairGap>;
  /** One of these gaps at one precision. */
  gap(token: number, contexts: readonly [Context, Context], bits: number): Interval;
  /** $q(Z^{(i)})_{:,k}$ of token `token` among `members`. */
  id(token: number, members: Int32Array, bits: number): Interval[];
}

/** The context IDs of a head, exactly posed. */
export function exactMapping(problem: MappingProblem, head: AttentionHead): ExactMapping {
  const { vectors, contexts, beside } = problem;
  const scores = scoresExactly(head.wK, head.wQ, vectors, head.scale);
  const values = imagesExactly(exactRows(head.wO), imagesExactly(exactRows(head.wV), vectors));
  // Rows of zeros add nothing to a distance.
  const live = transposed(transposed(values).filter((row) => row.some((x) => x.m !== 0n)), values.length);
  const weights = scores.map((row, c) => queryWeights(row, beside[c]!));
  /** The gaps of one token at any precision; what is made for one pair serves the others. */
  const gapsOf = (token: number): ((bits: number) => ContextGaps) => {
    const made = new Map<number, ContextGaps>();
    return (bits) => {
      let found = made.get(bits);
      if (found === undefined) {
        found = contextGaps(weights[token]!.at(bits), live, bits);
        made.set(bits, found);
      }
      return found;
    };
  };
  return {
    scores,
    values,
    *gaps(limit) {
      for (const [token, list] of contexts.entries()) {
        const at = gapsOf(token);
        for (let i = 0; i < list.length; i++) {
          for (let j = i + 1; j < list.length; j++) yield decided(token, [list[i]!, list[j]!], at, limit);
        }
      }
    },
    gap: (token, [a, b], bits) => gapsOf(token)(bits).between(a.members, b.members),
    id(token, members, bits) {
      const own = weights[token]!.at(bits);
      const w = Array.from(members, (x) => own[x]!);
      const total = sum(w, bits);
      return vectors[token]!.map((x, row) => {
        const mean = divide(dot(w, Array.from(members, (a) => fromDyadic(values[a]![row]!)), bits), total, bits);
        return add(fromDyadic(x), mean, bits);
      });
    },
  };
}

/** The gap of a pair at the fewest bits that decide it. */
function decided(token: number, contexts: readonly [Context, Context], at: (bits: number) => ContextGaps, limit: number): PairGap {
  for (let bits = Math.min(FIRST_BITS, limit); ; bits = Math.min(2 * bits, limit)) {
    const gap = at(bits).between(contexts[0].members, contexts[1].members);
    if (gap.low.m > 0n || gap.high.m === 0n || bits === limit) return { token, contexts, gap, bits };
  }
}
