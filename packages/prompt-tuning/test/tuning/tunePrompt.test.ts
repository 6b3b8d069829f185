import { createPlainKernels, randomSource, tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { generate } from '../../src/llama/generate.ts';
import { randomModel } from '../../src/llama/randomModel.ts';
import { evaluatePrompt } from '../../src/tuning/evaluatePrompt.ts';
import { initialPrompt } from '../../src/tuning/initialPrompt.ts';
import { reproduces } from '../../src/tuning/reproduces.ts';
import { scoreExample } from '../../src/tuning/scoreExample.ts';
import { tunePrompt } from '../../src/tuning/tunePrompt.ts';
import type { TuningOptions } from '../../src/tuning/options.ts';
import { finiteDifferences, relativeError } from '../support/differences.ts';

const model = randomModel({ random: randomSource(1) });
const target = model.tokenizer.encode('soft');
const dataset = [{ target }];
const tune = (options: Partial<TuningOptions> = {}, data = dataset) => tunePrompt(model, data, { promptLength: 4, random: randomSource(2), ...options });

describe('the objective', () => {
  const examples = [{ context: [5, 6], target: [7, 8, 9] }, { target: [1] }];

  test('is the mean cross-entropy over all target tokens, one forward pass per token', () => {
    const prompt = model.embed([200, 100]);
    const { loss, accuracy, tokens: results } = evaluatePrompt(model, prompt, examples);
    let sum = 0;
    const flat: number[] = [];
    for (const { context = [], target: goal } of examples) {
      goal.forEach((id, i) => {
        const { tokens: [one] } = evaluatePrompt(model, prompt, [{ context: [...context, ...goal.slice(0, i)], target: [id] }]);
        sum -= Math.log(one![0]!.probability);
        flat.push(one![0]!.predicted);
      });
    }
    expect(loss).toBeCloseTo(sum / 4, 12);
    expect(results.flat().map((t) => t.predicted)).toEqual(flat);
    expect(results.map((r) => r.map((t) => t.id))).toEqual([[7, 8, 9], [1]]);
    expect(accuracy).toBe(results.flat().filter((t) => t.correct).length / 4);
  });

  test('a tie is not correct, even where the first of equals is the target', () => {
    // A zero token stays zero through every layer, so all logits are 0.
    const { tokens: [results], margin, accuracy } = evaluatePrompt(model, tokens(32, new Float64Array(32)), [{ target: [0] }]);
    expect({ margin, accuracy, result: results![0] }).toEqual({ margin: 0, accuracy: 0, result: { id: 0, predicted: 0, probability: 1 / 256, correct: false } });
  });

  test('its gradient agrees with central differences', () => {
    const prompt = initialPrompt(model, { kind: 'random' }, 3, randomSource(4));
    const gradient = new Float64Array(prompt.data.length);
    model.prepareGradients();
    for (const example of examples) scoreExample(model, prompt.data, example, gradient, 0.25);
    const loss = (data: Float64Array): number => evaluatePrompt(model, tokens(prompt.d, data), examples).loss;
    expect(relativeError(gradient, finiteDifferences(loss, prompt.data as Float64Array))).toBeLessThan(1e-8);
  });
});

describe('tunePrompt', () => {
  test('memorises a short text, which greedy decoding then gives', async () => {
    const result = await tune();
    expect(result).toMatchObject({ stopReason: 'reached', accuracy: 1, reproduced: true });
    expect(result.margin).toBeGreaterThan(0);
    const decoded = await generate(model, { prompt: result.prompt, maxTokens: 4 });
    expect(decoded.text).toBe('soft');
    const { loss, accuracy, margin, tokens: results } = evaluatePrompt(model, result.prompt.embeddings, dataset);
    expect({ loss, accuracy, margin, results }).toEqual({ loss: result.loss, accuracy: result.accuracy, margin: result.margin, results: result.tokens });
    expect(result.prompt).toMatchObject({ baseModel: 'random', initialisation: { from: 'random' } });
    expect((await tune({ steps: 0, init: { kind: 'text', text: 'x' } })).prompt.initialisation).toEqual({ from: 'text', text: 'x' });
  });

  test('accuracy 1 is not called reached where decoding fails', async () => {
    // Kernels whose attention is wrong for a single query: teacher forcing never asks for one, decoding does.
    const kernels = createPlainKernels({ precision: 'float64' });
    const wrong: typeof kernels = {
      ...kernels,
      attention(shape, q, k, v, z, logPartition) {
        kernels.attention(shape, q, k, v, z, logPartition);
        if (shape.queries === 1) z.forEach((value, i) => (z[i] = -value));
      },
    };
    const broken = randomModel({ random: randomSource(1), kernels: wrong });
    const result = await tunePrompt(broken, dataset, { promptLength: 4, random: randomSource(2), steps: 120 });
    expect(result).toMatchObject({ accuracy: 1, stopReason: 'budget', reproduced: false });
  });

  test('works in float32 too', async () => {
    const small = randomModel({ random: randomSource(1), kernels: createPlainKernels({ precision: 'float32' }) });
    expect(await tunePrompt(small, dataset, { promptLength: 4, random: randomSource(2) })).toMatchObject({ stopReason: 'reached', reproduced: true });
  });

  test('one record per step, the learning rate as scheduled', async () => {
    const seen: unknown[] = [];
    const { history, stopReason } = await tune({
      steps: 6, learningRate: 0.08, warmupSteps: 2, schedule: 'linear', stopAtAccuracy: null, onProgress: (record) => seen.push(record),
    });
    expect(stopReason).toBe('budget');
    expect(history.map((r) => r.step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    history.forEach((r, i) => expect(r.learningRate).toBeCloseTo([0.04, 0.08, 0.08, 0.06, 0.04, 0.02, 0][i]!, 15));
    expect(seen).toEqual(history);
    for (const { loss, gradientNorm } of history) expect(Math.min(loss, gradientNorm)).toBeGreaterThan(0);
  });

  test('the same seed gives the same run, another one another', async () => {
    const run = (seed: number) => tune({ random: randomSource(seed), steps: 5 });
    expect(await run(3)).toEqual(await run(3));
    expect((await run(3)).history).not.toEqual((await run(4)).history);
  });

  test('the result is the prompt with the lowest loss among the highest accuracies', async () => {
    const prompts: number[] = [];
    const { step, history, loss, accuracy } = await tune({ steps: 30, learningRate: 1, stopAtAccuracy: null, onProgress: ({ loss: l }) => prompts.push(l) });
    const most = Math.max(...history.map((r) => r.accuracy));
    expect(accuracy).toBe(most);
    expect(loss).toBeCloseTo(Math.min(...history.filter((r) => r.accuracy === most).map((r) => r.loss)), 12);
    expect(history[step]!.loss).toBeCloseTo(loss, 12);
  });

  test('an abort keeps the best prompt so far', async () => {
    const abort = new AbortController();
    const { stopReason, history, loss, step, prompt } = await tune({
      signal: abort.signal, stopAtAccuracy: null, onProgress: (record) => record.step === 3 && abort.abort(),
    });
    expect({ stopReason, records: history.length }).toEqual({ stopReason: 'aborted', records: 4 });
    expect(loss).toBeCloseTo(history[step]!.loss, 12);
    expect(evaluatePrompt(model, prompt, dataset).loss).toBe(loss);
  });

  test('an abort before the start gives the first prompt', async () => {
    const result = await tune({ signal: AbortSignal.abort() });
    expect(result).toMatchObject({ stopReason: 'aborted', step: 0, history: [] });
    expect(result.prompt.embeddings.data).toEqual(Float32Array.from(initialPrompt(model, { kind: 'random' }, 4, randomSource(2)).data));
  });

  test('lets timers run between steps', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 0);
    expect((await tune({ signal: abort.signal, steps: 10_000, stopAtAccuracy: null })).stopReason).toBe('aborted');
  });

  test('a prompt that already does it needs no update, and zero steps only score', async () => {
    const { prompt } = await tune();
    const init = { kind: 'prompt', prompt } as const;
    expect(await tune({ init })).toMatchObject({ stopReason: 'reached', step: 0, history: { length: 1 }, reproduced: true });
    expect(await tune({ steps: 0 })).toMatchObject({ stopReason: 'budget', step: 0, history: { length: 1 }, reproduced: false });
  });

  test('a lower accuracy is enough where asked for, a margin can be asked for', async () => {
    const half = await tune({ stopAtAccuracy: 0.5 });
    expect(half).toMatchObject({ stopReason: 'reached' });
    expect(half.accuracy).toBeGreaterThanOrEqual(0.5);
    const wide = await tune({ minMargin: 1, learningRate: 0.1 });
    expect(wide).toMatchObject({ stopReason: 'reached', reproduced: true });
    expect(wide.margin).toBeGreaterThanOrEqual(1);
  });

  test('clipping shortens the gradient and keeps its direction', async () => {
    // With epsilon far above the gradient Adam's first step is learningRate / epsilon times the gradient.
    const first = async (gradientClip: number | null) => {
      const { history, prompt } = await tune({ steps: 1, learningRate: 1e6, epsilon: 1e6, warmupSteps: 0, gradientClip, stopAtAccuracy: null });
      const { data } = initialPrompt(model, { kind: 'random' }, 4, randomSource(2));
      return { norm: history[0]!.gradientNorm, move: prompt.embeddings.data.map((v, i) => v - data[i]!) };
    };
    const free = await first(null);
    const clipped = await first(free.norm / 4);
    expect(clipped.norm).toBe(free.norm);
    expect(relativeError(clipped.move.map((v) => 4 * v), free.move)).toBeLessThan(1e-4);
    expect(Math.hypot(...free.move) / free.norm).toBeCloseTo(1, 4);
  });

  test('batches cover the dataset once an epoch, and the stop looks at all of it', async () => {
    const data = [{ context: [10], target: [1] }, { context: [11], target: [2, 3] }, { context: [9], target: [4] }];
    const result = await tune({ batchSize: 1, steps: 300, promptLength: 8, learningRate: 0.1 }, data as never);
    expect(result).toMatchObject({ stopReason: 'reached', accuracy: 1, reproduced: true });
    expect((result.history.length - 1) % 3).toBe(2);
    expect(await reproduces(model, result.prompt.embeddings, data)).toBe(true);
  });

  test('a loss that is not finite is an error, not a result', async () => {
    await expect(tune({ learningRate: 1e300, gradientClip: null })).rejects.toThrow('after 1 updates');
  });

  test.each([
    [{ promptLength: 0 }, 'tunePrompt: promptLength must be an integer from 1 to 128, got 0'],
    [{ promptLength: 129 }, 'tunePrompt: promptLength must be an integer from 1 to 128, got 129'],
    [{ promptLength: 126 }, 'tunePrompt: example 0 with the prompt must fit into the context of 128 tokens, got 129'],
    [{ steps: -1 }, 'tunePrompt: steps must be at least 0, got -1'],
    [{ learningRate: 0 }, 'tunePrompt: learningRate must be above 0, got 0'],
    [{ schedule: 'step' }, 'tunePrompt: schedule must be one of constant, cosine, linear, got "step"'],
    [{ steps: 5, warmupSteps: 6 }, 'tunePrompt: warmupSteps must be an integer from 0 to 5, got 6'],
    [{ betas: [0.9, 1] }, 'tunePrompt: betas[1] must lie in'],
    [{ gradientClip: -1 }, 'tunePrompt: gradientClip must be above 0, got -1'],
    [{ batchSize: 2 }, 'tunePrompt: batchSize must be an integer from 1 to 1, got 2'],
    [{ stopAtAccuracy: 1.5 }, 'tunePrompt: stopAtAccuracy must lie in [0, 1], got 1.5'],
    [{ minMargin: Number.NaN }, 'tunePrompt: minMargin must be finite, got NaN'],
  ])('refuses %j', async (options, message) => {
    await expect(tune(options as Partial<TuningOptions>)).rejects.toThrow(message);
  });

  test.each([
    [[], 'tunePrompt: the dataset must hold at least one example, got none'],
    [[{ target: [] }], 'tunePrompt: the target of example 0 must hold at least one token, got none'],
    [[{ target: [1] }, { target: [256] }], 'tunePrompt: target of example 1[0] must be an integer from 0 to 255, got 256'],
    [[{ context: [0.5], target: [1] }], 'tunePrompt: context of example 0[0] must be an integer, got 0.5'],
  ])('refuses the dataset %j', async (data, message) => {
    await expect(tune({}, data as never)).rejects.toThrow(message);
  });
});

test('a prompt with NaN or of another width is refused', async () => {
  const prompt = model.embed([1]);
  prompt.data[2] = Number.NaN;
  expect(() => evaluatePrompt(model, prompt, dataset)).toThrow('evaluatePrompt: the prompt must be finite, got NaN at index 2');
  await expect(reproduces(model, tokens(31, new Float64Array(31)), dataset)).rejects.toThrow("reproduces: the prompt must have the model's d = 32, got d = 31");
});
