import type { AttentionShape, FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { LlamaConfig } from './config.ts';
import type { Projection } from './projection.ts';
import type { Rotary } from './rotary.ts';

/** The frozen weights of one block. */
export interface LayerWeights {
  /** Gains of the RMS norm before attention, d. */
  readonly attentionNorm: FloatArray;
  /** W_Q, heads * s x d. */
  readonly query: Projection;
  /** W_K, keyHeads * s x d. */
  readonly key: Projection;
  /** W_V, keyHeads * s x d. */
  readonly value: Projection;
  /** W_O, d x heads * s. */
  readonly output: Projection;
  /** Gains of the RMS norm before the feed-forward part, d. */
  readonly feedForwardNorm: FloatArray;
  /** Goes through SiLU, r x d. */
  readonly gate: Projection;
  /** Is multiplied with the gate, r x d. */
  readonly up: Projection;
  /** Leads back, d x r. */
  readonly down: Projection;
}

/** What one block computes with and what its gradient needs, for n tokens; all in kernel memory. */
export interface LayerState {
  /** Input of the block, n x d. */
  readonly x: FloatArray;
  /** Queries after the rotation, n x heads * s. */
  readonly q: FloatArray;
  /** Keys after the rotation, n x keyHeads * s. */
  readonly k: FloatArray;
  /** Values, n x keyHeads * s. */
  readonly v: FloatArray;
  /** Output of the attention, n x heads * s. */
  readonly z: FloatArray;
  /** Log partition of each query, heads x n. */
  readonly logPartition: FloatArray;
  /** x plus the attention's part, n x d. */
  readonly middle: FloatArray;
  /** Gate of the feed-forward layer, n x r. */
  readonly gate: FloatArray;
  /** Its other factor, n x r. */
  readonly up: FloatArray;
}

/** Room that blocks share, one after another. */
export interface LayerRoom {
  /** n x d. */
  readonly h: FloatArray;
  /** n x r. */
  readonly m: FloatArray;
}

/** Keys and values of the tokens before, and room for those of n more. */
export interface LayerCache {
  /** Tokens held before this call. */
  readonly length: number;
  readonly keys: FloatArray;
  readonly values: FloatArray;
}

/** One block and all that it needs. */
export interface Layer {
  readonly kernels: Kernels;
  readonly config: LlamaConfig;
  readonly rotary: Rotary;
  readonly weights: LayerWeights;
}

/** Values of a `LayerState` per token. */
export function layerStateSize({ d, heads, keyHeads, headSize, r }: LlamaConfig): number {
  return 2 * d + 2 * (heads + keyHeads) * headSize + heads + 2 * r;
}

/** Room for one block and n tokens, in the enclosing scratch. */
export function allocateLayerState(kernels: Kernels, { d, heads, keyHeads, headSize, r }: LlamaConfig, n: number): LayerState {
  const values = (width: number): FloatArray => kernels.allocate(n * width);
  return {
    x: values(d), q: values(heads * headSize), k: values(keyHeads * headSize), v: values(keyHeads * headSize),
    z: values(heads * headSize), logPartition: values(heads), middle: values(d), gate: values(r), up: values(r),
  };
}

/** Room that all blocks share, in the enclosing scratch. */
export function allocateLayerRoom(kernels: Kernels, { d, r }: LlamaConfig, n: number): LayerRoom {
  return { h: kernels.allocate(n * d), m: kernels.allocate(n * r) };
}

/** Causal attention of n new tokens over `past` older ones and themselves. */
export function attentionShape({ heads, keyHeads, headSize }: LlamaConfig, n: number, past: number): AttentionShape {
  return { queries: n, keys: past + n, heads, keyHeads, d: headSize, dv: headSize, scale: 1 / Math.sqrt(headSize), causal: past };
}

/**
 * One block on n tokens:
 * middle = x + W_O Att(R W_Q h, R W_K h, W_V h) with h = RMSNorm(x) and R the rotation, then
 * out = middle + W_down (silu(W_gate g) * W_up g) with g = RMSNorm(middle).
 *
 * @param state - its `x` is the input, the rest is written
 * @param out - n x d; may be `state.x`
 * @param cache - null for a sequence on its own
 * @param onAttention - sees what the attention sees
 */
export function layerForward(
  { kernels, config, rotary, weights }: Layer, n: number, state: LayerState, room: LayerRoom, out: FloatArray, cache: LayerCache | null,
  onAttention?: (shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray) => void,
): void {
  const { d, heads, keyHeads, headSize, r, rmsEpsilon } = config;
  const { x, q, k, v, z, logPartition, middle, gate, up } = state;
  const { h, m } = room;
  const past = cache?.length ?? 0;
  kernels.rmsNorm(n, d, rmsEpsilon, x, weights.attentionNorm, h);
  kernels.gemmPacked(n, h, weights.query.forward, q);
  kernels.gemmPacked(n, h, weights.key.forward, k);
  kernels.gemmPacked(n, h, weights.value.forward, v);
  rotary.rotate(q, n, heads, past, false);
  rotary.rotate(k, n, keyHeads, past, false);

  const width = keyHeads * headSize;
  cache?.keys.set(k.subarray(0, n * width), past * width);
  cache?.values.set(v.subarray(0, n * width), past * width);
  const shape = attentionShape(config, n, past);
  const keys = cache?.keys.subarray(0, shape.keys * width) ?? k;
  const values = cache?.values.subarray(0, shape.keys * width) ?? v;
  onAttention?.(shape, q, keys, values);
  kernels.attention(shape, q, keys, values, z, logPartition);
  middle.set(x);
  kernels.gemmPacked(n, z, weights.output.forward, middle, true);

  kernels.rmsNorm(n, d, rmsEpsilon, middle, weights.feedForwardNorm, h);
  kernels.gemmPacked(n, h, weights.gate.forward, gate);
  kernels.gemmPacked(n, h, weights.up.forward, up);
  kernels.swiglu(n * r, gate, up, m);
  out.set(middle);
  kernels.gemmPacked(n, m, weights.down.forward, out, true);
}

/** Room for the gradient of a block, shared by all blocks. */
export interface LayerGradientRoom extends LayerRoom {
  readonly dz: FloatArray;
  readonly dq: FloatArray;
  readonly dk: FloatArray;
  readonly dv: FloatArray;
}

/** Values of a `LayerGradientRoom` per token. */
export function layerGradientRoomSize({ d, heads, keyHeads, headSize, r }: LlamaConfig): number {
  return d + r + 2 * (heads + keyHeads) * headSize;
}

/** Room for `layerVjp`, in the enclosing scratch. */
export function allocateLayerGradientRoom(kernels: Kernels, config: LlamaConfig, n: number): LayerGradientRoom {
  const { heads, keyHeads, headSize } = config;
  const values = (width: number): FloatArray => kernels.allocate(n * width);
  return {
    ...allocateLayerRoom(kernels, config, n),
    dz: values(heads * headSize), dq: values(heads * headSize), dk: values(keyHeads * headSize), dv: values(keyHeads * headSize),
  };
}

/**
 * Vector-Jacobian product of `layerForward` (without cache) for its input. The weights are frozen, so only activations
 * have gradients, and of the forward pass only what `LayerState` holds is needed.
 *
 * @param state - as `layerForward` left it; its gate and up are overwritten
 * @param dx - n x d: the gradient for the output going in, for the input coming out
 */
export function layerVjp({ kernels, config, rotary, weights }: Layer, n: number, state: LayerState, room: LayerGradientRoom, dx: FloatArray): void {
  const { d, heads, keyHeads, r, rmsEpsilon } = config;
  const { x, q, k, v, z, logPartition, middle, gate, up } = state;
  const { h, m, dz, dq, dk, dv } = room;
  kernels.gemmPacked(n, dx, weights.down.backward, m);
  kernels.swigluVjp(n * r, gate, up, m, gate, up);
  kernels.gemmPacked(n, gate, weights.gate.backward, h);
  kernels.gemmPacked(n, up, weights.up.backward, h, true);
  // The residual connection passes dx on as it is; the branch adds its own part.
  kernels.rmsNormVjp(n, d, rmsEpsilon, middle, weights.feedForwardNorm, h, dx);

  kernels.gemmPacked(n, dx, weights.output.backward, dz);
  dq.fill(0);
  dk.fill(0);
  dv.fill(0);
  kernels.attentionVjp(attentionShape(config, n, 0), q, k, v, z, logPartition, dz, dq, dk, dv);
  rotary.rotate(dq, n, heads, 0, true);
  rotary.rotate(dk, n, keyHeads, 0, true);
  kernels.gemmPacked(n, dq, weights.query.backward, h);
  kernels.gemmPacked(n, dk, weights.key.backward, h, true);
  kernels.gemmPacked(n, dv, weights.value.backward, h, true);
  kernels.rmsNormVjp(n, d, rmsEpsilon, x, weights.attentionNorm, h, dx);
}
