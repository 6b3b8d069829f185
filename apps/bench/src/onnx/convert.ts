import { copyFile, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLlamaConfig, safetensorsLayout, tensorView } from '@prompt-limits/prompt-tuning';
import { openFolder } from '@prompt-limits/prompt-tuning/node';
import { dequantisedWeights } from './dequantise.ts';
import { parseOnnx } from './onnx.ts';

/** Where an exported package keeps the quantised model. */
export const ONNX_FILE: string = join('onnx', 'model_quantized.onnx');

const REQUIRED = ['tokenizer.json', 'tokenizer_config.json'];
const OPTIONAL = ['generation_config.json', 'special_tokens_map.json'];

/** Told the part of the weights that is written, above 0 and at last 1. */
export type ConversionProgress = (fraction: number) => void;

/**
 * Converts a folder with config.json, tokenizer files and onnx/model_quantized.onnx to a Hugging Face folder with
 * model.safetensors in Float32. One tensor at a time is in memory beside the ONNX file. The config is the source's but for
 * `tie_word_embeddings: false`, since ONNX quantises the head on its own, and the dtype; the logits are those of the ONNX weights.
 *
 * @param source - folder to read
 * @param target - existing empty folder to write to
 * @throws RangeError naming file, tensor and value before anything is written
 */
export async function convertOnnx(source: string, target: string, onProgress: ConversionProgress = () => {}): Promise<void> {
  const files = openFolder(source);
  const json = parseObject(join(source, 'config.json'), await files.read('config.json'));
  const config = parseLlamaConfig(json, join(source, 'config.json'));
  const copied = [...REQUIRED];
  for (const file of OPTIONAL) if (await files.has(file)) copied.push(file);
  for (const file of REQUIRED) {
    if (!(await files.has(file))) throw new RangeError(`convertOnnx: ${source}: the file must exist, got no "${file}"`);
  }
  const onnx = join(source, ONNX_FILE);
  if (!(await stat(onnx).catch(() => undefined))?.isFile()) throw new RangeError(`convertOnnx: ${source}: the file must exist, got no "${ONNX_FILE}"`);
  const weights = dequantisedWeights(parseOnnx(await readFile(onnx), onnx), config);

  const { header, tensors } = safetensorsLayout(weights.map((w) => ({ name: w.name, shape: w.shape, dtype: 'F32' as const, values: () => w.values() })), [['format', 'pt']]);
  const total = header.length + tensors.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  const handle = await open(join(target, 'model.safetensors'), 'wx');
  try {
    await handle.writeFile(header);
    let done = header.length;
    for (const { name, shape, values } of tensors) {
      const { bytes } = tensorView(name, shape, values());
      await handle.writeFile(bytes);
      onProgress((done += bytes.length) / total);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await writeFile(join(target, 'config.json'), `${JSON.stringify({ ...json, dtype: 'float32', tie_word_embeddings: false }, null, 2)}\n`);
  for (const file of copied) await copyFile(join(source, file), join(target, file));
}

function parseObject(file: string, bytes: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new RangeError(`convertOnnx: ${file}: the text must be valid JSON (${(error as Error).message})`, { cause: error });
  }
  if (typeof value !== 'object' || value === null) throw new RangeError(`convertOnnx: ${file}: a JSON object is needed, got ${String(value)}`);
  return value;
}
