import { Matrix, type RandomSource } from '@prompt-limits/core-linalg';
import { compare, compareDyadic, dyadicFromNumber, fromNumber, log, log2Size, multiply, multiplyDyadic, fromDyadic, scaleByPowerOfTwo, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import { anyRankWeights, type AnyRankWeights } from './anyRankWeights.ts';
import type { MappingCertificate } from './certificate.ts';
import { dotExactly, exactRows, greater, imagesExactly, lesser, type DyadicVector } from './exactScores.ts';
import { exactMapping, type ExactMapping } from './exactGaps.ts';
import { lemmaGap } from './lemmaGap.ts';
import { magnitude } from './magnitude.ts';
import type { MappingParameters, NamedBound } from './mappingBounds.ts';
import type { MappingProblem } from './mappingProblem.ts';
import { measureGaps } from './measureGaps.ts';

/** Precision of constants. */
const BITS = 64;

/** What a mode that builds weights starts from. */
export interface MappingBuild {
  readonly problem: MappingProblem;
  readonly parameters: MappingParameters;
  /** Lemma 2.2's constants. */
  readonly paper: NamedBound;
  readonly rank: number;
  readonly s: number;
  readonly random: RandomSource;
}

/** What lemma mode makes. */
export interface LemmaResult {
  readonly weights: AttentionHead;
  readonly factors: AnyRankWeights;
  readonly certificate: MappingCertificate;
  readonly exact: ExactMapping;
}

/** Lemma 2.2 with its repairs: see `buildContextualMapping`. */
export function lemmaMode({ problem, parameters, paper, rank, s, random, limit }: MappingBuild & { readonly limit: number }): LemmaResult {
  const { vectors, length } = problem;
  // Lemma C.9 asks for score differences above 4 ln L; the interval holds that number.
  const spacing = multiply(fromNumber(4), log(fromNumber(length), BITS), BITS);
  const factors = anyRankWeights(problem.vocabulary.tokens, { rank, s, spacing, random });
  const w = valueScale(exactRows(factors.keyDirections), vectors, parameters.epsilon);
  const weights = { wO: unitColumns(problem.d, s, rank, w), wV: directionsAsRows(factors.keyDirections, s), wK: factors.wK, wQ: factors.wQ };
  const exact = exactMapping(problem, weights);
  const bound = lemmaGap(factors, w, exact.scores, vectors, length);

  let promised: Interval | null = null;
  let [contradicted, open] = [false, false];
  const { status: positive, smallest, pairs, bits } = measureGaps(problem, exact, parameters.epsilon, limit, (pair) => {
    const below = bound(pair);
    promised = promised === null ? below : lesserInterval(promised, below);
    const verdict = compare(pair.gap, below);
    if (verdict === 'less' || verdict === 'equal') contradicted = true;
    else if (verdict === 'undecided') open = true;
  });
  const status = contradicted ? 'refuted' : open ? 'undecided' : positive;
  // Distinct tokens are more than epsilon apart and each moves by less than epsilon / 4, (D.3) and (D.4).
  const half = scaleByPowerOfTwo(fromNumber(parameters.epsilon), -1);
  const proven = smallest === null ? null : promised === null ? half : lesserInterval(promised, half);
  const certificate: MappingCertificate = {
    mode: 'lemma',
    status,
    gammaPaper: paper.gamma,
    lnDeltaPaper: paper.lnDelta,
    gammaProven: paper.gamma * (1 + 2 ** -50),
    gapProven: proven && magnitude(proven),
    gapMeasured: smallest && { ...magnitude(smallest.gap), pair: smallest.pair },
    pairs,
    bits,
    says: sentences(status, limit),
  };
  return { weights, factors, certificate, exact };
}

function sentences(status: MappingCertificate['status'], limit: number): readonly string[] {
  if (status === 'undecided') return [`Nothing is proved of the gap: ${limit} bits did not decide every pair of contexts.`];
  if (status === 'refuted') return ['A gap was found below the bound of Lemma C.8: this contradicts the lemma.'];
  return [
    'Exact arithmetic: scores of distinct tokens differ by more than 4 ln L for every query, and attention moves no token by epsilon / 4.',
    'Lemmas C.6 and C.8 with the inequality of Cauchy and Schwarz: any two context IDs that Definition 2.6 asks about are farther apart than gapProven.',
    'Intervals, pair by pair: the distance of equal tokens in different contexts is positive and above that bound; gapMeasured encloses the smallest.',
  ];
}

/** The interval of the smaller of two numbers. */
const lesserInterval = (a: Interval, b: Interval): Interval => ({ low: lesser(a.low, b.low), high: lesser(a.high, b.high) });

/**
 * The largest power of two w with $w\, \|(q_i^\top v)_i\| < \epsilon / 4$ for every token: attention outputs are means of such vectors, so
 * (D.3) holds with all ranks counted exactly.
 */
export function valueScale(directions: readonly DyadicVector[], vectors: readonly DyadicVector[], epsilon: number): number {
  const longest = imagesExactly(directions, vectors).map((r) => dotExactly(r, r)).reduce(greater);
  const epsilon2 = multiplyDyadic(dyadicFromNumber(epsilon), dyadicFromNumber(epsilon));
  if (longest.m === 0n) return 1;
  const fits = (k: number): boolean => compareDyadic(shifted(longest, 2 * k + 4), epsilon2) < 0;
  let k = Math.floor((size(epsilon2) - size(longest) - 4) / 2) + 1;
  while (!fits(k)) k--;
  if (k < -1022 || k > 1023) throw new RangeError(`buildContextualMapping: epsilon over the longest token must fit float64, got about 2^${k}`);
  return 2 ** k;
}

const size = (x: Dyadic): number => log2Size(fromDyadic(x));
const shifted = ({ m, e }: Dyadic, k: number): Dyadic => ({ m, e: e + k });

/** w times the first `rank` unit columns, d x s: orthogonal images of equal length. */
export function unitColumns(d: number, s: number, rank: number, w: number): Matrix {
  const matrix = Matrix.zeros(d, s);
  for (let i = 0; i < rank; i++) matrix.set(i, i, w);
  return matrix;
}

/** The directions in the first rows of an s x d matrix. */
export function directionsAsRows(directions: Matrix, s: number): Matrix {
  const matrix = Matrix.zeros(s, directions.columns);
  matrix.setSubMatrix(directions, 0, 0);
  return matrix;
}
