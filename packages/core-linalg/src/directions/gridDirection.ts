import { assertInteger } from '../checks/checks.ts';

/** A direction that tells all points of a grid apart. */
export interface GridDirection {
  /** $(1, m, \dots, m^{d-1})$ divided by its norm: d float64 values. */
  readonly direction: Float64Array;
  /** Lower bound on $|u^\top (x - x')|$ over distinct points of the grid, in grid steps. */
  readonly gap: number;
  /** Lower bound on $|u^\top (x - x')| / \|x - x'\|$ over distinct points of the grid; 1 for a single point. */
  readonly constant: number;
}

// Up to this many points the rounding of the direction costs less than 2^-5 of the gap.
const MAX_POINTS = 2 ** 45;

/**
 * The direction $u \propto (1, m, \dots, m^{d-1})$. It reads the coordinates of a grid point as the digits of a number in base m, so
 * the $m^d$ points of a grid of m levels fall on distinct whole numbers and $|u^\top (x - x')| \ge \mathrm{step} / \|(1, m, \dots, m^{d-1})\|$.
 *
 * @param d - dimension, an integer >= 1
 * @param levels - m >= 1 values a coordinate takes, one step apart; $m^d$ at most $2^{45}$
 * @returns direction and lower bounds for the unit vector $u / \|u\|$. The constant $\sqrt{m^2 - 1} / ((m - 1) \sqrt{d (m^{2d} - 1)})$ is of the
 * order of $m^{-d}$, where Lemma D.1 promises only $m^{-2d}$ for that many points
 *
 * Paper: Lemma D.1 for the grids of Section 2.3.
 *
 * @throws RangeError if d or levels is out of range, or the grid has more than $2^{45}$ points
 * @example
 * const { direction, constant } = gridDirection(2, 2);
 * direction; // => [0.447213595499958, 0.894427190999916]
 * constant; // => 0.3162277660
 */
export function gridDirection(d: number, levels: number): GridDirection {
  assertInteger('gridDirection', 'd', d, 1);
  assertInteger('gridDirection', 'levels', levels, 1);
  const points = levels ** d;
  if (points > MAX_POINTS) throw new RangeError(`gridDirection: levels ** d must be at most 2 ** 45, got ${points}`);
  const digits = Float64Array.from({ length: d }, (_, i) => levels ** i);
  const norm = Math.sqrt(digits.reduce((s, x) => s + x * x, 0));
  const direction = digits.map((x) => x / norm);
  // An entry of u is off by at most (d + 3) 2^-53 of itself, and sum_i m^i |k_i| <= m^d - 1 for differences k of digits:
  // |U . k| >= 1 shrinks by at most (d + 3) 2^-53 m^d. The norm of u and the roundings here cost (d + 8) 2^-52.
  const gap = ((1 - (d + 3) * 2 ** -53 * points) / norm) * (1 - (d + 8) * 2 ** -51);
  const longest = Math.sqrt(d) * (levels - 1);
  return { direction, gap, constant: longest === 0 ? 1 : Math.min(1, gap / longest) };
}
