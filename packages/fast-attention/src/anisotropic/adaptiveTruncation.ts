import { assertInRange, assertInteger, type FloatArray, type Kernels } from '@prompt-limits/core-linalg';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { balance } from './balance.ts';
import { blockPolynomial, type BlockPolynomial } from './blockPolynomial.ts';
import { chooseBlocks, runNorms, type BlockChoice } from './chooseBlocks.ts';
import { arraySource, blockNorms, changeCoordinates, farTokens, firstCoordinates, type TokenSource, type TruncationProblem } from './coordinates.ts';

/** What may be spent. */
export interface TruncationLimits {
  /** The relative error allowed on $e^{q^\top k}$, above 0 and below 1, up to one factor common to all pairs. */
  readonly tolerance: number;
  /** Most monomials, an integer >= 1: what another method would need. */
  readonly mostRank: number;
}

/** A head in new coordinates with the polynomial that replaces $e^x$ there; made by `adaptiveTruncation`. */
export interface AdaptiveTruncation {
  /** P, with its own error. */
  readonly polynomial: BlockPolynomial;
  /** The queries in `polynomial.used` coordinates. */
  readonly queries: FloatArray;
  /** The keys in the same coordinates. */
  readonly keys: FloatArray;
  /** At least the change of any score by the change of coordinates and its rounding. */
  readonly shift: number;
  /** eta: $|\ln(c P) - q^\top k|$ is at most this for every pair, with one constant c, $1 / \sqrt{1 - \mathrm{error}^2}$. */
  readonly logError: number;
  /** At least the norm of each query in the new coordinates, and of each key. */
  readonly queryNorm: number;
  /** The same of the keys. */
  readonly keyNorm: number;
  /** At least $\sum_b |q_b|\,|k_b|$ in the new coordinates for every pair, and so $|q^\top k|$ up to `shift`. */
  readonly halfWidth: number;
}

/** Tokens of each side from which coordinates and blocks are chosen. */
const sampled = 1024;

/** About `sampled` vectors, evenly spread, in Float64. */
function sample(d: number, { tokens, per, copy }: TokenSource, kernels: Kernels): Float64Array {
  const step = Math.max(1, Math.floor((tokens * per) / sampled));
  const count = Math.ceil(tokens / step);
  const rows = new Float64Array(count * per * d);
  const row = kernels.precision === 'float32' ? new Float32Array(per * d) : new Float64Array(per * d);
  for (let i = 0; i < count; i++) {
    copy(i * step, i * step + 1, row);
    rows.set(row, i * per * d);
  }
  return rows;
}

/** A x for every token; A is d x d row-major. */
function moved(d: number, A: Float64Array, x: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let t = 0; t < x.length; t += d) {
    for (let a = 0; a < d; a++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += A[a * d + c]! * x[t + c]!;
      y[t + a] = sum;
    }
  }
  return y;
}

/**
 * Few monomials for a head whose queries or keys mostly lie in few directions: coordinates in which queries and keys have the same,
 * decreasing second moments (`balance`; no score changes), blocks of consecutive coordinates, and a polynomial with a degree for each
 * block (`blockPolynomial`). Directions that hardly matter are dropped into the error.
 *
 * @param problem - q (queries x d) and k (keys x d), finite, in the precision of the kernels and taken as exact
 * @param limits - the tolerance and the most monomials that are of use
 * @param kernels - where the new coordinates are computed
 * @returns coordinates, P and eta with $2 \eta \le \ln \frac{1 + \mathrm{tolerance}}{1 - \mathrm{tolerance}}$, so that every weighted mean
 * is off by at most tanh(eta / 2) of the range (`outputBound`) before the rounding of the sums. eta is proven on all tokens: missing terms,
 * dropped directions, rounding of the weights, of the coordinates and of the matrices. null if more than `mostRank` monomials would be
 * needed, a block reaches beyond 8, or the precision cannot certify the tolerance. A sample of tokens decides what is tried; a null costs
 * little, in time that hardly grows with the tokens
 *
 * Paper: Theorem 3.2 for queries and keys of decaying spectrum; the isotropic method needs $\binom{d + g}{g}$ monomials whatever the data.
 *
 * @throws RangeError if d or mostRank is no integer >= 1, lengths are no multiples of d or 0, or the tolerance is outside (0, 1)
 * @example
 * import { createPlainKernels, normalTokens, randomSource } from '@prompt-limits/core-linalg';
 * const queries = normalTokens(randomSource(1), 16, 200, 0.1).data;
 * const keys = normalTokens(randomSource(2), 16, 200).data.map((x, i) => x * 0.5 ** (i % 16));
 * const kernels = createPlainKernels({ precision: 'float64' });
 * const found = adaptiveTruncation({ d: 16, queries, keys }, { tolerance: 2e-3, mostRank: 4845 }, kernels);
 * found?.polynomial.set.rank; // => 288
 */
