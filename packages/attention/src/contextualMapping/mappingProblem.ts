import type { Tokens } from '@prompt-limits/core-linalg';
import { exactTokens, type DyadicVector } from './exactScores.ts';
import { vocabulary, type TokenPosition, type Vocabulary } from './vocabulary.ts';

/** One context of a token: the set of tokens it stands among, itself included, and where that is. */
export interface Context {
  /** The set as increasing indices into the vocabulary. */
  readonly members: Int32Array;
  /** The first place where the token stands in this set. */
  readonly at: TokenPosition;
}

/** Sequences as Lemma 2.2 takes them. */
export interface MappingProblem {
  /** Width d. */
  readonly d: number;
  /** Length L of every sequence. */
  readonly length: number;
  readonly vocabulary: Vocabulary;
  /** The vocabulary, exact. */
  readonly vectors: readonly DyadicVector[];
  /** For every token its distinct contexts. */
  readonly contexts: readonly (readonly Context[])[];
  /** For every token the tokens that occur beside it, itself included. */
  readonly beside: readonly ReadonlySet<number>[];
}

/**
 * Checks sequences for Lemma 2.2 and sorts them by query token.
 *
 * Attention sees a sequence as a set, so what Definition 2.6 asks of equal tokens is asked of each two distinct sets once.
 *
 * @throws RangeError if there is no sequence, widths or lengths differ, a token is repeated in a sequence, or a value is not finite
 */
export function mappingProblem(fn: string, sequences: readonly Tokens[]): MappingProblem {
  const V = vocabulary(sequences);
  const { n: length, d } = sequences[0]!;
  const contexts: Context[][] = Array.from({ length: V.first.length }, () => []);
  const beside = contexts.map(() => new Set<number>());
  const seen = new Set<number>();
  for (const [i, own] of V.indices.entries()) {
    if (own.length !== length) throw new RangeError(`${fn}: every sequence must hold L = ${length} tokens like sequence 0, got ${own.length} in sequence ${i}`);
    const members = V.members[i]!;
    if (members.length !== length) {
      const repeated = own.findIndex((a, k) => own.indexOf(a) < k);
      throw new RangeError(`${fn}: no token may be repeated in a sequence, got token ${repeated} of sequence ${i} twice`);
    }
    own.forEach((token, k) => {
      const key = V.contexts[i]! * V.first.length + token;
      if (seen.has(key)) return;
      seen.add(key);
      contexts[token]!.push({ members, at: { sequence: i, token: k } });
      for (const other of members) beside[token]!.add(other);
    });
  }
  return { d, length, vocabulary: V, vectors: exactTokens(V.tokens), contexts, beside };
}
