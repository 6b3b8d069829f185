import type { FeedForward } from '@prompt-limits/attention';
import { assertInRange, assertInteger, assertOneOf } from '@prompt-limits/core-linalg';
import type { HatShape } from './hats.ts';
import type { LayerStack } from './layerStack.ts';

/** What feed-forward layers cost. */
export interface NetworkCost {
  /** Layers. */
  readonly layers: number;
  /** Most hidden neurons of a layer, the r of the classes. */
  readonly width: number;
  /** Hidden neurons of all layers. */
  readonly neurons: number;
  /** Entries of $W_1, b_1, W_2, b_2$, dense: $2dr + r + d$ a layer. */
  readonly parameters: number;
  /** Those that are not 0. */
  readonly nonZeros: number;
  /** Operations for one token, dense: $4dr + 2r + 2d$ a layer, an addition, a product and a comparison with 0 each counting one. */
  readonly flopsPerToken: number;
}

/** The same for networks that are too large to build, exact. */
export interface SymbolicCost {
  /** Layers. */
  readonly layers: bigint;
  /** Most hidden neurons of a layer. */
  readonly width: bigint;
  /** Hidden neurons of all layers. */
  readonly neurons: bigint;
  /** Dense parameters. */
  readonly parameters: bigint;
  /** Operations for one token, dense. */
  readonly flopsPerToken: bigint;
}

/** Sizes of a quantised problem. */
export interface ProblemSize {
  /** Width of a token. */
  readonly d: number;
  /** Tokens that are read, the last of all; at most n. */
  readonly L: number;
  /** Tokens in all, $L' = L_p + L$. */
  readonly n: number;
  /** 1/delta, an integer >= 2. */
  readonly m: number;
}

/** Which value map is counted. */
export interface ValueMapSize extends ProblemSize {
  /** `deep`: N layers. `wide`: one layer. */
  readonly form: 'deep' | 'wide';
  /** Shape of the wide form's hats, `tip` unless given. */
  readonly hat?: HatShape;
}

/** What a value map costs, beside the paper's formulas. */
export interface ValueMapCost extends SymbolicCost {
  /** Context IDs that have a hat, $N = L\, m^{dn}$. */
  readonly ids: bigint;
  /** The paper's counts for these sizes, without their O. */
  readonly printed: {
    /** Lemma 2.5 and F.1, layers of the deep form: $L\, m^{dn}$. */
    readonly layers: bigint;
    /** Theorem 2.4 by the proof of Lemma F.2, neurons of the wide form: $3dn\, m^{dn}$. */
    readonly neurons: bigint;
    /** Theorem F.1, neurons of the wide form: $dn$, which contradicts the line above (errata row 13). */
    readonly neuronsTheoremF1: bigint;
  };
}

/**
 * Counts a feed-forward layer, or the layers of a stack by making each of them once.
 *
 * Paper: Eq. (2.3), and the classes of Eq. (2.4).
 *
 * @throws RangeError if a stack has more than $2^{20}$ layers: `valueMapCost` counts without building
 * @example
 * const { neurons, parameters, nonZeros, flopsPerToken } = networkCost(quantiserNetwork({ m: 10, d: 1, theta: 0.001 }).network);
 * [neurons, parameters, nonZeros, flopsPerToken]; // => [19, 58, 56, 116]
 */
export function networkCost(network: FeedForward | LayerStack): NetworkCost {
  const count = 'layer' in network ? network.count : 1;
  assertInRange('networkCost', 'the number of layers', count, 0, 2 ** 20);
  const cost = { layers: count, width: 0, neurons: 0, parameters: 0, nonZeros: 0, flopsPerToken: 0 };
  for (let i = 0; i < count; i++) {
    const { d, r, w1, b1, w2, b2 } = 'layer' in network ? network.layer(i) : network;
    cost.width = Math.max(cost.width, r);
    cost.neurons += r;
    cost.parameters += 2 * d * r + r + d;
    cost.flopsPerToken += 4 * d * r + 2 * r + 2 * d;
    for (const values of [w1, b1, w2, b2]) for (const x of values) cost.nonZeros += x === 0 ? 0 : 1;
  }
  return cost;
}

/**
 * Counts the value map of a construction for all $N = L\, m^{dn}$ context IDs of the read tokens, exactly, without building it: N layers of 4 neurons (`deep`), or
 * one layer of $3N + 2d$ neurons, $4N + 2d$ with plateaus (`wide`).
 *
 * Paper: Lemma 2.5 (F.1), Theorem 2.4 (F.2, F.1); Theorem B.1 is n = L.
 *
 * @throws RangeError if a size is not an integer in range, L > n, or $m^{dn}$ has more than $2^{20}$ bits
 * @example
 * const { layers, neurons, printed } = valueMapCost({ form: 'deep', d: 1, L: 1, n: 5, m: 4 });
 * [layers, neurons, printed.layers]; // => [1024n, 4096n, 1024n]
 * valueMapCost({ form: 'wide', d: 1, L: 1, n: 5, m: 4 }).neurons; // => 3074n
 */
export function valueMapCost({ form, hat = 'tip', ...size }: ValueMapSize): ValueMapCost {
  assertOneOf('valueMapCost', 'form', form, ['deep', 'wide']);
  assertOneOf('valueMapCost', 'hat', hat, ['tip', 'plateau']);
  assertSize('valueMapCost', size);
  const [d, L, n] = [BigInt(size.d), BigInt(size.L), BigInt(size.n)];
  const contexts = BigInt(size.m) ** (d * n);
  const ids = L * contexts;
  const printed = { layers: ids, neurons: 3n * d * n * contexts, neuronsTheoremF1: d * n };
  const cost = form === 'deep' ? stackCost(ids, 4n, d) : stackCost(1n, (hat === 'tip' ? 3n : 4n) * ids + 2n * d, d);
  return { ...cost, ids, printed };
}

function stackCost(layers: bigint, width: bigint, d: bigint): SymbolicCost {
  return {
    layers,
    width,
    neurons: layers * width,
    parameters: layers * (2n * d * width + width + d),
    flopsPerToken: layers * (4n * d * width + 2n * width + 2n * d),
  };
}

function assertSize(fn: string, { d, L, n, m }: ProblemSize): void {
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'n', n, 1);
  assertInteger(fn, 'L', L, 1, n);
  assertInteger(fn, 'm', m, 2);
  assertInRange(fn, 'd n log2 m', d * n * Math.log2(m), 0, 2 ** 20);
}
