import { assertInteger, assertNonEmpty, numericalRank, type Tokens } from '@prompt-limits/core-linalg';
import { assertHead, selfAttentionLayer, type AttentionHead } from './attentionHead.ts';
import { applyFeedForward, assertFeedForward, type FeedForward } from './feedForward.ts';

/** A transformer block: feed-forward after self-attention. */
export interface TransformerBlock {
  /** h >= 1 heads. */
  readonly heads: readonly AttentionHead[];
  /** The feed-forward layer on the same width. */
  readonly feedForward: FeedForward;
}

/** A composition of transformer blocks. */
export interface TransformerNetwork {
  /** At least one block, in the order in which they act. */
  readonly blocks: readonly TransformerBlock[];
}

/** Numerical ranks of one head's weights. */
export interface HeadRanks {
  /** Rank of $W_O$. */
  readonly wO: number;
  /** Rank of $W_V$. */
  readonly wV: number;
  /** Rank of $W_K$. */
  readonly wK: number;
  /** Rank of $W_Q$. */
  readonly wQ: number;
}

/** The smallest class $\mathcal T^{h,s,r}$ that the weights show, and their ranks. */
export interface NetworkClass {
  /** Most heads of a block. */
  readonly h: number;
  /** Largest size of a head. */
  readonly s: number;
  /** Most hidden neurons of a block. */
  readonly r: number;
  /** `ranks[b][i]`: numerical ranks of head i of block b. */
  readonly ranks: readonly (readonly HeadRanks[])[];
}

/** A class of Definition 2.2, and the rank that Sections 2.3 and 2.4 ask of the attention. */
export interface ClassParameters {
  /** Heads. */
  readonly h: number;
  /** Size of a head. */
  readonly s: number;
  /** Hidden neurons. */
  readonly r: number;
  /** If given, the numerical rank that every $W_V$, $W_K$ and $W_Q$ must have. */
  readonly rank?: number;
}

/** Whether a network is in a class. */
export interface ClassMembership {
  /** Whether it is. */
  readonly member: boolean;
  /** What keeps it out; empty for a member. */
  readonly reasons: readonly string[];
}

/**
 * Applies a block, $f^{(\mathcal T)}(Z) = f^{(\mathrm{FF})}(f^{(\mathrm{SA})}(Z))$.
 *
 * @param block - h heads and a feed-forward layer on tokens of one width d
 * @param z - d x L, finite; not changed
 * @returns d x L in Float64, with the errors of `selfAttentionLayer` and `applyFeedForward`
 *
 * Paper: Definition 2.1.
 *
 * @throws TypeError, RangeError as `selfAttentionLayer` and `applyFeedForward`
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const [one, zero] = [new Matrix([[1]]), new Matrix([[0]])];
 * const negate = { d: 1, r: 1, w1: Float64Array.of(1), b1: Float64Array.of(0), w2: Float64Array.of(-2), b2: Float64Array.of(0) };
 * applyBlock({ heads: [{ wO: one, wV: one, wK: zero, wQ: zero }], feedForward: negate }, tokens(1, Float64Array.of(1, 3))).data; // => new Float64Array([-3, -5])
 */
export function applyBlock(block: TransformerBlock, z: Tokens): Tokens<Float64Array> {
  return applyFeedForward(block.feedForward, selfAttentionLayer(block.heads, z));
}

/**
 * Applies a network: its blocks one after another, $\tau = f_b \circ \dots \circ f_1$.
 *
 * @param network - blocks on tokens of one width d
 * @param z - d x L, finite; not changed
 * @returns d x L in Float64
 *
 * Paper: Definition 2.2.
 *
 * @throws TypeError, RangeError as `applyBlock`, or RangeError if there is no block
 * @example
 * import { Matrix, tokens } from '@prompt-limits/core-linalg';
 * const [one, zero] = [new Matrix([[1]]), new Matrix([[0]])];
 * const none = { d: 1, r: 1, w1: Float64Array.of(0), b1: Float64Array.of(0), w2: Float64Array.of(0), b2: Float64Array.of(0) };
 * const block = { heads: [{ wO: one, wV: one, wK: zero, wQ: zero }], feedForward: none };
 * applyNetwork({ blocks: [block, block] }, tokens(1, Float64Array.of(1, 3))).data; // => new Float64Array([7, 9])
 */
export function applyNetwork(network: TransformerNetwork, z: Tokens): Tokens<Float64Array> {
  assertNonEmpty('applyNetwork', 'blocks', network.blocks);
  return network.blocks.slice(1).reduce((result, block) => applyBlock(block, result), applyBlock(network.blocks[0]!, z));
}

