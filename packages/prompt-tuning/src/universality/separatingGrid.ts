import { quantiseToGrid, type Tokens } from '@prompt-limits/core-linalg';
import { LARGEST_STEP, narrowRamps } from './quantiseTokens.ts';

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

/** Finer grids would need quantisers of more than some 2^27 neurons. */
const FINEST = 2 ** 20;
/** Coarse grids are tried one by one, finer ones in steps of about one in 2^8: a little too fine a grid costs little. */
const STEP = 2 ** -8;

/**
 * The coarsest grid that memorises a dataset: every label, whatever it is, within epsilon of a grid point; no input on a ramp; inputs with different labels in
 * different cells.
 *
 * @internal
 */
export function separatingGrid(fn: string, dataset: readonly Pair[], { epsilon, alpha, examples, form, ...options }: GridWanted): number {
  assertFunction(fn, dataset);
  const { d, n: L } = dataset[0]!.input;
  // An entry of a label is at most delta from the grid, which ends at 1 - delta. The hats' rounding stays far below 2^-30 of epsilon.
  const coarsest = (d * L) ** (1 / alpha) / (epsilon * (1 - 2 ** -30));
  if (coarsest > FINEST) throw new RangeError(`${fn}: epsilon must be reached with at most 2^20 grid points per entry, got ${epsilon} for d = ${d}, L = ${L}`);
  for (let m = Math.max(2, Math.ceil(coarsest)); m <= FINEST; m += Math.max(1, Math.floor(m * STEP))) {
    // The largest step; the mapping may take a smaller one, and narrower ramps.
    const theta = options.theta ?? narrowRamps({ form, m, n: 2 * examples * L + L, rho: Math.max(LARGEST_STEP, options.largestStep ?? 1) });
    if (theta <= 1 / (4 * m) && inputsApart(dataset, m, theta)) return m;
  }
  const { i, j, distance } = closest(dataset);
  throw new RangeError(`${fn}: inputs with different labels must be told apart by a grid of at most 2^20 points per entry, off its ramps, got examples ${i} and ${j}, which differ by at most ${distance}`);
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
      throw new RangeError(`${fn}: equal inputs must have equal labels, got different ones for examples ${first} and ${i}: no function memorises both`);
    }
  }
}

function closest(dataset: readonly Pair[]): { i: number; j: number; distance: number } {
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
  return best;
}
