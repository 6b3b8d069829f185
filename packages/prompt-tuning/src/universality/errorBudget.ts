import { assertInRange, assertInteger, assertOneOf, assertPositive, entrywiseNorm, tokens } from '@prompt-limits/core-linalg';
import { sufficientPromptLength } from '../capacity/sufficientPromptLength.ts';
import type { TableOptions } from './functionTable.ts';
import { assertShape } from './targetFunction.ts';

/** Where a network that imitates a table leaves it. */
export interface Ramps {
  /** Measure of the inputs on a ramp, in [0, 1]. */
  readonly measure: number;
  /** Largest $\|\cdot\|_\alpha$ error there, >= 0; $(dL)^{1/\alpha}$ bounds it if all values stay in [0, 1]. */
  readonly error: number;
}

/** What the error of a quantised function depends on. */
export interface ErrorBudgetOptions extends TableOptions {
  /** Lipschitz constant in $\|\cdot\|_\alpha$, >= 0. */
  readonly C: number;
  /** Index of the norm, finite and >= 1. */
  readonly alpha: number;
  /** Largest value that f takes, in [0, 1]; 1 unless given. Only with `round: 'nearest'` does it matter. */
  readonly highest?: number;
  /** The ramps of the network, if it has any. */
  readonly ramps?: Ramps;
}

/** The error term by term, each rounded upwards. */
export interface ErrorBudget {
  /** From evaluating f at the cell's corner or centre. */
  readonly inputQuantisation: number;
  /** From rounding the value to the grid. */
  readonly outputQuantisation: number;
  /** From the ramps alone, $\mathrm{measure}^{1/\alpha}\, \mathrm{error}$. */
  readonly ramps: number;
  /** $((\mathrm{input} + \mathrm{output})^\alpha + \mathrm{ramps}^\alpha)^{1/\alpha}$. */
  readonly total: number;
}

// dL ** (1 / alpha) is off by at most (ln(dL) + 2) 2^-53 of itself for dL up to 2^32, the norm of two by 8 * 2^-52: 2^-47 covers all.
const UPWARDS = 1 + 2 ** -47;

/** k/m as float64 rounds it is off by at most this, at either end of a cell. */
const GRID_ROUNDING = 2 ** -52;

/**
 * Bound on $d_\alpha(\bar f, f)$ for the table $\bar f$ of a C-Lipschitz f, $\delta = 1/m$:
 * $$\underbrace{C \delta (dL)^{1/\alpha}}_{\text{input}} + \underbrace{\delta (dL)^{1/\alpha}}_{\text{output}}.$$
 *
 * It holds at every Z, not only in the mean: Z is at most delta per entry from the corner of its cell (delta/2 from the
 * centre, which halves the input term), and rounding down loses at most delta per entry. Rounding to the nearest loses
 * delta/2, but the grid ends at 1 - delta: the output term is $\max(\delta/2, \mathrm{highest} - 1 + \delta)$ per entry, which is delta
 * again for an f that reaches 1. A network that equals $\bar f$ off a set of ramps and is `error` from f there adds
 * $\mathrm{measure} \cdot \mathrm{error}^\alpha$ to the integral.
 *
 * @returns the terms, rounded upwards by a relative $2^{-47}$ at most, with the rounding of grid points to float64 included
 *
 * Paper: Eq. (E.2), repaired: it has the input term alone, but the output is quantised too (errata row 7).
 *
 * @throws RangeError if an option is out of range
 * @example
 * const { inputQuantisation, outputQuantisation, total } = errorBudget({ d: 1, L: 4, m: 8, C: 3, alpha: 2 });
 * [inputQuantisation, outputQuantisation, total]; // => [0.750000000, 0.250000000, 1.000000000]
 */
