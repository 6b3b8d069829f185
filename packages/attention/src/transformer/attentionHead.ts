import { assertFinite, assertFiniteNumber, assertNonEmpty, describe, Matrix, zeroTokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend } from '../exact/attend.ts';
import { assertTokens } from '../exact/problem.ts';
import { assertWeights, linearMap } from './linearMap.ts';

/** One attention head of size s on tokens of width d. */
export interface AttentionHead {
  /** $W_O$, d x s. */
  readonly wO: Matrix;
  /** $W_V$, s x d. */
  readonly wV: Matrix;
  /** $W_K$, s x d. */
  readonly wK: Matrix;
  /** $W_Q$, s x d. */
  readonly wQ: Matrix;
  /** Factor on the scores, 1 (the paper's) unless given. */
  readonly scale?: number;
}

/**
 * Throws unless the head's matrices fit together and tokens of width d.
 *
 * @internal
 */
export function assertHead(fn: string, name: string, head: AttentionHead, d: number): void {
  const { wO, wV, wK, wQ, scale = 1 } = head;
  if (!Matrix.isMatrix(wQ)) throw new TypeError(`${fn}: ${name}.wQ must be an ml-matrix, got ${describe(wQ)}`);
  const s = wQ.rows;
  if (s === 0) throw new RangeError(`${fn}: ${name}.wQ must have at least one row, got ${s} x ${wQ.columns}`);
  for (const [key, w] of Object.entries({ wQ, wK, wV })) assertWeights(fn, `${name}.${key}`, w, s, d);
  assertWeights(fn, `${name}.wO`, wO, d, s);
  assertFiniteNumber(fn, `${name}.scale`, scale);
}

/**
 * The attention mechanism of one head,
 * $f^{(\mathrm{Att})}(x, Z) = (W_V Z)\,\mathrm{softmax}[\mathrm{scale} \cdot (W_K Z)^\top (W_Q x)]$, for every query x.
 *
 * @param head - weights of size s; the scale is 1 unless given
 * @param queries - d x m, the tokens x
 * @param context - Z, d x n, stored like the queries; no tokens give the zero token
 * @param kernels - as for `attend`
 * @returns s x m in the storage of the tokens. $W_Q x$, $W_K Z$ and $W_V Z$ are summed in float64 and rounded once; then the bounds of
 * `attend` hold for them
 *
 * Paper: Eq. (2.2), and Eq. (1.3) with $Q = W_Q X$ and the softmax over keys (errata 2).
 *
 * @throws TypeError if a weight is not an ml-matrix or tokens differ in precision
 * @throws RangeError if shapes disagree, a value is NaN or infinite, or scores could overflow
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const one = new Matrix([[1]]);
 * const head = { wO: one, wV: one, wK: one, wQ: new Matrix([[Math.log(3)]]) };
 * // Scores 0 and ln 3, weights 1/4 and 3/4.
 * attentionMechanism(head, tokens(1, Float64Array.of(1)), tokens(1, Float64Array.of(0, 1))).data[0]; // => 0.75000000000
 */
export function attentionMechanism<A extends FloatArray>(head: AttentionHead, queries: Tokens<A>, context: Tokens<A>, kernels?: Kernels): Tokens<A> {
  assertTokens('attentionMechanism', 'queries', queries);
  assertTokens('attentionMechanism', 'context', context, queries);
  assertHead('attentionMechanism', 'head', head, queries.d);
  if (context.d !== queries.d) throw new RangeError(`attentionMechanism: context must have d = ${queries.d} like queries, got d = ${context.d}`);
  return mechanism(head, queries, context, kernels);
}

function mechanism<A extends FloatArray>(head: AttentionHead, queries: Tokens<A>, context: Tokens<A>, kernels?: Kernels): Tokens<A> {
  const { wV, wK, wQ, scale = 1 } = head;
  return attend({ queries: linearMap(wQ, queries), keys: linearMap(wK, context), values: linearMap(wV, context), scale }, kernels).output;
}

/**
 * The self-attention layer $f^{(\mathrm{SA})}(Z) = Z + \sum_{i=1}^h W_O^i\, f_i^{(\mathrm{Att})}(Z, Z)$.
 *
 * @param heads - h >= 1 heads, each of its own size
 * @param z - d x L, finite; not changed
 * @returns d x L in Float64. With weights $W_O$ of one head bounded by w and its mechanism off by e, that head adds at most
 * $s w e$ to the error of an entry; the sums add roundings of $(s + h + 1)\, 2^{-53}$ times their absolute terms
 *
 * Paper: Eq. (2.1).
 *
 * @throws TypeError, RangeError as `attentionMechanism`, or RangeError if there is no head
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const [one, zero] = [new Matrix([[1]]), new Matrix([[0]])];
 * // Scores 0: every token gains the mean.
 * selfAttentionLayer([{ wO: one, wV: one, wK: zero, wQ: zero }], tokens(1, Float64Array.of(1, 3))).data; // => new Float64Array([3, 5])
 */
export function selfAttentionLayer(heads: readonly AttentionHead[], z: Tokens): Tokens<Float64Array> {
  const fn = 'selfAttentionLayer';
  assertNonEmpty(fn, 'heads', heads);
  assertTokens(fn, 'z', z);
  assertFinite(fn, 'z', z.data);
  for (const [i, head] of heads.entries()) assertHead(fn, `head ${i}`, head, z.d);
  const result = zeroTokens(z.d, z.n);
  result.data.set(z.data);
  const wide = { ...z, data: Float64Array.from(z.data) };
  for (const head of heads) {
    linearMap(head.wO, mechanism(head, wide, wide)).data.forEach((x, at) => {
      result.data[at]! += x;
    });
  }
  return result;
}
