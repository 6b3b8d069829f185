/**
 * Frozen transformers of the Llama family and their soft prompts: read, tune, save, load, generate.
 *
 * @module index
 */
export { filesFromMap, type ModelFiles } from './files/modelFiles.ts';
export { filesFromUrl, type Fetch } from './files/filesFromUrl.ts';
export { parseLlamaConfig, type LlamaConfig } from './llama/config.ts';
export type { Llama3RopeScaling, LinearRopeScaling, RopePairing, RopeScaling } from './llama/ropeConfig.ts';
export { expectedTensors, readWeights, type LlamaTensors } from './llama/weights.ts';
export { parseSafetensors } from './safetensors/parse.ts';
export type { SafetensorsFile, TensorDtype, TensorView } from './safetensors/safetensors.ts';
export { tensorValues, tensorView } from './safetensors/values.ts';
export { safetensorsLayout, writeSafetensors, type SafetensorsLayout, type TensorDescription } from './safetensors/write.ts';
export { peftAdapter, type AdapterModelSizes } from './softPrompt/peftAdapter.ts';
export { readPeftAdapter } from './softPrompt/readPeftAdapter.ts';
export { softPrompt, type PromptInitialisation, type SoftPrompt, type SoftPromptOptions } from './softPrompt/softPrompt.ts';
export { readTokenizer, type TextTokenizer } from './tokenizer/tokenizer.ts';
