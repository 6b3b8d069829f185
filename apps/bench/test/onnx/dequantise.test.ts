import { describe, expect, test } from 'vitest';
import { expectedTensors, parseLlamaConfig } from '@prompt-limits/prompt-tuning';
import { dequantisedWeights } from '../../src/onnx/dequantise.ts';
import { parseOnnx } from '../../src/onnx/onnx.ts';
import { tinyOnnx, type TinyNode, type TinyTensor } from '../support/tinyOnnx.ts';

const config = parseLlamaConfig({
  model_type: 'llama', hidden_size: 5, num_hidden_layers: 1, num_attention_heads: 3, num_key_value_heads: 1, head_dim: 2, intermediate_size: 7, vocab_size: 11, tie_word_embeddings: true,
});
const expected = [...expectedTensors({ ...config, tiedHead: false })];

/** q of the k-th weight at its place out, in; spread over all of int8. */
const q = (k: number, out: number, inner: number): number => ((37 * k + 91 * out + 53 * inner) % 256) - 128;
/** Scale and zero point of the k-th weight's output: one for all where k is even, else one for each output. */
const scale = (k: number, out: number): number => Math.fround(0.01 * (k + 1) * (k % 2 ? out + 1 : 1));
const zero = (k: number, out: number): number => (k % 2 ? out - 1 : k);

function file(change: (tensors: TinyTensor[], nodes: TinyNode[]) => void = () => {}): Uint8Array {
  const tensors: TinyTensor[] = [];
  const nodes: TinyNode[] = [];
  expected.forEach(([name, shape], k) => {
    const [outs, ins] = shape as [number, number | undefined];
    if (ins === undefined) {
      tensors.push({ name, dims: shape, type: 1, values: Array.from({ length: outs }, (_, i) => k + i / 8) });
      return;
    }
    if (name.startsWith('model.embed')) {
      tensors.push({ name: `${name}_quantized`, dims: shape, type: 2, values: Array.from({ length: outs * ins }, (_, i) => q(k, Math.floor(i / ins), i % ins) + 128) });
      tensors.push({ name: `${name}_scale`, dims: [], type: 1, values: [scale(k, 0)], storage: 'packed' });
      tensors.push({ name: `${name}_zero_point`, dims: [], type: 2, values: [zero(k, 0) + 128], storage: 'packed' });
      return;
    }
    // ONNX keeps in x out.
    const perOutput = k % 2 === 1;
    const each = Array.from({ length: perOutput ? outs : 1 }, (_, j) => j);
    tensors.push({ name: `onnx::${k}_quantized`, dims: [ins, outs], type: 3, values: Array.from({ length: outs * ins }, (_, i) => q(k, i % outs, Math.floor(i / outs))) });
    tensors.push({ name: `onnx::${k}_scale`, dims: perOutput ? [outs] : [], type: 1, values: each.map((j) => scale(k, j)), storage: 'packed' });
    tensors.push({ name: `onnx::${k}_zero_point`, dims: perOutput ? [outs] : [], type: 3, values: each.map((j) => zero(k, j)), storage: 'packed' });
    nodes.push([`/${name.replace(/\.weight$/, '').replaceAll('.', '/').replace('layers/0', 'layers.0')}/MatMul_quant`, 'MatMulInteger', ['x', `onnx::${k}_quantized`, 'xz', `onnx::${k}_zero_point`]]);
  });
  // The order of nodes and constants carries no meaning.
  nodes.reverse();
  change(tensors, nodes);
  return tinyOnnx(tensors, nodes);
}

const convert = (change?: (tensors: TinyTensor[], nodes: TinyNode[]) => void): ReturnType<typeof dequantisedWeights> => dequantisedWeights(parseOnnx(file(change)), config);
const named = <T extends { readonly name: string }>(list: readonly T[], name: string): number => list.findIndex((x) => x.name === name);

function replace(name: string, more: Partial<TinyTensor>): (tensors: TinyTensor[]) => void {
  return (tensors) => {
    const i = named(tensors, name);
    tensors[i] = { ...tensors[i]!, ...more };
  };
}

describe('dequantisedWeights', () => {
  test('gives (q - zeroPoint) scale, out x in, for every weight and an untied head', () => {
    const weights = convert();
    expect(weights.map((w) => [w.name, w.shape])).toEqual(expected);
    weights.forEach((weight, k) => {
      const [outs, ins] = weight.shape as [number, number | undefined];
      const values = weight.values();
      if (ins === undefined) return expect([...values]).toEqual(Array.from({ length: outs }, (_, i) => k + i / 8));
      const isEmbedding = weight.name.startsWith('model.embed');
      for (let out = 0; out < outs; out++) {
        for (let inner = 0; inner < ins; inner++) {
          const column = isEmbedding ? 0 : out;
          expect(values[out * ins + inner]).toBe(Math.fround((q(k, out, inner) - zero(k, column)) * scale(k, column)));
        }
      }
    });
  });

  test('a zero point that is left out is 0', () => {
    const [name, shape] = expected[2]!;
    const at = convert((_, nodes) => {
      const i = nodes.findIndex(([node]) => node.includes('q_proj'));
      nodes[i] = [nodes[i]![0], nodes[i]![1], nodes[i]![2].slice(0, 3)];
    }).find((w) => w.name === name)!.values();
    expect(at[shape[1]! + 1]).toBe(Math.fround(q(2, 1, 1) * scale(2, 1)));
  });

  test('refuses by the weight\'s name', () => {
    expect(() => convert((_, nodes) => nodes.pop())).toThrow('dequantisedWeights: model.layers.0.self_attn.q_proj.weight: the file must hold the tensor, got none of the name "model.layers.0.self_attn.q_proj.weight"');
    expect(() => convert((tensors) => tensors.splice(named(tensors, 'model.norm.weight'), 1))).toThrow('model.norm.weight: the file must hold the tensor');
    expect(() => convert(replace('onnx::2_quantized', { dims: [6, 5] }))).toThrow('model.layers.0.self_attn.q_proj.weight: dims must be [5, 6] by config.json, got [6, 5]');
    expect(() => convert(replace('onnx::3_scale', { dims: [3], values: [1, 1, 1] }))).toThrow('k_proj.weight: there must be 1 scale or one for each of the 2 columns, got 3');
    expect(() => convert(replace('onnx::2_scale', { values: [NaN] }))).toThrow('each scale must be finite and above 0, got NaN');
    expect(() => convert(replace('onnx::2_scale', { type: 3, values: [1] }))).toThrow('the scale must hold floats, got Int8Array');
    expect(() => convert(replace('onnx::2_quantized', { type: 1, values: Array.from({ length: 30 }, () => 1) }))).toThrow('must hold 8-bit integers, got floats');
    expect(() => convert(replace('model.norm.weight', { type: 3, values: [1, 2, 3, 4, 5] }))).toThrow('model.norm.weight: the tensor must hold floats, got Int8Array');
  });
});
