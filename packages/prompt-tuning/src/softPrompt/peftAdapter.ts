import { assertInteger } from '@prompt-limits/core-linalg';
import { refuse, tensorView, writeSafetensors } from '@prompt-limits/core-linalg/files';
import { softPrompt, type SoftPrompt } from './softPrompt.ts';

/** PEFT's name of the file with the settings. */
export const ADAPTER_CONFIG = 'adapter_config.json';
/** PEFT's name of the file with the values. */
export const ADAPTER_MODEL = 'adapter_model.safetensors';
/** PEFT's name of the one tensor in it. */
export const ADAPTER_TENSOR = 'prompt_embeddings';
/** PEFT's name of prompt tuning. */
export const PEFT_TYPE = 'PROMPT_TUNING';
/** PEFT's names of where the tuning began. */
export const PEFT_INIT = { random: 'RANDOM', vocabulary: 'SAMPLE_VOCAB', text: 'TEXT' } as const;

/** The sizes of the base model that PEFT keeps with an adapter; prompt tuning does not use them. */
export interface AdapterModelSizes {
  /** Transformer layers. */
  readonly layers?: number;
  /** Query heads. */
  readonly heads?: number;
}

/**
 * The two files of a PEFT prompt tuning adapter, as Python's `PeftModel.from_pretrained` reads them:
 * `adapter_config.json` with the keys of PEFT's PromptTuningConfig in PEFT's own style (sorted, indented by 2, ASCII), and
 * `adapter_model.safetensors` with the tensor `prompt_embeddings`, F32 [Lp, d] (F64 for a prompt of
 * precision 'float64', which PEFT rounds), and the note `format: pt`.
 * `peft_version` is null, which PEFT fills in when it loads. The values are stored exactly.
 *
 * @param prompt - checked again, since it may have been built by hand
 * @param sizes - of the base model, null in the file where absent
 * @returns the files by name
 *
 * @throws RangeError if a value is not finite, or the prompt began from a text and names no base model:
 *   PEFT refuses such an adapter because it must know the tokenizer
 * @example
 * [...peftAdapter(softPrompt({ d: 1, n: 1, data: Float32Array.of(2) })).keys()]; // => ['adapter_config.json', 'adapter_model.safetensors']
 */
export function peftAdapter(prompt: SoftPrompt, { layers, heads }: AdapterModelSizes = {}): Map<string, Uint8Array> {
  const { embeddings, baseModel, revision, initialisation } = softPrompt(prompt.embeddings, { ...prompt, precision: prompt.embeddings.data instanceof Float64Array ? 'float64' : 'float32' });
  if (layers !== undefined) assertInteger('peftAdapter', 'layers', layers, 1);
  if (heads !== undefined) assertInteger('peftAdapter', 'heads', heads, 1);
  const fromText = initialisation.from === 'text';
  if (fromText && !baseModel) refuse('peftAdapter', 'baseModel must name the model where the prompt began from a text', baseModel);
  const config = {
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    inference_mode: true,
    modules_to_save: null,
    num_attention_heads: heads ?? null,
    num_layers: layers ?? null,
    num_transformer_submodules: 1,
    num_virtual_tokens: embeddings.n,
    peft_type: PEFT_TYPE,
    peft_version: null,
    prompt_tuning_init: PEFT_INIT[initialisation.from],
    prompt_tuning_init_text: fromText ? initialisation.text : null,
    revision,
    task_type: 'CAUSAL_LM',
    token_dim: embeddings.d,
    tokenizer_kwargs: null,
    tokenizer_name_or_path: fromText ? baseModel : null,
  };
  const values = tensorView(ADAPTER_TENSOR, [embeddings.n, embeddings.d], embeddings.data);
  return new Map([
    [ADAPTER_CONFIG, new TextEncoder().encode(pythonJson(config))],
    [ADAPTER_MODEL, writeSafetensors([values], [['format', 'pt']])],
  ]);
}

/** As Python's json.dumps(indent=2) writes an object whose keys are in order: everything but printable ASCII is escaped. */
function pythonJson(value: object): string {
  return JSON.stringify(value, null, 2).replace(/[^\n -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
