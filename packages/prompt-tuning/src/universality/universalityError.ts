import { tokens, type Tokens } from '@prompt-limits/core-linalg';
import { cellDistance } from './distance/cellDistance.ts';
import type { Distance, MeasuredTarget } from './distance/distance.ts';
import { errorBudget, type ErrorBudget } from './errorBudget.ts';
import type { TableOptions } from './functionTable.ts';
import type { UniversalTransformer } from './universalTransformer.ts';

/** How the error of a prompted transformer is measured. */
export interface UniversalityErrorOptions extends Pick<TableOptions, 'at' | 'round'> {
  /** Index of the norm, finite and >= 1. */
  readonly alpha: number;
  /** Lipschitz constant of f in $\|\cdot\|_\alpha$, known: the bound needs it, and with it the measurement is certified. */
  readonly C: number;
  /** Most values of f, $2^{16}$ unless given. */
  readonly maxEvaluations?: number;
}

/** Measured error and its bound. */
export interface UniversalityError {
  /** $d_\alpha(\tau([P, \cdot])_{:,L_p:}, f)$, enclosed. */
  readonly measured: Distance;
  /** What theory allows, term by term. */
  readonly bound: ErrorBudget;
  /** Whether the upper end of the measurement is at most the bound. */
  readonly holds: boolean;
  /** Runs of the transformer: one in each cell. */
  readonly runs: number;
}

/**
 * The error $d_\alpha(\tau([P, \cdot])_{:,L_p:}, f)$ of a prompted transformer, measured against its bound
 * $$(C + 1)\, \delta\, (dL)^{1/\alpha} \quad \text{(input and output quantisation)} \quad + \text{ramps}.$$
 *
 * The transformer is run once in every cell, in the middle of what its ramps leave; off the ramps it is constant on the cell, as the front quantiser is bit-exact there. The
 * ramps have measure at most $4 d L m \theta$ and errors of at most $(dL)^{1/\alpha}$ times the largest output, which widens both. The integral over a cell
 * is f's own `cellIntegral`, or enclosed by the Lipschitz constant: certified either way.
 *
 * @param tau - any transformer of `buildUniversal`, or what `buildApproximator` gives with `load: () => tau.run`
 * @param P - the prompt
 * @param f - target function
 *
 * Paper: Theorems 2.3, 2.4 and B.1 with Eq. (E.2) repaired (errata row 7).
 *
 * @throws RangeError if the cells are more than `maxEvaluations`, an option is out of range, or P or f does not fit
 * @example
 * const tau = buildUniversal({ d: 1, L: 1, m: 16, form: 'wide' });
 * const f = affineTarget({ d: 1, L: 1, slope: [0.75], offset: [0.125] });
 * const { measured, bound, holds } = universalityError(tau, promptFor(tau, f), f, { alpha: 2, C: 0.75 });
 * [measured.certified, holds]; // => [true, true]
 * measured.value; // => 0.0518223
 * bound.total; // => 0.1094
 */
export function universalityError(
  tau: Pick<UniversalTransformer, 'd' | 'L' | 'm' | 'theta' | 'load' | 'rampMeasure' | 'largestOutput'>, P: Tokens, f: MeasuredTarget,
  { alpha, C, at, round, maxEvaluations }: UniversalityErrorOptions,
): UniversalityError {
  const { d, L, m } = tau;
  const ramps = { measure: tau.rampMeasure, error: tau.largestOutput * (d * L) ** (1 / alpha) * (1 + 2 ** -40) };
  const bound = errorBudget({ d, L, m, C, alpha, ramps, ...(at && { at }), ...(round && { round }) });
  const run = tau.load(P);
  // Within 4 theta of the next grid point may lie the ramp to it: with wide ramps a cell's centre does. theta <= 1/(4m).
  const middle = Math.max(0, 1 / m - 4 * tau.theta) / 2;
  let runs = 0;
  const cellValue = (cell: Int32Array): Tokens => {
    runs++;
    return run(tokens(d, Float64Array.from(cell, (k) => k / m + middle)));
  };
  const measured = cellDistance(cellValue, f, { d, L, m, alpha, lipschitz: C, ramps, ...(maxEvaluations && { maxEvaluations }), width: bound.total / 64 });
  return { measured, bound, holds: measured.high <= bound.total, runs };
}
