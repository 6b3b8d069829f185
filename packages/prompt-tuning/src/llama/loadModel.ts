import { assertInteger, createKernels, type Kernels } from '@prompt-limits/core-linalg';
import { parseJson } from '@prompt-limits/core-linalg/files';
import type { ModelFiles } from '../files/modelFiles.ts';
import { readTokenizer } from '../tokenizer/tokenizer.ts';
import { parseLlamaConfig } from './config.ts';
import { kernelMemoryMiB } from './memory.ts';
import { createModel, type LlamaModel } from './model.ts';
import { readWeights } from './weights.ts';

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** What computes. Unless given, the fastest kernels of this machine, with memory for `maxTokens` and gradients. */
  readonly kernels?: Kernels;
  /** What adapters call the model; the folder's name unless given. */
  readonly name?: string;
  /** Longest sequence that memory is made for, soft prompt included; the context length or 1024, the smaller, unless given. */
  readonly maxTokens?: number;
  /** Hears how many of all matrices are laid out. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Loads a frozen transformer of the Llama family from a folder in Hugging Face's layout: config.json, safetensors,
 * tokenizer.json and tokenizer_config.json.
 *
 * Weights are laid out once, and a second time at the first gradient. `close` ends the threads.
 *
 * @throws RangeError naming folder, file, field and value if a file is missing or says something that is not supported
 * @example
 * import { createPlainKernels } from '@prompt-limits/core-linalg';
 * await loadModel(filesFromMap('empty', []), { kernels: createPlainKernels() }); // throws RangeError: config.json
 */
export async function loadModel(files: ModelFiles, options: LoadModelOptions = {}): Promise<LlamaModel> {
  const { name = files.name, onProgress } = options;
  const place = `loadModel: ${files.name}: config.json`;
  const config = parseLlamaConfig(parseJson(place, await files.read('config.json')), `${files.name}: config.json`);
  const { maxTokens = Math.min(1024, config.contextLength) } = options;
  assertInteger('loadModel', 'maxTokens', maxTokens, 1, config.contextLength);
  const tokenizer = await readTokenizer(files);
  const tensors = await readWeights(files, config);
  const kernels = options.kernels ?? (await createKernels({ memoryMiB: kernelMemoryMiB(config, { gradients: true, maxTokens }) }));
  const close = options.kernels ? undefined : (): void => kernels.close();
  return createModel(config, tensors, { kernels, tokenizer, name, onProgress, close });
}
