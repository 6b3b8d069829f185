import { assertInRange, assertInteger, describe, tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { assertShape, checkedTarget, type SequenceShape, type TargetFunction } from '../targetFunction.ts';
import { assertNorm, checkedValues, powerSum, type Distance } from './distance.ts';
import { korobovLattice, LARGEST_LATTICE, latticeEntry } from './lattice.ts';
import { studentQuantile } from './studentQuantile.ts';

/** How `sampledDistance` samples. */
export interface SampledDistanceOptions extends SequenceShape {
  /** Index of the norm, finite and >= 1. */
  readonly alpha: number;
  /** Draws the shifts. */
  readonly random: RandomSource;
  /** Points of the lattice, from 2 to $2^{26}$; 1021 unless given. */
  readonly points?: number;
  /** Independent shifts, an integer >= 2; 16 unless given. */
  readonly shifts?: number;
  /** Of the interval, in (0, 1); 0.95 unless given. */
  readonly confidence?: number;
}

/**
 * $d_\alpha(g, f)$ of any two functions by quasi-Monte Carlo: a rank-1 lattice, shifted at random modulo 1, gives an unbiased estimate of
 * $\int \|g - f\|_\alpha^\alpha$ each time; `shifts` of them are independent, and Student's t on their mean gives the interval.
 *
 * @param g - any function on $[0,1)^{d \times L}$ with finite d x L values, such as a network with its prompt
 * @param f - target function
 * @returns value and a confidence interval, **not certified**: it misses with probability 1 - confidence if the estimates are near normal, more
 * often where the error sits on a set that few points hit, such as narrow ramps
 *
 * Paper: Eq. (E.1), (1.2).
 *
 * @throws RangeError if an option is out of range, f leaves [0, 1], or a value has the wrong shape or is not finite
 * @throws TypeError if g or f is no function
 * @example
 * import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
 * const f = (z: Tokens) => tokens(2, z.data.map((x) => x * x));
 * const g = (z: Tokens) => tokens(2, z.data.map((x) => x));
 * // 4 entries with the mean of (x - x^2)^2, 1/30
 * const { value, low, high } = sampledDistance(g, f, { d: 2, L: 2, alpha: 2, random: randomSource(1) });
 * low < Math.sqrt(4 / 30) && Math.sqrt(4 / 30) < high; // => true
 * value; // => 0.36515
 */
export function sampledDistance(g: (z: Tokens<Float64Array>) => Tokens, f: TargetFunction, options: SampledDistanceOptions): Distance {
  const { d, L, alpha, random, points = 1021, shifts = 16, confidence = 0.95 } = options;
  assertShape('sampledDistance', { d, L });
  assertNorm('sampledDistance', alpha, { measure: 0, error: 0 });
  assertInteger('sampledDistance', 'points', points, 2, LARGEST_LATTICE);
  assertInteger('sampledDistance', 'shifts', shifts, 2, 2 ** 20);
  assertInRange('sampledDistance', 'confidence', confidence, Number.MIN_VALUE, 1 - 2 ** -40);
  if (typeof g !== 'function') throw new TypeError(`sampledDistance: g must be a function from Tokens to Tokens, got ${describe(g)}`);
  const values = checkedValues('sampledDistance', g, { d, L });
  const target = checkedTarget('sampledDistance', f, { d, L });
  const lattice = korobovLattice(points, d * L);
  const estimates = Float64Array.from({ length: shifts }, () => {
    const shift = Float64Array.from({ length: d * L }, () => random.uniform());
    let sum = 0;
    for (let k = 0; k < points; k++) {
      const z = shift.map((by, j) => latticeEntry(lattice, k, j, by));
      // g may return its argument or a buffer that f writes to: each has an input of its own, and g's value is copied.
      const y = Float64Array.from(values(tokens(d, z.slice())).data);
      sum += powerSum(target(tokens(d, z)).data, y, alpha);
    }
    return sum / points;
  });
  const mean = estimates.reduce((s, x) => s + x, 0) / shifts;
  if (!Number.isFinite(mean)) throw new RangeError(`sampledDistance: the errors to the power alpha = ${alpha} must be finite, got their mean ${mean}`);
  const spread = Math.sqrt(estimates.reduce((s, x) => s + (x - mean) ** 2, 0) / (shifts - 1) / shifts);
  const half = studentQuantile(shifts - 1, confidence) * spread;
  return {
    value: mean ** (1 / alpha), low: Math.max(0, mean - half) ** (1 / alpha), high: (mean + half) ** (1 / alpha),
    method: 'lattice', certified: false, evaluations: shifts * points,
  };
}
