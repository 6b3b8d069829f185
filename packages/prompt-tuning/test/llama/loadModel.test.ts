import { createPlainKernels, randomSource } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { filesFromMap } from '../../src/files/modelFiles.ts';
import { generate } from '../../src/llama/generate.ts';
import { loadModel } from '../../src/llama/loadModel.ts';
import { kernelMemoryMiB } from '../../src/llama/memory.ts';
import { tunePrompt } from '../../src/tuning/tunePrompt.ts';
import { tinyModelFiles } from '../support/tinyModel.ts';

describe('loadModel', () => {
  test('makes kernels with room for tuning up to maxTokens, twice over', async () => {
    const model = await loadModel(tinyModelFiles(), { maxTokens: 97, name: 'mine' });
    try {
      expect(model).toMatchObject({ name: 'mine', config: { layers: 2 }, kernels: { precision: 'float32' } });
      const target = Array.from({ length: 93 }, (_, i) => (i * 31) % 263);
      for (let run = 0; run < 2; run++) {
        const { history, prompt } = await tunePrompt(model, [{ target }], { promptLength: 5, steps: 3, random: randomSource(1) });
        expect(history[3]!.loss).toBeLessThan(history[0]!.loss);
        expect((await generate(model, { prompt, maxTokens: 4, stopTokens: [] })).ids.length).toBe(4);
      }
    } finally {
      model.close();
    }
  });

  test('reports each matrix, and leaves kernels that it was given open', async () => {
    const kernels = createPlainKernels();
    let closed = 0;
    const seen: number[][] = [];
    const model = await loadModel(tinyModelFiles(), { kernels: { ...kernels, close: () => closed++ }, onProgress: (...p) => seen.push(p) });
    expect(seen).toEqual(Array.from({ length: 15 }, (_, i) => [i + 1, 15]));
    expect(model.name).toBe('tiny');
    model.close();
    expect(closed).toBe(0);
  });

  test('a tied head reads the embeddings', async () => {
    const model = await loadModel(tinyModelFiles({ tie_word_embeddings: true }), { kernels: createPlainKernels({ precision: 'float64' }) });
    const { kernels, weights, config } = model;
    const logits = kernels.allocate(263);
    const x = model.embed([5]);
    kernels.gemmPacked(1, x.data, weights.head.forward, logits);
    const own = (x.data as Float64Array).reduce((sum, v) => sum + v * v, 0);
    expect(config.tiedHead).toBe(true);
    expect(logits[5]).toBeCloseTo(own, 12);
  });

  test('needs a config, and a length that the model can hold', async () => {
    await expect(loadModel(filesFromMap('empty', []))).rejects.toThrow('config.json');
    await expect(loadModel(tinyModelFiles(), { maxTokens: 98 })).rejects.toThrow('loadModel: maxTokens must be an integer from 1 to 97, got 98');
  });
});

test('kernelMemoryMiB grows with gradients and tokens', async () => {
  const { config } = await loadModel(tinyModelFiles({ hidden_size: 512, vocab_size: 259, intermediate_size: 700 }), { kernels: createPlainKernels() });
  const mib = (gradients: boolean, maxTokens: number): number => kernelMemoryMiB(config, { gradients, maxTokens });
  expect(mib(true, 8)).toBeGreaterThan(mib(false, 8));
  expect(mib(true, 97)).toBeGreaterThan(mib(true, 8));
  expect(() => mib(true, 0)).toThrow('kernelMemoryMiB: maxTokens must be an integer from 1 to 97, got 0');
});
