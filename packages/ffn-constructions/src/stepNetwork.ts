import type { FeedForward } from '@prompt-limits/attention';
import { assertFinite, assertFiniteNumber, assertInRange, assertNonEmpty } from '@prompt-limits/core-linalg';
import { assemble, cancel, step } from './neurons.ts';

/** What `stepNetwork` builds. */
export interface StepOptions {
  /** Where the steps begin to rise: 1 to $2^{16}$ values from 0 to $2^{31} \theta$, any order. The paper's are 0, delta, 2 delta, ... */
  readonly starts: ArrayLike<number>;
  /** Height of every step, finite. The paper's is delta. */
  readonly height: number;
  /** Width of a ramp, from $2^{-1000}$ to $2^{1000}$. */
  readonly theta: number;
}

// Offsets c >= 0 in units of theta are multiples of 2^-20. For c <= x < 2^32 both are then multiples of the ulp of x, and so is
// x - c, which is not larger than x: it is exact, like x - c - 1, and a step that has risen adds exactly its height.
// It delays the end of a ramp by at most theta 2^-20.
const OFFSETS_PER_THETA = 2 ** 20;
const MAX_OFFSET = 2 ** 31;

// Up to here the remainders that twofold summation drops, 16 N 2^32 height 2^-106, stay far below half an ulp of the height.
const MAX_STARTS = 2 ** 16;

/**
 * Staircase $f(z) = \sum_t \mathrm{height}\, [\mathrm{ReLU}(z/\theta - s_t/\theta) - \mathrm{ReLU}(z/\theta - 1 - s_t/\theta)]$ on width 1,
 * as a layer of Eq. (2.3): two neurons cancel the residual connection, two make each step. $r = 2 N + 2$ for N starts.
 *
 * Guaranteed for $z \le 2^{31} \theta$, negative z too, outside the ramps $(s_t, s_t + \theta (1 + 2^{-20}))$: the value is the the number of steps that end at or before z, within one ulp, and exactly where that product is a float64. Inside a ramp it rises linearly.
 *
 * Paper: Eq. (F.1), which forgets the residual connection (errata row 10) and sums $L'(1/\delta - 1) + 1$ steps where a
 * staircase up to $L'$ needs $L'/\delta$ (errata row 9). The paper's z, theta and t are ours; its $t\delta$ is `starts[t]`.
 *
 * @throws RangeError if there is no start or too many, a value is NaN or infinite, or a start or theta is out of range
 * @throws TypeError if a value is not a number
 * @example
 * const staircase = stepNetwork({ starts: [0, 0.25, 0.5, 0.75], height: 0.25, theta: 0.125 });
 * staircase.r; // => 10
 * applyFeedForward(staircase, { d: 1, n: 4, data: Float64Array.of(-1, 0.25, 0.3125, 7) }).data; // => new Float64Array([0, 0.25, 0.375, 1])
 */
export function stepNetwork({ starts, height, theta }: StepOptions): FeedForward {
  assertNonEmpty('stepNetwork', 'starts', starts);
  assertFinite('stepNetwork', 'starts', starts);
  assertFiniteNumber('stepNetwork', 'height', height);
  assertInRange('stepNetwork', 'theta', theta, 2 ** -1000, 2 ** 1000);
  assertInRange('stepNetwork', 'the number of starts', starts.length, 1, MAX_STARTS);
  const weight = 1 / theta;
  const steps = Array.from(starts, (start, t) => {
    assertInRange('stepNetwork', `starts[${t}] / theta`, start * weight, 0, MAX_OFFSET);
    // Rounding up keeps the value at the start itself 0.
    return step(0, weight, Math.ceil(start * weight * OFFSETS_PER_THETA) / OFFSETS_PER_THETA, height);
  });
  return assemble(1, [...cancel(0, 'any sign'), ...steps.flat()]);
}
