import { createPlainKernels, normalTokens, randomSource } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { allocateLayerGradientRoom, allocateLayerRoom, allocateLayerState, attentionShape, layerForward, layerVjp, type Layer } from '../../src/llama/layer.ts';
import { createProjection } from '../../src/llama/projection.ts';
import { randomModel } from '../../src/llama/randomModel.ts';
import { finiteDifferences, relativeError } from '../support/differences.ts';

const kernels = createPlainKernels({ precision: 'float64' });
const random = randomSource(11);
const normal = (n: number): Float64Array => normalTokens(random, 1, n).data as Float64Array;
const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => Array.from(x).reduce((sum, v, i) => sum + v * y[i]!, 0);

/** Checks a vector-Jacobian product against differences of dy . f(x). */
function checkGradient(f: (x: Float64Array) => ArrayLike<number>, x: Float64Array, dy: Float64Array, dx: Float64Array): void {
  expect(relativeError(dx, finiteDifferences((at) => dot(f(at), dy), x))).toBeLessThan(1e-9);
}

describe('each layer type, gradient against central differences in float64', () => {
  const [n, d] = [5, 13];

  test('RMS norm', () => {
    const [x, gain, dy, dx] = [normal(n * d), normal(d), normal(n * d), new Float64Array(n * d)];
    kernels.rmsNormVjp(n, d, 1e-5, x, gain, dy, dx);
    checkGradient((at) => {
      const y = new Float64Array(n * d);
      kernels.rmsNorm(n, d, 1e-5, at, gain, y);
      return y;
    }, x, dy, dx);
  });

  test('projection, as the output head is', () => {
    const weights = normal(7 * d);
    const head = createProjection(kernels, 7, d, () => weights);
    expect(() => head.backward).toThrow('prepare must be called');
    head.prepare();
    const [x, dy, dx] = [normal(n * d), normal(n * 7), new Float64Array(n * d)];
    kernels.gemmPacked(n, dy, head.backward, dx);
    checkGradient((at) => {
      const y = new Float64Array(n * 7);
      kernels.gemmPacked(n, at, head.forward, y);
      return y;
    }, x, dy, dx);
  });

  test.each(['half', 'interleaved'] as const)('rotary embedding, %s pairs', (ropePairing) => {
    const { weights } = randomModel({ random: randomSource(1), config: { ropePairing, headSize: 6 } });
    const [x, dy] = [normal(n * 12), normal(n * 12)];
    const dx = dy.slice();
    weights.rotary.rotate(dx, n, 2, 3, true);
    checkGradient((at) => {
      const y = at.slice();
      weights.rotary.rotate(y, n, 2, 3, false);
      return y;
    }, x, dy, dx);
  });

  test.each([[4, 2], [6, 3], [5, 1], [3, 3]])('causal attention, %i query heads on %i key heads', (heads, keyHeads) => {
    const s = 6;
    const { config } = randomModel({ random: randomSource(1), config: { heads, keyHeads, headSize: s } });
    const shape = attentionShape(config, n, 0);
    const parts = { q: n * heads * s, k: n * keyHeads * s, v: n * keyHeads * s };
    const [x, dz] = [normal(parts.q + parts.k + parts.v), normal(parts.q)];
    const split = (a: Float64Array) => [a.subarray(0, parts.q), a.subarray(parts.q, parts.q + parts.k), a.subarray(parts.q + parts.k)] as const;
    const attend = (at: Float64Array): { z: Float64Array; logPartition: Float64Array } => {
      const out = { z: new Float64Array(parts.q), logPartition: new Float64Array(n * heads) };
      kernels.attention(shape, ...split(at), out.z, out.logPartition);
      return out;
    };
    const { z, logPartition } = attend(x);
    const dx = new Float64Array(x.length);
    kernels.attentionVjp(shape, ...split(x), z, logPartition, dz, ...split(dx));
    checkGradient((at) => attend(at).z, x, dz, dx);
  });

  test('SwiGLU', () => {
    const r = 17;
    const [x, dy, dx] = [normal(2 * n * r), normal(n * r), new Float64Array(2 * n * r)];
    kernels.swigluVjp(n * r, x.subarray(0, n * r), x.subarray(n * r), dy, dx.subarray(0, n * r), dx.subarray(n * r));
    checkGradient((at) => {
      const y = new Float64Array(n * r);
      kernels.swiglu(n * r, at.subarray(0, n * r), at.subarray(n * r), y);
      return y;
    }, x, dy, dx);
  });

  test.each(['half', 'interleaved'] as const)('whole block, %s pairs', (ropePairing) => {
    const sizes = { ropePairing, d, heads: 4, keyHeads: 2, headSize: 6, r: 17 };
    const { config, weights, prepareGradients } = randomModel({ random: randomSource(2), kernels, config: sizes });
    prepareGradients();
    const layer: Layer = { kernels, config, rotary: weights.rotary, weights: weights.layers[1]! };
    const run = (at: Float64Array) => {
      const state = allocateLayerState(kernels, config, n);
      const out = kernels.allocate(n * d);
      state.x.set(at);
      layerForward(layer, n, state, allocateLayerRoom(kernels, config, n), out, null);
      return { state, out };
    };
    const [x, dx] = [normal(n * d), normal(n * d)];
    const dy = dx.slice();
    layerVjp(layer, n, run(x).state, allocateLayerGradientRoom(kernels, config, n), dx);
    checkGradient((at) => run(at).out, x, dy, dx);
  });
});
