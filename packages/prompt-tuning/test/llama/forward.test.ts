import { createKernels, createPlainKernels, randomSource, normalTokens, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { afterAll, describe, expect, test } from 'vitest';
import { createCache } from '../../src/llama/cache.ts';
import { forward, inputGradient } from '../../src/llama/forward.ts';
import { loadModel } from '../../src/llama/loadModel.ts';
import type { LlamaModel } from '../../src/llama/model.ts';
import { readWeights } from '../../src/llama/weights.ts';
import { finiteDifferences, relativeError } from '../support/differences.ts';
import { naiveLogits } from '../support/naiveTransformer.ts';
import { tinyModelFiles } from '../support/tinyModel.ts';

const float64 = createPlainKernels({ precision: 'float64' });
const float32 = createPlainKernels({ precision: 'float32' });
const wasm = await createKernels({ memoryMiB: 64, threads: 2 });
afterAll(() => wasm.close());

const variants = {
  'half pairs, untied head, 3 layers': { num_hidden_layers: 3, num_attention_heads: 4, num_key_value_heads: 2 },
  'neighbouring pairs, tied head': { rope_interleave: true, tie_word_embeddings: true, num_attention_heads: 4, num_key_value_heads: 2 },
  'one key head, linear scaling': { num_key_value_heads: 1, rope_scaling: { rope_type: 'linear', factor: 3 } },
  'a head per key head, width 2': { num_key_value_heads: 6, head_dim: 2, num_hidden_layers: 1 },
};
const N = 7;

const load = (overrides: object, kernels = float64): Promise<LlamaModel> => loadModel(tinyModelFiles({ ...overrides }, 3), { kernels });
const columns = ({ d, n, data }: Tokens): number[][] => Array.from({ length: n }, (_, k) => [...data.subarray(k * d, (k + 1) * d)]);
const embeddings = (model: LlamaModel, n: number = N): Tokens => normalTokens(randomSource(5), model.config.d, n, 1, model.kernels.precision);

describe.each(Object.entries(variants))('%s', (_, overrides) => {
  test('logits agree with the formulas written down in float64', async () => {
    const model = await load(overrides);
    const x = embeddings(model);
    const { values } = await readWeights(tinyModelFiles({ ...overrides }, 3), model.config);
    // Both sides take sums of at most 17 terms of order 1 through 3 layers; 1e-12 is a few thousand roundings.
    expect(relativeError(forward(model, x).data, naiveLogits(model.config, values, columns(x)).flat())).toBeLessThan(1e-12);
  });

  test.each([['plain', float32], [wasm.build, wasm]])('float32 follows float64, %s kernels', async (__, kernels) => {
    const x = embeddings(await load(overrides));
    const exact = forward(await load(overrides), x);
    const model = await load(overrides, kernels);
    const narrow = tokens(x.d, Float32Array.from(x.data));
    const rounded = forward(model, narrow);
    // The embeddings and about 9 values per layer are rounded to 2^-24; through 3 layers errors of that size add up to
    // less than 100 of them unless a layer amplifies, and RMSNorm keeps what a layer sees at order 1.
    expect(relativeError(rounded.data, exact.data)).toBeLessThan(100 * 2 ** -24);
    expect(relativeError(rounded.data, exact.data)).toBeGreaterThan(0);
    // The gradient passes through the same operations twice, so twice the bound.
    const g = normalTokens(randomSource(6), model.config.vocabularySize, 4);
    const gradient = inputGradient(model, narrow, tokens(g.d, Float32Array.from(g.data)));
    expect(relativeError(gradient.data, inputGradient(await load(overrides), x, g).data)).toBeLessThan(200 * 2 ** -24);
  });

  test('the gradient agrees with central differences of the whole model', async () => {
    const model = await load(overrides);
    const x = embeddings(model);
    const g = normalTokens(randomSource(6), model.config.vocabularySize, 4);
    const loss = (data: Float64Array): number => {
      const logits = forward(model, tokens(model.config.d, data), { from: N - 4 }).data as Float64Array;
      return logits.reduce((sum, y, i) => sum + y * g.data[i]!, 0);
    };
    expect(relativeError(inputGradient(model, x, g).data, finiteDifferences(loss, x.data as Float64Array))).toBeLessThan(1e-8);
  });

  test('a cache changes nothing, however the tokens are cut', async () => {
    const model = await load(overrides);
    const x = embeddings(model);
    const whole = forward(model, x);
    const cache = createCache(model, N);
    const V = model.config.vocabularySize;
    for (const [from, to] of [[0, 3], [3, 4], [4, 7]] as const) {
      const part = forward(model, tokens(x.d, x.data.slice(from * x.d, to * x.d)), { cache });
      expect(relativeError(part.data, whole.data.subarray(from * V, to * V))).toBeLessThan(1e-13);
    }
    expect(cache.length).toBe(N);
  });
});

test('logits from a position on are the last of all logits', async () => {
  const model = await load({});
  const x = embeddings(model);
  const V = model.config.vocabularySize;
  expect(forward(model, x, { from: 5 }).data).toEqual(forward(model, x).data.slice(5 * V));
  expect(forward(model, x, { from: N }).n).toBe(0);
});

test('later tokens do not change earlier logits', async () => {
  const model = await load({});
  const x = embeddings(model);
  const V = model.config.vocabularySize;
  const before = forward(model, x).data.slice(0, 4 * V);
  x.data.fill(3, 4 * x.d);
  expect(forward(model, x).data.slice(0, 4 * V)).toEqual(before);
});

test('an observer sees each layer once, and its scores give the logits', async () => {
  const model = await load({ num_attention_heads: 4, num_key_value_heads: 2 });
  const x = embeddings(model);
  const seen: number[] = [];
  const plain = forward(model, x);
  const observed = forward(model, x, {
    onAttention(layer, { shape, q, k, v }) {
      seen.push(layer);
      expect(shape).toEqual({ queries: N, keys: N, heads: 4, keyHeads: 2, d: 4, dv: 4, scale: 0.5, causal: 0 });
      expect([q.length, k.length, v.length]).toEqual([N * 16, N * 8, N * 8]);
      // The rotation at position 0 is none, and no position changes a length.
      const { weights } = model;
      const h = new Float64Array(x.data.length);
      if (layer > 0) return;
      float64.rmsNorm(N, x.d, 1e-5, x.data, weights.layers[0]!.attentionNorm, h);
      const raw = new Float64Array(N * 16);
      float64.gemmPacked(N, h, weights.layers[0]!.query.forward, raw);
      expect(q.slice(0, 16)).toEqual(raw.slice(0, 16));
      expect(Math.hypot(...q.slice(16))).toBeCloseTo(Math.hypot(...raw.slice(16)), 12);
      expect(q.slice(16)).not.toEqual(raw.slice(16));
    },
  });
  expect(seen).toEqual([0, 1]);
  expect(observed).toEqual(plain);
});

test('bad input is refused before any work', async () => {
  const model = await load({});
  const x = embeddings(model);
  const bad = tokens(x.d, x.data.map((v, i) => (i === 20 ? Number.NaN : v)));
  expect(() => forward(model, bad)).toThrow('forward: the embeddings must be finite, got NaN at index 20');
  expect(() => forward(model, tokens(x.d + 1, new Float64Array(x.d + 1)))).toThrow("forward: the embeddings must have the model's d = 13, got d = 14");
  expect(() => forward(model, tokens(x.d, new Float64Array(0)))).toThrow('forward: the input must hold at least one token, got none');
  expect(() => forward(model, embeddings(model, 98))).toThrow('forward: the input must fit into the context of 97 tokens, got 98');
  expect(() => forward(model, x, { from: 8 })).toThrow('forward: from must be an integer from 0 to 7, got 8');
  expect(() => forward(model, x, { cache: createCache(model, 6) })).toThrow('forward: the cache must hold 7 tokens, got a capacity of 6');
  expect(() => inputGradient(model, x, tokens(5, new Float64Array(5)))).toThrow('inputGradient: the gradient must have d = 263 (the vocabulary), got d = 5');
  expect(() => model.embed([0, 263])).toThrow('embed: ids[1] must be an integer from 0 to 262, got 263');
  expect(() => model.embed([])).toThrow('embed: ids must hold at least one value, got none');
});
