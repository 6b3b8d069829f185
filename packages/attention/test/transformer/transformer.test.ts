import { fc, test } from '@fast-check/vitest';
import { Matrix, tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { applyBlock, applyFeedForward, applyNetwork, classOf, inClass, selfAttentionLayer, type FeedForward, type TransformerNetwork } from '../../src/index.ts';
import { idle, integerHead, integerMatrix, integerTokens, padded } from './networks.ts';

const [d, L] = [3, 5];
const layer = (r: number): fc.Arbitrary<FeedForward> =>
  fc.tuple(integerMatrix(r, d, 2), integerMatrix(d, r, 2), integerMatrix(1, r, 2), integerMatrix(1, d, 2)).map(([w1, w2, b1, b2]) => ({
    d,
    r,
    w1: Float64Array.from(w1.to1DArray()),
    b1: Float64Array.from(b1.to1DArray()),
    w2: Float64Array.from(w2.to1DArray()),
    b2: Float64Array.from(b2.to1DArray()),
  }));
const small = fc.constant(0.0625);
const network: fc.Arbitrary<TransformerNetwork> = fc.record({
  blocks: fc.tuple(
    fc.record({ heads: fc.tuple(integerHead(d, 2, 1, small), integerHead(d, 1, 1, small)), feedForward: layer(2) }),
    fc.record({ heads: fc.tuple(integerHead(d, 3, 1, small)), feedForward: layer(5) }),
  ),
});

test.prop([network, integerTokens(d, L, 2)])('Definitions 2.1 and 2.2: feed-forward after attention, blocks in order', ({ blocks }, z) => {
  const [first, second] = blocks;
  const afterFirst = applyFeedForward(first!.feedForward, selfAttentionLayer(first!.heads, z));
  expect(applyBlock(first!, z)).toEqual(afterFirst);
  expect(applyNetwork({ blocks }, z)).toEqual(applyBlock(second!, afterFirst));
  expect(applyNetwork({ blocks: [first!] }, z)).toEqual(afterFirst);
});

test('blocks act from the first to the last', () => {
  const zero = new Matrix([[0]]);
  const heads = [{ wO: zero, wV: zero, wK: zero, wQ: zero }];
  const ffn = (w2: number, b2: number): FeedForward => ({ d: 1, r: 1, w1: Float64Array.of(1), b1: Float64Array.of(0), w2: Float64Array.of(w2), b2: Float64Array.of(b2) });
  const [double, plusOne] = [ffn(1, 0), ffn(0, 1)].map((feedForward) => ({ heads, feedForward }));
  const three = tokens(1, Float64Array.of(3));
  expect(applyNetwork({ blocks: [double!, plusOne!] }, three).data[0]).toBe(7);
  expect(applyNetwork({ blocks: [plusOne!, double!] }, three).data[0]).toBe(8);
});

describe('the class of Definition 2.2', () => {
  test.prop([network])('h, s and r are the largest of the blocks, and the network is in exactly the classes above them', (net) => {
    const { h, s, r } = classOf(net);
    expect([h, s, r]).toEqual([2, 3, 5]);
    expect(inClass(net, { h, s, r })).toEqual({ member: true, reasons: [] });
    expect(inClass(net, { h: h + 1, s: s + 2, r: r + 3 }).member).toBe(true);
    expect(inClass(net, { h: 1, s, r }).reasons).toEqual(['block 0 has 2 heads, more than h = 1']);
    expect(inClass(net, { h, s: 2, r }).reasons).toEqual(['head 0 of block 1 has size 3, more than s = 2']);
    expect(inClass(net, { h, s, r: 4 }).reasons).toEqual(['block 1 has 5 neurons, more than r = 4']);
  });

  test.prop([network, integerTokens(d, L, 2)])('padding with zeros to the class changes no function: integer sums are exact, so bit for bit', ({ blocks }, z) => {
    const { h, s, r } = classOf({ blocks });
    const wider = blocks.map(({ heads, feedForward: f }) => ({
      heads: Array.from({ length: h }, (_, i) => {
        const { wO, wV, wK, wQ, scale } = heads[i] ?? { ...heads[0]!, wO: Matrix.zeros(d, 1), wV: Matrix.zeros(1, d), wK: Matrix.zeros(1, d), wQ: Matrix.zeros(1, d) };
        return { wO: padded(wO, d, s), wV: padded(wV, s, d), wK: padded(wK, s, d), wQ: padded(wQ, s, d), scale: scale! };
      }),
      feedForward: {
        d,
        r,
        w1: Float64Array.from(padded(new Matrix(Array.from({ length: f.r }, (_, j) => [...f.w1.subarray(j * d, (j + 1) * d)])), r, d).to1DArray()),
        b1: Float64Array.from({ length: r }, (_, j) => f.b1[j] ?? 0),
        w2: Float64Array.from(padded(new Matrix(Array.from({ length: d }, (_, i) => [...f.w2.subarray(i * f.r, (i + 1) * f.r)])), d, r).to1DArray()),
        b2: f.b2,
      },
    }));
    // Zero rows add zeros to sums that run in the same order, so nothing rounds differently.
    expect(applyNetwork({ blocks: wider }, z)).toEqual(applyNetwork({ blocks }, z));
    expect(classOf({ blocks: wider })).toMatchObject({ h, s, r });
  });

  test('ranks are read off the weights', () => {
    const [full, one, none] = [new Matrix([[1, 0, 2], [0, 1, 1]]), new Matrix([[1, 2, 3], [2, 4, 6]]), Matrix.zeros(2, 3)];
    const net = { blocks: [{ heads: [{ wO: full.transpose(), wV: none, wK: full, wQ: one }], feedForward: idle(3, 4) }] };
    expect(classOf(net)).toEqual({ h: 1, s: 2, r: 4, ranks: [[{ wO: 2, wV: 0, wK: 2, wQ: 1 }]] });
    expect(inClass(net, { h: 1, s: 2, r: 4, rank: 2 }).reasons).toEqual(['wV of head 0 of block 0 has rank 0, not 2', 'wQ of head 0 of block 0 has rank 1, not 2']);
  });
});

describe('errata 16: size-one attention and any rank', () => {
  const headOf = (s: number) => integerHead(3, s, 3, fc.constant(1));

  test.prop([headOf(1)])('printed: T^{1,1,4} with rank 2 holds no network, since 1 x d matrices have rank at most 1', (head) => {
    const net = { blocks: [{ heads: [head], feedForward: idle(3, 4) }] };
    const { wV, wK, wQ } = classOf(net).ranks[0]![0]!;
    expect(Math.max(wV, wK, wQ)).toBeLessThanOrEqual(1);
    const { member, reasons } = inClass(net, { h: 1, s: 1, r: 4, rank: 2 });
    expect(member).toBe(false);
    expect(reasons[0]).toBe('rank 2 is impossible: weights of s x d = 1 x 3 have rank at most 1');
  });

  test('repaired: T^{1,s,4} with s >= rho does, for every rank up to d', () => {
    for (const rank of [1, 2, 3]) {
      const w = Matrix.eye(rank, 3);
      const net = { blocks: [{ heads: [{ wO: w.transpose(), wV: w, wK: w, wQ: w }], feedForward: idle(3, 4) }] };
      expect(inClass(net, { h: 1, s: rank, r: 4, rank })).toEqual({ member: true, reasons: [] });
      expect(inClass(net, { h: 1, s: rank + 2, r: 4, rank }).member).toBe(true);
    }
  });
});

test('bad input', () => {
  const one = new Matrix([[1]]);
  const head = { wO: one, wV: one, wK: one, wQ: one };
  const block = { heads: [head], feedForward: idle(1) };
  const z = tokens(1, Float64Array.of(1));
  expect(() => applyNetwork({ blocks: [] }, z)).toThrow(new RangeError('applyNetwork: blocks must hold at least one value, got none'));
  expect(() => classOf({ blocks: [] })).toThrow(new RangeError('classOf: blocks must hold at least one value, got none'));
  expect(() => classOf({ blocks: [{ ...block, heads: [] }] })).toThrow(new RangeError('classOf: heads of block 0 must hold at least one value, got none'));
  expect(() => classOf({ blocks: [block, { ...block, feedForward: idle(2) }] })).toThrow(new RangeError('classOf: block 1 must have d = 1 like block 0, got d = 2'));
  expect(() => classOf({ blocks: [{ ...block, feedForward: { ...idle(1), w1: new Float64Array(2) } }] })).toThrow(new RangeError('classOf: block 0: w1 must have length 1 (r x d), got 2'));
  expect(() => inClass({ blocks: [block] }, { h: 0, s: 1, r: 1 })).toThrow(new RangeError('inClass: h must be at least 1, got 0'));
  expect(() => inClass({ blocks: [block] }, { h: 1, s: 1, r: 1, rank: 0.5 })).toThrow(RangeError);
  expect(() => applyBlock({ heads: [head], feedForward: idle(2) }, z)).toThrow("applyFeedForward: z must have the network's width (d = 2), got d = 1");
});
