import type { FeedForward } from '@prompt-limits/attention';
import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';
import type { LayerStack } from './layerStack.ts';
import { assemble, type Neuron } from './neurons.ts';
import { powerOfTwoBelow } from './powerOfTwoBelow.ts';
import { quantiserGrid, type GridExtent } from './quantiserGrid.ts';

/** What `deepQuantiser` builds. */
export interface DeepQuantiserOptions extends GridExtent {
  /** Width of a token, an integer >= 1. */
  readonly d: number;
  /** Largest width of a ramp, at most delta/4 and at least $2^{-41}$ times the end of the grid. */
  readonly theta: number;
}

/** A quantiser of many narrow layers and what it costs. */
export interface DeepQuantiser {
  /** The layers: for each coordinate its cells, from the highest to the lowest. */
  readonly stack: LayerStack;
  /** Layers, d times the number of cells. */
  readonly layers: number;
  /** Hidden neurons of all layers, at most 4 a layer. */
  readonly neurons: number;
  /** Grid step 1/m. */
  readonly delta: number;
  /** The grid points, ascending. */
  readonly points: Float64Array;
  /** Values down to this far below a grid point go to it too; above theta/4. */
  readonly margin: number;
  /** Length of all ramps of one coordinate, at most theta for each cell but the last. */
  readonly rampLength: number;
  /** Share of a token's inputs with a coordinate on a ramp: of $[0, \mathrm{length})^d$, or of $[0, 1]^d$ at the worst position. */
  readonly rampMeasure: number;
}

/**
 * Quantiser of layers with at most 4 neurons, one layer for each cell and coordinate:
 * $Z \mapsto Z + e_i\, \phi(e_i^\top Z)$ with $\phi(t) = g - t$ on the cell of the grid point g, and 0 outside of it and its ramps.
 *
 * Cells are $[k/m, (k + 1)/m)$, below `length` or within $[\rho j, \rho j + 1)$ for positions j = 1, ..., n. Guaranteed, bit for bit,
 * with g' the next grid point: a value from g - margin to g' - 2 theta goes to g (from 0 itself for g = 0; above the last grid point
 * every value does, up to $2^{40} \theta$); on a ramp the output lies between g and g'. What a positional encoding rounds by is far below the margin. Values between
 * two positions go down to the last grid point before them; values below the first grid point's margin stay as they are. Points are the
 * float64 roundings of k/m, for every m, and those of `quantiserNetwork`.
 *
 * Layers run from the highest cell to the lowest: those above a value's cell leave it alone, its own puts it on g, and those
 * below give g back exactly.
 *
 * Paper: Eq. (B.1), (E.4) with $\phi(t) = -t$ instead of $-t + 1$ (errata row 5). The jump is a ramp of width at most theta that ends before
 * the grid point, with its measure stated (row 6).
 *
 * @throws RangeError if m, d, length, n or rho is not an integer >= 1, or theta is out of range
 * @throws TypeError if a value is not a number
 * @example
 * const { stack, layers, neurons } = deepQuantiser({ m: 3, d: 1, theta: 0.001, positions: { n: 2, rho: 1 } });
 * [layers, neurons]; // => [6, 22]
 * applyStack(stack, { d: 1, n: 3, data: Float64Array.of(1, 1.5, 2 + 1 / 3) }).data; // => new Float64Array([1, 4 / 3, 7 / 3])
 */
export function deepQuantiser({ d, theta, ...extent }: DeepQuantiserOptions): DeepQuantiser {
  const { m } = extent;
  assertInteger('deepQuantiser', 'd', d, 1);
  const { points, end, rampsPerUnit } = quantiserGrid('deepQuantiser', extent);
  assertInRange('deepQuantiser', 'theta', theta, end * 2 ** -41, 1 / (4 * m));
  // Everything is measured in units of v, a power of two in (theta/4, theta/2]: x = z / v is exact.
  const v = powerOfTwoBelow(theta / 2);
  const cells = points.length;
  // Breakpoints are integers: starts[k] begins the ramp up to the plateau of cell k, one unit later the plateau begins, between v and 2 v below
  // its grid point. x - c is exact for 0 <= c <= x < 2^53, as both and their difference are multiples of the ulp of x.
  // A grid point 0 has no room below it and needs none.
  const starts = points.map((g) => (g === 0 ? 0 : Math.floor(g / v) - 2));

  const layer = (i: number): FeedForward => {
    const coordinate = Math.floor(i / cells);
    const k = cells - 1 - (i % cells);
    const g = points[k]!;
    const neuron = (c: number, weight: number): Neuron => ({ from: { coordinate, weight: 1 / v }, bias: -c, to: { coordinate, weight } });
    const c = starts[k]!;
    // Up to the plateau: from value 0 at c to rise at c + 1, then down with slope -1. All weights are exact, being multiples of the ulp of g
    // (v is one: v >= 2^-43 end) and at most g, or 4 v.
    const rise = g - (c + 1) * v;
    const up = g === 0 ? [neuron(0, -v)] : [neuron(c, rise), neuron(c + 1, -v - rise)];
    if (k === cells - 1) return assemble(d, up);
    // Back from g - z = -fall to 0 over the unit before the next cell's first breakpoint. The weights sum to 0, and so do their products with the
    // breakpoints: beyond the ramp the layer adds exactly 0 in real numbers.
    const last = starts[k + 1]!;
    const fall = (last - 1) * v - g;
    return assemble(d, [...up, neuron(last - 1, fall + v), neuron(last, -fall)]);
  };
  // What twofold summation drops is at most 36 * 2^-106 times the sum of absolute terms. Below a value z that has passed a cell these are
  // at most z (7 + 2 fall / v) <= 2^45 z, on a plateau at most 2^43 g (z <= 2^43 v <= 2^40 delta): below 2^-55 times the result, a quarter of its ulp. So
  // a result that is a float64 in real numbers comes out exactly, and on a ramp none leaves [g, g'].
  const reach = 2 ** 43 * v;

  const next = (token: ArrayLike<number>, from: number): number => {
    for (let coordinate = Math.floor(from / cells); coordinate < d; coordinate++) {
      const x = token[coordinate]! / v;
      const k = lastBelow(starts, x);
      // The supports (starts[k], starts[k + 1]) do not overlap.
      if (k < 0 || (k + 1 < cells && x >= starts[k + 1]!)) continue;
      const i = coordinate * cells + cells - 1 - k;
      if (i >= from) return i;
    }
    return d * cells;
  };
  const refusal = (token: ArrayLike<number>): string | undefined => {
    const far = Array.from(token).find((z) => Math.abs(z) > reach);
    return far === undefined ? undefined : `a quantiser's values must lie in [${-reach}, ${reach}], got ${far}`;
  };

  const layers = d * cells;
  const perCoordinate = 4 * cells - (points[0] === 0 ? 1 : 0) - 2;
  // The lowest cell has one neuron less if its grid point is 0, the highest two less.
  const width = cells === 1 ? perCoordinate : cells === 2 && points[0] === 0 ? 3 : 4;
  const share = rampsPerUnit * 2 * v;
  return {
    stack: { d, count: layers, width, layer, next, refusal },
    layers,
    neurons: d * perCoordinate,
    delta: 1 / m,
    points,
    margin: v,
    rampLength: (cells - 1) * 2 * v,
    rampMeasure: -Math.expm1(d * Math.log1p(-share)),
  };
}

/** The largest k with values[k] < x, or -1. */
function lastBelow(values: Float64Array, x: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
