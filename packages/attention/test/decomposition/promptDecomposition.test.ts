import { fc, test } from '@fast-check/vitest';
import { column, concatTokens, createKernels, Matrix, normalTokens, randomSource, sliceColumns, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { applyBlock, applyFeedForward, attend, attentionMechanism, promptDecomposition, type AttentionHead } from '../../src/index.ts';
import { logBound, maxDifference, outputBound, toFloat32, u32, u64 } from '../problems.ts';
import { integerHead, integerTokens, times } from '../transformer/networks.ts';

const one = (...values: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(values));
const sizes = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  d: fc.integer({ min: 1, max: 7 }),
  m: fc.integer({ min: 1, max: 5 }),
  Lp: fc.integer({ min: 0, max: 11 }),
  L: fc.integer({ min: 0, max: 13 }),
  scale: fc.constantFrom(-1.5, 0.1, 1, 3, 40),
});
function drawn({ seed, d, m, Lp, L }: { seed: number; d: number; m: number; Lp: number; L: number }): Record<'x' | 'P' | 'X', Tokens<Float64Array>> {
  const random = randomSource(seed);
  return { x: normalTokens(random, d, m), P: normalTokens(random, d, Lp), X: normalTokens(random, d, L) };
}

describe('Eq. (I.2)', () => {
  test.prop([sizes])('the mean of attention over P and over X is attention over [P, X], within four bounds of attend', (size) => {
    const { x, P, X } = drawn(size);
    const { scale } = size;
    const whole = concatTokens(P, X) as Tokens<Float64Array>;
    const problem = { queries: x, keys: whole, values: whole, scale };
    const direct = attend(problem);
    const found = promptDecomposition(x, P, X, { scale });
    expect(maxDifference(found.output.data, direct.output.data)).toBeLessThanOrEqual(4 * outputBound(problem, u64));
    expect(found.logPartition).toEqual(direct.logPartition);
    expect(found.prompt.output).toEqual(attend({ ...problem, keys: P, values: P }).output);
    expect(found.context.output).toEqual(attend({ ...problem, keys: X, values: X }).output);
    // The shares are e^(ln Psi_A - ln Psi) by another route: from log partitions that are off by logBound / 2 each.
    for (const { weights, logPartition } of [found.prompt, found.context]) {
      weights.forEach((w, i) => {
        const expected = found.logPartition[i] === -Infinity ? 0 : Math.exp(logPartition[i]! - found.logPartition[i]!);
        expect(Math.abs(w - expected)).toBeLessThanOrEqual(2 * logBound(problem, u64));
      });
    }
  });

  test.prop([sizes])('entry by entry the mean lies between the two parts', (size) => {
    const { x, P, X } = drawn({ ...size, Lp: size.Lp + 1, L: size.L + 1 });
    const { output, prompt, context } = promptDecomposition(x, P, X, { scale: size.scale });
    output.data.forEach((z, at) => {
      const ends = [prompt.output.data[at]!, context.output.data[at]!];
      expect(z).toBeGreaterThanOrEqual(Math.min(...ends));
      expect(z).toBeLessThanOrEqual(Math.max(...ends));
    });
  });

  test('in Float32, on WASM kernels', async () => {
    const kernels = await createKernels({ build: 'simd128', threads: 1, memoryMiB: 16 });
    for (let seed = 0; seed < 31; seed++) {
      const { x, P, X } = drawn({ seed, d: 5, m: 3, Lp: 7, L: 11 });
      const whole = concatTokens(P, X);
      const bound = 4 * outputBound({ queries: x, keys: whole, values: whole, scale: 0.5 }, u32);
      const [queries, prompt, context, all] = [x, P, X, whole].map(toFloat32);
      const { output } = promptDecomposition(queries!, prompt!, context!, { scale: 0.5 }, kernels);
      expect(output.data).toBeInstanceOf(Float32Array);
      expect(maxDifference(output.data, attend({ queries: queries!, keys: all!, values: all!, scale: 0.5 }, kernels).output.data)).toBeLessThanOrEqual(bound);
    }
  });

  test.prop([integerHead(3, 2, 3), integerTokens(3, 5, 3), integerTokens(3, 2, 3), integerTokens(3, 7, 3)])('with a head: W_O times its mechanism over [P, X]', (head, x, P, X) => {
    const { output } = promptDecomposition(x, P, X, head);
    const mechanism = attentionMechanism(head, x, concatTokens(P, X) as Tokens<Float64Array>);
    const expected = Array.from({ length: x.n }, (_, k) => times(head.wO, column(mechanism, k))).flat();
    // Projections and scores of integers are exact: |V| <= 27, and W_O sums 2 terms of at most 3 each; every step of attend adds
    // (3 n + 16) u relative to |V|, four times over as above, and W_O three roundings.
    expect(maxDifference(output.data, expected)).toBeLessThanOrEqual(2 * 3 * (4 * (3 * 9 + 16) + 3) * u64 * 27);
  });
});

