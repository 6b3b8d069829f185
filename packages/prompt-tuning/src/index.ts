/**
 * Frozen transformers of the Llama family and their soft prompts: read, tune, save, load, generate.
 *
 * @module index
 */
export { countingPromptLength, type CountingPromptLengthOptions } from './capacity/countingPromptLength.ts';
export {
  sufficientPromptLength,
  type SufficientPromptLength,
  type SufficientPromptLengthOptions,
} from './capacity/sufficientPromptLength.ts';
export { filesFromMap, type ModelFiles } from './files/modelFiles.ts';
export { filesFromUrl, type Fetch } from './files/filesFromUrl.ts';
export { createCache, type KeyValueCache } from './llama/cache.ts';
export { parseLlamaConfig, type LlamaConfig } from './llama/config.ts';
export { forward, inputGradient, type ForwardOptions } from './llama/forward.ts';
export { generate, type GenerateOptions, type Generation } from './llama/generate.ts';
export type { LayerWeights } from './llama/layer.ts';
export { loadModel, type LoadModelOptions } from './llama/loadModel.ts';
export { kernelMemoryMiB, type KernelMemoryOptions } from './llama/memory.ts';
export type { LlamaModel, LlamaWeights } from './llama/model.ts';
export type { Projection } from './llama/projection.ts';
export { randomModel, type RandomModelOptions } from './llama/randomModel.ts';
export type { Llama3RopeScaling, LinearRopeScaling, RopePairing, RopeScaling } from './llama/ropeConfig.ts';
export type { Rotary } from './llama/rotary.ts';
export type { SampleOptions } from './llama/sample.ts';
export type { AttentionInput, AttentionObserver } from './llama/trace.ts';
export { expectedTensors, readWeights, type LlamaTensors } from './llama/weights.ts';
export {
  parseSafetensors,
  safetensorsLayout,
  tensorFloat64Values,
  tensorValues,
  tensorView,
  writeSafetensors,
  type SafetensorsFile,
  type SafetensorsLayout,
  type TensorDescription,
  type TensorDtype,
  type TensorView,
} from '@prompt-limits/core-linalg/files';
export { peftAdapter, type AdapterModelSizes } from './softPrompt/peftAdapter.ts';
export { readPeftAdapter } from './softPrompt/readPeftAdapter.ts';
export { softPrompt, type PromptInitialisation, type SoftPrompt, type SoftPromptOptions } from './softPrompt/softPrompt.ts';
export { readTokenizer, type TextTokenizer } from './tokenizer/tokenizer.ts';
export type { Example } from './tuning/dataset.ts';
export { evaluatePrompt, type Evaluation, type TokenResult } from './tuning/evaluatePrompt.ts';
export { initialPrompt, type PromptInit } from './tuning/initialPrompt.ts';
export type { TuningOptions, TuningRecord } from './tuning/options.ts';
export { reproduces } from './tuning/reproduces.ts';
export type { Schedule } from './tuning/schedule.ts';
export { tunePrompt, type TuningResult } from './tuning/tunePrompt.ts';
export { affineTarget, type AffineTarget, type AffineTargetOptions } from './universality/affineTarget.ts';
export {
  countLipschitzFunctions,
  type LipschitzCount,
  type LipschitzCountOptions,
} from './universality/counting/countLipschitzFunctions.ts';
export { countQuantisedFunctions, type FunctionCount, type GridOfSequences } from './universality/counting/countQuantisedFunctions.ts';
export { necessaryPromptLength, type LipschitzClass, type NecessaryPromptLengthOptions } from './universality/counting/necessaryPromptLength.ts';
export { cellDistance, type CellDistanceOptions, type CellValues } from './universality/distance/cellDistance.ts';
export type { CellIntegral, Distance, MeasuredTarget } from './universality/distance/distance.ts';
export { sampledDistance, type SampledDistanceOptions } from './universality/distance/sampledDistance.ts';
export {
  errorBudget,
  gridForError,
  type ErrorBudget,
  type ErrorBudgetOptions,
  type GridForErrorOptions,
  type Ramps,
} from './universality/errorBudget.ts';
export {
  applyTable,
  promptOfTable,
  tableNumber,
  tableOf,
  tableOfNumber,
  tableOfPrompt,
  type FunctionTable,
  type TableOptions,
} from './universality/functionTable.ts';
export { lipschitzEstimate, type LipschitzEstimate, type LipschitzOptions } from './universality/lipschitzEstimate.ts';
export { memorisationLengths, type MemorisationLengths, type MemorisationLengthsOptions } from './universality/memorisationLengths.ts';
export { memorize, type LabelledSequence, type Memorisation, type MemorizeOptions } from './universality/memorize.ts';
export { promptFor } from './universality/promptFor.ts';
export {
  dictionarySurrogate,
  fixedSurrogate,
  tableSurrogate,
  type GridProblem,
  type PromptLayout,
  type Surrogate,
} from './universality/surrogate.ts';
export type { SequenceShape, TargetFunction } from './universality/targetFunction.ts';
export type { UniversalCost } from './universality/universalCost.ts';
export { universalityError, type UniversalityError, type UniversalityErrorOptions } from './universality/universalityError.ts';
export {
  buildApproximator,
  buildUniversal,
  type Approximator,
  type ApproximatorOptions,
  type ConstructionOptions,
  type UniversalOptions,
  type UniversalTransformer,
} from './universality/universalTransformer.ts';
