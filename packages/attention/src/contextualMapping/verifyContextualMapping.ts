import { assertFinite, assertInRange, assertLength, assertPositive, describe, type Tokens } from '@prompt-limits/core-linalg';
import type { Float64Interval } from '@prompt-limits/core-linalg/intervals';
import { assertTokens } from '../exact/problem.ts';
import { compareNorm, LARGEST_VALUE, middle, normBounds, pairWithin, smallestDistance, type Boxes } from './distances.ts';
import { vocabulary, type TokenPosition, type Vocabulary } from './vocabulary.ts';

/** 'proved' and 'refuted' are certain; 'undecided' means that the enclosures are too wide to tell. */
export type Verdict = 'proved' | 'refuted' | 'undecided';

/** A sequence of tokens known only within intervals: one column a token, one interval a value. */
export type TokenEnclosures = readonly (readonly Float64Interval[])[];

/** One condition of Definition 2.6 as found. */
export interface MappingCondition<At> {
  /** Whether it holds. */
  readonly verdict: Verdict;
  /** The largest norm or the smallest gap is at least this. */
  readonly low: number;
  /** It is at most this. */
  readonly high: number;
  /** Where it is attained, up to rounding and the widths of enclosures. */
  readonly at: At;
}

/** What `verifyContextualMapping` finds. */
export interface ContextualMappingVerdict {
  /** Whether both conditions hold: 'refuted' if one fails. */
  readonly verdict: Verdict;
  /** Condition 1: the largest norm of a context ID must be below gamma. */
  readonly largestNorm: MappingCondition<TokenPosition>;
  /** Condition 2: the smallest distance of two context IDs that must differ has to exceed delta. Infinite bounds and null if there is no such pair. */
  readonly smallestGap: MappingCondition<readonly [TokenPosition, TokenPosition] | null>;
  /** How many pairs of tokens condition 2 is about. */
  readonly pairs: number;
  /** For each condition that is not proved a sentence that names the tokens. */
  readonly reasons: readonly string[];
}

/**
 * Decides whether outputs $q(Z^{(i)})$ form a $(\gamma, \delta)$-contextual mapping of the sequences $Z^{(i)}$:
 * (1) $\|q(Z^{(i)})_{:,k}\| < \gamma$ for every token; (2) $\|q(Z^{(i)})_{:,k} - q(Z^{(j)})_{:,l}\| > \delta$ whenever
 * $\mathcal V^{(i)} \ne \mathcal V^{(j)}$ or $Z^{(i)}_{:,k} \ne Z^{(j)}_{:,l}$.
 *
 * Every pair is covered. A pair of equal tokens in equal vocabularies, so also a token and its repetition in one sequence, is under
 * no condition.
 *
 * @param sequences - N >= 1 sequences, d x $L_i$ with $L_i \ge 1$, finite
 * @param outputs - the context IDs, for each sequence one column a token, all of one width (d in the paper), values at most
 * $2^{1022}$ in absolute value. Tokens mean the real numbers that their values are; nothing is said about how they were rounded
 * before. Enclosures are columns of float64 intervals that hold the true values
 * @param parameters - gamma > 0 and delta >= 0, finite
 * @returns the verdict with the largest norm, the smallest gap and where they are attained, as proven bounds of a relative width of
 * about $(d + 8)\, 2^{-52}$ for exact outputs. For Tokens the verdict is never 'undecided': comparisons that float64 cannot settle are
 * made in integers. For enclosures 'proved' means for every choice of values inside them, 'refuted' for none, judged pair by
 * pair. Sorted along the widest direction; at most $n^2 d / 2$ operations for n tokens
 *
 * Paper: Definition 2.6.
 *
 * @throws RangeError if shapes disagree, a value is NaN, infinite or too large, an interval is empty, or a parameter is out of range
 * @throws TypeError if a sequence is not Tokens, or an output neither Tokens nor columns of intervals
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * // The token 5 in two contexts: its two IDs must differ.
 * const sequences = [tokens(1, Float64Array.of(5, 6)), tokens(1, Float64Array.of(5, 7))];
 * const outputs = [tokens(1, Float64Array.of(1, 2)), tokens(1, Float64Array.of(1.25, 3))];
 * const check = verifyContextualMapping(sequences, outputs, { gamma: 4, delta: 0.125 });
 * check.verdict; // => 'proved'
 * check.smallestGap.at; // => [{ sequence: 0, token: 0 }, { sequence: 1, token: 0 }]
 * verifyContextualMapping(sequences, outputs, { gamma: 4, delta: 0.25 }).verdict; // => 'refuted'
 */
