import { assertNonEmpty, tokens, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';
import {
  countingPromptLength, evaluatePrompt, sufficientPromptLength, type Evaluation, type LlamaModel, type SoftPrompt,
} from '@prompt-limits/prompt-tuning';
import type { Machine } from '../measure/machine.ts';
import { attentionFacts } from './attentionFacts.ts';
import { costFacts, parameterCount } from './costFacts.ts';
import {
  LIMITS_REPORT_FORMAT, type FitFacts, type LengthFacts, type LimitsReport, type ModelFacts, type PromptFacts, type ReproductionFacts,
  type TokenFacts, type TuningFacts,
} from './limitsReportTypes.ts';

/** What a report is about, beside the model and the prompt. */
export interface ReportedText {
  /** Token ids of the text, at least one; the first follows the last soft token. */
  readonly ids: readonly number[];
  /** The text as it reads; decoded from the ids unless given. */
  readonly text?: string;
}

/** Options of `limitsReport`. */
export interface LimitsReportOptions {
  /** How the prompt was found; null or absent where it was not tuned here. */
  readonly tuning?: TuningFacts | null;
  /** The check by greedy decoding; null or absent where it was not made. */
  readonly reproduction?: ReproductionFacts | null;
  /** Whether the run was cut short. Default false. */
  readonly aborted?: boolean;
  /** The machine. */
  readonly machine?: Machine | null;
  /** Wall times of the parts of the run, in milliseconds. */
  readonly timings?: Readonly<Record<string, number>>;
  /** The options of the run, to be kept in the report. */
  readonly runOptions?: Readonly<Record<string, string | number | boolean | null>>;
  /** ISO 8601 date of the report. */
  readonly createdAt?: string;
  /** Error of an output entry allowed to the polynomial, as a fraction of the range of V. Default 2^-10. */
  readonly tolerance?: number;
  /** Bits of one prompt value that count in the counting bound. Default 32, a Float32; fewer where the prompt is stored coarser. */
  readonly bitsPerValue?: number;
  /** Assumptions of Theorem 2.5. Default C = 1, epsilon = 0.1, alpha = 2. */
  readonly assumed?: {
    /** C, the Lipschitz constant. */
    readonly lipschitz: number;
    /** The error of the output. */
    readonly epsilon: number;
    /** Index of the entrywise norm. */
    readonly alpha: number;
  };
  /** Called after each head with the fraction of them that is done. */
  readonly onProgress?: (fraction: number) => void;
}

/** Half an ulp or so of the half-precision numbers that models are served in. */
const TOLERANCE = 2 ** -10;

/**
 * The limits report: what a soft prompt makes a frozen model do with a text, what theory says of its length, and for
 * every head on which side of the efficiency criterion it lies and at what cost.
 *
 * Two forward passes over the text without its last token, and one over $[P, X]$ with all n = L_p + L tokens, whose
 * queries, keys and values are measured in float64: O(layers heads n^2 headSize) operations, O(n headSize) memory.
 *
 * @param model - from `loadModel`
 * @param prompt - L_p >= 1 soft tokens of the model's width
 * @param reported - the text; L_p + L must fit into the model's context
 * @returns plain data: `JSON.stringify` keeps everything, and the same arguments give the same report
 *
 * Paper: Definition 1.1; Theorem 2.5 with errata row 20; Problem 1 and Theorems 3.1 and 3.2.
 *
 * @throws RangeError if the text has no token, the prompt has another width, or both together exceed the context
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * import { randomModel, softPrompt } from '@prompt-limits/prompt-tuning';
 * const model = randomModel({ random: randomSource(1) });
 * const report = limitsReport(model, softPrompt(model.embed([7, 8])), { ids: [104, 105, 33] });
 * report.attention.n; // => 5
 * report.attention.heads.length; // => 8
 */
export function limitsReport(model: LlamaModel, prompt: SoftPrompt, reported: ReportedText, options: LimitsReportOptions = {}): LimitsReport {
  const { tolerance = TOLERANCE, onProgress = () => {} } = options;
  const { ids, text = model.tokenizer.decode(ids) } = reported;
  const embeddings = inPrecisionOf(model, prompt.embeddings);
  assertNonEmpty('limitsReport', 'ids', ids);
  const { contextLength } = model.config;
  if (embeddings.n + ids.length > contextLength) {
    throw new RangeError(`limitsReport: prompt and text must fit into the context of ${contextLength} tokens, got ${embeddings.n} + ${ids.length}`);
  }
  const evaluation = evaluatePrompt(model, embeddings, [{ target: ids }]);
  return {
    format: LIMITS_REPORT_FORMAT,
    createdAt: options.createdAt ?? null,
    aborted: options.aborted ?? false,
    model: modelFacts(model),
    text,
    prompt: promptFacts(embeddings, model.embed(ids)),
    tokens: tokenFacts(model, evaluation),
    fit: fitFacts(model, evaluation, ids),
    tuning: options.tuning ?? null,
    reproduction: options.reproduction ?? null,
    attention: attentionFacts(model, embeddings, ids, tolerance, onProgress),
    length: lengthFacts(model, embeddings.n, ids.length, options),
    cost: costFacts(model.config, embeddings.n, ids.length),
    machine: options.machine ?? null,
    timings: options.timings ?? {},
    options: options.runOptions ?? {},
  };
}

function inPrecisionOf({ kernels }: LlamaModel, { d, data }: Tokens): Tokens {
  return tokens<FloatArray>(d, kernels.precision === 'float64' ? Float64Array.from(data) : Float32Array.from(data));
}

function modelFacts({ name, config }: LlamaModel): ModelFacts {
  return {
    name,
    width: config.d,
    layers: config.layers,
    heads: config.heads,
    keyHeads: config.keyHeads,
    headSize: config.headSize,
    hiddenNeurons: config.r,
    vocabularySize: config.vocabularySize,
    contextLength: config.contextLength,
    parameters: parameterCount(config),
  };
}

function promptFacts(prompt: Tokens, text: Tokens): PromptFacts {
  return {
    length: prompt.n,
    parameters: prompt.n * prompt.d,
    largestEntry: (prompt.data as Float64Array).reduce((m, x) => Math.max(m, Math.abs(x)), 0),
    meanNorm: meanNorm(prompt),
    meanTextNorm: meanNorm(text),
  };
}

function meanNorm({ d, n, data }: Tokens): number {
  let sum = 0;
  for (let k = 0; k < n; k++) {
    let squares = 0;
    for (let i = k * d; i < (k + 1) * d; i++) squares += data[i]! ** 2;
    sum += Math.sqrt(squares);
  }
  return sum / n;
}

function tokenFacts({ tokenizer }: LlamaModel, evaluation: Evaluation): readonly TokenFacts[] {
  return evaluation.tokens[0]!.map(({ id, predicted, probability, correct }) => ({
    id,
    text: tokenizer.decode([id]),
    probability,
    correct,
    instead: predicted === id ? null : tokenizer.decode([predicted]),
  }));
}

function fitFacts(model: LlamaModel, { loss, accuracy }: Evaluation, ids: readonly number[]): FitFacts {
  // A model reads a text after its start token and is poor without it, so that is the fair comparison. One that has no
  // start token gets the text's first token for nothing.
  const { bosToken } = model.config;
  const [start, target] = bosToken === null ? [ids[0]!, ids.slice(1)] : [bosToken, ids];
  const without = target.length > 0 ? evaluatePrompt(model, model.embed([start]), [{ target }]) : null;
  return {
    loss,
    perplexity: Math.exp(loss),
    accuracy,
    accuracyWithoutPrompt: without?.accuracy ?? null,
    lossWithoutPrompt: without?.loss ?? null,
  };
}

function lengthFacts({ config }: LlamaModel, used: number, L: number, options: LimitsReportOptions): LengthFacts {
  const { d, vocabularySize } = config;
  const { bitsPerValue = 32, assumed = { lipschitz: 1, epsilon: 0.1, alpha: 2 } } = options;
  const { lipschitz, epsilon, alpha } = assumed;
  const sufficient = sufficientPromptLength({ d, L, C: lipschitz, epsilon, alpha });
  return {
    used,
    counting: {
      length: countingPromptLength({ L, vocabularySize, d, bitsPerValue }),
      bitsPerValue,
      textBits: L * Math.log2(vocabularySize),
      promptBits: used * d * bitsPerValue,
    },
    sufficient: { log10Length: sufficient.log10, lipschitz, epsilon, alpha, gridPoints: sufficient.gridPoints },
  };
}
