import { assertFinite, assertNonEmpty, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { assertTokens } from '../exact/problem.ts';

/** Where a token stands. */
export interface TokenPosition {
  /** Index i of the sequence, from 0. */
  readonly sequence: number;
  /** Index k of the token in it, from 0. */
  readonly token: number;
}

/** The distinct tokens of some sequences, and which sequence holds which. */
export interface Vocabulary {
  /** $\mathcal V$ as d x |V| tokens in order of first appearance, exact; -0 is stored as 0. */
  readonly tokens: Tokens<Float64Array>;
  /** `first[a]`: where token a appears first. */
  readonly first: readonly TokenPosition[];
  /** `indices[i][k]`: which token of the vocabulary $Z^{(i)}_{:,k}$ is. */
  readonly indices: readonly Int32Array[];
  /** `members[i]`: the set $\mathcal V^{(i)}$ as increasing indices into the vocabulary. */
  readonly members: readonly Int32Array[];
  /** `contexts[i]`: a number of the set $\mathcal V^{(i)}$ from 0 on; $\mathcal V^{(i)} = \mathcal V^{(j)}$ exactly if the numbers are equal. */
  readonly contexts: Int32Array;
}

/** All tokens of the sequences one after another in Float64, checked: at least one sequence, each with a token, of one width. */
export function joined(fn: string, sequences: readonly Tokens[]): { all: Tokens<Float64Array>; positions: TokenPosition[] } {
  assertNonEmpty(fn, 'sequences', sequences);
  const positions: TokenPosition[] = [];
  for (let i = 0; i < sequences.length; i++) {
    const z = sequences[i]!;
    assertTokens(fn, `sequence ${i}`, z);
    if (z.n === 0) throw new RangeError(`${fn}: sequence ${i} must hold at least one token, got none`);
    if (z.d !== sequences[0]!.d) throw new RangeError(`${fn}: sequence ${i} must have d = ${sequences[0]!.d} like sequence 0, got d = ${z.d}`);
    assertFinite(fn, `sequence ${i}`, z.data);
    for (let k = 0; k < z.n; k++) positions.push({ sequence: i, token: k });
  }
  const { d } = sequences[0]!;
  const data = new Float64Array(d * positions.length);
  let at = 0;
  for (const z of sequences) {
    data.set(z.data, at);
    at += z.data.length;
  }
  // As real numbers -0 and 0 are one; adding 0 leaves 0 for both.
  for (let a = 0; a < data.length; a++) data[a]! += 0;
  return { all: tokens(d, data), positions };
}

/** For every token the first position of an equal one. Sorting compares values exactly and needs no hash. */
function firstEqual({ d, n, data }: Tokens<Float64Array>): Int32Array {
  const compare = (a: number, b: number): number => {
    for (let c = 0; c < d; c++) {
      const difference = data[a * d + c]! - data[b * d + c]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  // Equal tokens stand in order of position, so each run begins with its first.
  const order = Int32Array.from({ length: n }, (_, k) => k).sort((a, b) => compare(a, b) || a - b);
  const first = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    const token = order[k]!;
    first[token] = k > 0 && compare(order[k - 1]!, token) === 0 ? first[order[k - 1]!]! : token;
  }
  return first;
}

/**
 * Vocabularies of sequences, $\mathcal V^{(i)} = \bigcup_k \lbrace Z^{(i)}_{:,k} \rbrace$ and $\mathcal V = \bigcup_i \mathcal V^{(i)}$.
 *
 * @param sequences - N >= 1 sequences $Z^{(i)}$, d x $L_i$ with $L_i \ge 1$, finite; float32 values are read as the float64
 * values they are
 * @returns the sets, exact: two tokens are one if all their values are equal (-0 equals 0). Time
 * $O(n \log n)$ comparisons of tokens for n in all
 *
 * Paper: Definition 2.4.
 *
 * @throws RangeError if there is no sequence, one is empty, widths differ or a value is NaN or infinite
 * @throws TypeError if a sequence is not Tokens
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const { tokens: V, members, contexts } = vocabulary([tokens(1, Float64Array.of(7, 5)), tokens(1, Float64Array.of(5, 7)), tokens(1, Float64Array.of(5, 5))]);
 * V.data; // => new Float64Array([7, 5])
 * members[2]; // => new Int32Array([1])
 * contexts; // => new Int32Array([0, 0, 1])
 */
export function vocabulary(sequences: readonly Tokens[]): Vocabulary {
  const { all, positions } = joined('vocabulary', sequences);
  const { d } = all;
  const equal = firstEqual(all);
  const number = new Int32Array(all.n);
  const first: TokenPosition[] = [];
  for (let k = 0; k < all.n; k++) {
    if (equal[k] === k) {
      number[k] = first.length;
      all.data.copyWithin(first.length * d, k * d, (k + 1) * d); // moves left only, over tokens already done with
      first.push(positions[k]!);
    } else number[k] = number[equal[k]!]!;
  }

  const indices: Int32Array[] = [];
  const members: Int32Array[] = [];
  const contexts = new Int32Array(sequences.length);
  const numbers = new Map<string, number>();
  let at = 0;
  for (const [i, z] of sequences.entries()) {
    const own = number.slice(at, (at += z.n));
    const set = Int32Array.from(new Set(own)).sort();
    const key = set.join();
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    indices.push(own);
    members.push(set);
    contexts[i] = numbers.get(key)!;
  }
  return { tokens: tokens(d, all.data.slice(0, first.length * d)), first, indices, members, contexts };
}
