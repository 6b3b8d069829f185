import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseSafetensors, tensorView, writeSafetensors } from '@prompt-limits/core-linalg/files';
import { filesFromMap, type ModelFiles } from '../../src/files/modelFiles.ts';
import { peftAdapter } from '../../src/softPrompt/peftAdapter.ts';
import { readPeftAdapter } from '../../src/softPrompt/readPeftAdapter.ts';
import { softPrompt, type SoftPrompt } from '../../src/softPrompt/softPrompt.ts';

const prompt = softPrompt({ d: 3, n: 2, data: Float32Array.of(1, -2, 0.5, 1e-40, -0, 3e38) }, { baseModel: 'café/"x"\u007f', initialisation: { from: 'text', text: 'Wörter 😀\n' } });

/** The adapter's files with a changed config or other tensors. */
function adapter(config: Readonly<Record<string, unknown>>, model?: Uint8Array): ModelFiles {
  const files = peftAdapter(prompt);
  const json = { ...JSON.parse(new TextDecoder().decode(files.get('adapter_config.json'))), ...config };
  return filesFromMap('folder', [['adapter_config.json', JSON.stringify(json)], ['adapter_model.safetensors', model ?? files.get('adapter_model.safetensors')!]]);
}

function values(shape: readonly number[], data: readonly number[], name: string = 'prompt_embeddings'): Uint8Array {
  return writeSafetensors([tensorView(name, shape, Float32Array.from(data))]);
}

