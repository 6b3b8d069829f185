import { column, randomSource, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { randomModel } from '../../src/llama/randomModel.ts';
import { initialPrompt } from '../../src/tuning/initialPrompt.ts';

const model = randomModel({ random: randomSource(1) });
const table = model.weights.embeddings;
const spread = ({ data }: Tokens): number => Math.sqrt((data as Float64Array).reduce((sum, x) => sum + x * x, 0) / data.length);

describe('initialPrompt', () => {
  test('random values have the size asked for, or that of the embeddings', () => {
    // 200 x 32 normal values: the root mean square has a relative deviation of 1 / sqrt(2 * 6400) < 0.9 %.
    expect(spread(initialPrompt(model, { kind: 'random', scale: 0.3 }, 200, randomSource(5))) / 0.3).toBeCloseTo(1, 1);
    expect(spread(initialPrompt(model, { kind: 'random' }, 200, randomSource(5))) / spread({ d: 1, n: 1, data: table })).toBeCloseTo(1, 1);
    expect(spread(initialPrompt(model, { kind: 'random', scale: 0 }, 3, randomSource(5)))).toBe(0);
  });

  test('vocabulary rows are embeddings, drawn anew for each position and seed', () => {
    const prompt = initialPrompt(model, { kind: 'vocabulary' }, 9, randomSource(5));
    const rows = Array.from({ length: 256 }, (_, id) => table.slice(id * 32, (id + 1) * 32).join());
    const ids = Array.from({ length: 9 }, (_, k) => rows.indexOf(column(prompt, k).join()));
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(0);
    expect(new Set(ids).size).toBeGreaterThan(4);
    expect(initialPrompt(model, { kind: 'vocabulary' }, 9, randomSource(5))).toEqual(prompt);
    expect(initialPrompt(model, { kind: 'vocabulary' }, 9, randomSource(6))).not.toEqual(prompt);
  });

  test('a text is cut or repeated', () => {
    const [a, b, c] = [97, 98, 99];
    expect(initialPrompt(model, { kind: 'text', text: 'abc' }, 2, randomSource(5))).toEqual(model.embed([a!, b!]));
    expect(initialPrompt(model, { kind: 'text', text: 'abc' }, 7, randomSource(5))).toEqual(model.embed([a!, b!, c!, a!, b!, c!, a!]));
  });

  test('a prompt at hand is copied', () => {
    const prompt = model.embed([1, 2]);
    const copy = initialPrompt(model, { kind: 'prompt', prompt }, 2, randomSource(5));
    expect(copy).toEqual(prompt);
    expect(copy.data).not.toBe(prompt.data);
  });

  test('bad input', () => {
    const random = randomSource(5);
    expect(() => initialPrompt(model, { kind: 'vocabulary' }, 0, random)).toThrow('initialPrompt: promptLength must be at least 1, got 0');
    expect(() => initialPrompt(model, { kind: 'random', scale: -1 }, 1, random)).toThrow(RangeError);
    expect(() => initialPrompt(model, { kind: 'text', text: '' }, 1, random)).toThrow('initialPrompt: the text must have at least one token, got none');
    expect(() => initialPrompt(model, { kind: 'prompt', prompt: model.embed([1]) }, 2, random)).toThrow('initialPrompt: the prompt must have promptLength = 2 tokens, got 1');
    const prompt = model.embed([1]);
    prompt.data[3] = Number.NaN;
    expect(() => initialPrompt(model, { kind: 'prompt', prompt }, 1, random)).toThrow('initialPrompt: the prompt must be finite, got NaN at index 3');
    expect(() => initialPrompt(model, { kind: 'other' } as never, 1, random)).toThrow('initialPrompt: kind must be one of random, vocabulary, text, prompt, got other');
  });
});