export function adaptiveTruncation(problem: TruncationProblem, limits: TruncationLimits, kernels: Kernels): AdaptiveTruncation | null {
  const fn = 'adaptiveTruncation';
  const { d, queries, keys } = problem;
  const { tolerance, mostRank } = limits;
  assertInteger(fn, 'd', d, 1);
  for (const [name, x] of [['queries', queries], ['keys', keys]] as const) {
    if (x.length === 0 || x.length % d !== 0) throw new RangeError(`${fn}: ${name} must hold whole tokens of width d = ${d}, at least one, got ${x.length} values`);
  }
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  assertInteger(fn, 'mostRank', mostRank, 1);

  return truncated(d, arraySource(d, queries), arraySource(d, keys), limits, kernels);
}

/** `adaptiveTruncation` of vectors that are read as they are needed; nothing is checked. */
export function truncated(d: number, queries: TokenSource, keys: TokenSource, { tolerance, mostRank }: TruncationLimits, kernels: Kernels): AdaptiveTruncation | null {
  const [someQ, someK] = [sample(d, queries, kernels), sample(d, keys, kernels)];
  const coordinates = balance(d, someQ, someK);
  const choose = (q: Float64Array, k: Float64Array): BlockChoice | null => chooseBlocks(runNorms(d, q), runNorms(d, k), tolerance, mostRank);
  let choice = choose(moved(d, coordinates.queries, someQ), moved(d, coordinates.keys, someK));
  if (choice === null) return null;

  const { queries: q, keys: k, shift } = changeCoordinates(d, queries, keys, coordinates, kernels);
  if (q.length > someQ.length || k.length > someK.length) choice = choose(farTokens(d, q, sampled), farTokens(d, k, sampled));
  const allowed = Math.atanh(tolerance) - shift;
  if (choice === null || !(allowed > 0)) return null;
  const { sizes } = choice;
  const [normsQ, normsK] = [blockNorms(d, sizes, q), blockNorms(d, sizes, k)];
  const radii = sizes.map((_, b) => normsQ[b]! * normsK[b]! * (1 + 2 ** -50));
  if (!radii.every((radius) => radius <= largestMinimaxHalfWidth)) return null;
  const polynomial = blockPolynomial({ sizes, radii, tolerance: Math.tanh(allowed) * (1 - 2 ** -40), mostRank });
  if (polynomial === null) return null;
  return {
    polynomial,
    queries: firstCoordinates(d, polynomial.used, q),
    keys: firstCoordinates(d, polynomial.used, k),
    shift,
    logError: (Math.atanh(polynomial.error) + shift) * (1 + 2 ** -40),
    queryNorm: normsQ[sizes.length]!,
    keyNorm: normsK[sizes.length]!,
    // Cauchy-Schwarz over the blocks: the sum of |q_b| |k_b| is at most |q| |k|.
    halfWidth: Math.min(normsQ[sizes.length]! * normsK[sizes.length]!, radii.reduce((sum, radius) => sum + radius, 0)) * (1 + 2 ** -40),
  };
}
