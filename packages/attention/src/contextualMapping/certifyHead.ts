import { assertFinite, assertFiniteNumber, assertInteger, describe, Matrix, type Tokens } from '@prompt-limits/core-linalg';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import { exactMapping } from './exactGaps.ts';
import { magnitude, type GapMagnitude } from './magnitude.ts';
import { mappingProblem } from './mappingProblem.ts';
import { measureGaps, type BitsUsed } from './measureGaps.ts';
import { tokenwiseSeparateness } from './separateness.ts';
import type { Verdict } from './verifyContextualMapping.ts';

/** What `certifyHead` finds. */
export interface HeadCertificate {
  /** 'proved': all context IDs that Definition 2.6 asks about differ; 'refuted': two of them are equal; 'undecided': more bits are needed. */
  readonly status: Verdict;
  /** Encloses the smallest distance, with a pair that has it; null if Definition 2.6 asks about no pair. */
  readonly gap: GapMagnitude | null;
  /** Pairs of one token in two contexts that were measured. */
  readonly pairs: number;
  /** Precision that was needed. */
  readonly bits: BitsUsed;
}

/**
 * Whether the layer $Z + W_O W_V Z\, \mathrm{softmax}((W_K Z)^\top W_Q Z)$ tells the contexts of the given sequences apart, for any weights: the
 * verifier that `buildContextualMapping` is held to, with the context IDs computed from the weights and not given.
 *
 * Scores are exact. The distance of one token's IDs in two contexts A and B is
 * $\| \sum_{x \in A, y \in B} w_x w_y\, W_O W_V (x - y) \| / (\sum_A w \sum_B w)$ with $w = e^{\mathrm{score}}$; terms of two shared tokens cancel in pairs and
 * are left out, so the precision needed does not grow with the smallness of the distance. It starts at 64 bits and doubles, pair by
 * pair, until the distance is known to be positive.
 *
 * @param sequences - N >= 1 sequences of L tokens, d x L, finite; no token twice in one sequence
 * @param weights - one head, finite
 * @param options - bits: the limit for a pair, 53 to 1,000,000, 4096 unless given
 * @returns verdict and smallest distance; never 'proved' wrongly
 *
 * Paper: Definition 2.6 for Eq. (2.1) with one head.
 *
 * @throws RangeError if sequences or weights do not fit, hold NaN or infinities, or bits is out of range
 * @throws TypeError if a weight is not an ml-matrix
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const sequences = [tokens(1, Float64Array.of(1, 2)), tokens(1, Float64Array.of(1, 3))];
 * const one = new Matrix([[1]]);
 * const head = { wO: one, wV: one, wK: one, wQ: one };
 * certifyHead(sequences, head).status; // => 'proved'
 * // Without values nothing of the context reaches the output.
 * certifyHead(sequences, { ...head, wV: Matrix.zeros(1, 1) }).status; // => 'refuted'
 */
export function certifyHead(sequences: readonly Tokens[], weights: AttentionHead, options: { readonly bits?: number } = {}): HeadCertificate {
  const fn = 'certifyHead';
  const { bits = 4096 } = options;
  const problem = mappingProblem(fn, sequences);
  assertInteger(fn, 'bits', bits, 53, 1_000_000);
  for (const [name, matrix] of Object.entries({ wO: weights.wO, wV: weights.wV, wK: weights.wK, wQ: weights.wQ })) {
    if (!Matrix.isMatrix(matrix)) throw new TypeError(`${fn}: ${name} must be an ml-matrix, got ${describe(matrix)}`);
    assertFinite(fn, name, matrix.to1DArray());
  }
  const { wO, wV, wK, wQ } = weights;
  const s = wK.rows;
  for (const [name, matrix, rows, columns] of [['wK', wK, s, problem.d], ['wQ', wQ, s, problem.d], ['wV', wV, wV.rows, problem.d], ['wO', wO, problem.d, wV.rows]] as const) {
    if (matrix.rows !== rows || matrix.columns !== columns) throw new RangeError(`${fn}: ${name} must be ${rows} x ${columns}, got ${matrix.rows} x ${matrix.columns}`);
  }
  if (weights.scale !== undefined) assertFiniteNumber(fn, 'scale', weights.scale);
  const measured = measureGaps(problem, exactMapping(problem, weights), tokenwiseSeparateness(sequences).delta, bits);
  const { status, smallest, pairs } = measured;
  return { status, gap: smallest && { ...magnitude(smallest.gap), pair: smallest.pair }, pairs, bits: measured.bits };
}
