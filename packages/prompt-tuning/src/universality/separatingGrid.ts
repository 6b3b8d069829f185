import { quantiseToGrid, type Tokens } from '@prompt-limits/core-linalg';
import { leastRamps, LARGEST_STEP, narrowRamps } from './quantiseTokens.ts';

interface Pair {
  readonly input: Tokens;
  readonly label: Tokens;
}

interface GridWanted {
  readonly epsilon: number;
  readonly alpha: number;
  readonly form: 'deep' | 'wide';
  readonly examples: number;
  readonly theta?: number;
  readonly largestStep?: number;
}

/** Coarse grids are tried one by one, finer ones in steps of about one in 2^8: a little too fine a grid costs little. */
const STEP = 2 ** -8;

/**
 * About the coarsest grid that memorises a dataset: every label, whatever it is, within epsilon of a grid point; no input on a ramp; inputs with different labels in
 * different cells.
 *
 * @internal
 */
export function separatingGrid(fn: string, dataset: readonly Pair[], { epsilon, alpha, examples, form, ...options }: GridWanted): number {
  assertFunction(fn, dataset);
  const { d, n: L } = dataset[0]!.input;
  // An entry of a label is at most delta from the grid, which ends at 1 - delta. The hats' rounding stays far below 2^-30 of epsilon.
  const coarsest = Math.max(2, Math.ceil((d * L) ** (1 / alpha) / (epsilon * (1 - 2 ** -30))));
  const n = 2 * examples * L + L;
  // The largest step; the mapping may take a smaller one, and narrower ramps.
  const rho = Math.max(LARGEST_STEP, options.largestStep ?? 1);
  const finest = finestGrid({ form, d, n, rho });
  if (coarsest > finest) throw new RangeError(`${fn}: epsilon must be reached with at most ${finest} grid points per entry, the most for d = ${d}, L = ${L} and ${examples} examples in the ${form} form, got ${epsilon}, which needs ${coarsest}`);
  if (options.theta !== undefined && options.theta > 1 / (4 * coarsest)) {
    throw new RangeError(`${fn}: theta must be at most 1/(4m) = ${1 / (4 * coarsest)}, m = ${coarsest} being the grid that epsilon asks for, got ${options.theta}`);
  }
  let last = coarsest;
  for (let m = coarsest; m <= finest; m += Math.max(1, Math.floor(m * STEP))) {
    const theta = options.theta ?? narrowRamps({ form, m, n, rho });
    if (theta > 1 / (4 * m)) break;
    if (inputsApart(dataset, m, theta)) return m;
    last = m;
  }
  const pair = closest(dataset);
  const got = pair === undefined ? 'inputs that lie on a ramp of each' : `examples ${pair.i} and ${pair.j}, which differ by at most ${pair.distance}`;
  throw new RangeError(`${fn}: inputs must lie off the ramps of a grid of ${coarsest} to ${last} points per entry, those with different labels in different cells, got ${got}`);
}

/** The most points per entry with which front and attention can be built, at most 2^20. */
function finestGrid({ form, d, n, rho }: { readonly form: 'deep' | 'wide'; readonly d: number; readonly n: number; readonly rho: number }): number {
  const fits = (m: number): boolean =>
    m * n <= 2 ** 24 && // points of a quantiser
    (form === 'deep' || 2 * d * d * m * n <= 2 ** 27) && // its weights
    leastRamps({ form, m, n, rho }) <= 1 / (16 * m) &&
    (d + 1) * Math.log2(m) < 44.9 && // the weights of the attention are exact
    2 * rho * m ** d * (n + 1) < 2 ** 50; // and its codes
  let [low, high] = [1, 2 ** 20 + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function inputsApart(dataset: readonly Pair[], m: number, theta: number): boolean {
  const seen = new Map<string, number>();
  for (const [i, { input }] of dataset.entries()) {
    const cell = quantiseToGrid(input, m);
    for (let at = 0; at < cell.length; at++) {
      // Within 4 theta below a grid point nothing is promised; above the last cell's plateau the transformer clamps.
      if (cell[at]! + 1 < m && input.data[at]! > (cell[at]! + 1) / m - 4 * theta) return false;
    }
    const key = cell.join();
    const first = seen.get(key);
    if (first === undefined) seen.set(key, i);
    else if (!sameDigits(dataset[first]!.label, dataset[i]!.label, m)) return false;
  }
  return true;
}

const sameDigits = (a: Tokens, b: Tokens, m: number): boolean => a.data.every((y, at) => Math.min(m - 1, Math.round(y * m)) === Math.min(m - 1, Math.round(b.data[at]! * m)));

/** Throws if two equal inputs have different labels: no function, so no transformer, maps one input to both. */
function assertFunction(fn: string, dataset: readonly Pair[]): void {
  const seen = new Map<string, number>();
  for (const [i, { input, label }] of dataset.entries()) {
    const key = Array.from(input.data, (x) => x + 0).join(); // -0 is 0
    const first = seen.get(key);
    if (first === undefined) seen.set(key, i);
    else if (dataset[first]!.label.data.some((y, at) => y !== label.data[at])) {
      throw new RangeError(`${fn}: equal inputs must have equal labels, got different ones for examples ${first} and ${i}: no function gives both`);
    }
  }
}

function closest(dataset: readonly Pair[]): { i: number; j: number; distance: number } | undefined {
  let best = { i: -1, j: -1, distance: Infinity };
  for (let j = 1; j < dataset.length; j++) {
    for (let i = 0; i < j; i++) {
      if (dataset[i]!.label.data.every((y, at) => y === dataset[j]!.label.data[at])) continue;
      const [a, b] = [dataset[i]!.input.data, dataset[j]!.input.data];
      let distance = 0;
      for (let at = 0; at < a.length; at++) distance = Math.max(distance, Math.abs(a[at]! - b[at]!));
      if (distance < best.distance) best = { i, j, distance };
    }
  }
  return best.i < 0 ? undefined : best;
}
