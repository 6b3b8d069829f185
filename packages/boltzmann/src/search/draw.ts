import type { RandomSource } from '@prompt-limits/core-linalg';
import type { Parameters } from './problem.ts';

/** How often an excess is drawn as 0: on the boundary of its hypothesis. */
const ON_BOUNDARY = 0.4;

/** Powers of ten between which the other excesses lie: from a hair to where every weight is far below float64. */
const DECADES = { least: -9, most: 4 } as const;

/** Local searches stop here: some slacks go to 0 only as an excess grows without end. */
const LARGEST = 1e6;

/** Steps of a local search before the next start. */
export const LOCAL_STEPS = 400;

function excessOf(random: RandomSource): number {
  return random.uniform() < ON_BOUNDARY ? 0 : 10 ** (DECADES.least + (DECADES.most - DECADES.least) * random.uniform());
}

/** Draws a case; half of them have all steps of one size, which draws that are apart would never give. */
export function drawCase({ n, excess, choice }: Parameters, random: RandomSource): void {
  const same = random.uniform() < 0.5 ? excessOf(random) : -1;
  for (let i = 0; i < 3 * n; i++) {
    excess[i] = same >= 0 && random.uniform() < 0.7 ? same : excessOf(random);
    choice[i] = random.integer(256);
  }
}

/** What a step changed. */
export interface Step {
  kind: 'excess' | 'choice';
  at: number;
  before: number;
}

/** Changes one parameter: to the boundary, anew, or by a factor near 1. */
export function changeCase({ n, excess, choice }: Parameters, random: RandomSource, step: Step): void {
  step.at = random.integer(3 * n);
  step.kind = random.uniform() < 0.15 ? 'choice' : 'excess';
  if (step.kind === 'choice') {
    step.before = choice[step.at]!;
    choice[step.at] = random.integer(256);
    return;
  }
  step.before = excess[step.at]!;
  const u = random.uniform();
  excess[step.at] = u < 0.2 ? 0 : u < 0.4 ? excessOf(random) : Math.min(LARGEST, step.before * Math.exp(random.normal() * (u < 0.7 ? 1 : 0.05)));
}

/** Takes the change back. */
export function undoChange({ excess, choice }: Parameters, step: Step): void {
  if (step.kind === 'choice') choice[step.at] = step.before;
  else excess[step.at] = step.before;
}