/**
 * Reads h, s, r and all ranks off the weights of a network.
 *
 * Blocks may differ: a block with fewer heads, smaller heads or fewer neurons is padded by zero weights without changing its function,
 * so the largest values found name a class that holds the network.
 *
 * @param network - at least one block, all on tokens of one width
 * @returns the class and the numerical ranks (`numericalRank` of core-linalg)
 *
 * Paper: Definition 2.2.
 *
 * @throws TypeError if a weight is not an ml-matrix
 * @throws RangeError if there is no block or no head, shapes disagree, or a weight is NaN or infinite
 * @example
 * import { Matrix } from '@prompt-limits/core-linalg';
 * const w = new Matrix([[1, 2], [2, 4]]);
 * const none = { d: 2, r: 1, w1: new Float64Array(2), b1: new Float64Array(1), w2: new Float64Array(2), b2: new Float64Array(2) };
 * const { h, s, r, ranks } = classOf({ blocks: [{ heads: [{ wO: w, wV: w, wK: w, wQ: w }], feedForward: none }] });
 * [h, s, r, ranks[0][0].wK]; // => [1, 2, 1, 1]
 */
export function classOf(network: TransformerNetwork): NetworkClass {
  return classFor('classOf', network);
}

function classFor(fn: string, { blocks }: TransformerNetwork): NetworkClass {
  assertNonEmpty(fn, 'blocks', blocks);
  const { d } = blocks[0]!.feedForward;
  blocks.forEach(({ heads, feedForward }, b) => {
    assertFeedForward(`${fn}: block ${b}`, feedForward);
    assertNonEmpty(fn, `heads of block ${b}`, heads);
    if (feedForward.d !== d) throw new RangeError(`${fn}: block ${b} must have d = ${d} like block 0, got d = ${feedForward.d}`);
    heads.forEach((head, i) => assertHead(fn, `head ${i} of block ${b}`, head, d));
  });
  return {
    h: Math.max(...blocks.map(({ heads }) => heads.length)),
    s: Math.max(...blocks.flatMap(({ heads }) => heads.map(({ wQ }) => wQ.rows))),
    r: Math.max(...blocks.map(({ feedForward }) => feedForward.r)),
    ranks: blocks.map(({ heads }) =>
      heads.map(({ wO, wV, wK, wQ }) => ({ wO: numericalRank(wO), wV: numericalRank(wV), wK: numericalRank(wK), wQ: numericalRank(wQ) })),
    ),
  };
}

/**
 * Decides from the weights whether a network is in $\mathcal T^{h,s,r}$: every block has at most h heads, each of size at most s, and
 * at most r neurons (fewer are padded by zeros, which changes no function). With `rank`, every $W_V$, $W_K$ and $W_Q$ must have that
 * numerical rank.
 *
 * A rank above min(d, s) is reported as impossible: an s x d matrix has none such, so size-one attention has rank at most 1 and
 * "any rank" needs $\mathcal T^{1,s,r}$ with s at least the rank (errata 16). A network kept out by its weights may still compute
 * a function that other weights bring into the class.
 *
 * Paper: Definition 2.2, Sections 2.3 and 2.4.
 *
 * @throws TypeError, RangeError as `classOf`, or RangeError if a parameter is not an integer of at least 1
 * @example
 * import { Matrix } from '@prompt-limits/core-linalg';
 * const w = new Matrix([[1, 0], [0, 1]]);
 * const none = { d: 2, r: 1, w1: new Float64Array(2), b1: new Float64Array(1), w2: new Float64Array(2), b2: new Float64Array(2) };
 * const network = { blocks: [{ heads: [{ wO: w, wV: w, wK: w, wQ: w }], feedForward: none }] };
 * inClass(network, { h: 1, s: 2, r: 4, rank: 2 }).member; // => true
 * inClass(network, { h: 1, s: 1, r: 4 }).reasons; // => ['head 0 of block 0 has size 2, more than s = 1']
 */
export function inClass(network: TransformerNetwork, parameters: ClassParameters): ClassMembership {
  const { h, s, r, rank } = parameters;
  for (const [name, value] of Object.entries({ h, s, r, rank: rank ?? 1 })) assertInteger('inClass', name, value, 1);
  const { ranks } = classFor('inClass', network);
  const reasons: string[] = [];
  const { d } = network.blocks[0]!.feedForward;
  if (rank !== undefined && rank > Math.min(d, s)) {
    reasons.push(`rank ${rank} is impossible: weights of s x d = ${s} x ${d} have rank at most ${Math.min(d, s)}`);
  }
  for (const [b, { heads, feedForward }] of network.blocks.entries()) {
    if (heads.length > h) reasons.push(`block ${b} has ${heads.length} heads, more than h = ${h}`);
    if (feedForward.r > r) reasons.push(`block ${b} has ${feedForward.r} neurons, more than r = ${r}`);
    for (const [i, { wQ }] of heads.entries()) {
      if (wQ.rows > s) reasons.push(`head ${i} of block ${b} has size ${wQ.rows}, more than s = ${s}`);
      if (rank === undefined) continue;
      for (const key of ['wV', 'wK', 'wQ'] as const) {
        if (ranks[b]![i]![key] !== rank) reasons.push(`${key} of head ${i} of block ${b} has rank ${ranks[b]![i]![key]}, not ${rank}`);
      }
    }
  }
  return { member: reasons.length === 0, reasons };
}
