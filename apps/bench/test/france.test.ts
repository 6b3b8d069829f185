import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKernels, type Kernels } from '@prompt-limits/core-linalg';
import { forward, generate, kernelMemoryMiB, loadModel, type LlamaModel } from '@prompt-limits/prompt-tuning';
import { openFolder } from '@prompt-limits/prompt-tuning/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureMiniMind } from '../src/onnx/ensureMiniMind.ts';

let folder: string;
let kernels: Kernels;
let model: LlamaModel;

/** The model's chat form around one question, up to where the answer begins. */
const question = (text: string): string => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;

beforeAll(async () => {
  folder = await ensureMiniMind();
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  expect(config).toMatchObject({ hidden_size: 512, num_hidden_layers: 8, vocab_size: 6400 });
  kernels = await createKernels({ memoryMiB: 400 });
  model = await loadModel(openFolder(folder), { kernels, maxTokens: 64 });
  expect(kernelMemoryMiB(model.config, { gradients: false, maxTokens: 64 })).toBeLessThan(400);
}, 120_000);

afterAll(() => kernels?.close());

test('MiniMind2-Small answers the question about France, from safetensors, through the public API', { timeout: 60_000 }, async () => {
  const ids = model.tokenizer.encode(question('What is the capital of France?'));
  const { text, stopReason } = await generate(model, { ids, maxTokens: 40 });
  expect(text).toBe('The capital of France is Paris.');
  expect(stopReason).toBe('stop');
});

test('its logits agree with a float64 forward pass written from the definition', { timeout: 120_000 }, async () => {
  const ids = model.tokenizer.encode(question('Hi')).slice(0, 9);
  const { data, d } = forward(model, model.embed(ids), { from: ids.length - 1 });
  const reference = naiveLogits(await readTensors(join(folder, 'model.safetensors')), ids);
  expect(d).toBe(reference.length);
  const worst = reference.reduce((most, x, i) => Math.max(most, Math.abs(x - data[i]!)), 0);
  // Logits reach about 20; Float32 leaves about 10^-5 of that over 8 layers.
  expect(Math.max(...reference)).toBeGreaterThan(5);
  expect(worst).toBeLessThan(1e-3);
});

type Tensors = (name: string) => Float32Array;

/** Reads a safetensors file of F32 tensors by its layout: 8 bytes of length, JSON, values. */
async function readTensors(path: string): Promise<Tensors> {
  const bytes = await readFile(path);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, headerEnd)) as Record<string, { data_offsets: [number, number] }>;
  return (name) => {
    const [from, to] = header[name]!.data_offsets;
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset + headerEnd + from, bytes.byteOffset + headerEnd + to));
  };
}

/** y = W x, W stored row after row. */
function times(W: Float32Array, x: Float64Array): Float64Array {
  return Float64Array.from({ length: W.length / x.length }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < x.length; j++) sum += W[i * x.length + j]! * x[j]!;
    return sum;
  });
}

function normalise(x: Float64Array, gain: Float32Array): Float64Array {
  const meanSquare = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  return x.map((v, i) => (v / Math.sqrt(meanSquare + 1e-5)) * gain[i]!);
}

/** Turns the pairs (i, i + 32) of each head of 64 values by position / 10^6^(i / 32). */
function rotate(x: Float64Array, position: number): Float64Array {
  return x.map((v, at) => {
    const i = at % 64;
    const angle = position / 1e6 ** ((i % 32) / 32);
    return i < 32 ? v * Math.cos(angle) - x[at + 32]! * Math.sin(angle) : v * Math.cos(angle) + x[at - 32]! * Math.sin(angle);
  });
}

const add = (x: Float64Array, y: Float64Array): Float64Array => x.map((v, i) => v + y[i]!);

/** Logits after the last token, layer by layer, all positions of a layer before the next. */
function naiveLogits(tensor: Tensors, ids: readonly number[]): Float64Array {
  const embeddings = tensor('model.embed_tokens.weight');
  let tokens: Float64Array[] = ids.map((id) => Float64Array.from(embeddings.subarray(id * 512, (id + 1) * 512)));
  for (let layer = 0; layer < 8; layer++) {
    const of = (name: string): Float32Array => tensor(`model.layers.${layer}.${name}.weight`);
    const [inputNorm, postNorm] = [of('input_layernorm'), of('post_attention_layernorm')];
    const [wq, wk, wv, wo] = [of('self_attn.q_proj'), of('self_attn.k_proj'), of('self_attn.v_proj'), of('self_attn.o_proj')];
    const [wg, wu, wd] = [of('mlp.gate_proj'), of('mlp.up_proj'), of('mlp.down_proj')];
    const normed = tokens.map((x) => normalise(x, inputNorm));
    const keys = normed.map((h, p) => rotate(times(wk, h), p));
    const values = normed.map((h) => times(wv, h));
    tokens = tokens.map((x, p) => {
      const query = rotate(times(wq, normed[p]!), p);
      const mixed = new Float64Array(512);
      for (let head = 0; head < 8; head++) {
        const shared = Math.floor(head / 4) * 64;
        const weights = Array.from({ length: p + 1 }, (_, t) => {
          let score = 0;
          for (let i = 0; i < 64; i++) score += query[head * 64 + i]! * keys[t]![shared + i]!;
          return Math.exp(score / 8);
        });
        const sum = weights.reduce((a, b) => a + b, 0);
        for (const [t, w] of weights.entries()) for (let i = 0; i < 64; i++) mixed[head * 64 + i]! += (w / sum) * values[t]![shared + i]!;
      }
      const attended = add(x, times(wo, mixed));
      const h = normalise(attended, postNorm);
      const [gate, up] = [times(wg, h), times(wu, h)];
      return add(attended, times(wd, gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!)));
    });
  }
  return times(tensor('lm_head.weight'), normalise(tokens.at(-1)!, tensor('model.norm.weight')));
}
