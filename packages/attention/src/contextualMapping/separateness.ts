import { assertNumber, type Tokens } from '@prompt-limits/core-linalg';
import { compareNorm, LARGEST_VALUE, middle, normBounds, pairWithin, smallestDistance, type Boxes } from './distances.ts';
import { vocabulary, type TokenPosition } from './vocabulary.ts';

/** The parameters of Definition 2.5; a condition whose parameter is absent is not asked for. */
export interface SeparationParameters {
  /** (i): every token is longer than this. */
  readonly gammaMin?: number;
  /** (ii): every token is shorter than this. */
  readonly gammaMax?: number;
  /** (iii): distinct tokens are farther apart than this. */
  readonly delta?: number;
}

/** The parameters for which sequences are tokenwise separated, and the tokens that set them. */
export interface TokenwiseSeparateness {
  /** Condition (i) holds for this and everything below. Negative ($-2^{-1074}$) only if a token is zero. */
  readonly gammaMin: number;
  /** Condition (ii) holds for this and everything above; Infinity if a norm is beyond float64. */
  readonly gammaMax: number;
  /** Condition (iii) holds for this and everything below, so it is below the smallest distance; Infinity if all tokens are equal. */
  readonly delta: number;
  /** The shortest token, up to rounding. */
  readonly shortest: TokenPosition;
  /** The longest token, up to rounding. */
  readonly longest: TokenPosition;
  /** Two distinct tokens whose distance is the smallest, up to rounding; null if all tokens are equal. */
  readonly closest: readonly [TokenPosition, TokenPosition] | null;
}

/** What `isSeparated` finds. */
export interface SeparationVerdict {
  /** Whether every condition asked for holds. */
  readonly separated: boolean;
  /** For each condition that fails a sentence that names the tokens; empty if none does. */
  readonly reasons: readonly string[];
}

/** The vocabulary as points, each in a class of its own. */
function points(fn: string, sequences: readonly Tokens[]): { boxes: Boxes; classes: Int32Array; first: readonly TokenPosition[] } {
  const { tokens: V, first } = vocabulary(sequences);
  for (const x of V.data) {
    if (Math.abs(x) > LARGEST_VALUE) throw new RangeError(`${fn}: values must be at most 2^1022 so that no difference overflows, got ${x}`);
  }
  return { boxes: { d: V.d, n: V.n, low: V.data, high: V.data }, classes: Int32Array.from(first.keys()), first };
}

/**
 * The largest $\gamma_{\min}$, smallest $\gamma_{\max}$ and largest $\delta$ for which the sequences are tokenwise
 * $(\gamma_{\min}, \gamma_{\max}, \delta)$-separated: the smallest and the largest norm of a token and the smallest distance of
 * two distinct tokens, each taken strictly inside.
 *
 * The conditions of Definition 2.5 are strict, so they fail at those norms and that distance themselves: what is returned lies
 * strictly on the safe side, and within a relative $(d + 8)\, 2^{-51}$ (or $2^{-1073}$) of them. The conditions are proven for it.
 *
 * @param sequences - N >= 1 sequences, d x $L_i$ with $L_i \ge 1$, values at most $2^{1022}$ in absolute value; norms are Euclidean
 * @returns the parameters and the tokens that attain them. Neither 1e300 nor subnormal tokens overflow or vanish. At most
 * $|\mathcal V|^2 d$ operations; sorting along the widest direction usually leaves far fewer
 *
 * Paper: Definition 2.5.
 *
 * @throws RangeError if there is no sequence, one is empty, widths differ, or a value is NaN, infinite or above $2^{1022}$
 * @throws TypeError if a sequence is not Tokens
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const found = tokenwiseSeparateness([tokens(2, Float64Array.of(3, 4, 0, 1)), tokens(2, Float64Array.of(3, 4, 0, 2))]);
 * [found.gammaMin < 1, found.gammaMax > 5, found.delta < 1]; // => [true, true, true]
 * found.delta; // => 1.0000000000000
 * found.closest; // => [{ sequence: 0, token: 1 }, { sequence: 1, token: 1 }]
 */