export function errorBudget(options: ErrorBudgetOptions): ErrorBudget {
  const { d, L, m, C, alpha, at = 'corner', round = 'down', highest = 1, ramps = { measure: 0, error: 0 } } = options;
  assertShape('errorBudget', { d, L });
  assertInteger('errorBudget', 'm', m, 2, 2 ** 31);
  assertInRange('errorBudget', 'C', C, 0, Number.MAX_VALUE);
  assertInRange('errorBudget', 'alpha', alpha, 1, Number.MAX_VALUE);
  assertOneOf('errorBudget', 'at', at, ['corner', 'centre']);
  assertOneOf('errorBudget', 'round', round, ['down', 'nearest']);
  assertInRange('errorBudget', 'highest', highest, 0, 1);
  assertInRange('errorBudget', 'ramps.measure', ramps.measure, 0, 1);
  assertInRange('errorBudget', 'ramps.error', ramps.error, 0, Number.MAX_VALUE);
  const delta = 1 / m;
  const entries = UPWARDS * (d * L) ** (1 / alpha);
  const inputQuantisation = C * ((at === 'centre' ? delta / 2 : delta) + GRID_ROUNDING) * entries;
  const lost = round === 'down' ? delta : Math.max(delta / 2, highest - 1 + delta);
  const outputQuantisation = (lost + GRID_ROUNDING) * entries;
  const onRamps = UPWARDS * ramps.measure ** (1 / alpha) * ramps.error;
  const off = inputQuantisation + outputQuantisation;
  const total = onRamps === 0 ? off : UPWARDS * entrywiseNorm(tokens(2, Float64Array.of(off, onRamps)), alpha);
  return { inputQuantisation, outputQuantisation, ramps: onRamps, total };
}

/** What `gridForError` needs to know. */
export interface GridForErrorOptions extends Pick<ErrorBudgetOptions, 'd' | 'L' | 'alpha' | 'at'> {
  /** Lipschitz constant, above 0. */
  readonly C: number;
  /** Wanted bound on $d_\alpha(\bar f, f)$, above 0. */
  readonly epsilon: number;
}

/**
 * The smallest $m \ge 2$ with $(C + 1) (dL)^{1/\alpha} / m \le \epsilon$, or $(C/2 + 1) (dL)^{1/\alpha} / m \le \epsilon$ for tables evaluated at cell
 * centres: with it every C-Lipschitz f is within epsilon of its table, before ramps.
 *
 * @returns m, a tie decided exactly for integer alpha up to 64 (else m may be one larger than needed); for epsilon/2 in place
 * of epsilon it is the `gridPoints` of `sufficientPromptLength`
 *
 * Paper: the choice of delta after Eq. (E.2), repaired (errata row 7).
 *
 * @throws RangeError if an option is out of range, or m is beyond $2^{31}$, saying so
 * @example
 * gridForError({ d: 1, L: 1, C: 3, alpha: 1, epsilon: 0.125 }); // => 32
 * gridForError({ d: 1, L: 1, C: 3, alpha: 1, epsilon: 0.125, at: 'centre' }); // => 20
 */
export function gridForError({ d, L, C, alpha, epsilon, at = 'corner' }: GridForErrorOptions): number {
  assertShape('gridForError', { d, L });
  assertPositive('gridForError', 'C', C);
  assertInRange('gridForError', 'C', C, 0, Number.MAX_VALUE / 4);
  assertInRange('gridForError', 'alpha', alpha, 1, Number.MAX_VALUE);
  assertPositive('gridForError', 'epsilon', epsilon);
  assertOneOf('gridForError', 'at', at, ['corner', 'centre']);
  // Doubling and halving are exact, but for the ends of float64's range: an epsilon that large asks for m = 2 anyway, and
  // half of the smallest C, lost or rounded, is nothing beside 1.
  const { gridPoints } = sufficientPromptLength({ d, L, C: at === 'centre' ? Math.max(C / 2, Number.MIN_VALUE) : C, alpha, epsilon: Math.min(2 * epsilon, Number.MAX_VALUE) });
  if (gridPoints > 2 ** 31) throw new RangeError(`gridForError: epsilon must be reached with at most 2 ** 31 grid points per entry, got ${epsilon}, which needs ${gridPoints}`);
  return Math.max(2, gridPoints);
}
