import { describe } from '@prompt-limits/core-linalg';
import { jsonFields, parseJson, parseSafetensors, refuse, tensorValues, type TensorView } from '@prompt-limits/core-linalg/files';
import { assertFileName, type ModelFiles } from '../files/modelFiles.ts';
import type { LlamaConfig } from './config.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** The weights of a model, checked to be complete, each converted only when asked for. */
export interface LlamaTensors {
  /**
   * A tensor's values, row-major, Float32. A matrix is stored out x in. The result may be a view of the file:
   * copy it, do not write to it.
   *
   * @throws RangeError for a name that {@link expectedTensors} does not list
   */
  values(name: string): Float32Array;
  /** Tensors of the files that the model has no use for, sorted; stored rotary frequencies are not counted. */
  readonly unused: readonly string[];
}

/**
 * Hugging Face's names and shapes of a Llama model's tensors, in the order of the forward pass:
 * `model.embed_tokens.weight` [vocabularySize, d], per layer N `model.layers.N.` followed by
 * `input_layernorm`, `self_attn.q_proj`, `k_proj`, `v_proj`, `o_proj`, `post_attention_layernorm`, `mlp.gate_proj`,
 * `up_proj`, `down_proj`, then `model.norm.weight` and, unless the head is tied, `lm_head.weight` [vocabularySize, d].
 *
 * @example
 * const sizes = { hidden_size: 6, num_hidden_layers: 2, num_attention_heads: 1, intermediate_size: 5, vocab_size: 7 };
 * [...expectedTensors(parseLlamaConfig({ model_type: 'llama', ...sizes }))].length; // => 21
 */
export function* expectedTensors(config: LlamaConfig): Generator<readonly [name: string, shape: readonly number[]]> {
  const { d, r, vocabularySize, heads, keyHeads, headSize } = config;
  yield ['model.embed_tokens.weight', [vocabularySize, d]];
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}.`;
    yield [`${prefix}input_layernorm.weight`, [d]];
    yield [`${prefix}self_attn.q_proj.weight`, [heads * headSize, d]];
    yield [`${prefix}self_attn.k_proj.weight`, [keyHeads * headSize, d]];
    yield [`${prefix}self_attn.v_proj.weight`, [keyHeads * headSize, d]];
    yield [`${prefix}self_attn.o_proj.weight`, [d, heads * headSize]];
    yield [`${prefix}post_attention_layernorm.weight`, [d]];
    yield [`${prefix}mlp.gate_proj.weight`, [r, d]];
    yield [`${prefix}mlp.up_proj.weight`, [r, d]];
    yield [`${prefix}mlp.down_proj.weight`, [d, r]];
  }
  yield ['model.norm.weight', [d]];
  if (!config.tiedHead) yield ['lm_head.weight', [vocabularySize, d]];
}

/**
 * Reads the weights of a model: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
 * Every tensor is checked for presence and shape before the first value is converted. The files' bytes stay in memory
 * as long as the result does; Float32 values are views of them, so only F16 and BF16 tensors take new memory, one at a time.
 *
 * @throws RangeError naming folder, file, tensor and value: no weights, a shard name that is no plain file name,
 *   a tensor that is missing, in two shards, not in the shard that the index names, or of another shape
 * @example
 * const sizes = { hidden_size: 6, num_hidden_layers: 1, num_attention_heads: 1, intermediate_size: 5, vocab_size: 7 };
 * const config = parseLlamaConfig({ model_type: 'llama', ...sizes });
 * const zeros = (shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b));
 * const tensors = [...expectedTensors(config)].map(([name, shape]) => tensorView(name, shape, zeros(shape)));
 * const files = filesFromMap('memory', [['model.safetensors', writeSafetensors(tensors)]]);
 * (await readWeights(files, config)).values('model.norm.weight').length; // => 6
 */
export async function readWeights(files: ModelFiles, config: LlamaConfig): Promise<LlamaTensors> {
  const where = `readWeights: ${files.name}`;
  let tensors: ReadonlyMap<string, TensorView>;
  if (await files.has(SINGLE)) tensors = parseSafetensors(await files.read(SINGLE), SINGLE).tensors;
  else if (await files.has(INDEX)) tensors = await readShards(where, files);
  else refuse(where, `the folder must hold ${SINGLE} or ${INDEX}`);

  const expected = new Set<string>();
  for (const [name, shape] of expectedTensors(config)) {
    const tensor = tensors.get(name);
    if (!tensor) refuse(where, 'every tensor of the model must be in the files, but one is missing', name);
    if (tensor.shape.join() !== shape.join()) {
      refuse(`${where}: tensor ${describe(name)}`, `shape must be [${shape.join(', ')}] by config.json`, `[${tensor.shape.join(', ')}]`);
    }
    expected.add(name);
  }
  return {
    values: (name) => {
      const tensor = expected.has(name) ? tensors.get(name) : undefined;
      return tensor ? tensorValues(tensor) : refuse('values', `name must be one of the model's ${expected.size} tensors`, name);
    },
    unused: [...tensors.keys()].filter((name) => !expected.has(name) && !name.endsWith('.rotary_emb.inv_freq')).sort(),
  };
}

async function readShards(where: string, files: ModelFiles): Promise<ReadonlyMap<string, TensorView>> {
  const place = `${where}: ${INDEX}`;
  const map = jsonFields(`${place}: weight_map`, jsonFields(place, parseJson(place, await files.read(INDEX))).get('weight_map'));
  const shards = new Set<string>();
  for (const [tensor, shard] of map) {
    if (typeof shard !== 'string') refuse(`${place}: weight_map: ${describe(tensor)}`, 'the shard must be a file name', shard);
    assertFileName(`${place}: weight_map: ${describe(tensor)}`, shard);
    shards.add(shard);
  }
  for (const shard of shards) {
    if (!(await files.has(shard))) refuse(place, 'every shard must exist, but one is missing', shard);
  }
  const tensors = new Map<string, TensorView>();
  for (const shard of shards) {
    for (const [name, tensor] of parseSafetensors(await files.read(shard), shard).tensors) {
      if (tensors.has(name)) refuse(`${where}: ${shard}`, 'each tensor may be in one shard only', name);
      tensors.set(name, tensor);
      if (map.has(name) && map.get(name) !== shard) refuse(`${where}: ${shard}`, `tensor ${describe(name)} must be in the shard of the index`, map.get(name));
    }
  }
  for (const [name, shard] of map) {
    if (!tensors.has(name)) refuse(`${where}: ${shard as string}`, 'every tensor of the index must be in its shard, but one is missing', name);
  }
  return tensors;
}
