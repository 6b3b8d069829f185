import { fc, test } from '@fast-check/vitest';
import { Matrix, tokens, zeroTokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attentionMechanism, selfAttentionLayer, type AttentionHead } from '../../src/index.ts';
import { maxAbs, maxDifference, u32, u64 } from '../problems.ts';
import { columns, idle, integerHead, integerTokens, times } from './networks.ts';

const [d, s, L, m] = [3, 2, 5, 7];
const bound = 3;

/** Eq. (2.2) for one query, straight from the formula. */
function direct({ wV, wK, wQ, scale = 1 }: AttentionHead, x: number[], context: number[][]): number[] {
  const q = times(wQ, x);
  const scores = context.map((z) => scale * times(wK, z).reduce((sum, k, i) => sum + k * q[i]!, 0));
  const weights = scores.map((score) => 1 / scores.reduce((sum, other) => sum + Math.exp(other - score), 0));
  return Array.from({ length: wV.rows }, (_, i) => context.reduce((sum, z, j) => sum + weights[j]! * times(wV, z)[i]!, 0));
}

// Integer weights and tokens up to 3: Q, K, V (at most d 9 = 27) and the scores (at most s 27^2, times 1/4 or 1) are exact on both
// sides. What is left are L exponentials of a relative 2^-52, sums of L terms and one division, on values of at most 27.
const mechanismError = 2 * (3 * L + 16) * u64 * d * bound * bound;

describe('Eq. (2.2)', () => {
  test.prop([integerHead(d, s, bound), integerTokens(d, m, bound), integerTokens(d, L, bound)])('token by token as the formula says', (head, queries, context) => {
    const output = attentionMechanism(head, queries, context);
    expect([output.d, output.n]).toEqual([s, m]);
    const expected = columns(queries).map((x) => direct(head, x, columns(context)));
    expect(maxDifference(output.data, expected.flat())).toBeLessThanOrEqual(mechanismError);
  });

  test.prop([integerHead(d, s, bound, fc.constant(0.25)), integerTokens(d, m, bound), integerTokens(d, L, bound)])('Float32 tokens give Float32 within its rounding', (head, queries, context) => {
    const narrow = attentionMechanism(head, tokens(d, Float32Array.from(queries.data)), tokens(d, Float32Array.from(context.data)));
    expect(narrow.data).toBeInstanceOf(Float32Array);
    // The projections are integers, exact in float32, and so are the scores: rounding of the result and of the sums is left.
    expect(maxDifference(narrow.data, attentionMechanism(head, queries, context).data)).toBeLessThanOrEqual((3 * L + 16) * u32 * d * bound * bound + mechanismError);
  });

  test('an empty context gives zero tokens', () => {
    const one = new Matrix([[1]]);
    expect(attentionMechanism({ wO: one, wV: one, wK: one, wQ: one }, tokens(1, Float64Array.of(4, 5)), zeroTokens(1, 0)).data).toEqual(new Float64Array(2));
  });
});

describe('Eq. (2.1)', () => {
  const heads = fc.tuple(integerHead(d, s, bound), integerHead(d, 1, bound), integerHead(d, 5, bound));

  test.prop([heads, integerTokens(d, L, bound)])('the residual and W_O of every head, heads of different sizes', (list, z) => {
    const context = columns(z);
    const expected = context.map((x) => {
      const added = list.map((head) => times(head.wO, direct(head, x, context)));
      return x.map((value, i) => added.reduce((sum, a) => sum + a[i]!, value));
    });
    // Three heads of at most 5 rows with |W_O| <= 3, each mechanism off by mechanismError, and the roundings of the sums.
    const size = bound + 3 * 5 * bound * d * bound * bound;
    expect(maxDifference(selfAttentionLayer(list, z).data, expected.flat())).toBeLessThanOrEqual(3 * 5 * bound * mechanismError + 20 * u64 * size);
  });

  test.prop([heads, integerTokens(d, L, bound), fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: L, maxLength: L })])('permuting the tokens permutes the output', (list, z, order) => {
    const shuffled = tokens(d, Float64Array.from(order.flatMap((k) => columns(z)[k]!)));
    const output = columns(selfAttentionLayer(list, z));
    const size = bound + 3 * 5 * bound * d * bound * bound;
    expect(maxDifference(selfAttentionLayer(list, shuffled).data, order.flatMap((k) => output[k]!))).toBeLessThanOrEqual(3 * 5 * bound * mechanismError + 20 * u64 * size);
  });

  test('W_O = 0 leaves the residual alone, bit for bit; no tokens give none', () => {
    const one = new Matrix([[1]]);
    const head = { wO: new Matrix([[0]]), wV: one, wK: one, wQ: one };
    expect([...selfAttentionLayer([head], tokens(1, Float64Array.of(0.1, 5e-324, 1e150))).data]).toEqual([0.1, 5e-324, 1e150]);
    expect(selfAttentionLayer([head], zeroTokens(1, 0)).n).toBe(0);
  });
});