describe('peftAdapter', () => {
  test('writes the config as json.dumps(indent=2, sort_keys=True) does', () => {
    // Printed by Python 3's json.dumps for the same values.
    expect(new TextDecoder().decode(peftAdapter(prompt, { layers: 7, heads: 5 }).get('adapter_config.json'))).toBe(
      [
        '{',
        '  "auto_mapping": null,',
        String.raw`  "base_model_name_or_path": "caf\u00e9/\"x\"\u007f",`,
        '  "inference_mode": true,',
        '  "modules_to_save": null,',
        '  "num_attention_heads": 5,',
        '  "num_layers": 7,',
        '  "num_transformer_submodules": 1,',
        '  "num_virtual_tokens": 2,',
        '  "peft_type": "PROMPT_TUNING",',
        '  "peft_version": null,',
        '  "prompt_tuning_init": "TEXT",',
        String.raw`  "prompt_tuning_init_text": "W\u00f6rter \ud83d\ude00\n",`,
        '  "revision": null,',
        '  "task_type": "CAUSAL_LM",',
        '  "token_dim": 3,',
        '  "tokenizer_kwargs": null,',
        String.raw`  "tokenizer_name_or_path": "caf\u00e9/\"x\"\u007f"`,
        '}',
      ].join('\n'),
    );
  });

  test('keeps the keys sorted', () => {
    const keys = Object.keys(JSON.parse(new TextDecoder().decode(peftAdapter(prompt).get('adapter_config.json'))));
    expect(keys).toEqual([...keys].sort());
  });

  test('stores one F32 tensor, a token a row', () => {
    const { metadata, tensors } = parseSafetensors(peftAdapter(prompt).get('adapter_model.safetensors')!);
    expect([...metadata]).toEqual([['format', 'pt']]);
    expect([...tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual([{ name: 'prompt_embeddings', dtype: 'F32', shape: [2, 3] }]);
  });

  test('refuses what PEFT would refuse', () => {
    expect(() => peftAdapter({ ...prompt, baseModel: null })).toThrow('peftAdapter: baseModel must name the model where the prompt began from a text, got null');
    expect(() => peftAdapter({ ...prompt, embeddings: { d: 1, n: 1, data: Float32Array.of(NaN) } })).toThrow('softPrompt: embeddings in Float32 must be finite, got NaN at index 0');
    expect(() => peftAdapter(prompt, { layers: 0 })).toThrow('peftAdapter: layers must be at least 1, got 0');
  });
});

describe('what is written is read', () => {
  const some = fc.record({
    d: fc.constantFrom(1, 3, 7),
    n: fc.constantFrom(1, 2, 5),
    stream: fc.infiniteStream(fc.float({ noNaN: true, noDefaultInfinity: true })),
    baseModel: fc.string({ unit: 'grapheme', minLength: 1 }),
    revision: fc.option(fc.string()),
    initialisation: fc.oneof(fc.constantFrom<SoftPrompt['initialisation']>({ from: 'random' }, { from: 'vocabulary' }), fc.record({ from: fc.constant('text' as const), text: fc.string({ unit: 'grapheme' }) })),
  });
  test.prop([some])('bit for bit, with all that is known of it', async ({ d, n, stream, ...known }) => {
    const written = softPrompt({ d, n, data: Float32Array.from({ length: d * n }, () => stream.next().value as number) }, known);
    const read = await readPeftAdapter(filesFromMap('memory', peftAdapter(written)));
    expect(read).toEqual(written);
    expect(new Uint32Array(read.embeddings.data.buffer)).toEqual(new Uint32Array(written.embeddings.data.buffer));
  });

  test('F16 and BF16 are widened', async () => {
    for (const dtype of ['F16', 'BF16'] as const) {
      const file = writeSafetensors([tensorView('prompt_embeddings', [2, 3], Float32Array.of(1, -2, 0.5, 0, 4, 2 ** -14), dtype)]);
      expect([...(await readPeftAdapter(adapter({}, file))).embeddings.data]).toEqual([1, -2, 0.5, 0, 4, 2 ** -14]);
    }
  });

  test('an older config without the newer keys is read', async () => {
    const old = { peft_type: 'PROMPT_TUNING', task_type: null, num_virtual_tokens: 2, token_dim: 3 };
    const files = filesFromMap('old', [['adapter_config.json', JSON.stringify(old)], ['adapter_model.safetensors', values([2, 3], [1, 2, 3, 4, 5, 6])]]);
    expect(await readPeftAdapter(files)).toMatchObject({ baseModel: null, revision: null, initialisation: { from: 'random' } });
  });
});

describe('readPeftAdapter refuses', () => {
  const REFUSED: readonly (readonly [config: Readonly<Record<string, unknown>>, message: string])[] = [
    [{ peft_type: 'LORA' }, 'peft_type must be PROMPT_TUNING, got "LORA"'],
    [{ task_type: 'SEQ_2_SEQ_LM' }, 'task_type must be CAUSAL_LM, got "SEQ_2_SEQ_LM"'],
    [{ num_transformer_submodules: 2 }, 'num_transformer_submodules must be 1, as in a model without encoder, got 2'],
    [{ num_virtual_tokens: 0 }, 'num_virtual_tokens must be an integer of at least 1, got 0'],
    [{ num_virtual_tokens: '2' }, 'num_virtual_tokens must be an integer of at least 1, got "2"'],
    [{ token_dim: 1.5 }, 'token_dim must be an integer of at least 1, got 1.5'],
    [{ base_model_name_or_path: 7 }, 'base_model_name_or_path must be a text or null, got 7'],
    [{ prompt_tuning_init: 'MAGIC' }, 'prompt_tuning_init must be one of RANDOM, SAMPLE_VOCAB, TEXT, got "MAGIC"'],
    [{ prompt_tuning_init_text: null }, 'prompt_tuning_init_text must be a text where prompt_tuning_init is "TEXT", got null'],
  ];
  for (const [config, message] of REFUSED) {
    test(`a config with ${JSON.stringify(config)}`, async () => {
      await expect(readPeftAdapter(adapter(config))).rejects.toThrow(`readPeftAdapter: folder: adapter_config.json: ${message}`);
    });
  }

  test('other tensors than the one, of the one shape, finite', async () => {
    const six = [1, 2, 3, 4, 5, 6];
    await expect(readPeftAdapter(adapter({ token_dim: 5 }))).rejects.toThrow('adapter_model.safetensors: prompt_embeddings: shape must be [num_virtual_tokens, token_dim] = [2, 5], got "[2, 3]"');
    await expect(readPeftAdapter(adapter({ num_virtual_tokens: 5 }))).rejects.toThrow('[num_virtual_tokens, token_dim] = [5, 3], got "[2, 3]"');
    await expect(readPeftAdapter(adapter({}, values([3, 2], six)))).rejects.toThrow('got "[3, 2]"');
    await expect(readPeftAdapter(adapter({}, values([6], six)))).rejects.toThrow('got "[6]"');
    await expect(readPeftAdapter(adapter({}, values([2, 3], six, 'lora_A')))).rejects.toThrow('the only tensor must be prompt_embeddings, got "lora_A"');
    await expect(readPeftAdapter(adapter({}, writeSafetensors([])))).rejects.toThrow('the only tensor must be prompt_embeddings, got ""');
    await expect(readPeftAdapter(adapter({}, values([2, 3], [1, 2, 3, 4, 5, NaN])))).rejects.toThrow('prompt_embeddings: each value must be finite, but that of token 1, row 2 is not, got NaN');
    await expect(readPeftAdapter(adapter({}, values([2, 3], [1, -Infinity, 3, 4, 5, 6])))).rejects.toThrow('token 0, row 1 is not, got -Infinity');
    await expect(readPeftAdapter(adapter({}, new Uint8Array(3)))).rejects.toThrow('parseSafetensors: folder: adapter_model.safetensors: the file must begin with 8 bytes of header length, got 3');
  });

  test('a folder without the files', async () => {
    await expect(readPeftAdapter(filesFromMap('void', []))).rejects.toThrow('readPeftAdapter: void: the file must exist, got "adapter_config.json"');
    await expect(readPeftAdapter(filesFromMap('half', [['adapter_config.json', '{}']]))).rejects.toThrow('half: the file must exist, got "adapter_model.safetensors"');
  });
});
