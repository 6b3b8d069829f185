import { describe, expect, test } from 'vitest';
import { parseSafetensors, type TensorView, tensorView, writeSafetensors } from '@prompt-limits/core-linalg/files';
import { filesFromMap, type ModelFiles } from '../../src/files/modelFiles.ts';
import { parseLlamaConfig } from '../../src/llama/config.ts';
import { expectedTensors, readWeights } from '../../src/llama/weights.ts';
import { TINY_CONFIG, tinyModelFiles } from '../support/tinyModel.ts';

const config = parseLlamaConfig(TINY_CONFIG);
const tiny = tinyModelFiles();
const views = [...parseSafetensors(await tiny.read('model.safetensors')).tensors.values()];

function single(tensors: readonly TensorView[]): ModelFiles {
  return filesFromMap('folder', [['model.safetensors', writeSafetensors(tensors)]]);
}

function sharded(map: Readonly<Record<string, unknown>>, shards: Readonly<Record<string, readonly TensorView[]>>): ModelFiles {
  return filesFromMap('folder', [
    ['model.safetensors.index.json', JSON.stringify({ metadata: { total_size: 0 }, weight_map: map })],
    ...Object.entries(shards).map(([file, tensors]) => [file, writeSafetensors(tensors)] as const),
  ]);
}

const [first, second] = [views.slice(0, 5), views.slice(5)];
const [fileA, fileB] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const map = Object.fromEntries([...first.map((t) => [t.name, fileA]), ...second.map((t) => [t.name, fileB])]);

describe('readWeights', () => {
  test('finds 9 tensors a layer, the embedding, the last norm and an untied head, of the expected shapes', async () => {
    const expected = [...expectedTensors(config)];
    expect(expected).toHaveLength(9 * 2 + 3);
    expect([...expectedTensors({ ...config, tiedHead: true })]).toHaveLength(9 * 2 + 2);
    const weights = await readWeights(tiny, config);
    for (const [name, shape] of expected) expect(weights.values(name)).toHaveLength(shape.reduce((a, b) => a * b));
    expect(weights.unused).toEqual([]);
  });

  test('reads shards as it reads one file', async () => {
    const one = await readWeights(tiny, config);
    const two = await readWeights(sharded(map, { [fileA]: first, [fileB]: second }), config);
    for (const [name] of expectedTensors(config)) expect(two.values(name)).toEqual(one.values(name));
  });

  test('widens F16 and BF16: every value is its Float32 rounded, to 2^-11 and 2^-8', async () => {
    const exact = (await readWeights(tiny, config)).values('model.norm.weight');
    for (const [dtype, unit] of [['F16', 2 ** -11], ['BF16', 2 ** -8]] as const) {
      const rounded = (await readWeights(tinyModelFiles({}, 1, dtype), config)).values('model.norm.weight');
      rounded.forEach((x, i) => expect(Math.abs(x - exact[i]!)).toBeLessThanOrEqual(Math.abs(exact[i]!) * unit));
      expect(rounded).not.toEqual(exact);
    }
  });

  test('lists tensors that nobody reads, but not stored rotary frequencies; a tied head is not read', async () => {
    const more = [tensorView('model.layers.0.self_attn.rotary_emb.inv_freq', [2], Float32Array.of(1, 2)), tensorView('adapter', [1], Float32Array.of(1))];
    expect((await readWeights(single([...views, ...more]), config)).unused).toEqual(['adapter']);
    const tied = await readWeights(single(views), { ...config, tiedHead: true });
    expect(tied.unused).toEqual(['lm_head.weight']);
    expect(() => tied.values('lm_head.weight')).toThrow('values: name must be one of the model\'s 20 tensors, got "lm_head.weight"');
  });

  test('refuses missing files, tensors and other shapes', async () => {
    await expect(readWeights(filesFromMap('void', []), config)).rejects.toThrow('readWeights: void: the folder must hold model.safetensors or model.safetensors.index.json');
    await expect(readWeights(single(views.filter((t) => t.name !== 'model.layers.1.mlp.up_proj.weight')), config)).rejects.toThrow('got "model.layers.1.mlp.up_proj.weight"');
    await expect(readWeights(tiny, { ...config, r: 19 })).rejects.toThrow('tensor "model.layers.0.mlp.gate_proj.weight": shape must be [19, 13] by config.json, got "[17, 13]"');
    const down = views.findIndex((t) => t.name === 'model.layers.0.mlp.down_proj.weight');
    await expect(readWeights(single(views.with(down, { ...views[down]!, shape: [17, 13] })), config)).rejects.toThrow('shape must be [13, 17] by config.json, got "[17, 13]"');
  });

  test('refuses an index that leads astray', async () => {
    const both = { [fileA]: first, [fileB]: second };
    const name = first[0]!.name;
    for (const astray of ['../model.safetensors', '/etc/passwd', 'a/b.safetensors', 'C:\\x', '..', '', 'a\0b']) {
      await expect(readWeights(sharded({ ...map, [name]: astray }, both), config)).rejects.toThrow('the file name must consist of');
    }
    await expect(readWeights(sharded({ ...map, [name]: 7 }, both), config)).rejects.toThrow('the shard must be a file name, got 7');
    await expect(readWeights(sharded({ ...map, [name]: 'other.safetensors' }, both), config)).rejects.toThrow('every shard must exist, but one is missing, got "other.safetensors"');
    await expect(readWeights(sharded({ ...map, [name]: fileB }, both), config)).rejects.toThrow(`${fileA}: tensor "${name}" must be in the shard of the index, got "${fileB}"`);
    await expect(readWeights(sharded({ ...map, ghost: fileB }, both), config)).rejects.toThrow('but one is missing, got "ghost"');
    await expect(readWeights(sharded(map, { [fileA]: first, [fileB]: [...second, first[0]!] }), config)).rejects.toThrow('each tensor may be in one shard only');
    await expect(readWeights(filesFromMap('f', [['model.safetensors.index.json', '[]']]), config)).rejects.toThrow('model.safetensors.index.json: a JSON object is needed, got Array(0)');
    await expect(readWeights(filesFromMap('f', [['model.safetensors.index.json', '{}']]), config)).rejects.toThrow('weight_map: a JSON object is needed, got undefined');
  });
});
