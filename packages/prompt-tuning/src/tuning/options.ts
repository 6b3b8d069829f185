import { assertFiniteNumber, assertInRange, assertInteger, assertOneOf, assertPositive, type RandomSource } from '@prompt-limits/core-linalg';
import type { PromptInit } from './initialPrompt.ts';
import type { Schedule } from './schedule.ts';

/** The state of a run at one prompt: after `step` updates, and before the next. */
export interface TuningRecord {
  /** Updates made so far. */
  readonly step: number;
  /** Mean cross-entropy in nats over the batch (the whole dataset unless `batchSize` is less). */
  readonly loss: number;
  /** Fraction of the batch's target tokens that are the only likeliest, teacher-forced. */
  readonly accuracy: number;
  /** Smallest lead of a target's logit in the batch; negative where one is wrong. */
  readonly margin: number;
  /** Euclidean norm of the gradient for the prompt, before clipping. */
  readonly gradientNorm: number;
  /** Learning rate of the update that follows; 0 where none does. */
  readonly learningRate: number;
}

/** Options of `tunePrompt`. */
export interface TuningOptions {
  /** Soft tokens Lp, at least 1. */
  readonly promptLength: number;
  /** Source of the first prompt and of the batches. */
  readonly random: RandomSource;
  /** Most updates; 500 unless given. 0 only evaluates the first prompt. */
  readonly steps?: number;
  /** Where the prompt starts; normal values of the embeddings' size unless given. */
  readonly init?: PromptInit;
  /** Peak learning rate of Adam; 0.1 unless given. */
  readonly learningRate?: number;
  /** Learning rate after the warm-up; 'constant' unless given. */
  readonly schedule?: Schedule;
  /** Updates in which the learning rate rises to its peak; 10 (or `steps`, the smaller) unless given. */
  readonly warmupSteps?: number;
  /** Decay rates of Adam's moments; [0.9, 0.99] unless given. */
  readonly betas?: readonly [number, number];
  /** Added to the root of Adam's second moment; 1e-8 unless given. */
  readonly epsilon?: number;
  /** Decoupled weight decay; 0 unless given. */
  readonly weightDecay?: number;
  /** Largest norm of the gradient: a longer one is shortened to it. null for no clipping; 1 unless given. */
  readonly gradientClip?: number | null;
  /** Examples per update, drawn without replacement; all unless given. */
  readonly batchSize?: number;
  /** Stop at this accuracy over the whole dataset; null uses every step. 1 unless given. */
  readonly stopAtAccuracy?: number | null;
  /**
   * With stopAtAccuracy 1: stop only once every target's logit leads by this much. Unless given, 32 layers sqrt(d) u
   * times the largest logit, u the rounding unit: an estimate of how far two orders of summation can lie apart.
   */
  readonly minMargin?: number;
  /** Ends the run between two steps; the best prompt so far is the result. */
  readonly signal?: AbortSignal;
  /** Sees each record as it is made. */
  readonly onProgress?: (record: TuningRecord) => void;
}

/** Options with every default filled in. */
export type FilledOptions = Required<Omit<TuningOptions, 'signal' | 'onProgress' | 'minMargin'>> & Pick<TuningOptions, 'signal' | 'onProgress' | 'minMargin'>;

/** Fills defaults in and throws at the first option out of range. */
export function fillOptions(fn: string, options: TuningOptions, examples: number): FilledOptions {
  const steps = options.steps ?? 500;
  const filled: FilledOptions = {
    steps,
    init: { kind: 'random' },
    learningRate: 0.1,
    schedule: 'constant',
    warmupSteps: Math.min(10, steps),
    betas: [0.9, 0.99],
    epsilon: 1e-8,
    weightDecay: 0,
    gradientClip: 1,
    batchSize: examples,
    stopAtAccuracy: 1,
    ...options,
  };
  const { betas, weightDecay, gradientClip, stopAtAccuracy, minMargin = 0 } = filled;
  assertInteger(fn, 'steps', filled.steps);
  assertPositive(fn, 'learningRate', filled.learningRate);
  assertOneOf(fn, 'schedule', filled.schedule, ['constant', 'cosine', 'linear']);
  assertInteger(fn, 'warmupSteps', filled.warmupSteps, 0, filled.steps);
  for (const [i, beta] of betas.entries()) assertInRange(fn, `betas[${i}]`, beta, 0, 1 - Number.EPSILON);
  assertPositive(fn, 'epsilon', filled.epsilon);
  assertInRange(fn, 'weightDecay', weightDecay, 0, Number.MAX_VALUE);
  if (gradientClip !== null) assertPositive(fn, 'gradientClip', gradientClip);
  assertInteger(fn, 'batchSize', filled.batchSize, 1, examples);
  if (stopAtAccuracy !== null) assertInRange(fn, 'stopAtAccuracy', stopAtAccuracy, 0, 1);
  assertFiniteNumber(fn, 'minMargin', minMargin);
  return filled;
}
