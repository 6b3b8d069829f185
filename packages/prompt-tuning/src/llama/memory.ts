import { assertInteger } from '@prompt-limits/core-linalg';
import type { LlamaConfig } from './config.ts';
import { layerGradientRoomSize, layerStateSize } from './layer.ts';

/** How a model is going to be used. */
export interface KernelMemoryOptions {
  /** Whether gradients will be asked for: they need the weights a second time and every layer's activations. */
  readonly gradients: boolean;
  /** Longest sequence, soft prompt included. */
  readonly maxTokens: number;
}

// Packed operands are padded to whole register tiles; 16 columns cover the widest.
const TILE = 16;
// Packing buffers, tiles of attention scores and alignment, for all threads together.
const ROOM_MIB = 24;

/**
 * Kernel memory that a model needs in float32: weights laid out once, or twice with gradients; the activations of one
 * layer, or of all with gradients; logits of every position; and room to copy the largest matrix or a cache in.
 *
 * @param config - sizes of the model
 * @returns whole MiB, an upper estimate
 *
 * @throws RangeError unless maxTokens is an integer from 1 to the context length
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * kernelMemoryMiB(model.config, { gradients: true, maxTokens: 128 }); // => 25
 */
export function kernelMemoryMiB(config: LlamaConfig, { gradients, maxTokens }: KernelMemoryOptions): number {
  assertInteger('kernelMemoryMiB', 'maxTokens', maxTokens, 1, config.contextLength);
  const { d, layers, heads, keyHeads, headSize, r, vocabularySize } = config;
  const matrix = (rows: number, columns: number): number => (rows + TILE) * (columns + TILE);
  const layer = 2 * matrix(heads * headSize, d) + 2 * matrix(keyHeads * headSize, d) + 3 * matrix(r, d);
  const head = matrix(vocabularySize, d);
  const weights = (gradients ? 2 : 1) * (layers * layer + head) + (2 * layers + 1) * d;
  const states = (gradients ? layers : 1) * layerStateSize(config) + (gradients ? layerGradientRoomSize(config) + 2 * d : 0);
  const perToken = states + d + r + vocabularySize + 2 * keyHeads * headSize;
  const copied = Math.max(head, matrix(r, d));
  return Math.ceil((4 * (weights + maxTokens * perToken + copied)) / 2 ** 20) + ROOM_MIB;
}