export function verifyContextualMapping(
  sequences: readonly Tokens[], outputs: readonly Tokens[] | readonly TokenEnclosures[], parameters: { readonly gamma: number; readonly delta: number },
): ContextualMappingVerdict {
  const { gamma, delta } = parameters;
  assertPositive('verifyContextualMapping', 'gamma', gamma);
  assertInRange('verifyContextualMapping', 'delta', delta, 0, Number.MAX_VALUE);
  const V = vocabulary(sequences);
  const boxes = boxesOf(sequences, outputs);
  const classes = classesOf(V);
  const positions: TokenPosition[] = V.indices.flatMap((own, sequence) => Array.from(own, (_, token) => ({ sequence, token })));
  const reasons: string[] = [];

  const largestNorm = checkNorms(boxes, gamma, positions);
  if (largestNorm.verdict !== 'proved') {
    const { sequence, token } = largestNorm.at;
    reasons.push(`condition 1 is ${largestNorm.verdict}: the ID of token ${token} of sequence ${sequence} must be shorter than gamma = ${gamma}, the largest norm is ${about(largestNorm)}`);
  }
  const smallestGap = checkGaps(boxes, classes, delta, positions);
  if (smallestGap.verdict !== 'proved') {
    const [a, b] = smallestGap.at!;
    reasons.push(
      `condition 2 is ${smallestGap.verdict}: the IDs of token ${a.token} of sequence ${a.sequence} and token ${b.token} of sequence ${b.sequence} must be farther apart than delta = ${delta}, the smallest gap is ${about(smallestGap)}`,
    );
  }
  const both = new Set([largestNorm.verdict, smallestGap.verdict]);
  const verdict = both.has('refuted') ? 'refuted' : both.has('undecided') ? 'undecided' : 'proved';
  return { verdict, largestNorm, smallestGap, pairs: pairsOf(classes), reasons };
}

/** Bounds in words: one number where they differ by rounding only. */
function about({ low, high }: Float64Interval): string {
  return high - low <= high * 2 ** -40 ? String(middle({ low, high })) : `between ${low} and ${high}`;
}

/** Every token's class: two tokens need different IDs exactly if their classes differ. */
function classesOf({ indices, contexts, first }: Vocabulary): Int32Array {
  const numbers = new Map<number, number>();
  const keys = indices.flatMap((own, i) => Array.from(own, (token) => contexts[i]! * first.length + token));
  for (const key of keys) if (!numbers.has(key)) numbers.set(key, numbers.size);
  return Int32Array.from(keys, (key) => numbers.get(key)!);
}

/** Pairs of tokens in different classes. */
function pairsOf(classes: Int32Array): number {
  const sizes = new Float64Array(classes.length);
  for (const c of classes) sizes[c]!++;
  return sizes.reduce((pairs, size) => pairs - (size * (size - 1)) / 2, (classes.length * (classes.length - 1)) / 2);
}

