import type { FeedForward } from '@prompt-limits/attention';
import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';
import { assemble, assertFits, cancel, step } from './neurons.ts';
import { quantiserGrid, type GridExtent } from './quantiserGrid.ts';

/** What `quantiserNetwork` builds. */
export interface QuantiserOptions extends GridExtent {
  /** Width of a token, an integer >= 1. */
  readonly d: number;
  /** Width of a ramp, at most delta/4 and at least $2^{-48}$ times the number of grid points times the end of the grid. */
  readonly theta: number;
}

/** A quantiser and what it costs. */
export interface Quantiser {
  /** The layer, with its residual connection cancelled. */
  readonly network: FeedForward;
  /** Hidden neurons, $r = d (2 N - 1)$ for N grid points: $N = m \cdot \mathrm{length}$, or $m n$ with positions. */
  readonly neurons: number;
  /** Grid step 1/m. */
  readonly delta: number;
  /** The grid points, ascending. */
  readonly points: Float64Array;
  /** Length of all ramps of one coordinate, $(N - 1)\, \theta$. */
  readonly rampLength: number;
  /** Share of a token's inputs with a coordinate on a ramp: of $[0, \mathrm{length})^d$, or of $[0, 1]^d$ at the worst position. */
  readonly rampMeasure: number;
}

/**
 * Quantiser onto the grid $\lbrace 0, \delta, 2\delta, \dots, \mathrm{length} - \delta \rbrace^d$, $\delta = 1/m$, as one layer of Eq. (2.3). In every coordinate
 * $f(z) = \sum_{t=1}^{m\,\mathrm{length} - 1} h_t\, [\mathrm{ReLU}(z/\theta - c_t) - \mathrm{ReLU}(z/\theta - c_t - 1)]$ with
 * $h_t = t/m - (t-1)/m$; one neuron cancels the residual connection and two make each step.
 *
 * Guaranteed, bit for bit, for tokens in $[0, \mathrm{length})^d$: a grid point k/m (as float64 rounds it) stays as it is, and a value in
 * [k/m, (k + 1)/m - 4 theta] goes to k/m. Step t rises along one ramp of width theta that lies between 4 theta and theta/2
 * before t/m, so a grid point has that margin against rounding. On a ramp the value lies between two grid points; `rampMeasure` says how rare that is.
 *
 * With `positions` the grid is that of $[\rho j, \rho j + 1)$, j = 1, ..., n: the points are rounded from $\rho j + c/m$, the first of them is the output
 * bias, and a step of height $\rho - 1 + 1/m$ leads to the next position. Values between positions go down to the last grid point before them, values
 * below the first grid point up to it.
 *
 * Paper: Eq. (F.1), (F.2) and the layers of Eq. (E.4) in one, repaired: -t instead of -t + 1 (errata row 5), ramps explicit and off the
 * grid points (row 6), as many steps as the grid has (row 9), the residual cancelled (row 10). With ramps behind the
 * grid points, as printed, a grid point keeps its place while its right neighbours go one step up; ramps before them round
 * down throughout.
 *
 * @throws RangeError if m, d or length is not an integer >= 1, theta is out of range, or the weights would not fit
 * @throws TypeError if a value is not a number
 * @example
 * const { network, neurons, rampLength } = quantiserNetwork({ m: 10, d: 1, theta: 0.001 });
 * neurons; // => 19
 * rampLength; // => 0.009
 * applyFeedForward(network, { d: 1, n: 4, data: Float64Array.of(0.3, 0.35, 0.7, 0.99) }).data; // => new Float64Array([0.3, 0.3, 0.7, 0.9])
 */
export function quantiserNetwork({ d, theta, ...extent }: QuantiserOptions): Quantiser {
  const { m } = extent;
  assertInteger('quantiserNetwork', 'm', m, 1);
  assertInteger('quantiserNetwork', 'd', d, 1);
  const { points, end, rampsPerUnit } = quantiserGrid('quantiserNetwork', extent);
  // Before a value z, t steps have risen. The products of their pairs sum to at most (z / theta) z, as the staircase stays below z, so twofold
  // summation keeps remainders of at most 2.5 z^2 / theta 2^-53 and drops at most 6 t z^2 / theta 2^-106: from this width on
  // that is below 2^-55 z, a quarter of the ulp of the result. And z / theta is far below 2^53.
  assertInRange('quantiserNetwork', 'theta', theta, points.length * end * 2 ** -48, 1 / (4 * m));
  const steps = points.length - 1;
  const neurons = d * (1 + 2 * steps);
  assertFits('quantiserNetwork', d, neurons);
  const weight = 1 / theta;
  const column = (i: number) => Array.from({ length: steps }, (_, k) => {
    const point = points[k + 1]!;
    // An integer offset makes x - c and x - c - 1 exact, so a risen step adds exactly its height.
    // The grid point lies at x = weight point. It and its rounding are between 1 and 2 above the end c + 1 of its ramp and,
    // as 1 / (m theta) >= 4, at least 1 below the start of the next; 2^-3 covers the roundings.
    const offset = Math.floor(weight * point) - 2;
    // The height is exact (but for the point 0 a point is at most twice the one before), so heights sum to the float64 points themselves.
    return step(i, weight, offset, point - points[k]!);
  });
  const network = assemble(d, Array.from({ length: d }, (_, i) => [...cancel(i, 'not negative'), ...column(i).flat()]).flat());
  network.b2.fill(points[0]!);
  return { network, neurons, delta: 1 / m, points, rampLength: steps * theta, rampMeasure: -Math.expm1(d * Math.log1p(-rampsPerUnit * theta)) };
}
