import { assertInteger, type FloatArray } from '@prompt-limits/core-linalg';
import type { LlamaModel } from './model.ts';

/** Keys (after the rotation) and values of the tokens that a model has read, for every layer. */
export interface KeyValueCache {
  /** Tokens held. */
  length: number;
  /** Tokens that fit. */
  readonly capacity: number;
  /** Keys of each layer, capacity x keyHeads * s. */
  readonly keys: readonly FloatArray[];
  /** Values of each layer, capacity x keyHeads * s. */
  readonly values: readonly FloatArray[];
}

/**
 * An empty cache for `forward`: 2 layers keyHeads s values per token, in ordinary memory that the garbage collector frees.
 *
 * @param capacity - tokens that it can hold, an integer from 1 to the model's context length
 *
 * @throws RangeError if capacity is out of range
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1), config: { keyHeads: 2, headSize: 8 } });
 * createCache(model, 10).keys[0].length; // => 160
 */
export function createCache({ config, kernels }: LlamaModel, capacity: number): KeyValueCache {
  assertInteger('createCache', 'capacity', capacity, 1, config.contextLength);
  const size = capacity * config.keyHeads * config.headSize;
  const room = (): FloatArray => (kernels.precision === 'float64' ? new Float64Array(size) : new Float32Array(size));
  return { length: 0, capacity, keys: Array.from({ length: config.layers }, room), values: Array.from({ length: config.layers }, room) };
}
