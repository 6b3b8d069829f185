import { createPlainKernels, type Kernels, type RandomSource } from '@prompt-limits/core-linalg';
import { byteTokenizer } from './byteTokenizer.ts';
import type { LlamaConfig } from './config.ts';
import { createModel, type LlamaModel } from './model.ts';
import { expectedTensors } from './weights.ts';

/** Options of `randomModel`. */
export interface RandomModelOptions {
  /** Where the weights come from. */
  readonly random: RandomSource;
  /** Sizes that differ from the small default. */
  readonly config?: Partial<LlamaConfig>;
  /** What computes; plain float64 unless given. */
  readonly kernels?: Kernels;
}

const SMALL: LlamaConfig = {
  d: 32, layers: 2, heads: 4, keyHeads: 2, headSize: 8, r: 48, vocabularySize: 256, contextLength: 128,
  ropeTheta: 10_000, ropePairing: 'half', ropeScaling: null, rmsEpsilon: 1e-5, tiedHead: true, bosToken: null, eosTokens: [],
};

/**
 * An untrained transformer of the Llama family whose tokens are bytes: every part is there and nothing has to be
 * downloaded, so it serves examples, tests and questions about random transformers.
 *
 * Embeddings are N(0, 1), matrices N(0, 1 / inputs), gains 1.
 *
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1), config: { layers: 3 } });
 * model.tokenizer.encode('hi'); // => [104, 105]
 */
export function randomModel({ random, config: sizes = {}, kernels = createPlainKernels({ precision: 'float64' }) }: RandomModelOptions): LlamaModel {
  const config = { ...SMALL, ...sizes };
  const tensors = new Map<string, Float32Array>();
  for (const [name, shape] of expectedTensors(config)) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const scale = name.startsWith('model.embed') ? 1 : 1 / Math.sqrt(shape[1] ?? 1);
    tensors.set(name, shape.length === 1 ? values.fill(1) : values.map(() => scale * random.normal()));
  }
  return createModel(config, { values: (name) => tensors.get(name)! }, { kernels, name: 'random', tokenizer: byteTokenizer(config.vocabularySize) });
}
