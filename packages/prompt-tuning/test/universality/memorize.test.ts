import { inSingleAttentionClass } from '@prompt-limits/attention';
import { entrywiseNorm, randomSource, tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { buildUniversal, memorize, type LabelledSequence } from '../../src/index.ts';
import { column, row } from './support.ts';

const shapes = [[1, 1], [2, 1], [1, 2]] as const;
const sequence = (random: RandomSource, d: number, L: number, corners = 0): Tokens<Float64Array> =>
  tokens(d, Float64Array.from({ length: d * L }, () => (random.uniform() < corners ? random.integer(2) : random.uniform())));

/** The error of every example by running the transformer, not by what `memorize` says. */
function errorsOf(dataset: readonly LabelledSequence[], { tau, prompt }: ReturnType<typeof memorize>, alpha: number): number[] {
  return dataset.map(({ input, label }) => {
    const { data } = tau.run(prompt, input);
    return entrywiseNorm(tokens(input.d, Float64Array.from(data, (y, i) => y - label.data[i]!)), alpha);
  });
}

describe.each(['deep', 'wide'] as const)('Theorem 2.5, %s', (form) => {
  test('60 random datasets of up to 50 examples within 0.1, labels 0 and 1 among them', () => {
    const random = randomSource(form === 'deep' ? 2361 : 2362);
    const epsilon = 0.1;
    let [largest, tables] = [0, 0];
    for (let trial = 0; trial < 60; trial++) {
      const [d, L] = shapes[trial % 3]!;
      const N = trial === 1 || trial === 2 ? 50 : 1 + random.integer(trial < 6 ? 25 : 12);
      const dataset = Array.from({ length: N }, () => ({ input: sequence(random, d, L), label: sequence(random, d, L, 0.2) }));
      const result = memorize(dataset, epsilon, { form });
      largest = Math.max(largest, N);
      if (result.tau.surrogate.layout === 'table') tables++;
      expect(result.prompt.n).toBe(result.lengths.used);
      expect(result.lengths.used).toBeLessThanOrEqual(2 * N * L);
      expect(result.worstError).toBe(Math.max(...result.errors));
      expect(result.worstError).toBeLessThanOrEqual(epsilon);
      if (trial % 10 === 0) for (const [i, error] of errorsOf(dataset, result, 2).entries()) expect(error).toBe(result.errors[i]);
    }
    expect(largest).toBe(50);
    expect(tables).toBeGreaterThan(0);
  });

  test('the transformer depends on the number of examples and the grid alone: another dataset, another prompt', () => {
    const random = randomSource(2363);
    const make = () => Array.from({ length: 3 }, (_, i) => ({ input: row((i + random.uniform() * 0.8) / 4 + 0.01), label: sequence(random, 1, 1) }));
    const [a, b] = [make(), make()];
    const [first, second] = [memorize(a, 0.02, { form }), memorize(b, 0.02, { form })];
    expect(second.tau.m).toBe(first.tau.m);
    const run = first.tau.load(second.prompt);
    for (const { input, label } of b) expect(Math.abs(run(input).data[0]! - label.data[0]!)).toBeLessThanOrEqual(0.02);
  });

  test('alpha: the error is that of the norm that is asked for', () => {
    const random = randomSource(2364);
    const dataset = Array.from({ length: 5 }, () => ({ input: sequence(random, 2, 2), label: sequence(random, 2, 2, 0.5) }));
    const grids = [1, 2, 5.5].map((alpha) => {
      const result = memorize(dataset, 0.15, { alpha, form });
      const errors = errorsOf(dataset, result, alpha);
      for (const [i, error] of errors.entries()) expect([error, error <= 0.15]).toEqual([result.errors[i], true]);
      return result.tau.m;
    });
    // (dL)^{1/alpha} / epsilon.
    expect(grids).toEqual([27, 14, 9]);
  });

  test('equal inputs with equal labels, one example, labels 0 and 1, entries 0 and 1', () => {
    const one = memorize([{ input: row(1), label: row(1) }], 0.25, { form });
    expect(one.worstError).toBeLessThanOrEqual(0.25);
    expect(one.lengths).toMatchObject({ used: 2, sufficient: null, leastLipschitz: 0 });
    const twice = memorize([{ input: row(0, 1), label: row(1, 0) }, { input: row(0, 1), label: row(1, 0) }, { input: row(1, 0), label: row(0, 0) }], 0.2, { form });
    expect(twice.worstError).toBeLessThanOrEqual(0.2);
  });

  test('Float32 data: an input that is k/m as Float32 rounds it is found again', () => {
    // 3/11 and 7/11 among others lie above their Float32 roundings.
    const dataset = Array.from({ length: 6 }, (_, i) => ({ input: tokens(1, Float32Array.of((i + 3) / 11)), label: tokens(1, Float32Array.of(i % 2)) }));
    const { tau, worstError } = memorize(dataset, 0.1, { form });
    expect(tau.m).toBe(11);
    expect(worstError).toBeLessThanOrEqual(0.1);
    expect(dataset.some(({ input }, i) => input.data[0]! < (i + 3) / 11)).toBe(true);
  });

  test('an input on a ramp of the coarsest grid takes another grid', () => {
    const theta = 0.01;
    for (const below of [0.005, 0.01, 0.015, 0.02, 0.025, 0.039]) {
      const { tau, worstError } = memorize([{ input: row(3 / 11 - below), label: row(0.9) }], 0.1, { form, theta });
      expect(tau.m).toBeGreaterThan(11);
      expect(worstError).toBeLessThanOrEqual(0.1);
    }
    expect(memorize([{ input: row(3 / 11 - 0.041), label: row(0.9) }], 0.1, { form, theta }).tau.m).toBe(11);
  });

  test('close inputs take a finer grid', () => {
    const { tau, worstError, prompt } = memorize([{ input: row(0.3), label: row(0) }, { input: row(0.3001), label: row(1) }], 0.1, { form });
    expect(tau.m).toBeGreaterThan(1000);
    expect([worstError <= 0.1, prompt.n]).toEqual([true, 4]);
  });

  test('the class, read off the weights of tight mode: h = 1, s = 1, layers and widths as counted', () => {
    const dataset = [{ input: row(0.1), label: row(0.9) }, { input: row(0.8), label: row(0.3) }];
    const { tau, worstError } = memorize(dataset, 0.2, { form, mode: 'tight', evaluator: 'full' });
    expect(worstError).toBeLessThanOrEqual(0.2);
    expect([tau.m, tau.Lp]).toEqual([6, 4]);
    const network = tau.network!();
    const r = Number(tau.cost!.width);
    const ids = 6 ** 5;
    expect(r).toBe(form === 'deep' ? 4 : 3 * ids + 2);
    expect(inSingleAttentionClass(network, { form: form === 'deep' ? 'A' : 'B', h: 1, s: 1, r, rank: 1 })).toEqual({ member: true, reasons: [] });
    expect([network.before.length, network.after.length]).toEqual(form === 'deep' ? [30, ids] : [1, 1]);
    expect([tau.cost!.layersBefore, tau.cost!.layersAfter]).toEqual([network.before.length, network.after.length].map(BigInt));
  });
});

describe('refused', () => {
  const pair = (x: number, y: number) => ({ input: row(x), label: row(y) });

  test.each<[() => unknown, string]>([
    [() => memorize([], 0.1), 'memorize: dataset must hold at least one value, got none'],
    [() => memorize([pair(0.5, 0.5), pair(0.25, 0.125), pair(0.5, 0.75)], 0.1), 'memorize: equal inputs must have equal labels, got different ones for examples 0 and 2: no function gives both'],
    [() => memorize([pair(0, 0.5), pair(-0, 0.75)], 0.1), 'memorize: equal inputs must have equal labels, got different ones for examples 0 and 1: no function gives both'],
    [() => memorize([pair(0.5, 0.5)], 0), 'memorize: epsilon must be above 0, got 0'],
    [() => memorize([pair(0.5, 0.5)], Number.NaN), 'memorize: epsilon must be finite, got NaN'],
    [() => memorize([pair(0.5, 0.5)], 0.1, { alpha: 0.5 }), `memorize: alpha must lie in [1, ${Number.MAX_VALUE}], got 0.5`],
    [() => memorize([pair(0.5, 1.5)], 0.1), 'memorize: the label of example 0 must lie in [0, 1], got 1.5 at coordinate 0 of token 0'],
    [() => memorize([pair(0.5, 0.5), pair(Number.NaN, 0.5)], 0.1), 'memorize: the input of example 1 must be finite, got NaN at index 0'],
    [() => memorize([pair(0.5, 0.5), { input: row(0.1, 0.2), label: row(0.1) }], 0.1), 'memorize: the input of example 1 must be 1 x 1 like the first input, with at least one value, got 1 x 2 of 2 values'],
    [() => memorize([{ input: column(0.1, 0.2), label: row(0.1, 0.2) }], 0.1), 'memorize: the label of example 0 must be 2 x 1 like the first input, with at least one value, got 1 x 2 of 2 values'],
    [() => memorize([pair(0.5, 0.5)], 1e-9), 'memorize: epsilon must be reached with at most 671626 grid points per entry, the most for d = 1, L = 1 and 1 examples in the wide form, got 1e-9, which needs 1000000001'],
    [() => memorize([pair(0.5, 0.5)], 0.1, { theta: 0.1 }), 'memorize: theta must be at most 1/(4m) = 0.022727272727272728, m = 11 being the grid that epsilon asks for, got 0.1'],
    [() => memorize([pair(0.3, 0), pair(0.3 + 2 ** -30, 1)], 0.1, { form: 'deep' }), `memorize: inputs must lie off the ramps of a grid of 11 to 1046325 points per entry, those with different labels in different cells, got examples 0 and 1, which differ by at most ${0.3 + 2 ** -30 - 0.3}`],
    [() => memorize([pair(0.3, 0.5)], 0.1, { form: 'thin' as 'wide' }), 'buildUniversal: form must be one of deep, wide, got "thin"'],
  ])('bad dataset %#', (body, message) => {
    expect(body).toThrow(new RangeError(message));
  });

  test('what is no dataset', () => {
    expect(() => memorize(3 as never, 0.1)).toThrow(new TypeError('memorize: dataset must be an array of pairs {input, label}, got 3'));
    expect(() => memorize([null as never], 0.1)).toThrow(new TypeError('memorize: the input of example 0 must be Tokens, got undefined'));
    expect(() => memorize([{ input: [0.5], label: row(0.5) } as never], 0.1)).toThrow(new TypeError('memorize: the input of example 0 must be Tokens, got Array(1)'));
  });

  test('a grid that separates can always be built: the finest one, for one and for three coordinates', () => {
    for (const [d, form] of [[1, 'wide'], [3, 'wide'], [3, 'deep'], [4, 'deep']] as const) {
      const at = (x: number) => tokens(d, new Float64Array(d).fill(x));
      let message = '';
      try {
        memorize([{ input: at(0.3), label: at(0) }, { input: at(0.3 + 2 ** -40), label: at(1) }], 0.5, { form });
      } catch (error) {
        message = (error as Error).message;
      }
      const finest = Number(/to (\d+) points/.exec(message)![1]);
      expect(finest).toBeGreaterThan(200);
      expect(() => buildUniversal({ d, L: 1, m: finest, form: form === 'wide' ? 'deep' : form, layout: 'dictionary', examples: 2 })).not.toThrow();
    }
  });
});
