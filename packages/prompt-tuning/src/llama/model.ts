import { assertInteger, assertNonEmpty, tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import type { TextTokenizer } from '../tokenizer/tokenizer.ts';
import type { LlamaConfig } from './config.ts';
import type { LayerWeights } from './layer.ts';
import { createProjection, type Projection } from './projection.ts';
import { createRotary, type Rotary } from './rotary.ts';
import type { LlamaTensors } from './weights.ts';

/** The frozen weights, laid out for the kernels. */
export interface LlamaWeights {
  /** vocabularySize x d, one token's embedding after another. */
  readonly embeddings: FloatArray;
  /** The blocks, first to last. */
  readonly layers: readonly LayerWeights[];
  /** Gains of the last RMSNorm. */
  readonly norm: FloatArray;
  /** From the last block's tokens to logits. */
  readonly head: Projection;
  /** Rotary position embedding. */
  readonly rotary: Rotary;
}

/** A frozen decoder-only transformer of the Llama family, ready to run. */
export interface LlamaModel {
  /** What adapters call the model they belong to. */
  readonly name: string;
  /** Its sizes. */
  readonly config: LlamaConfig;
  /** Text to token ids and back. */
  readonly tokenizer: TextTokenizer;
  /** What computes; its precision is the model's. */
  readonly kernels: Kernels;
  /** The weights in kernel memory, for the functions of this package. */
  readonly weights: LlamaWeights;
  /**
   * The embeddings of token ids, d x n, copied.
   *
   * @throws RangeError if an id is not a token of the vocabulary
   */
  embed(ids: ArrayLike<number>): Tokens;
  /**
   * Lays the weights out for gradients, once; `tunePrompt` and `inputGradient` call it. It doubles the memory that
   * the weights take, and belongs outside of `kernels.scratch`, whose end would free it.
   */
  prepareGradients(): void;
  /** Ends the kernels' threads if `loadModel` made the kernels; kernels that were given are left alone. */
  close(): void;
}

/** Throws unless every id is a token of the vocabulary. */
export function assertTokenIds(fn: string, name: string, ids: ArrayLike<number>, vocabularySize: number): void {
  for (let i = 0; i < ids.length; i++) assertInteger(fn, `${name}[${i}]`, ids[i], 0, vocabularySize - 1);
}

/** What `createModel` needs beyond config and weights. */
export interface ModelParts {
  readonly kernels: Kernels;
  readonly tokenizer: TextTokenizer;
  readonly name: string;
  /** Hears how many of all matrices are laid out. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** What `close` does. */
  readonly close?: (() => void) | undefined;
}

/** Lays `tensors` out in kernel memory; they stay referenced until `prepareGradients` has read them a second time. */
export function createModel(config: LlamaConfig, tensors: Pick<LlamaTensors, 'values'>, parts: ModelParts): LlamaModel {
  const { kernels, tokenizer, name, onProgress, close } = parts;
  const { d, heads, keyHeads, headSize, r, vocabularySize } = config;
  let source: Pick<LlamaTensors, 'values'> | null = tensors;
  const values = (tensor: string): FloatArray => {
    if (source === null) throw new Error('createModel: the tensors were let go before all layouts were made');
    const read = source.values(tensor);
    return kernels.precision === 'float64' ? Float64Array.from(read) : read;
  };
  const gain = (tensor: string): FloatArray => {
    const memory = kernels.allocate(d);
    memory.set(values(tensor));
    return memory;
  };
  const projections: Projection[] = [];
  const total = 7 * config.layers + 1;
  const projection = (tensor: string, outputs: number, inputs: number): Projection => {
    const made = createProjection(kernels, outputs, inputs, () => values(tensor));
    projections.push(made);
    onProgress?.(projections.length, total);
    return made;
  };

  const layers = Array.from({ length: config.layers }, (_, i): LayerWeights => {
    const at = `model.layers.${i}.`;
    return {
      attentionNorm: gain(`${at}input_layernorm.weight`),
      query: projection(`${at}self_attn.q_proj.weight`, heads * headSize, d),
      key: projection(`${at}self_attn.k_proj.weight`, keyHeads * headSize, d),
      value: projection(`${at}self_attn.v_proj.weight`, keyHeads * headSize, d),
      output: projection(`${at}self_attn.o_proj.weight`, d, heads * headSize),
      feedForwardNorm: gain(`${at}post_attention_layernorm.weight`),
      gate: projection(`${at}mlp.gate_proj.weight`, r, d),
      up: projection(`${at}mlp.up_proj.weight`, r, d),
      down: projection(`${at}mlp.down_proj.weight`, d, r),
    };
  });
  const embeddings = values('model.embed_tokens.weight');
  const head = projection(config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight', vocabularySize, d);

  return {
    name, config, tokenizer, kernels,
    weights: { embeddings, layers, norm: gain('model.norm.weight'), head, rotary: createRotary(config) },
    embed(ids) {
      assertNonEmpty('embed', 'ids', ids);
      assertTokenIds('embed', 'ids', ids, vocabularySize);
      const data = kernels.precision === 'float64' ? new Float64Array(ids.length * d) : new Float32Array(ids.length * d);
      for (let i = 0; i < ids.length; i++) data.set(embeddings.subarray(ids[i]! * d, (ids[i]! + 1) * d), i * d);
      return tokens<FloatArray>(d, data);
    },
    prepareGradients() {
      if (source === null) return;
      for (const p of projections) p.prepare();
      source = null;
    },
    close() {
      close?.();
    },
  };
}
