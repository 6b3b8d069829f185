import { type TensorDtype, tensorView, writeSafetensors } from '@prompt-limits/core-linalg/files';
import { filesFromMap, type ModelFiles } from '../../src/files/modelFiles.ts';
import { expectedTensors } from '../../src/llama/weights.ts';
import { parseLlamaConfig } from '../../src/llama/config.ts';

/** Distinct sizes, so that a swapped pair shows: 2 layers, 6 query heads on 3 key heads, width 13, 17 hidden neurons. */
export const TINY_CONFIG: Readonly<Record<string, unknown>> = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 13,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 3,
  head_dim: 4,
  intermediate_size: 17,
  vocab_size: 263,
  max_position_embeddings: 97,
  rope_theta: 10_000,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: 2,
};

const SPECIAL = ['<|pad|>', '<|start|>', '<|end|>'];
const MERGES: readonly [string, string][] = [['h', 'e'], ['l', 'l'], ['he', 'll'], ['Ġ', 't']];

/**
 * A random Llama folder in memory: config, one safetensors file, a byte-level tokenizer with 3 special tokens, the
 * 256 bytes (printable ASCII first) and merges as far as vocab_size allows. At 259 and above every text can be encoded.
 *
 * @param overrides - keys of config.json
 * @param seed - of the weights: normal, variance 1/fan-in; embeddings variance 1; gains 1 + 0.1 normal
 */
export function tinyModelFiles(overrides: Readonly<Record<string, unknown>> = {}, seed: number = 1, dtype: TensorDtype = 'F32'): ModelFiles {
  const json = { ...TINY_CONFIG, ...overrides };
  const config = parseLlamaConfig(json);
  const normal = normalSource(seed);
  const tensors = [...expectedTensors(config)].map(([name, shape]) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const scale = shape.length === 1 ? 0.1 : name.startsWith('model.embed') ? 1 : 1 / Math.sqrt(shape[1]!);
    for (let i = 0; i < values.length; i++) values[i] = (shape.length === 1 ? 1 : 0) + scale * normal();
    return tensorView(name, shape, values, dtype);
  });
  return filesFromMap('tiny', [
    ['config.json', JSON.stringify(json)],
    ['model.safetensors', writeSafetensors(tensors, [['format', 'pt']])],
    ['tokenizer.json', JSON.stringify(tinyTokenizer(config.vocabularySize))],
    ['tokenizer_config.json', JSON.stringify({ bos_token: '<|start|>', eos_token: '<|end|>', tokenizer_class: 'PreTrainedTokenizerFast' })],
  ]);
}

/** Standard normal values by Box and Muller from a 32-bit generator (mulberry32). */
export function normalSource(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

function isPrintable(byte: number): boolean {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

function tinyTokenizer(size: number): object {
  // GPT-2's spelling of bytes: printable characters stand for themselves, the others for those from 256 on.
  let next = 256;
  const spelling = Array.from({ length: 256 }, (_, b) => String.fromCharCode(isPrintable(b) ? b : next++));
  const bytes = [...spelling.slice(32, 127), spelling[10]!, ...spelling.filter((_, b) => b !== 10 && (b < 32 || b >= 127))];
  const all = [...SPECIAL, ...bytes, ...MERGES.map((pair) => pair.join(''))];
  if (size > all.length || size < SPECIAL.length + 1) throw new RangeError(`tinyTokenizer: size must be from 4 to ${all.length}, got ${size}`);
  const merges = MERGES.slice(0, Math.max(0, size - SPECIAL.length - 256));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false, vocab: Object.fromEntries(all.slice(0, size).map((t, id) => [t, id])), merges },
  };
}
