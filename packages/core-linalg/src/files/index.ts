/**
 * Files that may come from anyone: strict JSON, safetensors, and how their errors read.
 *
 * @module files
 */
export { jsonFields, parseJson, type JsonFields } from './json.ts';
export { refuse } from './refuse.ts';
export { parseSafetensors } from '../safetensors/parse.ts';
export type { SafetensorsFile, TensorDtype, TensorView } from '../safetensors/safetensors.ts';
export { tensorFloat64Values, tensorValues, tensorView } from '../safetensors/values.ts';
export { safetensorsLayout, writeSafetensors, type SafetensorsLayout, type TensorDescription } from '../safetensors/write.ts';
