import { fc, test } from '@fast-check/vitest';
import { createKernels, sliceColumns, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attend, mergeAttention, type AttentionProblem, type AttentionResult } from '../../src/index.ts';
import { logBound, maxAbs, maxDifference, outputBound, problem, randomProblem, toFloat32, u32, u64 } from '../problems.ts';

/** The problem over keys `from` to `to - 1` alone. */
const over = (p: AttentionProblem<Float64Array>, from: number, to: number): AttentionProblem<Float64Array> => ({
  ...p,
  keys: sliceColumns(p.keys, from, to),
  values: sliceColumns(p.values, from, to),
  causal: false,
});

/** Three parts, of which some may be empty. */
function cut(p: AttentionProblem<Float64Array>, x: number, y: number): AttentionProblem<Float64Array>[] {
  const [a, b] = [x % (p.keys.n + 1), y % (p.keys.n + 1)].toSorted((u, v) => u - v) as [number, number];
  return [over(p, 0, a), over(p, a, b), over(p, b, p.keys.n)];
}

/**
 * Parts and whole are each within `outputBound`; log partitions off by logBound / 2 move weights by a factor e^(2 logBound / 2), and
 * the mean adds a rounding a part.
 */
const mergedBound = (p: AttentionProblem, u: number): number => 2 * outputBound(p, u) + (2 * logBound(p, u) + 8 * u) * maxAbs(p.values.data);
const place = fc.nat({ max: 17 });

describe('attention over parts of the keys, merged, is attention over all', () => {
  test.prop([problem, place, place])('in Float64, all heads and groups, empty parts included', (p, x, y) => {
    const whole = attend({ ...p, causal: false });
    const { output, logPartition, weights } = mergeAttention(cut(p, x, y).map((part) => attend(part)));
    expect(maxDifference(output.data, whole.output.data)).toBeLessThanOrEqual(mergedBound(p, u64));
    expect(maxDifference(logPartition, whole.logPartition)).toBeLessThanOrEqual(2 * logBound(p, u64));
    logPartition.forEach((_, at) => expect(Math.abs(weights.reduce((sum, w) => sum + w[at]!, 0) - 1)).toBeLessThanOrEqual(8 * u64));
  });

  test.prop([problem, place, place])('merging merged parts gives the same', (p, x, y) => {
    const [a, b, c] = cut(p, x, y).map((part) => attend(part));
    const nested = mergeAttention([a!, mergeAttention([b!, c!])]);
    expect(maxDifference(nested.output.data, mergeAttention([c!, a!, b!]).output.data)).toBeLessThanOrEqual(2 * mergedBound(p, u64));
  });

  test('in Float32, on WASM kernels', async () => {
    const kernels = await createKernels({ build: 'simd128', threads: 1, memoryMiB: 16 });
    for (let seed = 0; seed < 31; seed++) {
      const p = randomProblem(seed, { queries: 7, keys: 13, d: 5, dv: 3, heads: 2, keyHeads: 1 }, { scale: 0.5 });
      const narrow = (q: AttentionProblem): AttentionProblem<Float32Array> => ({ ...q, queries: toFloat32(q.queries), keys: toFloat32(q.keys), values: toFloat32(q.values) });
      const merged = mergeAttention(cut(p, 4, 9).map((part) => attend(narrow(part), kernels)));
      expect(merged.output.data).toBeInstanceOf(Float32Array);
      expect(maxDifference(merged.output.data, attend(narrow(p), kernels).output.data)).toBeLessThanOrEqual(mergedBound(p, u32));
    }
  });
});

const part = (value: number, log: number): AttentionResult<Float64Array> => ({ output: tokens(1, Float64Array.of(value)), logPartition: Float64Array.of(log) });

test('log partitions of any size: no overflow, equal ones share equally, a part without keys has no weight', () => {
  for (const log of [-1e300, -745, 0, 710, 1e300]) {
    expect(mergeAttention([part(1, log), part(3, log)]).output.data[0]).toBe(2);
    const { output, logPartition, weights } = mergeAttention([part(0.1, log), part(0, -Infinity)]);
    expect([output.data[0], logPartition[0], weights[0]![0], weights[1]![0]]).toEqual([0.1, log, 1, 0]);
  }
  expect(mergeAttention([part(5, 1e300), part(7, -1e300)]).output.data[0]).toBe(5);
  const none = mergeAttention([part(0, -Infinity), part(0, -Infinity)]);
  expect([none.output.data[0], none.logPartition[0], none.weights[0]![0]]).toEqual([0, -Infinity, 0]);
});

test('the mean stays in the range of its parts, at the end of float64 too', () => {
  const top = Number.MAX_VALUE;
  expect(mergeAttention([part(top, 1), part(top, 0.3), part(top, -2)]).output.data[0]).toBe(top);
  expect(mergeAttention([part(5e-324, 1), part(5e-324, 1)]).output.data[0]).toBe(5e-324);
});

test('no queries', () => {
  const empty = { output: zeroTokens(3, 0), logPartition: new Float64Array(0) };
  expect(mergeAttention([empty, empty]).output.n).toBe(0);
});

test('bad input', () => {
  const good = part(1, 0);
  const call = (other: unknown) => () => mergeAttention([good, other as AttentionResult<Float64Array>]);
  expect(() => mergeAttention([])).toThrow(new RangeError('mergeAttention: parts must hold at least one value, got none'));
  expect(call({ ...good, output: zeroTokens(2, 1) })).toThrow(new RangeError('mergeAttention: part 1.output must be 1 x 1 like part 0, got 2 x 1'));
  expect(call({ ...good, output: zeroTokens(1, 1, 'float32') as Tokens })).toThrow(TypeError);
  expect(call({ ...good, logPartition: Float32Array.of(0) })).toThrow(TypeError);
  expect(call({ ...good, logPartition: Float64Array.of(0, 0) })).toThrow(new RangeError('mergeAttention: part 1.logPartition must have length 1 (the length of part 0), got 2'));
  expect(call(part(NaN, 0))).toThrow('mergeAttention: part 1.output must be finite, got NaN at index 0');
  expect(call(part(1, Infinity))).toThrow('mergeAttention: part 1.logPartition must be finite or -Infinity, got Infinity at index 0');
  expect(call(undefined)).toThrow(TypeError);
  const three = { output: zeroTokens(3, 2), logPartition: new Float64Array(4) };
  expect(() => mergeAttention([three])).toThrow('mergeAttention: part 0.logPartition must have length heads * queries for 3 x 2 outputs, got 4');
});
