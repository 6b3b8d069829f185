import type { AttentionShape, FloatArray } from '@prompt-limits/core-linalg';
import type { KeyValueCache } from './cache.ts';
import {
  allocateLayerGradientRoom, allocateLayerRoom, allocateLayerState, layerForward, layerVjp, type LayerState,
} from './layer.ts';
import type { LlamaModel } from './model.ts';

/** What the attention of one layer reads, after the rotation. The arrays are lent: copy what you keep. */
export interface AttentionInput {
  /** Heads, widths, scale and mask. */
  readonly shape: AttentionShape;
  /** Queries, token after token. */
  readonly q: FloatArray;
  /** Keys, token after token. */
  readonly k: FloatArray;
  /** Values, token after token. */
  readonly v: FloatArray;
}

/** Sees the attention of each layer, counted from 0, as the forward pass reaches it. */
export type AttentionObserver = (layer: number, input: AttentionInput) => void;

/** A forward pass that is held in kernel memory, so that a gradient can follow it. */
export interface Trace {
  /** Tokens. */
  readonly n: number;
  /** First position whose logits were computed. */
  readonly from: number;
  /** States of the blocks; a single shared one unless they were kept. */
  readonly states: readonly LayerState[];
  /** Output of the last block, n x d. */
  readonly last: FloatArray;
  /** (n - from) x vocabularySize. */
  readonly logits: FloatArray;
}

/** How to run `traceForward`. */
export interface TraceOptions {
  readonly from: number;
  /** Keep every block's state for `traceVjp`. */
  readonly keep: boolean;
  readonly cache?: KeyValueCache | undefined;
  readonly onAttention?: AttentionObserver | undefined;
}

/**
 * The forward pass in the enclosing scratch, whose end frees the trace.
 *
 * @param n - tokens, at least 1
 * @param fill - writes the n embeddings of width d
 */
export function traceForward(model: LlamaModel, n: number, fill: (x: FloatArray) => void, { from, keep, cache, onAttention }: TraceOptions): Trace {
  const { config, kernels, weights } = model;
  const states = Array.from({ length: keep ? config.layers : 1 }, () => allocateLayerState(kernels, config, n));
  const room = allocateLayerRoom(kernels, config, n);
  const last = keep ? kernels.allocate(n * config.d) : states[0]!.x;
  const logits = kernels.allocate((n - from) * config.vocabularySize);
  fill(states[0]!.x);
  weights.layers.forEach((layer, i) => {
    const state = keep ? states[i]! : states[0]!;
    const out = keep && i + 1 < config.layers ? states[i + 1]!.x : last;
    const layerCache = cache ? { length: cache.length, keys: cache.keys[i]!, values: cache.values[i]! } : null;
    const observe = onAttention && ((shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray): void => onAttention(i, { shape, q, k, v }));
    layerForward({ kernels, config, rotary: weights.rotary, weights: layer }, n, state, room, out, layerCache, observe);
  });
  if (cache) cache.length += n;
  if (n > from) {
    kernels.rmsNorm(n - from, config.d, config.rmsEpsilon, last.subarray(from * config.d), weights.norm, room.h);
    kernels.gemmPacked(n - from, room.h, weights.head.forward, logits);
  }
  return { n, from, states, last, logits };
}

/**
 * Vector-Jacobian product of `traceForward` for the embeddings.
 *
 * @param trace - made with `keep`; it can be used once
 * @param dlogits - gradient for the logits, (n - from) x vocabularySize
 * @returns gradient for the embeddings, n x d, in the enclosing scratch
 */
export function traceVjp(model: LlamaModel, trace: Trace, dlogits: FloatArray): FloatArray {
  const { config, kernels, weights } = model;
  const { n, from, states, last } = trace;
  const room = allocateLayerGradientRoom(kernels, config, n);
  const dx = kernels.allocate(n * config.d);
  kernels.gemmPacked(n - from, dlogits, weights.head.backward, room.h);
  // Positions before `from` reach the loss through later layers' keys and values only: their rows start at zero.
  const rows = (x: FloatArray): FloatArray => x.subarray(from * config.d);
  kernels.rmsNormVjp(n - from, config.d, config.rmsEpsilon, rows(last), weights.norm, room.h, rows(dx));
  for (let i = config.layers - 1; i >= 0; i--) {
    layerVjp({ kernels, config, rotary: weights.rotary, weights: weights.layers[i]! }, n, states[i]!, room, dx);
  }
  return dx;
}
