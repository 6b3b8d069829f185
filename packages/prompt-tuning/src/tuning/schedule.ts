/** How the learning rate falls after the warm-up. */
export type Schedule = 'constant' | 'cosine' | 'linear';

/** Shape of the learning rate over a run. */
export interface ScheduleOptions {
  readonly schedule: Schedule;
  /** Peak of the learning rate. */
  readonly learningRate: number;
  /** Updates in which it rises from learningRate / warmupSteps to learningRate. */
  readonly warmupSteps: number;
  /** Updates in all. */
  readonly steps: number;
}

/**
 * Learning rate of update `step` = 0, ..., steps - 1: learningRate (step + 1) / warmupSteps in the warm-up; after it,
 * at the fraction t = (step - warmupSteps) / (steps - warmupSteps) of the rest, learningRate times
 * 1 ('constant'), (1 + cos(pi t)) / 2 ('cosine') or 1 - t ('linear'). No update has the rate 0.
 */
export function learningRateAt({ schedule, learningRate, warmupSteps, steps }: ScheduleOptions, step: number): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const t = (step - warmupSteps) / (steps - warmupSteps);
  if (schedule === 'constant') return learningRate;
  return learningRate * (schedule === 'cosine' ? (1 + Math.cos(Math.PI * t)) / 2 : 1 - t);
}
