import { networkCost, valueMapCost, type ValueMapCost } from '@prompt-limits/ffn-constructions';
import type { FrontQuantiser } from './quantiseTokens.ts';

/** What the transformer costs, counted, beside the paper's formulas; exact. */
export interface UniversalCost {
  /** Feed-forward layers in front of the attention. */
  readonly layersBefore: bigint;
  /** Feed-forward layers behind it. */
  readonly layersAfter: bigint;
  /** Most neurons of a layer: r of the class. */
  readonly width: bigint;
  /** Hidden neurons of all layers. */
  readonly neurons: bigint;
  /** Dense parameters of all feed-forward layers. */
  readonly parameters: bigint;
  /** Operations for one token in all feed-forward layers, dense. */
  readonly flopsPerToken: bigint;
  /** Context IDs that have a hat, $L\, m^{d(L_p + L)}$. */
  readonly ids: bigint;
  /** The paper's counts at these sizes, without their O. */
  readonly printed: ValueMapCost['printed'];
}

/** Sizes beyond this many bits are no numbers that a computer should write down. */
const LARGEST_BITS = 2 ** 20;

/** What is counted. */
interface CountedSize {
  readonly form: 'deep' | 'wide';
  /** Hats of the wide form: tips in mode 'tight', plateaus where IDs are enclosed. */
  readonly hat: 'tip' | 'plateau';
  readonly d: number;
  readonly L: number;
  readonly n: number;
  readonly m: number;
}

/** Counts front and value map; null where the counts themselves would have more than 2^20 bits. */
export function universalCost(front: FrontQuantiser, size: CountedSize): UniversalCost | null {
  if (size.d * size.n * Math.log2(size.m) > LARGEST_BITS) return null;
  const map = valueMapCost(size);
  const before = front.form === 'wide' ? networkCost(front.network) : deepFrontCost(front);
  const big = (x: number): bigint => BigInt(x);
  return {
    layersBefore: big(before.layers),
    layersAfter: map.layers,
    width: map.width > big(before.width) ? map.width : big(before.width),
    neurons: big(before.neurons) + map.neurons,
    parameters: big(before.parameters) + map.parameters,
    flopsPerToken: big(before.flopsPerToken) + map.flopsPerToken,
    ids: map.ids,
    printed: map.printed,
  };
}

/** From the counts of the stack: making each of its layers only to count it would take longer than running it. */
function deepFrontCost({ stack, neurons }: Extract<FrontQuantiser, { form: 'deep' }>): { layers: number; width: number; neurons: number; parameters: number; flopsPerToken: number } {
  const { d, count: layers, width } = stack;
  return { layers, width, neurons, parameters: (2 * d + 1) * neurons + d * layers, flopsPerToken: (4 * d + 2) * neurons + 2 * d * layers };
}
