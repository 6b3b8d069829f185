import { describe, expect, test } from 'vitest';
import { parseLlamaConfig } from '../../src/llama/config.ts';

const SIZES = { hidden_size: 60, num_hidden_layers: 7, num_attention_heads: 6, intermediate_size: 17, vocab_size: 101 };
const llama = (more: Readonly<Record<string, unknown>> = {}): ReturnType<typeof parseLlamaConfig> => parseLlamaConfig({ model_type: 'llama', ...SIZES, ...more });
const LLAMA3 = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

describe('a config', () => {
  test('with sizes only gets the defaults of Hugging Face', () => {
    expect(llama()).toEqual({
      d: 60, layers: 7, heads: 6, keyHeads: 6, headSize: 10, r: 17, vocabularySize: 101, contextLength: 2048,
      ropeTheta: 10_000, ropePairing: 'half', ropeScaling: null, rmsEpsilon: 1e-6, tiedHead: false, bosToken: 1, eosTokens: [2],
    });
  });

  test('of Mistral differs in its defaults', () => {
    const mistral = parseLlamaConfig({ model_type: 'mistral', ...SIZES, num_attention_heads: 8, head_dim: 8, sliding_window: null });
    expect([mistral.keyHeads, mistral.contextLength]).toEqual([8, 131_072]);
  });

  test('is read field by field', () => {
    const config = llama({ num_key_value_heads: 3, head_dim: 8, max_position_embeddings: 97, rope_theta: 1e6, rope_interleave: true, rms_norm_eps: 1e-5, tie_word_embeddings: true, bos_token_id: null, eos_token_id: [3, 5], sliding_window: null });
    expect(config).toMatchObject({ keyHeads: 3, headSize: 8, contextLength: 97, ropeTheta: 1e6, ropePairing: 'interleaved', rmsEpsilon: 1e-5, tiedHead: true, bosToken: null, eosTokens: [3, 5] });
    expect(llama({ rope_interleaved: true }).ropePairing).toBe('interleaved');
    expect(llama({ eos_token_id: null }).eosTokens).toEqual([]);
    expect(llama({ num_key_value_heads: null, head_dim: null, rope_scaling: null, architectures: ['LlamaForCausalLM'] }).headSize).toBe(10);
  });

  test('knows rotary scalings, in the older and the newer spelling', () => {
    expect(llama({ rope_scaling: { type: 'linear', factor: 2 } }).ropeScaling).toEqual({ type: 'linear', factor: 2 });
    expect(llama({ rope_scaling: { rope_type: 'default' } }).ropeScaling).toBeNull();
    const scaled = { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 };
    expect(llama({ max_position_embeddings: 131_072, rope_scaling: LLAMA3 }).ropeScaling).toEqual(scaled);
    const nested = llama({ max_position_embeddings: 131_072, rope_parameters: { ...LLAMA3, rope_theta: 5e5 } });
    expect([nested.ropeScaling, nested.ropeTheta]).toEqual([scaled, 5e5]);
    expect(llama({ rope_parameters: { rope_type: 'default', rope_theta: 7e3 } })).toMatchObject({ ropeScaling: null, ropeTheta: 7e3 });
  });

  const REFUSED: readonly (readonly [overrides: Readonly<Record<string, unknown>>, message: string])[] = [
    [{ model_type: 'gpt2' }, 'model_type must be llama or mistral, got "gpt2"'],
    [{ model_type: undefined }, 'model_type must be llama or mistral, got undefined'],
    [{ architectures: ['LlamaForSequenceClassification'] }, 'architectures must name LlamaForCausalLM, got "LlamaForSequenceClassification"'],
    [{ architectures: 'LlamaForCausalLM' }, 'architectures must name LlamaForCausalLM, got "LlamaForCausalLM"'],
    [{ hidden_act: 'gelu' }, 'hidden_act must be silu, got "gelu"'],
    [{ attention_bias: true }, 'attention_bias must be false, got true'],
    [{ mlp_bias: true }, 'mlp_bias must be false, got true'],
    [{ mlp_bias: 'yes' }, 'mlp_bias must be true or false, got "yes"'],
    [{ quantization_config: { bits: 4 } }, 'quantization_config must be absent, got Object'],
    [{ hidden_size: undefined }, 'hidden_size must be an integer from 1 to 1073741824, got undefined'],
    [{ hidden_size: 0 }, 'hidden_size must be an integer from 1 to 1073741824, got 0'],
    [{ hidden_size: '60' }, 'hidden_size must be an integer from 1 to 1073741824, got "60"'],
    [{ hidden_size: 61 }, 'hidden_size must be a multiple of num_attention_heads = 6 where head_dim is absent, got 61'],
    [{ num_hidden_layers: 1e9 }, 'num_hidden_layers must be an integer from 1 to 10000, got 1000000000'],
    [{ intermediate_size: 1.5 }, 'intermediate_size must be an integer from 1 to 1073741824, got 1.5'],
    [{ vocab_size: -1 }, 'vocab_size must be an integer from 1 to 1073741824, got -1'],
    [{ num_key_value_heads: 4 }, 'num_key_value_heads must divide num_attention_heads = 6, got 4'],
    [{ num_key_value_heads: 12 }, 'num_key_value_heads must be an integer from 1 to 6, got 12'],
    [{ head_dim: 5 }, 'head_dim must be even, got 5'],
    [{ max_position_embeddings: 2 ** 31 }, 'max_position_embeddings must be an integer from 1 to 1073741824, got 2147483648'],
    [{ rms_norm_eps: 0 }, 'rms_norm_eps must be a finite number above 0, got 0'],
    [{ rms_norm_eps: '1e-5' }, 'rms_norm_eps must be a finite number above 0, got "1e-5"'],
    [{ tie_word_embeddings: 1 }, 'tie_word_embeddings must be true or false, got 1'],
    [{ bos_token_id: 101 }, 'bos_token_id must be a token from 0 to vocab_size - 1 = 100, got 101'],
    [{ eos_token_id: [2, -1] }, 'eos_token_id[1] must be a token from 0 to vocab_size - 1 = 100, got -1'],
    [{ rope_theta: 1 }, 'rope_theta must be a finite number above 1, got 1'],
    [{ rope_theta: 'big' }, 'rope_theta must be a finite number above 1, got "big"'],
    [{ rope_interleave: 1 }, 'rope_interleave must be true or false, got 1'],
    [{ partial_rotary_factor: 0.5 }, 'partial_rotary_factor must be 1, got 0.5'],
    [{ rope_scaling: { rope_type: 'yarn', factor: 4 } }, 'rope_scaling: rope_type must be one of default, linear, llama3, got "yarn"'],
    [{ rope_scaling: { type: 'linear' } }, 'rope_scaling: factor must be a finite number of at least 1, got undefined'],
    [{ rope_scaling: { type: 'linear', factor: 0 } }, 'rope_scaling: factor must be a finite number of at least 1, got 0'],
    [{ rope_scaling: 'linear' }, 'rope_scaling: a JSON object is needed, got "linear"'],
    [{ rope_scaling: { ...LLAMA3, high_freq_factor: 1 } }, 'rope_scaling: high_freq_factor must be above low_freq_factor = 1, got 1'],
    [{ rope_scaling: { ...LLAMA3, low_freq_factor: 0 } }, 'rope_scaling: low_freq_factor must be a finite number above 0, got 0'],
    [{ rope_scaling: LLAMA3 }, 'rope_scaling: original_max_position_embeddings must be an integer up to max_position_embeddings = 2048, got 8192'],
    [{ sliding_window: 1024 }, 'sliding_window must be null or at least max_position_embeddings = 2048, got 1024'],
    [{ model_type: 'mistral', num_key_value_heads: 6 }, 'sliding_window must be null or at least max_position_embeddings = 131072, got 4096'],
  ];

  for (const [overrides, message] of REFUSED) {
    test(`is refused with ${JSON.stringify(overrides)}`, () => {
      expect(() => llama(overrides)).toThrow(RangeError);
      expect(() => llama(overrides)).toThrow(`parseLlamaConfig: config.json: ${message}`);
    });
  }

  test('that is no object is refused', () => {
    for (const json of [null, [], 'llama', 3]) expect(() => parseLlamaConfig(json, 'c.json')).toThrow('parseLlamaConfig: c.json: a JSON object is needed, got');
    expect(() => parseLlamaConfig(JSON.parse('{"__proto__":{"model_type":"llama"}}'))).toThrow('model_type must be llama or mistral, got undefined');
  });
});
