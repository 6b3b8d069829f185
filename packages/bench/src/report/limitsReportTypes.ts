import type { Machine } from '../measure/machine.ts';

/** Names the form of a report; the number grows when a field changes its meaning or goes away. */
export const LIMITS_REPORT_FORMAT = 'prompt-limits-report/1';

/** The frozen model. */
export interface ModelFacts {
  /** Its name, as adapters know it. */
  readonly name: string;
  /** d, values of a token. */
  readonly width: number;
  /** Transformer layers. */
  readonly layers: number;
  /** Query heads of a layer. */
  readonly heads: number;
  /** Key heads of a layer; fewer than heads where queries share them. */
  readonly keyHeads: number;
  /** Values of a query and key per head. */
  readonly headSize: number;
  /** Hidden neurons of a feed-forward layer. */
  readonly hiddenNeurons: number;
  /** Tokens of the vocabulary. */
  readonly vocabularySize: number;
  /** Longest sequence the model was made for, soft prompt included. */
  readonly contextLength: number;
  /** Frozen weights. */
  readonly parameters: number;
}

/** The soft prompt. */
export interface PromptFacts {
  /** L_p, soft tokens. */
  readonly length: number;
  /** Trained values, L_p times d. */
  readonly parameters: number;
  /** Largest absolute entry. */
  readonly largestEntry: number;
  /** Mean length (Euclidean norm) of a soft token. */
  readonly meanNorm: number;
  /** Mean length of the embeddings of the text's own tokens, to compare with. */
  readonly meanTextNorm: number;
}

/** One token of the text, predicted from the prompt and the true tokens before it. */
export interface TokenFacts {
  /** Id in the vocabulary. */
  readonly id: number;
  /** Its text; U+FFFD where a character is cut in two. */
  readonly text: string;
  /** Probability that the model gives the true token, 0 to 1. */
  readonly probability: number;
  /** Whether the true token is the likeliest, so that greedy decoding takes it. */
  readonly correct: boolean;
  /** The likeliest token's text where it is another one, else null. */
  readonly instead: string | null;
}

/** How well the prompt fits the text, teacher-forced: every token is predicted from the true ones before it. */
export interface FitFacts {
  /** Mean negative log probability of the true tokens, in nats. */
  readonly loss: number;
  /** e^loss: as uncertain as a choice among this many tokens. */
  readonly perplexity: number;
  /** Share of the tokens that are the likeliest, 0 to 1. */
  readonly accuracy: number;
  /**
   * The same share with the model's start token in place of the prompt. A model without one gets the first token of the
   * text for nothing; null where then no token is left.
   */
  readonly accuracyWithoutPrompt: number | null;
  /** The mean negative log probability without the prompt, in nats; null likewise. */
  readonly lossWithoutPrompt: number | null;
}

/** One step of the tuning. */
export interface TuningStep {
  /** Counted from 0; the loss is that of the prompt before the step. */
  readonly step: number;
  /** Mean negative log probability, in nats. */
  readonly loss: number;
  /** Teacher-forced accuracy, 0 to 1. */
  readonly accuracy: number;
}

/** How the prompt was found. */
export interface TuningFacts {
  /** Steps that were made. */
  readonly steps: number;
  /** Steps that were allowed. */
  readonly budget: number;
  /** Why it ended: the text is reproduced, the budget is spent, or Ctrl-C. */
  readonly stopped: 'reproduced' | 'budget' | 'aborted';
  /** The step whose prompt was kept. */
  readonly bestStep: number;
  /** Wall time in milliseconds. */
  readonly milliseconds: number;
  /** The loss and the accuracy of every step. */
  readonly history: readonly TuningStep[];
}

/** The check that the saved prompt does the job by itself. */
export interface ReproductionFacts {
  /** Whether greedy decoding from the prompt alone gave the text, token for token. */
  readonly exact: boolean;
  /** Tokens that agree before the first that does not. */
  readonly matchingTokens: number;
  /** What greedy decoding wrote. */
  readonly generated: string;
  /** Whether the prompt was read back from the saved adapter. */
  readonly fromSavedAdapter: boolean;
}

