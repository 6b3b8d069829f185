import { assertFinite, assertInRange, type Tokens } from '@prompt-limits/core-linalg';
import type { Ramps } from '../errorBudget.ts';
import { assertValue, type SequenceShape, type TargetFunction } from '../targetFunction.ts';

/**
 * The integral of $\|f(Z) - y\|_\alpha^\alpha$ over the cell corner + $[0, \delta]^{d \times L}$, for a constant y.
 *
 * @param corner - d L numbers, token after token
 * @param delta - edge of the cell
 * @param y - d L numbers
 * @param alpha - index of the norm
 */
export type CellIntegral = (corner: Float64Array, delta: number, y: Float64Array, alpha: number) => number;

/** A target function that may know its integrals over cells. */
export interface MeasuredTarget extends TargetFunction {
  /** Its integrals, if it knows them. */
  readonly cellIntegral?: CellIntegral;
}

/** A measured distance $d_\alpha(g, f)$. */
export interface Distance {
  /** The best single value. */
  readonly value: number;
  /** Lower end of what the method says of the distance. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** How it was measured: by f's own integrals, by f's Lipschitz constant, by Gauss-Legendre rules, or by random shifts of a lattice. */
  readonly method: 'cell integrals' | 'lipschitz' | 'gauss' | 'lattice';
  /** Whether [low, high] holds the distance for certain. If not, it is an error indicator ('gauss') or a confidence interval ('lattice'). */
  readonly certified: boolean;
  /** Values of f that were computed, or integrals. */
  readonly evaluations: number;
}

/** Checks alpha and the ramps. */
export function assertNorm(fn: string, alpha: number, ramps: Ramps): void {
  assertInRange(fn, 'alpha', alpha, 1, Number.MAX_VALUE);
  assertInRange(fn, 'ramps.measure', ramps.measure, 0, 1);
  assertInRange(fn, 'ramps.error', ramps.error, 0, Number.MAX_VALUE);
}

/** g with its values checked: d x L, finite. */
export function checkedValues<T>(fn: string, g: (argument: T) => Tokens, shape: SequenceShape): (argument: T) => Tokens {
  return (argument) => {
    const y = g(argument);
    assertValue(fn, 'g', y, shape, () => 'for one of its arguments');
    assertFinite(fn, 'the values of g', y.data);
    return y;
  };
}

/** $\sum_i |a_i - b_i|^\alpha$. */
export function powerSum(a: ArrayLike<number>, b: ArrayLike<number>, alpha: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!) ** alpha;
  return sum;
}

/**
 * The smallest and the largest $I^{1/\alpha}$ for an integral between `low` and `high` as computed by `terms` roundings and
 * powers of float64s: what rounding and underflow can have done to it is added.
 */
export function rootEnclosure(low: number, high: number, alpha: number, { d, L }: SequenceShape, terms: number): { low: number; high: number } {
  // A term: a difference, a power (its base off by 2^-53, so alpha 2^-53, and its own few ulp) and d L sums; then `terms` sums, and the root with
  // 1/alpha off by 2^-53, at most 1075 ln 2 < 746 in its exponent.
  const slack = (terms + d * L + alpha + 1024) * 2 ** -52;
  // A power that vanishes is below 2^-1022; dL of them enter the mean.
  return { low: Math.max(0, low * (1 - slack)) ** (1 / alpha) * (1 - slack), high: (high * (1 + slack) + d * L * 2 ** -1022) ** (1 / alpha) * (1 + slack) };
}