describe('scores of any size', () => {
  test('ties of scores of 1e300 are shared exactly, where log partitions no longer tell how many keys tie', () => {
    const x = one(1e150);
    const { prompt, context, output } = promptDecomposition(x, one(1e150, 1e150), one(1e150, -1e150), { scale: 1 });
    expect(prompt.logPartition[0]).toBe(context.logPartition[0]);
    expect([prompt.weights[0], context.weights[0]]).toEqual([2 / 3, 1 / 3]);
    expect(output.data[0]).toBe(1e150);
  });

  test('the larger scores take all; the log partitions still say by how much', () => {
    const { prompt, context, output } = promptDecomposition(one(1), one(1000), one(-1000), { scale: 1 });
    expect([prompt.weights[0], context.weights[0], output.data[0]]).toEqual([1, 0, 1000]);
    expect(prompt.logPartition[0]! - context.logPartition[0]!).toBe(2000);
  });

  test('subnormal tokens', () => {
    const { output } = promptDecomposition(one(1), one(5e-324), one(5e-324, 5e-324), { scale: 1 });
    expect(output.data[0]).toBe(5e-324);
  });
});

describe('empty parts', () => {
  test('an empty prompt leaves attention over X, an empty context attention over P, both empty the zero token', () => {
    const { x, P, X } = drawn({ seed: 3, d: 5, m: 3, Lp: 2, L: 7 });
    const none = zeroTokens(5, 0);
    const withoutPrompt = promptDecomposition(x, none, X, { scale: 1 });
    expect(withoutPrompt.output).toEqual(attend({ queries: x, keys: X, values: X, scale: 1 }).output);
    expect([...withoutPrompt.prompt.weights]).toEqual([0, 0, 0]);
    expect([...withoutPrompt.prompt.logPartition]).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(promptDecomposition(x, P, none, { scale: 1 }).output).toEqual(attend({ queries: x, keys: P, values: P, scale: 1 }).output);
    const nothing = promptDecomposition(x, none, none, { scale: 1 });
    expect([...nothing.output.data, nothing.logPartition[0], nothing.context.weights[0]]).toEqual([...new Float64Array(15), -Infinity, 0]);
  });
});

test.prop([integerHead(3, 2, 1, fc.constant(0.125)), integerTokens(3, 2, 2), integerTokens(3, 5, 2)])(
  'Eq. (I.1) and (I.3) read forwards: the feed-forward layer of x plus the mean is the transformer on [P, X] at x',
  (head: AttentionHead, P, X) => {
    const feedForward = { d: 3, r: 2, w1: Float64Array.of(1, 0, 0, 0, 1, -1), b1: Float64Array.of(0.5, 0), w2: Float64Array.of(1, 0, 0, 1, -1, 0), b2: Float64Array.of(0, 0, 0.25) };
    const { output } = promptDecomposition(X, P, X, head);
    const forwards = applyFeedForward(feedForward, tokens(3, output.data.map((z, at) => z + X.data[at]!)));
    const tau = sliceColumns(applyBlock({ heads: [head], feedForward }, concatTokens(P, X)), P.n);
    // |V| <= 6; attention as above with W_O of two entries up to 1; the layer grows a difference by at most 1 + 2, after one rounding of a sum.
    expect(maxDifference(forwards.data, tau.data)).toBeLessThanOrEqual(3 * (2 * (4 * (3 * 7 + 16) + 3) * 6 + 3 * 14) * u64);
  },
);

test('bad input', () => {
  const w = new Matrix([[1]]);
  const head = { wO: w, wV: w, wK: w, wQ: w };
  expect(() => promptDecomposition(one(1), zeroTokens(2, 1), one(1), { scale: 1 })).toThrow(new RangeError('promptDecomposition: prompt must have d = 1 like queries, got d = 2'));
  expect(() => promptDecomposition(one(1), one(1), one(1), { scale: NaN })).toThrow('promptDecomposition: scale must be finite, got NaN');
  expect(() => promptDecomposition(one(1), one(1), one(1), { ...head, wK: new Matrix([[1, 2]]) })).toThrow('promptDecomposition: head.wK must be 1 x 1, got 1 x 2');
  expect(() => promptDecomposition(one(1), one(NaN), one(1), head)).toThrow(RangeError);
  expect(() => promptDecomposition(one(1), one(1), tokens(1, Float32Array.of(1)) as never, head)).toThrow(TypeError);
});
