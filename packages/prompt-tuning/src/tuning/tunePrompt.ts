import { tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import type { LlamaModel } from '../llama/model.ts';
import { turn } from '../llama/turn.ts';
import { softPrompt, type PromptInitialisation, type SoftPrompt } from '../softPrompt/softPrompt.ts';
import { createAdam } from './adam.ts';
import { assertDataset, type Example } from './dataset.ts';
import { evaluatePrompt, summarise, type Evaluation } from './evaluatePrompt.ts';
import { initialPrompt, type PromptInit } from './initialPrompt.ts';
import { fillOptions, type TuningOptions, type TuningRecord } from './options.ts';
import { reproduces } from './reproduces.ts';
import { learningRateAt } from './schedule.ts';
import { scoreExample } from './scoreExample.ts';

/** What `tunePrompt` gives: the best prompt seen and how it does. */
export interface TuningResult extends Evaluation {
  /**
   * The prompt with the lowest loss among those of the highest accuracy, d x Lp. Every prompt is rounded to Float32
   * before it is scored, so saving this one changes nothing.
   */
  readonly prompt: SoftPrompt;
  /** Updates made before that prompt. */
  readonly step: number;
  /** 'reached': the accuracy asked for; 'budget': no steps are left; 'aborted': by the signal. */
  readonly stopReason: 'reached' | 'budget' | 'aborted';
  /** Whether greedy decoding from the prompt gives every target exactly; it was tried, not inferred. */
  readonly reproduced: boolean;
  /** One record per step, from the first prompt on. */
  readonly history: readonly TuningRecord[];
}

/**
 * Prompt tuning: minimises over $P \in \mathbb R^{d \times L_p}$ the mean of
 * $-\ln p(\text{token} \mid P, \text{context}, \text{earlier target tokens})$ over all target tokens, the model frozen.
 * The gradient is exact through every layer; Adam with warm-up and clipping takes the steps.
 *
 * Every example is a sequence of its own: nothing is padded, so positions are those that generation uses.
 *
 * With `stopAtAccuracy: 1` the run stops only when teacher-forced accuracy is 1, every target leads by `minMargin`, and
 * greedy decoding with a cache was seen to give every target exactly. The event loop gets a turn before each step.
 * The same seed and kernels give the same result.
 *
 * Paper: Definition 1.1, for models that give a distribution over tokens. Whether a prompt of this length exists is
 * not decided: see `sufficientPromptLength` and `countingPromptLength` for what is known.
 *
 * @param dataset - at least one example with at least one target token
 * @returns the best prompt, its evaluation, and the history
 *
 * @throws RangeError if the dataset or an option does not fit the model, or if the loss stops being finite
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * const model = randomModel({ random: randomSource(1) });
 * const dataset = [{ target: model.tokenizer.encode('soft') }];
 * const { reproduced } = await tunePrompt(model, dataset, { promptLength: 4, random: randomSource(2) });
 * reproduced; // => true
 */
export async function tunePrompt(model: LlamaModel, dataset: readonly Example[], options: TuningOptions): Promise<TuningResult> {
  assertDataset('tunePrompt', model, dataset, options.promptLength);
  const filled = fillOptions('tunePrompt', options, dataset.length);
  const { promptLength, random, steps, signal, onProgress, stopAtAccuracy } = filled;
  const { d } = model.config;

  const x = Float64Array.from(initialPrompt(model, filled.init, promptLength, random).data);
  let current = tokens(d, Float32Array.from(x));
  const gradient = new Float64Array(x.length);
  const adam = createAdam(x.length, filled);
  const nextBatch = batches(dataset, filled.batchSize, random);
  model.prepareGradients();

  const history: TuningRecord[] = [];
  let best: { prompt: Tokens<Float32Array>; evaluation: Evaluation; step: number; reproduced?: boolean } | undefined;
  let doubted = -Infinity; // a lead at which decoding was tried and failed
  let stopReason: TuningResult['stopReason'] = 'budget';
  for (let step = 0; step <= steps; step++) {
    await turn();
    if (signal?.aborted) {
      stopReason = 'aborted';
      break;
    }
    const { batch, endsEpoch } = nextBatch();
    const state = scoreBatch(model, current, batch, gradient);
    const gradientNorm = norm(gradient);
    if (!Number.isFinite(state.loss + gradientNorm)) {
      throw new RangeError(`tunePrompt: loss and gradient must stay finite (a lower learningRate helps), got loss ${state.loss} and gradient norm ${gradientNorm} after ${step} updates`);
    }
    const learningRate = step < steps ? learningRateAt(filled, step) : 0;

    let reached = false;
    if (endsEpoch || step === steps) {
      const evaluation = batch === dataset ? state : evaluatePrompt(model, current, dataset);
      if (!best || isBetter(evaluation, best.evaluation)) best = { prompt: current, evaluation, step };
      if (stopAtAccuracy !== null && evaluation.accuracy >= stopAtAccuracy) {
        reached = stopAtAccuracy < 1;
        if (!reached && evaluation.margin >= Math.max(filled.minMargin ?? roundingMargin(model, evaluation.size), 2 * doubted)) {
          reached = await reproduces(model, current, dataset, signal);
          doubted = Math.max(evaluation.margin, 0);
        }
        // Decoding has confirmed this prompt, so it is the result even where an earlier one has a lower loss.
        if (reached) best = { prompt: current, evaluation, step, ...(stopAtAccuracy < 1 ? {} : { reproduced: true }) };
      }
    }
    const record = { step, loss: state.loss, accuracy: state.accuracy, margin: state.margin, gradientNorm, learningRate: reached ? 0 : learningRate };
    history.push(record);
    onProgress?.(record);
    if (reached) {
      stopReason = 'reached';
      break;
    }
    if (step === steps) break;
    if (filled.gradientClip !== null && gradientNorm > filled.gradientClip) scale(gradient, filled.gradientClip / gradientNorm);
    adam.update(x, gradient, learningRate);
    current = tokens(d, Float32Array.from(x));
  }

  best ??= { prompt: current, evaluation: evaluatePrompt(model, current, dataset), step: history.length };
  const reproduced = best.reproduced ?? (best.evaluation.accuracy === 1 && (await reproduces(model, best.prompt, dataset)));
  const prompt = softPrompt(best.prompt, { baseModel: model.name, initialisation: initialisation(filled.init) });
  return { ...best.evaluation, prompt, step: best.step, stopReason, reproduced, history };
}

/** Loss of a batch; `gradient` becomes the gradient of its mean loss for the prompt. */
function scoreBatch(model: LlamaModel, prompt: Tokens, batch: readonly Example[], gradient: Float64Array): Evaluation {
  gradient.fill(0);
  const weight = 1 / batch.reduce((count, { target }) => count + target.length, 0);
  return summarise(batch, batch.map((example) => scoreExample(model, prompt.data, example, gradient, weight)));
}

function isBetter(a: Evaluation, b: Evaluation): boolean {
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}

/**
 * How far a logit may move between two float orders of summation. To first order a residual stream that is rounded
 * about 8 times a layer, with sums of d terms, moves by 8 layers sqrt(d) u of its size when errors add up at random;
 * a lead compares two logits in two computations, four times that. An estimate: `reproduces` decides.
 */
function roundingMargin({ kernels, config }: LlamaModel, size: number): number {
  return 32 * config.layers * Math.sqrt(config.d) * (kernels.precision === 'float64' ? 2 ** -53 : 2 ** -24) * size;
}

/** Hands out the dataset in batches, shuffled anew each epoch; a batch of everything is the dataset itself. */
function batches(dataset: readonly Example[], batchSize: number, random: RandomSource): () => { batch: readonly Example[]; endsEpoch: boolean } {
  if (batchSize === dataset.length) return () => ({ batch: dataset, endsEpoch: true });
  const order = [...dataset];
  let at = order.length;
  return () => {
    if (at >= order.length) {
      at = 0;
      for (let i = order.length - 1; i > 0; i--) {
        const j = random.integer(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
    }
    const batch = order.slice(at, at + batchSize);
    at += batchSize;
    return { batch, endsEpoch: at >= order.length };
  };
}

/** PEFT has no name for a prompt at hand; what it calls random says least. */
function initialisation(init: PromptInit): PromptInitialisation {
  if (init.kind === 'text') return { from: 'text', text: init.text };
  return { from: init.kind === 'vocabulary' ? 'vocabulary' : 'random' };
}

function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
}

function scale(x: Float64Array, factor: number): void {
  for (let i = 0; i < x.length; i++) x[i]! *= factor;
}
