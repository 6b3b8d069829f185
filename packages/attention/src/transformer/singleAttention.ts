import { assertFinite, assertInteger, assertNonEmpty, assertOneOf, describe, numericalRank, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { assertTokens } from '../exact/problem.ts';
import { assertHead, selfAttentionLayer, type AttentionHead } from './attentionHead.ts';
import { applyFeedForward, assertFeedForward, type FeedForward } from './feedForward.ts';
import type { ClassMembership, HeadRanks } from './transformer.ts';

/** A network with one self-attention layer between feed-forward layers, Eq. (2.4). */
export interface SingleAttentionNetwork {
  /** Feed-forward layers before the attention, in the order in which they act; may be empty. */
  readonly before: readonly FeedForward[];
  /** h >= 1 heads of the self-attention layer. */
  readonly heads: readonly AttentionHead[];
  /** Feed-forward layers after it, in the order in which they act; may be empty. */
  readonly after: readonly FeedForward[];
}

/** What the weights of a network with a single attention layer show. */
export interface SingleAttentionClass {
  /** Width of the tokens. */
  readonly d: number;
  /** Heads. */
  readonly h: number;
  /** Largest size of a head. */
  readonly s: number;
  /** Most neurons of a layer before the attention; 0 without one. */
  readonly widthBefore: number;
  /** Most neurons of a layer after it; 0 without one. */
  readonly widthAfter: number;
  /** Feed-forward layers before. */
  readonly layersBefore: number;
  /** Feed-forward layers after. */
  readonly layersAfter: number;
  /** Numerical ranks of every head's weights. */
  readonly ranks: readonly HeadRanks[];
}

/** A class of Section 2.3 or 2.4. */
export interface SingleAttentionParameters {
  /** 'A': any number of feed-forward layers on both sides, Eq. (2.4). 'B': exactly one on each side, Section 2.4. */
  readonly form: 'A' | 'B';
  /** Heads. */
  readonly h: number;
  /** Size of a head. */
  readonly s: number;
  /** Neurons of a feed-forward layer. */
  readonly r: number;
  /** If given, the numerical rank that every $W_V$, $W_K$ and $W_Q$ must have. */
  readonly rank?: number;
}

/**
 * Applies $\tau = f^{(\mathrm{FF})}_{\ell_1} \circ \dots \circ f^{(\mathrm{FF})}_1 \circ f^{(\mathrm{SA})} \circ f^{(\mathrm{FF})}_{\ell_2} \circ \dots \circ f^{(\mathrm{FF})}_1$, every neuron
 * multiplied.
 *
 * @param network - layers on tokens of one width d
 * @param z - d x n, finite; not changed
 * @returns d x n in Float64, with the errors of `applyFeedForward` and `selfAttentionLayer`
 *
 * Paper: Eq. (2.4), Section 2.4.
 *
 * @throws TypeError, RangeError as `selfAttentionLayer` and `applyFeedForward`
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const [one, zero] = [new Matrix([[1]]), new Matrix([[0]])];
 * const negate = { d: 1, r: 1, w1: Float64Array.of(1), b1: Float64Array.of(0), w2: Float64Array.of(-2), b2: Float64Array.of(0) };
 * // Scores 0: every token gains the mean 2, and is negated.
 * applySingleAttention({ before: [], heads: [{ wO: one, wV: one, wK: zero, wQ: zero }], after: [negate] }, tokens(1, Float64Array.of(1, 3))).data; // => new Float64Array([-3, -5])
 */
export function applySingleAttention(network: SingleAttentionNetwork, z: Tokens): Tokens<Float64Array> {
  assertLayers('applySingleAttention', 'after', network.after, z.d);
  return inOrder(network.after, upToAttention('applySingleAttention', network, z));
}

/**
 * The tokens between the attention layer and the feed-forward layers after it: for a contextual mapping, the context IDs $q(Z)$.
 *
 * `applySingleAttention` goes through the same tokens, bit for bit.
 *
 * @param network - `before` and `heads` of a network; `after` is not looked at
 * @param z - d x n, finite; not changed
 * @returns d x n in Float64
 *
 * Paper: Eq. (2.4) up to $f^{(\mathrm{SA})}$.
 *
 * @throws TypeError, RangeError as `selfAttentionLayer` and `applyFeedForward`
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const [one, zero] = [new Matrix([[1]]), new Matrix([[0]])];
 * applyUpToAttention({ before: [], heads: [{ wO: one, wV: one, wK: zero, wQ: zero }] }, tokens(1, Float64Array.of(1, 3))).data; // => new Float64Array([3, 5])
 */
export function applyUpToAttention(network: Pick<SingleAttentionNetwork, 'before' | 'heads'>, z: Tokens): Tokens<Float64Array> {
  return upToAttention('applyUpToAttention', network, z);
}

function upToAttention(fn: string, { before, heads }: Pick<SingleAttentionNetwork, 'before' | 'heads'>, z: Tokens): Tokens<Float64Array> {
  assertTokens(fn, 'z', z);
  assertFinite(fn, 'z', z.data);
  assertLayers(fn, 'before', before, z.d);
  assertHeads(fn, heads, z.d);
  return selfAttentionLayer(heads, inOrder(before, widened(z)));
}

function inOrder(layers: readonly FeedForward[], z: Tokens<Float64Array>): Tokens<Float64Array> {
  return layers.reduce((result, layer) => applyFeedForward(layer, result), z);
}

function widened(z: Tokens): Tokens<Float64Array> {
  const wide = zeroTokens(z.d, z.n);
  wide.data.set(z.data);
  return wide;
}

// Whole layers are checked where they act; before any work only their widths.
function assertLayers(fn: string, name: string, layers: readonly FeedForward[], d: number): void {
  if (!Array.isArray(layers)) throw new TypeError(`${fn}: ${name} must be an array of layers, got ${describe(layers)}`);
  layers.forEach((layer, i) => {
    if (layer.d !== d) throw new RangeError(`${fn}: layer ${i} ${name} the attention must have the tokens' width (d = ${d}), got d = ${layer.d}`);
  });
}

function assertHeads(fn: string, heads: readonly AttentionHead[], d: number): void {
  assertNonEmpty(fn, 'heads', heads);
  heads.forEach((head, i) => assertHead(fn, `head ${i}`, head, d));
}

/**
 * Reads the size of a network with a single attention layer off its weights: heads, head size, layers, widths and ranks.
 *
 * @param network - weights of one width, finite
 * @returns the counts and the numerical ranks (`numericalRank` of core-linalg)
 *
 * Paper: Eq. (2.4), Section 2.4.
 *
 * @throws TypeError if a weight is not an ml-matrix
 * @throws RangeError if there is no head, shapes disagree, or a weight is NaN or infinite
 * @example
 * import { Matrix } from '@prompt-limits/core-linalg';
 * const one = new Matrix([[1]]);
 * const idle = { d: 1, r: 4, w1: new Float64Array(4), b1: new Float64Array(4), w2: new Float64Array(4), b2: new Float64Array(1) };
 * const { layersBefore, layersAfter, widthAfter } = singleAttentionClass({ before: [], heads: [{ wO: one, wV: one, wK: one, wQ: one }], after: [idle, idle] });
 * [layersBefore, layersAfter, widthAfter]; // => [0, 2, 4]
 */
export function singleAttentionClass(network: SingleAttentionNetwork): SingleAttentionClass {
  return classFor('singleAttentionClass', network);
}

function classFor(fn: string, { before, heads, after }: SingleAttentionNetwork): SingleAttentionClass {
  assertNonEmpty(fn, 'heads', heads);
  const d = heads[0]!.wQ?.columns;
  assertInteger(fn, 'the columns of wQ of head 0', d, 1);
  assertHeads(fn, heads, d);
  for (const [name, layers] of Object.entries({ before, after })) {
    assertLayers(fn, name, layers, d);
    layers.forEach((layer, i) => assertFeedForward(`${fn}: layer ${i} ${name}`, layer));
  }
  return {
    d,
    h: heads.length,
    s: heads.reduce((most, { wQ }) => Math.max(most, wQ.rows), 0),
    widthBefore: widest(before),
    widthAfter: widest(after),
    layersBefore: before.length,
    layersAfter: after.length,
    ranks: heads.map(({ wO, wV, wK, wQ }) => ({ wO: numericalRank(wO), wV: numericalRank(wV), wK: numericalRank(wK), wQ: numericalRank(wQ) })),
  };
}

// No spread: a network of the deep form has a layer for every context ID.
const widest = (layers: readonly FeedForward[]): number => layers.reduce((most, { r }) => Math.max(most, r), 0);

/**
 * Decides from the weights whether a network is in $\mathcal T_A^{h,s,r}$ (any number of feed-forward layers on both sides of the attention) or
 * $\mathcal T_B^{h,s,r}$ (exactly one on each side): at most h heads of size at most s, and layers of at most r neurons, as zeros pad smaller ones
 * without changing their function. With `rank`, every $W_V$, $W_K$ and $W_Q$ must have that numerical rank.
 *
 * s = 1 forces rank 1, so "any rank" in $\mathcal T^{1,1,4}$ needs s at least the rank (errata 16): a rank above min(d, s) is reported as impossible.
 *
 * Paper: Eq. (2.4), Section 2.4.
 *
 * @throws TypeError, RangeError as `singleAttentionClass`, or RangeError if the form is unknown or a parameter is not an integer of at least 1
 * @example
 * import { Matrix } from '@prompt-limits/core-linalg';
 * const one = new Matrix([[1]]);
 * const idle = { d: 1, r: 4, w1: new Float64Array(4), b1: new Float64Array(4), w2: new Float64Array(4), b2: new Float64Array(1) };
 * const network = { before: [idle], heads: [{ wO: one, wV: one, wK: one, wQ: one }], after: [idle, idle] };
 * inSingleAttentionClass(network, { form: 'A', h: 1, s: 1, r: 4 }).member; // => true
 * inSingleAttentionClass(network, { form: 'B', h: 1, s: 1, r: 4 }).reasons; // => ['2 layers after the attention, not 1']
 */
export function inSingleAttentionClass(network: SingleAttentionNetwork, parameters: SingleAttentionParameters): ClassMembership {
  const fn = 'inSingleAttentionClass';
  const { form, h, s, r, rank } = parameters;
  assertOneOf(fn, 'form', form, ['A', 'B']);
  for (const [name, value] of Object.entries({ h, s, r, rank: rank ?? 1 })) assertInteger(fn, name, value, 1);
  const { d, h: heads, ranks } = classFor(fn, network);
  const reasons: string[] = [];
  if (rank !== undefined && rank > Math.min(d, s)) {
    reasons.push(`rank ${rank} is impossible: weights of s x d = ${s} x ${d} have rank at most ${Math.min(d, s)}`);
  }
  if (heads > h) reasons.push(`${heads} heads, more than h = ${h}`);
  network.heads.forEach(({ wQ }, i) => {
    if (wQ.rows > s) reasons.push(`head ${i} has size ${wQ.rows}, more than s = ${s}`);
    for (const key of ['wV', 'wK', 'wQ'] as const) {
      if (rank !== undefined && ranks[i]![key] !== rank) reasons.push(`${key} of head ${i} has rank ${ranks[i]![key]}, not ${rank}`);
    }
  });
  for (const side of ['before', 'after'] as const) {
    const layers = network[side];
    if (form === 'B' && layers.length !== 1) reasons.push(`${layers.length} layers ${side} the attention, not 1`);
    const wide = layers.findIndex((layer) => layer.r > r);
    if (wide >= 0) reasons.push(`layer ${wide} ${side} the attention has ${layers[wide]!.r} neurons, more than r = ${r}`);
  }
  return { member: reasons.length === 0, reasons };
}
