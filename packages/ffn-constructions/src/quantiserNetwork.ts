import type { FeedForward } from '@prompt-limits/attention';
import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';
import { assemble, assertFits, cancel, step } from './neurons.ts';

/** What `quantiserNetwork` builds. */
export interface QuantiserOptions {
  /** Grid points per unit, an integer >= 1; the grid step is delta = 1/m. */
  readonly m: number;
  /** Width of a token, an integer >= 1. */
  readonly d: number;
  /** Width of a ramp, at most delta/4 and at least $m\, \mathrm{length}^2\, 2^{-48}$. */
  readonly theta: number;
  /** Units that the grid covers, an integer >= 1; 1 unless given. With the positions 1, ..., L' added it is L' + 1. */
  readonly length?: number;
}

/** A quantiser and what it costs. */
export interface Quantiser {
  /** The layer, with its residual connection cancelled. */
  readonly network: FeedForward;
  /** Hidden neurons, $r = d (2 m \cdot \mathrm{length} - 1)$. */
  readonly neurons: number;
  /** Grid step 1/m. */
  readonly delta: number;
  /** Length of all ramps of one coordinate, $(m \cdot \mathrm{length} - 1)\, \theta$. */
  readonly rampLength: number;
  /** Share of the cube $[0, \mathrm{length})^d$ with a coordinate on a ramp, $1 - (1 - \mathrm{rampLength}/\mathrm{length})^d$. */
  readonly rampMeasure: number;
}

/**
 * Quantiser onto the grid $\lbrace 0, \delta, 2\delta, \dots, \mathrm{length} - \delta \rbrace^d$, $\delta = 1/m$, as one layer of Eq. (2.3). In every coordinate
 * $f(z) = \sum_{t=1}^{m\,\mathrm{length} - 1} h_t\, [\mathrm{ReLU}(z/\theta - c_t) - \mathrm{ReLU}(z/\theta - c_t - 1)]$ with
 * $h_t = t/m - (t-1)/m$; one neuron cancels the residual connection and two make each step.
 *
 * Guaranteed, bit for bit, for tokens in $[0, \mathrm{length})^d$: a grid point k/m (as float64 rounds it) stays as it is, and a value in
 * [k/m, (k + 1)/m - 4 theta] goes to k/m. Step t rises along one ramp of width theta that lies between 4 theta and theta/2
 * before t/m. On a ramp the value lies between two grid points; `rampMeasure` says how rare that is.
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
export function quantiserNetwork({ m, d, theta, length = 1 }: QuantiserOptions): Quantiser {
  assertInteger('quantiserNetwork', 'm', m, 1);
  assertInteger('quantiserNetwork', 'd', d, 1);
  assertInteger('quantiserNetwork', 'length', length, 1);
  // From this width on the remainders that twofold summation drops, 16 m length (length / (m theta)) 2^-106 in all, are below half an ulp
  // of the first grid point, and z / theta is far below 2^53.
  assertInRange('quantiserNetwork', 'theta', theta, m * length ** 2 * 2 ** -48, 1 / (4 * m));
  const steps = m * length - 1;
  const neurons = d * (1 + 2 * steps);
  assertFits('quantiserNetwork', d, neurons);
  const weight = 1 / theta;
  const column = (i: number) => Array.from({ length: steps }, (_, k) => {
    const t = k + 1;
    // An integer offset makes x - c and x - c - 1 exact, so a risen step adds exactly h_t.
    // The grid point t/m lies at x_t = weight t / m. It and its rounding are between 1 and 2 above the end c + 1 of its ramp and,
    // as 1 / (m theta) >= 4, at least 1 below the start of the next; 2^-3 covers the roundings of x and x_t.
    const offset = Math.floor((weight * t) / m) - 2;
    // h_t is exact (t/m is at most twice (t - 1)/m for t > 1), so the heights sum to the float64 t/m itself.
    return step(i, weight, offset, t / m - (t - 1) / m);
  });
  const network = assemble(d, Array.from({ length: d }, (_, i) => [...cancel(i, 'not negative'), ...column(i).flat()]).flat());
  const rampLength = steps * theta;
  return { network, neurons, delta: 1 / m, rampLength, rampMeasure: -Math.expm1(d * Math.log1p(-rampLength / length)) };
}