/** One head of one layer, with the tuned prompt in front of the text; from `efficiencyCriterion`. */
export interface HeadFacts {
  /** Layer, from 0. */
  readonly layer: number;
  /** Query head, from 0. */
  readonly head: number;
  /** Largest absolute entry of Q_p, rotation included. */
  readonly maxQuery: number;
  /** Largest absolute entry of K_p. */
  readonly maxKey: number;
  /** Largest absolute entry of V_p. */
  readonly maxValue: number;
  /** B, the largest of the three. */
  readonly B: number;
  /** B / sqrt(ln n), n = L_p + L, as printed in the paper, where the scores are q.k. */
  readonly ratio: number;
  /** B after Q and K are multiplied by sqrt(scale * d): the same head with scores q.k / d, as the theorems' source has them. */
  readonly scaledB: number;
  /** scaledB / sqrt(ln n). */
  readonly scaledRatio: number;
  /** 'within' where scaledB is at most sqrt(ln n). */
  readonly side: 'within' | 'outside';
  /** Smallest score over the pairs that the causal mask allows, scale included. */
  readonly lowestScore: number;
  /** Largest score over the same pairs. */
  readonly highestScore: number;
  /** No score exceeds this in absolute value once one vector is taken from all keys, which changes no softmax. */
  readonly halfWidth: number;
  /** Half the widest range of scores of one query: no such vector gives a smaller half-width. */
  readonly leastHalfWidth: number;
  /** Degree g of a polynomial that replaces e^x on the centred range to the tolerance; null where float64 cannot hold e^x there. */
  readonly degree: number | null;
  /** Its monomials C(d + g, g) in decimal digits, features that replace a key; null likewise. */
  readonly rank: string | null;
  /** Floating-point operations of exact attention for this head. */
  readonly exactCost: number;
  /** Floating-point operations of the polynomial attention; null where there is none. */
  readonly polynomialCost: number | null;
  /** The method with fewer operations. */
  readonly faster: 'exact' | 'polynomial';
  /** All of it in words. */
  readonly verdict: string;
}

/** The efficiency criterion of Section 3, read off the running model. */
export interface AttentionFacts {
  /** n = L_p + L, tokens. */
  readonly n: number;
  /** Factor on the scores. */
  readonly scale: number;
  /** sqrt(scale * d), the factor on Q and K that brings the scores to the form q.k / d of the theorems. */
  readonly translation: number;
  /** sqrt(ln n), what B is compared with. */
  readonly threshold: number;
  /** Error of an output entry that the polynomial is allowed, as a fraction of the range of its row of V. */
  readonly tolerance: number;
  /** Every head, layer after layer. */
  readonly heads: readonly HeadFacts[];
  /** Heads within the criterion. */
  readonly headsWithin: number;
  /** Heads where the polynomial takes fewer operations. */
  readonly headsWherePolynomialPays: number;
  /** Of scaledRatio over the heads. */
  readonly scaledRatios: {
    /** The smallest. */
    readonly smallest: number;
    /** The median. */
    readonly median: number;
    /** The largest. */
    readonly largest: number;
  };
}

/** What theory says of the prompt's length. */
export interface LengthFacts {
  /** L_p, the length that was used. */
  readonly used: number;
  /** The counting bound: with fewer soft tokens some text of this length is out of reach for any model. */
  readonly counting: {
    /** Soft tokens, rounded up. */
    readonly length: number;
    /** Bits assumed to survive in one prompt value. */
    readonly bitsPerValue: number;
    /** Bits of a text of L tokens, L log2(vocabulary). */
    readonly textBits: number;
    /** Bits that the used prompt could hold, L_p d bitsPerValue. */
    readonly promptBits: number;
  };
  /** The length for which Theorem 2.5 builds a transformer and a prompt; sufficient, not necessary. */
  readonly sufficient: {
    /** Decimal logarithm of the soft tokens. */
    readonly log10Length: number;
    /** Assumed Lipschitz constant C. */
    readonly lipschitz: number;
    /** Assumed approximation error epsilon. */
    readonly epsilon: number;
    /** Index alpha of the norm. */
    readonly alpha: number;
    /** Grid points per value, 1 / delta. */
    readonly gridPoints: number;
  };
}

/** What inference with the prompt costs, in floating-point operations (a multiply-add counts as two). */
export interface CostFacts {
  /** Reading prompt and text once, n tokens. */
  readonly withPrompt: number;
  /** Reading the text alone, L tokens. */
  readonly withoutPrompt: number;
  /** Share of `withPrompt` that is attention, the part that grows like n^2. */
  readonly attentionShare: number;
  /** Bytes of keys and values that the prompt occupies in a Float32 cache. */
  readonly promptCacheBytes: number;
}

/** Everything that the limits report says, as data. */
export interface LimitsReport {
  /** The form of the document. */
  readonly format: typeof LIMITS_REPORT_FORMAT;
  /** When it was made, ISO 8601; null where nobody said. */
  readonly createdAt: string | null;
  /** Whether it was cut short by Ctrl-C, the best prompt so far kept. */
  readonly aborted: boolean;
  /** The frozen model. */
  readonly model: ModelFacts;
  /** The text that the prompt is to reproduce, L tokens. */
  readonly text: string;
  /** The soft prompt. */
  readonly prompt: PromptFacts;
  /** Every token of the text. */
  readonly tokens: readonly TokenFacts[];
  /** The fit over all tokens. */
  readonly fit: FitFacts;
  /** How the prompt was found; null where it was not tuned here. */
  readonly tuning: TuningFacts | null;
  /** The check by greedy decoding; null where it was not made. */
  readonly reproduction: ReproductionFacts | null;
  /** The efficiency criterion, head by head. */
  readonly attention: AttentionFacts;
  /** The prompt-length figures. */
  readonly length: LengthFacts;
  /** The cost of inference. */
  readonly cost: CostFacts;
  /** The machine; null where nobody said. */
  readonly machine: Machine | null;
  /** Wall times of the parts of the run, in milliseconds. */
  readonly timings: Readonly<Record<string, number>>;
  /** The options of the run, seed included. */
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
}
