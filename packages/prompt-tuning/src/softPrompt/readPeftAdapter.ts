import { describe } from '@prompt-limits/core-linalg';
import { jsonFields, type JsonFields, parseJson, parseSafetensors, refuse, tensorFloat64Values, tensorValues } from '@prompt-limits/core-linalg/files';
import type { ModelFiles } from '../files/modelFiles.ts';
import { ADAPTER_CONFIG, ADAPTER_MODEL, ADAPTER_TENSOR, PEFT_INIT, PEFT_TYPE } from './peftAdapter.ts';
import { softPrompt, type PromptInitialisation, type SoftPrompt } from './softPrompt.ts';

/**
 * Reads a PEFT prompt tuning adapter of a causal language model. F16 and BF16 values are widened exactly; F64
 * values are kept as they are.
 *
 * @throws RangeError naming folder, file, field and value: a missing file, another peft_type or task_type, no virtual token,
 *   more than one transformer submodule, a tensor that is missing, surplus or of another shape, a value that is not finite
 * @example
 * const prompt = softPrompt({ d: 2, n: 1, data: Float32Array.of(3, 4) });
 * (await readPeftAdapter(filesFromMap('memory', peftAdapter(prompt)))).embeddings.data[1]; // => 4
 */
export async function readPeftAdapter(files: ModelFiles): Promise<SoftPrompt> {
  const where = `readPeftAdapter: ${files.name}`;
  for (const file of [ADAPTER_CONFIG, ADAPTER_MODEL]) {
    if (!(await files.has(file))) refuse(where, 'the file must exist', file);
  }
  const place = `${where}: ${ADAPTER_CONFIG}`;
  const config = jsonFields(place, parseJson(place, await files.read(ADAPTER_CONFIG)));
  const { n, d } = checkConfig(place, config);

  const { tensors } = parseSafetensors(await files.read(ADAPTER_MODEL), `${files.name}: ${ADAPTER_MODEL}`);
  const model = `${where}: ${ADAPTER_MODEL}`;
  const tensor = tensors.get(ADAPTER_TENSOR);
  if (!tensor || tensors.size !== 1) refuse(model, `the only tensor must be ${ADAPTER_TENSOR}`, [...tensors.keys()].join(', '));
  if (tensor.shape.length !== 2 || tensor.shape[0] !== n || tensor.shape[1] !== d) {
    refuse(`${model}: ${ADAPTER_TENSOR}`, `shape must be [num_virtual_tokens, token_dim] = [${n}, ${d}]`, `[${tensor.shape.join(', ')}]`);
  }
  const data = tensor.dtype === 'F64' ? tensorFloat64Values(tensor) : tensorValues(tensor);
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) refuse(`${model}: ${ADAPTER_TENSOR}`, `each value must be finite, but that of token ${Math.floor(bad / d)}, row ${bad % d} is not`, data[bad]);

  return softPrompt(
    { d, n, data },
    {
      baseModel: text(place, config, 'base_model_name_or_path'),
      revision: text(place, config, 'revision'),
      initialisation: initialisation(place, config),
      precision: tensor.dtype === 'F64' ? 'float64' : 'float32',
    },
  );
}

function checkConfig(where: string, config: JsonFields): { n: number; d: number } {
  const type = config.get('peft_type');
  if (type !== PEFT_TYPE) refuse(where, `peft_type must be ${PEFT_TYPE}`, type);
  const task = config.get('task_type') ?? 'CAUSAL_LM';
  if (task !== 'CAUSAL_LM') refuse(where, 'task_type must be CAUSAL_LM', task);
  const submodules = config.get('num_transformer_submodules') ?? 1;
  if (submodules !== 1) refuse(where, 'num_transformer_submodules must be 1, as in a model without encoder', submodules);
  return { n: positive(where, config, 'num_virtual_tokens'), d: positive(where, config, 'token_dim') };
}

function positive(where: string, config: JsonFields, key: string): number {
  const value = config.get(key);
  if (!Number.isSafeInteger(value) || (value as number) < 1) refuse(where, `${key} must be an integer of at least 1`, value);
  return value as number;
}

function text(where: string, config: JsonFields, key: string): string | null {
  const value = config.get(key) ?? null;
  if (value !== null && typeof value !== 'string') refuse(where, `${key} must be a text or null`, value);
  return value;
}

function initialisation(where: string, config: JsonFields): PromptInitialisation {
  const name = config.get('prompt_tuning_init') ?? PEFT_INIT.random;
  if (name === PEFT_INIT.random) return { from: 'random' };
  if (name === PEFT_INIT.vocabulary) return { from: 'vocabulary' };
  if (name !== PEFT_INIT.text) refuse(where, `prompt_tuning_init must be one of ${Object.values(PEFT_INIT).join(', ')}`, name);
  const words = text(where, config, 'prompt_tuning_init_text');
  if (words === null) refuse(where, `prompt_tuning_init_text must be a text where prompt_tuning_init is ${describe(name)}`, words);
  return { from: 'text', text: words };
}