function checkNorms(boxes: Boxes, gamma: number, positions: readonly TokenPosition[]): MappingCondition<TokenPosition> {
  let [low, high, at, failing] = [0, 0, 0, -1];
  let open = false;
  for (let k = 0; k < boxes.n; k++) {
    const most = normBounds(boxes, k, 'most').high;
    if (most > high) [high, at] = [most, k];
    low = Math.max(low, normBounds(boxes, k, 'least').low);
    if (compareNorm(boxes, k, 'most', gamma) < 0) continue;
    open = true;
    if (failing < 0 && compareNorm(boxes, k, 'least', gamma) >= 0) failing = k;
  }
  // Within rounding of gamma the longest box need not be one that fails.
  if (failing >= 0 && compareNorm(boxes, at, 'least', gamma) < 0) at = failing;
  return { verdict: failing >= 0 ? 'refuted' : open ? 'undecided' : 'proved', low, high, at: positions[at]! };
}

function checkGaps(
  boxes: Boxes, classes: Int32Array, delta: number, positions: readonly TokenPosition[],
): MappingCondition<readonly [TokenPosition, TokenPosition] | null> {
  const least = smallestDistance(boxes, classes, 'least');
  if (least === null) return { verdict: 'proved', low: Infinity, high: Infinity, at: null };
  const most = boxes.low === boxes.high ? least : smallestDistance(boxes, classes, 'most')!;
  const open = pairWithin(boxes, classes, 'least', delta, least);
  const failing = open && (most === least ? open : pairWithin(boxes, classes, 'most', delta, most));
  const pair = failing ?? least.pair;
  return { verdict: failing ? 'refuted' : open ? 'undecided' : 'proved', low: least.low, high: most.high, at: [positions[pair[0]]!, positions[pair[1]]!] };
}

/** The outputs as boxes, checked against the sequences. */
function boxesOf(sequences: readonly Tokens[], outputs: readonly Tokens[] | readonly TokenEnclosures[]): Boxes {
  const fn = 'verifyContextualMapping';
  assertLength(fn, 'outputs', outputs, sequences.length, 'one for each sequence');
  const width = (output: Tokens | TokenEnclosures | undefined): number => (isColumns(output) ? (output[0]?.length ?? 0) : (output?.d ?? 0));
  const d = width(outputs[0]);
  const n = sequences.reduce((sum, z) => sum + z.n, 0);
  const exact = !isColumns(outputs[0]);
  const low = new Float64Array(n * d);
  const high = exact ? low : new Float64Array(n * d);
  let at = 0;
  for (const [i, output] of outputs.entries()) {
    const name = `output ${i}`;
    const { n: count } = sequences[i]!;
    if (isColumns(output) === exact) throw new TypeError(`${fn}: outputs must be all Tokens or all columns of intervals, got ${describe(output)} at ${i}`);
    if (isColumns(output)) {
      assertLength(fn, name, output, count, `the tokens of sequence ${i}`);
      for (const column of output) {
        assertLength(fn, `a column of ${name}`, column, d, 'the width of output 0');
        for (const interval of column) {
          if (!(interval?.low <= interval?.high)) throw new RangeError(`${fn}: intervals of ${name} must have low <= high, got low = ${interval?.low} and high = ${interval?.high}`);
          low[at] = interval.low;
          high[at++] = interval.high;
        }
      }
    } else {
      assertTokens(fn, name, output);
      if (output.d !== d) throw new RangeError(`${fn}: ${name} must have d = ${d} like output 0, got d = ${output.d}`);
      if (output.n !== count) throw new RangeError(`${fn}: ${name} must have as many tokens as sequence ${i} (n = ${count}), got n = ${output.n}`);
      low.set(output.data, at);
      at += output.data.length;
    }
  }
  for (const values of new Set([low, high])) {
    assertFinite(fn, 'outputs', values);
    for (const x of values) {
      if (Math.abs(x) > LARGEST_VALUE) throw new RangeError(`${fn}: outputs must be at most 2^1022 in absolute value so that no difference overflows, got ${x}`);
    }
  }
  return { d, n, low, high };
}

function isColumns(output: Tokens | TokenEnclosures | undefined): output is TokenEnclosures {
  return Array.isArray(output);
}
