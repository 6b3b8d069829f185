import { assertInteger } from '@prompt-limits/core-linalg';

/** Where tokens with a positional encoding lie. */
export interface GridPositions {
  /** Positions 1, ..., n; n >= 1. */
  readonly n: number;
  /**
   * Distance of neighbouring positions, an integer >= 1: the token at position j has $\rho j$ added to every coordinate. The paper's is 1, where the value 1 at a position is
   * the first grid point of the next; from 2 on it belongs to the last cell.
   */
  readonly rho: number;
}

/** Which part of the line is cut into cells of length 1/m. */
export interface GridExtent {
  /** Grid points per unit, an integer >= 1; the grid step is delta = 1/m. */
  readonly m: number;
  /** The grid covers $[0, \mathrm{length})$, an integer >= 1; 1 unless given. */
  readonly length?: number;
  /** Instead of `length`: the grid covers $[\rho j, \rho j + 1)$ for j = 1, ..., n. */
  readonly positions?: GridPositions;
}

/** Grid points of a quantiser and what surrounds them. */
export interface QuantiserGrid {
  /** All grid points, ascending: float64 roundings of multiples of 1/m. */
  readonly points: Float64Array;
  /** End of the last cell. */
  readonly end: number;
  /** Ramps of one coordinate that an input can meet, on average over the line (`length`) or at its worst position, a unit of length. */
  readonly rampsPerUnit: number;
}

// Points are listed; 2^24 of them are 128 MiB, and the weights of more would not fit.
const MAX_POINTS = 2 ** 24;

/**
 * Lists the grid points of an extent.
 *
 * @internal
 */
export function quantiserGrid(fn: string, { m, length, positions }: GridExtent): QuantiserGrid {
  assertInteger(fn, 'm', m, 1);
  if (positions === undefined) {
    const units = length ?? 1;
    assertInteger(fn, 'length', units, 1);
    assertInteger(fn, 'm length', m * units, 1, MAX_POINTS);
    return { points: Float64Array.from({ length: m * units }, (_, k) => k / m), end: units, rampsPerUnit: (m * units - 1) / units };
  }
  if (length !== undefined) throw new RangeError(`${fn}: only one of length and positions may be given, got both`);
  const { n, rho } = positions;
  assertInteger(fn, 'positions.n', n, 1);
  assertInteger(fn, 'positions.rho', rho, 1);
  assertInteger(fn, 'm n', m * n, 1, MAX_POINTS);
  assertInteger(fn, 'm (rho n + 1)', m * (rho * n + 1), 1);
  // One division of exact integers: the point of position j and digit c is the rounding of (rho j m + c)/m, whatever way a sum
  // rho j + c/m would round.
  const points = Float64Array.from({ length: m * n }, (_, k) => (rho * m * (1 + Math.floor(k / m)) + (k % m)) / m);
  // With rho = 1 the ramp before the next position lies in the last cell of this one; with rho > 1 it lies between them.
  return { points, end: rho * n + 1, rampsPerUnit: rho === 1 && n > 1 ? m : m - 1 };
}
