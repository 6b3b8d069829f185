import { assertInteger, assertOneOf, describe, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import type { Interval } from '@prompt-limits/core-linalg/intervals';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import { assertRank, type AnyRankWeights } from './anyRankWeights.ts';
import type { MappingCertificate, MappingMode } from './certificate.ts';
import { exactMapping, type ExactMapping } from './exactGaps.ts';
import { lemmaMode } from './lemmaMode.ts';
import { contextualMappingBounds, type MappingBounds, type MappingParameters } from './mappingBounds.ts';
import { mappingProblem, type MappingProblem } from './mappingProblem.ts';
import { isSeparated, tokenwiseSeparateness } from './separateness.ts';
import { tightMode } from './tightMode.ts';

/** Separation parameters of Definition 2.5, as Lemma 2.2 names them. */
export interface Separation {
  /** Every token is longer than this. */
  readonly gammaMin: number;
  /** Every token is shorter than this. */
  readonly gammaMax: number;
  /** Distinct tokens are farther apart than this. */
  readonly epsilon: number;
}

/** Options of `buildContextualMapping`. */
export interface MappingOptions {
  /** What is to be proved and how. */
  readonly mode: MappingMode;
  /** Rank of $W_K$, $W_Q$ and $W_V$, 1 <= rank <= min(d, s); 1 unless given. */
  readonly rank?: number;
  /** Hidden size s, the rank unless given. */
  readonly s?: number;
  /** Where directions are drawn from; needed by `lemma` and `tight`. */
  readonly random?: RandomSource;
  /** `lemma`: most bits of precision for a pair of contexts, 53 to 1,000,000; 4096 unless given. */
  readonly bits?: number;
  /** Parameters for which the sequences are separated; the best ones unless given. */
  readonly separation?: Separation;
}

/** Weights with their certificate. */
export interface BuiltMapping {
  /** The head. The context ID of a token is the output of the layer with residual, Eq. (2.1). */
  readonly weights: AttentionHead;
  /** What is known of it. */
  readonly certificate: MappingCertificate;
  /** The paper's constants. */
  readonly bounds: MappingBounds;
  /**
   * The context ID $q(Z^{(i)})_{:,k}$ to `bits` bits: d intervals that hold its values.
   *
   * @throws RangeError if there is no such token, or bits is not from 53 to 1,000,000
   */
  contextId(i: number, k: number, bits: number): Interval[];
}

/** What lemma mode gives. */
export interface LemmaMapping extends BuiltMapping {
  /** The factors of $W_K$ and $W_Q$ and the spacing of their scores. */
  readonly factors: AnyRankWeights;
}

/** What tight mode gives. */
export interface TightMapping extends BuiltMapping {
  /** The temperature found: $W_Q$ has been multiplied by $\beta$. */
  readonly beta: number;
}

/** What bound mode gives: constants and no weights. */
export interface BoundMapping {
  /** No weights. */
  readonly weights: null;
  /** The parameters that went in. */
  readonly parameters: MappingParameters;
  /** The paper's constants. */
  readonly bounds: MappingBounds;
  /** With status 'undecided', as nothing was built. */
  readonly certificate: MappingCertificate;
}

const DEFAULT_BITS = 4096;
const [LEAST_BITS, MOST_BITS] = [53, 1_000_000];

/**
 * One attention head whose layer $Z + W_O W_V Z\, \mathrm{softmax}((W_K Z)^\top W_Q Z)$ is a contextual mapping of the sequences: equal tokens
 * in different contexts, and different tokens, get outputs that differ (Lemma 2.2, with rows 14, 15 and 23 of the errata repaired).
 *
 * - `lemma`: scores spaced by more than 4 ln L, decided exactly (`anyRankWeights`); $W_V = \sum_i p''_i q_i^\top$ over **all** directions of the keys with
 *   orthogonal $W_O p''_i$ of one length, so whichever direction carries the gap of Boltz, it is not lost. The gap follows from Lemmas
 *   C.6 and C.8, and is confirmed pair by pair by intervals whose precision grows until the sign of the difference is decided.
 * - `tight`: no spacing; a temperature found by search keeps all context IDs apart in float64, decided by float64 intervals over every pair.
 * - `bound`: nothing is built; the paper's constants in logarithms.
 *
 * The rank-1 theorem of Kajitsuka and Sato (2024) is rank 1.
 *
 * @param sequences - N >= 1 sequences of L >= 1 tokens, d x L, finite; no token twice in one sequence; values at most $2^{1022}$. In lemma and bound
 * mode no token may be zero. Sequences that hold the same set of tokens have the same context IDs, and Definition 2.6 asks nothing of them
 * @returns weights and certificate. The status is never 'proved' wrongly: too few bits, or too large a set for float64, give 'undecided'
 *
 * Paper: Lemma 2.2, Lemma D.3, Definition 2.6.
 *
 * @throws RangeError if the sequences break a condition above, do not have the separation given, or an option is out of range
 * @throws TypeError if an argument is of the wrong kind
 * @example
 * import { randomSource, tokens } from '@prompt-limits/core-linalg';
 * // The token (1, 0) beside (0, 1) and beside (1, 1).
 * const sequences = [tokens(2, Float64Array.of(1, 0, 0, 1)), tokens(2, Float64Array.of(1, 0, 1, 1))];
 * const { certificate } = buildContextualMapping(sequences, { mode: 'lemma', rank: 2, random: randomSource(1) });
 * certificate.status; // => 'proved'
 * certificate.pairs; // => 1
 */
export function buildContextualMapping(sequences: readonly Tokens[], options: MappingOptions & { readonly mode: 'lemma' }): LemmaMapping;
export function buildContextualMapping(sequences: readonly Tokens[], options: MappingOptions & { readonly mode: 'tight' }): TightMapping;
export function buildContextualMapping(sequences: readonly Tokens[], options: MappingOptions & { readonly mode: 'bound' }): BoundMapping;
export function buildContextualMapping(sequences: readonly Tokens[], options: MappingOptions): LemmaMapping | TightMapping | BoundMapping {
  const fn = 'buildContextualMapping';
  const { mode, rank = 1, s = rank, random, bits = DEFAULT_BITS } = options;
  assertOneOf(fn, 'mode', mode, ['lemma', 'tight', 'bound']);
  const problem = mappingProblem(fn, sequences);
  assertRank(fn, rank, problem.d, s);
  assertInteger(fn, 'bits', bits, LEAST_BITS, MOST_BITS);
  const separation = separationOf(fn, sequences, options.separation);
  const parameters: MappingParameters = { ...separation, vocabularySize: problem.vectors.length, d: problem.d, length: problem.length };
  if (mode !== 'tight' && separation.gammaMin <= 0) throw new RangeError(`${fn}: no token may be zero in mode ${mode}, got gammaMin = ${Math.max(0, separation.gammaMin)}`);
  // Tight mode needs no positive lower bound; the paper's constants do.
  const bounds = contextualMappingBounds({ ...parameters, gammaMin: Math.max(separation.gammaMin, Number.MIN_VALUE) });
  if (mode === 'bound') return { weights: null, parameters, bounds, certificate: boundCertificate(bounds) };
  if (random === undefined) throw new RangeError(`${fn}: random must be given for mode ${mode}, got ${describe(random)}`);
  const build = { problem, parameters, paper: bounds.lemma22, rank, s, random };
  if (mode === 'lemma') {
    const { exact, ...result } = lemmaMode({ ...build, limit: bits });
    return { ...result, bounds, contextId: contextIds(problem, exact) };
  }
  const result = tightMode(build);
  return { ...result, bounds, contextId: contextIds(problem, exactMapping(problem, result.weights)) };
}

function separationOf(fn: string, sequences: readonly Tokens[], given: Separation | undefined): Separation {
  const { gammaMin, gammaMax, delta } = tokenwiseSeparateness(sequences);
  // A single token has no distance to another; its length stands in.
  if (given === undefined) return { gammaMin, gammaMax, epsilon: delta === Infinity ? gammaMax : delta };
  const { separated, reasons } = isSeparated(sequences, { gammaMin: given.gammaMin, gammaMax: given.gammaMax, delta: given.epsilon });
  if (!separated) throw new RangeError(`${fn}: the sequences must be separated as given, got ${reasons.join('; ')}`);
  return given;
}

function contextIds(problem: MappingProblem, exact: ExactMapping): BuiltMapping['contextId'] {
  const { indices, members } = problem.vocabulary;
  return (i, k, bits) => {
    assertInteger('contextId', 'i', i, 0, indices.length - 1);
    assertInteger('contextId', 'k', k, 0, problem.length - 1);
    assertInteger('contextId', 'bits', bits, LEAST_BITS, MOST_BITS);
    return exact.id(indices[i]![k]!, members[i]!, bits);
  };
}

function boundCertificate({ lemma22, attainable }: MappingBounds): MappingCertificate {
  return {
    mode: 'bound',
    status: attainable ? 'undecided' : 'refuted',
    gammaPaper: lemma22.gamma,
    lnDeltaPaper: lemma22.lnDelta,
    gammaProven: Infinity,
    gapProven: null,
    gapMeasured: null,
    pairs: 0,
    bits: null,
    says: attainable
      ? ['Nothing is built: these are the constants that Lemma 2.2 prints.']
      : ['Nothing is built: the printed delta is not below 2 gamma, so no contextual mapping of two tokens can have it.'],
  };
}
