import { fc, test } from '@fast-check/vitest';
import { Matrix, tokens } from '@prompt-limits/core-linalg';
import { expect } from 'vitest';
import {
  applyFeedForward,
  applySingleAttention,
  applyUpToAttention,
  inSingleAttentionClass,
  selfAttentionLayer,
  singleAttentionClass,
  type FeedForward,
  type SingleAttentionNetwork,
} from '../../src/index.ts';
import { idle, integerHead, integerMatrix, integerTokens } from './networks.ts';

const [d, n] = [3, 5];
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
const network: fc.Arbitrary<SingleAttentionNetwork> = fc.record({
  before: fc.tuple(layer(2), layer(7)),
  heads: fc.tuple(integerHead(d, 2, 1, small), integerHead(d, 1, 1, small)),
  after: fc.tuple(layer(5), layer(3), layer(1)),
});

test.prop([network, integerTokens(d, n, 2)])('Eq. (2.4): layers before, attention, layers after, each in its order', (net, z) => {
  const [first, second] = net.before;
  const middle = selfAttentionLayer(net.heads, applyFeedForward(second!, applyFeedForward(first!, z)));
  expect(applyUpToAttention(net, z)).toEqual(middle);
  const [a, b, c] = net.after;
  expect(applySingleAttention(net, z)).toEqual(applyFeedForward(c!, applyFeedForward(b!, applyFeedForward(a!, middle))));
  expect(applySingleAttention({ ...net, before: [], after: [] }, z)).toEqual(selfAttentionLayer(net.heads, z));
});

test('layers do not commute: (3 + 1) and then the mean, doubled and then one more', () => {
  const [one, zero] = [new Matrix([[1]]), new Matrix([[0]])];
  const ffn = (w2: number, b2: number): FeedForward => ({ d: 1, r: 1, w1: Float64Array.of(1), b1: Float64Array.of(0), w2: Float64Array.of(w2), b2: Float64Array.of(b2) });
  const [double, plusOne] = [ffn(1, 0), ffn(0, 1)];
  const heads = [{ wO: one, wV: one, wK: zero, wQ: zero }];
  const three = tokens(1, Float32Array.of(3));
  expect(applySingleAttention({ before: [plusOne], heads, after: [double, plusOne] }, three).data[0]).toBe(17);
  expect(applySingleAttention({ before: [double], heads, after: [plusOne, double] }, three).data[0]).toBe(26);
  expect(three.data[0]).toBe(3);
});

test.prop([network])('the class is read off the weights, and holds exactly above them', (net) => {
  const { h, s, widthBefore, widthAfter, layersBefore, layersAfter } = singleAttentionClass(net);
  expect([h, s, widthBefore, widthAfter, layersBefore, layersAfter]).toEqual([2, 2, 7, 5, 2, 3]);
  expect(inSingleAttentionClass(net, { form: 'A', h: 2, s: 2, r: 7 })).toEqual({ member: true, reasons: [] });
  expect(inSingleAttentionClass(net, { form: 'A', h: 3, s: 4, r: 8 }).member).toBe(true);
  expect(inSingleAttentionClass(net, { form: 'A', h: 1, s: 2, r: 7 }).reasons).toEqual(['2 heads, more than h = 1']);
  expect(inSingleAttentionClass(net, { form: 'A', h: 2, s: 1, r: 7 }).reasons).toEqual(['head 0 has size 2, more than s = 1']);
  expect(inSingleAttentionClass(net, { form: 'A', h: 2, s: 2, r: 4 }).reasons).toEqual([
    'layer 1 before the attention has 7 neurons, more than r = 4',
    'layer 0 after the attention has 5 neurons, more than r = 4',
  ]);
  expect(inSingleAttentionClass(net, { form: 'B', h: 2, s: 2, r: 7 }).reasons).toEqual(['2 layers before the attention, not 1', '3 layers after the attention, not 1']);
  expect(inSingleAttentionClass({ ...net, before: [net.before[1]!], after: [net.after[0]!] }, { form: 'B', h: 2, s: 2, r: 7 }).member).toBe(true);
});

test('errata 16: size one forces rank one, and s >= rank admits every rank', () => {
  const headOf = (rank: number) => ({ wO: Matrix.eye(3, rank), wV: Matrix.eye(rank, 3), wK: Matrix.eye(rank, 3), wQ: Matrix.eye(rank, 3) });
  const net = (rank: number): SingleAttentionNetwork => ({ before: [idle(3, 4)], heads: [headOf(rank)], after: [idle(3, 4)] });
  expect(inSingleAttentionClass(net(1), { form: 'B', h: 1, s: 1, r: 4, rank: 1 }).member).toBe(true);
  expect(inSingleAttentionClass(net(1), { form: 'B', h: 1, s: 1, r: 4, rank: 2 }).reasons[0]).toBe('rank 2 is impossible: weights of s x d = 1 x 3 have rank at most 1');
  expect(inSingleAttentionClass(net(3), { form: 'A', h: 1, s: 3, r: 4, rank: 3 })).toEqual({ member: true, reasons: [] });
  expect(inSingleAttentionClass(net(2), { form: 'A', h: 1, s: 3, r: 4, rank: 3 }).reasons).toContain('wK of head 0 has rank 2, not 3');
});

test('a stack of 100,000 layers', () => {
  const net: SingleAttentionNetwork = { before: [], heads: [{ wO: Matrix.eye(1), wV: Matrix.eye(1), wK: Matrix.eye(1), wQ: Matrix.eye(1) }], after: Array.from({ length: 1e5 }, () => idle(1, 2)) };
  expect(singleAttentionClass(net)).toMatchObject({ layersAfter: 1e5, widthAfter: 2 });
  expect(applySingleAttention(net, tokens(1, Float64Array.of(1))).data[0]).toBe(2);
});

test('no tokens, and bad input', () => {
  const eye = Matrix.eye(2);
  const heads = [{ wO: eye, wV: eye, wK: eye, wQ: eye }];
  const net = { before: [idle(2)], heads, after: [] };
  expect(applySingleAttention(net, tokens(2, new Float64Array(0))).n).toBe(0);
  expect(() => applySingleAttention({ ...net, after: [idle(3)] }, tokens(2, new Float64Array(2)))).toThrow(
    new RangeError("applySingleAttention: layer 0 after the attention must have the tokens' width (d = 2), got d = 3"),
  );
  expect(() => applyUpToAttention({ before: [], heads: [] }, tokens(2, new Float64Array(2)))).toThrow(new RangeError('applyUpToAttention: heads must hold at least one value, got none'));
  expect(() => applyUpToAttention(net, tokens(2, Float64Array.of(NaN, 0)))).toThrow('applyUpToAttention: z must be finite, got NaN at index 0');
  expect(() => singleAttentionClass({ ...net, before: undefined as never })).toThrow(TypeError);
  expect(() => singleAttentionClass({ ...net, before: [{ ...idle(2), w1: new Float64Array(1) }] })).toThrow('singleAttentionClass: layer 0 before: w1 must have length 2 (r x d), got 1');
  expect(() => inSingleAttentionClass(net, { form: 'C' as 'A', h: 1, s: 1, r: 1 })).toThrow('inSingleAttentionClass: form must be one of A, B, got "C"');
  expect(() => inSingleAttentionClass(net, { form: 'A', h: 0, s: 1, r: 1 })).toThrow(RangeError);
});
