import { assertInteger, type FloatArray, type Precision } from '@prompt-limits/core-linalg';
import type { LlamaConfig } from './config.ts';

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
 * createCache({ ...tinyConfig, layers: 2, keyHeads: 1, headSize: 4 }, 8, 'float64').keys[0].length; // => 32
 */
export function createCache(config: LlamaConfig, capacity: number, precision: Precision): KeyValueCache {
  assertInteger('createCache', 'capacity', capacity, 1, config.contextLength);
  const size = capacity * config.keyHeads * config.headSize;
  const room = (): FloatArray => (precision === 'float64' ? new Float64Array(size) : new Float32Array(size));
  return { length: 0, capacity, keys: Array.from({ length: config.layers }, room), values: Array.from({ length: config.layers }, room) };
}
