import { describe } from '@prompt-limits/core-linalg';
import { jsonFields, type JsonFields, refuse } from '@prompt-limits/core-linalg/files';
import { parseRope, type RopePairing, type RopeScaling } from './ropeConfig.ts';

/** What is needed to compute with a transformer of the Llama family. */
export interface LlamaConfig {
  /** Width of a token (hidden_size). */
  readonly d: number;
  /** Transformer layers (num_hidden_layers). */
  readonly layers: number;
  /** Query heads (num_attention_heads). */
  readonly heads: number;
  /** Key and value heads (num_key_value_heads), a divisor of heads. */
  readonly keyHeads: number;
  /** Width of a head (head_dim), even. */
  readonly headSize: number;
  /** Hidden neurons of the feed-forward layer (intermediate_size). */
  readonly r: number;
  /** Tokens of the vocabulary (vocab_size). */
  readonly vocabularySize: number;
  /** Longest sequence that the model was made for (max_position_embeddings), soft prompt included. */
  readonly contextLength: number;
  /** Base of the rotary angles (rope_theta). */
  readonly ropeTheta: number;
  /** Which values of a head rotate together. */
  readonly ropePairing: RopePairing;
  /** How the rotary frequencies are stretched; null for not at all. */
  readonly ropeScaling: RopeScaling | null;
  /** Added to the mean square in RMSNorm (rms_norm_eps). */
  readonly rmsEpsilon: number;
  /** Whether the head uses the embedding's weights (tie_word_embeddings). */
  readonly tiedHead: boolean;
  /** The token that begins a text, if there is one (bos_token_id). */
  readonly bosToken: number | null;
  /** The tokens that end a text (eos_token_id); may be empty. */
  readonly eosTokens: readonly number[];
}

// Kernel memory has 32-bit addresses, so no size can reach 2^30 Float32 values; layers are only names before they are found.
const MAX_SIZE = 2 ** 30;
const MAX_LAYERS = 10_000;

// What Hugging Face takes for a key that is absent, where the two families differ.
const FAMILIES = {
  llama: { architecture: 'LlamaForCausalLM', keyHeads: undefined, contextLength: 2048, slidingWindow: null },
  mistral: { architecture: 'MistralForCausalLM', keyHeads: 8, contextLength: 131_072, slidingWindow: 4096 },
} as const;

/**
 * Reads the config.json of a Hugging Face model of the Llama family: `llama`, or `mistral` whose sliding window never acts.
 * Absent keys get Hugging Face's defaults; the sizes hidden_size, num_hidden_layers, num_attention_heads,
 * intermediate_size and vocab_size have none here.
 *
 * @param json - the parsed file
 * @param name - how errors call the file
 *
 * @throws RangeError naming file, field and value for anything that the forward pass here does not compute: another
 *   model type or activation, biases, quantised weights, other rotary scalings, numbers out of range
 * @example
 * const sizes = { hidden_size: 512, num_hidden_layers: 8, num_attention_heads: 8, intermediate_size: 1408, vocab_size: 6400 };
 * parseLlamaConfig({ model_type: 'llama', ...sizes }).headSize; // => 64
 */