export function tokenwiseSeparateness(sequences: readonly Tokens[]): TokenwiseSeparateness {
  const { boxes, classes, first } = points('tokenwiseSeparateness', sequences);
  const norms = first.map((_, k) => normBounds(boxes, k, 'least'));
  let [shortest, longest] = [0, 0];
  norms.forEach((norm, k) => {
    if (norm.low < norms[shortest]!.low) shortest = k;
    if (norm.high > norms[longest]!.high) longest = k;
  });
  const { low, high } = norms[shortest]!;
  const closest = smallestDistance(boxes, classes, 'least');
  return {
    gammaMin: high === 0 ? -Number.MIN_VALUE : low,
    gammaMax: Math.max(Number.MIN_VALUE, norms[longest]!.high), // only zero tokens: any positive number
    delta: closest === null ? Infinity : closest.low,
    shortest: first[shortest]!,
    longest: first[longest]!,
    closest: closest && [first[closest.pair[0]]!, first[closest.pair[1]]!],
  };
}

/**
 * Decides whether sequences are tokenwise $(\gamma_{\min}, \gamma_{\max}, \delta)$-separated:
 * (i) $\|Z^{(i)}_{:,k}\| > \gamma_{\min}$, (ii) $\|Z^{(i)}_{:,k}\| < \gamma_{\max}$, (iii) $\|Z^{(i)}_{:,k} - Z^{(j)}_{:,l}\| > \delta$ for distinct tokens.
 *
 * @param sequences - as for `tokenwiseSeparateness`
 * @param parameters - the conditions to hold; without gammaMin it is the paper's $(\gamma, \delta)$-separateness, with delta
 * alone its $(\delta)$-separateness. Infinity is allowed
 * @returns the answer for the real numbers that the float64 values are, equality included: comparisons that float64 cannot
 * settle are made in integers
 *
 * Paper: Definition 2.5 and the note below it.
 *
 * @throws RangeError as `tokenwiseSeparateness`, or if a parameter is NaN
 * @throws TypeError if a sequence is not Tokens or a parameter is not a number
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const sequences = [tokens(2, Float64Array.of(3, 4, 0, 1))];
 * isSeparated(sequences, { gammaMin: 0.5, gammaMax: 6, delta: 4 }).separated; // => true
 * isSeparated(sequences, { gammaMax: 5 }).reasons; // => ['(ii) fails: token 0 of sequence 0 must be shorter than 5, its norm is 5']
 */
export function isSeparated(sequences: readonly Tokens[], parameters: SeparationParameters): SeparationVerdict {
  const { gammaMin = -1, gammaMax = Infinity, delta = -1 } = parameters;
  for (const [name, value] of Object.entries({ gammaMin, gammaMax, delta })) {
    assertNumber('isSeparated', name, value);
    if (Number.isNaN(value)) throw new RangeError(`isSeparated: ${name} must not be NaN, got NaN`);
  }
  const { boxes, classes, first } = points('isSeparated', sequences);
  const named = ({ sequence, token }: TokenPosition): string => `token ${token} of sequence ${sequence}`;
  const reasons: string[] = [];
  const norm = (k: number): number => middle(normBounds(boxes, k, 'least'));
  let short: number | undefined;
  let long: number | undefined;
  for (const k of first.keys()) {
    if (compareNorm(boxes, k, 'least', gammaMin) <= 0 && (short === undefined || norm(k) < norm(short))) short = k;
    if (compareNorm(boxes, k, 'least', gammaMax) >= 0 && (long === undefined || norm(k) > norm(long))) long = k;
  }
  if (short !== undefined) reasons.push(`(i) fails: ${named(first[short]!)} must be longer than ${gammaMin}, its norm is ${norm(short)}`);
  if (long !== undefined) reasons.push(`(ii) fails: ${named(first[long]!)} must be shorter than ${gammaMax}, its norm is ${norm(long)}`);
  if (delta >= 0) {
    const closest = smallestDistance(boxes, classes, 'least');
    const pair = pairWithin(boxes, classes, 'least', delta, closest);
    if (closest && pair) {
      const [j, k] = [first[pair[0]]!, first[pair[1]]!];
      reasons.push(`(iii) fails: ${named(j)} and ${named(k)} must be farther apart than ${delta}, the smallest distance is ${middle(closest)}`);
    }
  }
  return { separated: reasons.length === 0, reasons };
}
