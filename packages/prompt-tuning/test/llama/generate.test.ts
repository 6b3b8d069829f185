import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { forward } from '../../src/llama/forward.ts';
import { generate } from '../../src/llama/generate.ts';
import { randomModel } from '../../src/llama/randomModel.ts';
import { likeliest } from '../../src/llama/sample.ts';

const model = randomModel({ random: randomSource(1), config: { contextLength: 24, tiedHead: false } });
const ids = [7, 70, 170];

describe('generate', () => {
  test('with a cache says what recomputing everything says', async () => {
    const prompt = model.embed([3, 200]);
    const made = await generate(model, { prompt, ids, maxTokens: 15 });
    let read: Tokens = tokens(32, Float64Array.from([...prompt.data, ...model.embed(ids).data]));
    const expected: number[] = [];
    while (expected.length < 15) {
      expected.push(likeliest(forward(model, read, { from: read.n - 1 }).data));
      read = tokens(32, Float64Array.from([...read.data, ...model.embed(expected.slice(-1)).data]));
    }
    expect(made).toEqual({ ids: expected, text: model.tokenizer.decode(expected), stopReason: 'length' });
    expect(new Set(expected).size).toBeGreaterThan(3);
  });

  test('stops before a stop token and at a full context', async () => {
    const whole = await generate(model, { ids, maxTokens: 8 });
    const stop = whole.ids[5]!;
    const cut = await generate(model, { ids, maxTokens: 8, stopTokens: [stop] });
    expect(cut).toMatchObject({ ids: whole.ids.slice(0, whole.ids.indexOf(stop)), stopReason: 'stop' });
    // 24 positions hold 3 given and 21 generated tokens; the 22nd is never read.
    expect(await generate(model, { ids, maxTokens: 99 })).toMatchObject({ ids: { length: 22 }, stopReason: 'context' });
    const eos = randomModel({ random: randomSource(1), config: { contextLength: 24, tiedHead: false, eosTokens: [stop] } });
    expect((await generate(eos, { ids, maxTokens: 8 })).ids).toEqual(cut.ids);
  });

  test('a signal ends it between tokens', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const onToken = (id: number): void => {
      seen.push(id);
      if (seen.length === 3) abort.abort();
    };
    const made = await generate(model, { ids, maxTokens: 10, signal: abort.signal, onToken });
    expect(made).toMatchObject({ ids: seen, stopReason: 'aborted' });
    expect(seen.length).toBe(3);
  });

  test('samples the same tokens from the same seed', async () => {
    const draw = async (seed: number): Promise<number[]> => (await generate(model, { ids, maxTokens: 12, temperature: 2, topK: 50, random: randomSource(seed) })).ids;
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });

  test('refuses bad input before any work', async () => {
    await expect(generate(model, { maxTokens: 1 })).rejects.toThrow('generate: the input must hold at least one token, got none');
    await expect(generate(model, { ids: [256], maxTokens: 1 })).rejects.toThrow('generate: ids[0] must be an integer from 0 to 255, got 256');
    await expect(generate(model, { ids, maxTokens: 0 })).rejects.toThrow('generate: maxTokens must be at least 1, got 0');
    await expect(generate(model, { ids: Array.from({ length: 25 }, () => 0), maxTokens: 1 })).rejects.toThrow('generate: the input must fit into the context of 24 tokens, got 25');
    await expect(generate(model, { prompt: tokens(31, new Float64Array(31)), maxTokens: 1 })).rejects.toThrow("d = 32, got d = 31");
    const prompt = model.embed([1]);
    prompt.data[4] = Number.NaN;
    await expect(generate(model, { prompt, maxTokens: 1 })).rejects.toThrow('generate: the embeddings must be finite, got NaN at index 4');
  });
});
