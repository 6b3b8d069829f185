import { attentionCost } from '@prompt-limits/fast-attention';
import type { LlamaConfig } from '@prompt-limits/prompt-tuning';
import type { CostFacts } from './limitsReportTypes.ts';

/** Weights of the matrices of one layer. */
function layerWeights({ d, heads, keyHeads, headSize, r }: LlamaConfig): number {
  return d * headSize * (2 * heads + 2 * keyHeads) + 3 * d * r;
}

/** Frozen weights: embeddings, layers with their two gains, the last gain, and the head where it is not the embeddings. */
export function parameterCount(config: LlamaConfig): number {
  const { d, layers, vocabularySize, tiedHead } = config;
  return vocabularySize * d * (tiedHead ? 1 : 2) + layers * (layerWeights(config) + 2 * d) + d;
}

/** Operations of exact causal attention over n tokens, all layers and heads, each of the n (n + 1) / 2 visible pairs once. */
export function attentionOperations({ layers, heads, headSize }: LlamaConfig, n: number): number {
  const sizes = { queries: n, keys: n, pairs: (n * (n + 1)) / 2, d: headSize, dv: headSize, rank: 0 };
  return layers * heads * attentionCost(sizes).exact;
}

/** Operations of reading n tokens and scoring the next one: matrices (2 for each weight and token), attention, the head once. */
export function readingOperations(config: LlamaConfig, n: number): number {
  return 2 * n * config.layers * layerWeights(config) + attentionOperations(config, n) + 2 * config.d * config.vocabularySize;
}

/** What the prompt adds to the cost of inference over a text of `textLength` tokens. */
export function costFacts(config: LlamaConfig, promptLength: number, textLength: number): CostFacts {
  const n = promptLength + textLength;
  const withPrompt = readingOperations(config, n);
  return {
    withPrompt,
    withoutPrompt: readingOperations(config, textLength),
    attentionShare: attentionOperations(config, n) / withPrompt,
    // Keys and values of every layer, 4 bytes each.
    promptCacheBytes: 2 * 4 * config.layers * config.keyHeads * config.headSize * promptLength,
  };
}