export function parseLlamaConfig(json: unknown, name: string = 'config.json'): LlamaConfig {
  const where = `parseLlamaConfig: ${name}`;
  const fields = jsonFields(where, json);
  const family = checkFamily(where, fields);

  const d = integer(where, fields, 'hidden_size', undefined, MAX_SIZE);
  const heads = integer(where, fields, 'num_attention_heads', undefined, MAX_SIZE);
  const keyHeads = integer(where, fields, 'num_key_value_heads', family.keyHeads ?? heads, heads);
  if (heads % keyHeads !== 0) refuse(where, `num_key_value_heads must divide num_attention_heads = ${heads}`, keyHeads);
  if (absent(fields, 'head_dim') && d % heads !== 0) {
    refuse(where, `hidden_size must be a multiple of num_attention_heads = ${heads} where head_dim is absent`, d);
  }
  const headSize = integer(where, fields, 'head_dim', d / heads, MAX_SIZE);
  // Rotary embedding turns pairs of values.
  if (headSize % 2 !== 0) refuse(where, 'head_dim must be even', headSize);

  const vocabularySize = integer(where, fields, 'vocab_size', undefined, MAX_SIZE);
  const contextLength = integer(where, fields, 'max_position_embeddings', family.contextLength, MAX_SIZE);
  const window = fields.has('sliding_window') ? fields.get('sliding_window') : family.slidingWindow;
  if (window !== null && !(typeof window === 'number' && window >= contextLength)) {
    refuse(where, `sliding_window must be null or at least max_position_embeddings = ${contextLength}`, window);
  }

  return {
    d,
    layers: integer(where, fields, 'num_hidden_layers', undefined, MAX_LAYERS),
    heads,
    keyHeads,
    headSize,
    r: integer(where, fields, 'intermediate_size', undefined, MAX_SIZE),
    vocabularySize,
    contextLength,
    ...parseRope(where, fields, contextLength),
    rmsEpsilon: number(where, fields, 'rms_norm_eps', 1e-6),
    tiedHead: flag(where, fields, 'tie_word_embeddings', false),
    bosToken: fields.get('bos_token_id') === null ? null : token(where, 'bos_token_id', fields.get('bos_token_id') ?? 1, vocabularySize),
    eosTokens: eosTokens(where, fields.has('eos_token_id') ? fields.get('eos_token_id') : 2, vocabularySize),
  };
}

function checkFamily(where: string, fields: JsonFields): (typeof FAMILIES)[keyof typeof FAMILIES] {
  const type = fields.get('model_type');
  if (type !== 'llama' && type !== 'mistral') refuse(where, 'model_type must be llama or mistral', type);
  const family = FAMILIES[type];
  const architectures = fields.get('architectures') ?? [family.architecture];
  if (!Array.isArray(architectures) || !architectures.includes(family.architecture)) {
    refuse(where, `architectures must name ${family.architecture}`, Array.isArray(architectures) ? architectures.join(', ') : architectures);
  }
  const activation = fields.get('hidden_act') ?? 'silu';
  if (activation !== 'silu') refuse(where, 'hidden_act must be silu', activation);
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (flag(where, fields, key, false)) refuse(where, `${key} must be false`, true);
  }
  if (!absent(fields, 'quantization_config')) refuse(where, 'quantization_config must be absent', fields.get('quantization_config'));
  return family;
}

function absent(fields: JsonFields, key: string): boolean {
  return fields.get(key) === undefined || fields.get(key) === null;
}

function integer(where: string, fields: JsonFields, key: string, ifAbsent: number | undefined, high: number): number {
  const value = fields.get(key) ?? ifAbsent;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > high) {
    refuse(where, `${key} must be an integer from 1 to ${high}`, value);
  }
  return value as number;
}

function number(where: string, fields: JsonFields, key: string, ifAbsent: number): number {
  const value = fields.get(key) ?? ifAbsent;
  if (typeof value !== 'number' || !(value > 0 && value < Infinity)) refuse(where, `${key} must be a finite number above 0`, value);
  return value;
}

function flag(where: string, fields: JsonFields, key: string, ifAbsent: boolean): boolean {
  const value = fields.get(key) ?? ifAbsent;
  if (typeof value !== 'boolean') refuse(where, `${key} must be true or false`, value);
  return value;
}

function token(where: string, key: string, value: unknown, vocabularySize: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) >= vocabularySize) {
    refuse(where, `${key} must be a token from 0 to vocab_size - 1 = ${vocabularySize - 1}`, value);
  }
  return value as number;
}

function eosTokens(where: string, value: unknown, vocabularySize: number): readonly number[] {
  if (value === null) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((id, i) => token(where, Array.isArray(value) ? `eos_token_id[${describe(i)}]` : 'eos_token_id', id, vocabularySize));
}
