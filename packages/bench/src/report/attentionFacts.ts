import { concatTokens, tokens, type AttentionShape, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';
import { efficiencyCriterion } from '@prompt-limits/fast-attention';
import { forward, type AttentionInput, type LlamaModel } from '@prompt-limits/prompt-tuning';
import { median } from '../statistics/quantile.ts';
import type { AttentionFacts, HeadFacts } from './limitsReportTypes.ts';

/**
 * The efficiency criterion for every head, from one forward pass over the soft prompt and the text.
 *
 * @param prompt - in the model's precision
 * @param onHead - called after each head with the fraction that is done
 */
export function attentionFacts(model: LlamaModel, prompt: Tokens, ids: readonly number[], tolerance: number, onHead: (fraction: number) => void): AttentionFacts {
  const embeddings = concatTokens(prompt, model.embed(ids));
  const n = embeddings.n;
  const { layers, heads: across } = model.config;
  const heads: HeadFacts[] = [];
  let scale = 1;
  forward(model, embeddings, {
    from: n,
    onAttention: (layer, input) => {
      scale = input.shape.scale;
      for (let head = 0; head < input.shape.heads; head++) {
        heads.push(headFacts(layer, head, input, tolerance));
        onHead(heads.length / (layers * across));
      }
    },
  });
  const ratios = heads.map((h) => h.scaledRatio);
  return {
    n,
    scale,
    translation: Math.sqrt(Math.abs(scale) * model.config.headSize),
    threshold: Math.sqrt(Math.log(n)),
    tolerance,
    heads,
    headsWithin: heads.filter((h) => h.side === 'within').length,
    headsWherePolynomialPays: heads.filter((h) => h.faster === 'polynomial').length,
    scaledRatios: { smallest: Math.min(...ratios), median: median(ratios), largest: Math.max(...ratios) },
  };
}

function headFacts(layer: number, head: number, { shape, q, k, v }: AttentionInput, tolerance: number): HeadFacts {
  const keyHead = Math.floor((head * shape.keyHeads) / shape.heads);
  const c = efficiencyCriterion({
    queries: headTokens(q, shape.queries, shape.heads, shape.d, head),
    keys: headTokens(k, shape.keys, shape.keyHeads, shape.d, keyHead),
    values: headTokens(v, shape.keys, shape.keyHeads, shape.dv, keyHead),
    scale: shape.scale,
    causal: causalOf(shape),
    tolerance,
  });
  return {
    layer,
    head,
    maxQuery: c.largest.queries,
    maxKey: c.largest.keys,
    maxValue: c.largest.values,
    B: c.largest.overall,
    ratio: c.ratio,
    scaledB: c.scaled.overall,
    scaledRatio: c.scaledRatio,
    side: c.side,
    lowestScore: c.scores.low,
    highestScore: c.scores.high,
    halfWidth: c.scores.halfWidth,
    leastHalfWidth: c.scores.leastHalfWidth ?? c.scores.halfWidth,
    degree: c.polynomial?.degree ?? null,
    rank: c.polynomial === null ? null : String(c.polynomial.rank),
    exactCost: c.cost.exact,
    polynomialCost: Number.isFinite(c.cost.polynomial) ? c.cost.polynomial : null,
    faster: c.faster,
    verdict: c.verdict,
  };
}

function causalOf({ causal }: AttentionShape): number | false {
  return causal ?? false;
}

/** The values of one head, copied out of tokens that hold all heads one after another. */
function headTokens(x: FloatArray, n: number, heads: number, width: number, head: number): Tokens {
  const data = new Float64Array(n * width);
  for (let i = 0; i < n; i++) data.set(x.subarray((i * heads + head) * width, (i * heads + head + 1) * width), i * width);
  return tokens(width, data);
}