describe('errata 2: Eq. (1.3) as printed', () => {
  /** Z = (W_V X) D^-1 exp(X^T W_K^T Q) with D the row sums, as printed. */
  function printed(head: AttentionHead, X: number[][], wQ: Matrix): number[][] {
    const keys = X.map((x) => times(head.wK, x));
    const exps = keys.map((k) => X.map((x) => Math.exp(times(wQ, x).reduce((sum, q, i) => sum + q * k[i]!, 0))));
    const rows = exps.map((row) => row.reduce((a, b) => a + b, 0));
    return X.map((_, i) => times(head.wV, X[0]!).map((__, c) => X.reduce((sum, x, j) => sum + (times(head.wV, x)[c]! * exps[j]![i]!) / rows[j]!, 0)));
  }
  const one = new Matrix([[1]]);
  const head: AttentionHead = { wO: one, wV: one, wK: one, wQ: one };

  test('the row normaliser: weights of a column token do not sum to 1, and the output leaves the hull of the values', () => {
    const X = [[1], [2]];
    // D^-1 A for A = exp(x_j x_i): rows sum to 1, columns do not.
    const output = printed(head, X, one);
    expect(output[1]![0]).toBeGreaterThan(2.4); // (e^2 / (e + e^2)) + 2 e^4 / (e^2 + e^4)
    expect(output[0]![0]).toBeLessThan(0.6);
    const repaired = attentionMechanism(head, tokens(1, Float64Array.of(1, 2)), tokens(1, Float64Array.of(1, 2))).data;
    for (const z of repaired) expect(z >= 1 && z <= 2).toBe(true);
    expect(Math.abs(repaired[0]! - (1 + 1 / (1 + Math.exp(-1))))).toBeLessThanOrEqual(2 ** -50);
  });

  test('Q = W_V X: the output no longer depends on W_Q', () => {
    const other = { ...head, wQ: new Matrix([[-1]]) };
    const X = [[1], [2]];
    expect(printed(other, X, other.wV)).toEqual(printed(head, X, head.wV));
    const z = tokens(1, Float64Array.of(1, 2));
    // Softmax of (x, 2x) against that of (-x, -2x).
    const [a, b] = [attentionMechanism(head, z, z).data, attentionMechanism(other, z, z).data];
    expect(Math.abs(a[0]! - (1 + 1 / (1 + Math.exp(-1))))).toBeLessThanOrEqual(2 ** -50);
    expect(Math.abs(b[0]! - (1 + 1 / (1 + Math.E)))).toBeLessThanOrEqual(2 ** -50);
  });

  test.prop([integerHead(d, s, bound), integerTokens(d, L, bound)])('repaired: every entry lies in the range of its row of values, and ones give ones', (h, z) => {
    const output = columns(attentionMechanism(h, z, z));
    const values = columns(z).map((x) => times(h.wV, x));
    for (const o of output) {
      o.forEach((x, i) => {
        const row = values.map((v) => v[i]!);
        const slack = (2 * L + 4) * u64 * maxAbs(row);
        expect(x).toBeGreaterThanOrEqual(Math.min(...row) - slack);
        expect(x).toBeLessThanOrEqual(Math.max(...row) + slack);
      });
    }
  });
});

test('bad input', () => {
  const one = new Matrix([[1]]);
  const head: AttentionHead = { wO: one, wV: one, wK: one, wQ: one };
  const z = tokens(1, Float64Array.of(1));
  expect(() => selfAttentionLayer([], z)).toThrow(new RangeError('selfAttentionLayer: heads must hold at least one value, got none'));
  expect(() => selfAttentionLayer([{ ...head, wO: new Matrix([[1, 2]]) }], z)).toThrow(new RangeError('selfAttentionLayer: head 0.wO must be 1 x 1, got 1 x 2'));
  expect(() => selfAttentionLayer([head, { ...head, wK: new Matrix([[NaN]]) }], z)).toThrow(new RangeError('selfAttentionLayer: head 1.wK must be finite, got NaN at index 0'));
  expect(() => selfAttentionLayer([{ ...head, wQ: idle(1) as unknown as Matrix }], z)).toThrow(TypeError);
  expect(() => selfAttentionLayer([{ ...head, scale: Infinity }], z)).toThrow('selfAttentionLayer: head 0.scale must be finite, got Infinity');
  expect(() => selfAttentionLayer([head], tokens(2, new Float64Array(2)))).toThrow('selfAttentionLayer: head 0.wQ must be 1 x 2, got 1 x 1');
  expect(() => attentionMechanism(head, z, tokens(2, new Float64Array(2)))).toThrow('attentionMechanism: context must have d = 1 like queries, got d = 2');
  expect(() => attentionMechanism(head, z, tokens(1, Float32Array.of(1)) as never)).toThrow(TypeError);
});
