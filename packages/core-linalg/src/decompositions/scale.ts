import { Matrix, type AbstractMatrix } from 'ml-matrix';
import { maxNorm } from '../norms/entrywise.ts';

// Reflections of ml-matrix divide by the length of a column. Of subnormal values that quotient has lost its bits and the
// reflection is no longer orthogonal: [[0, 0], [1e-323, 0], [-1e-323, 1]] comes out wrong by 0.2. Entries this far
// below the largest one are set to 0, far less than the rounding of any decomposition.
const NEGLIGIBLE = 2 ** -900;

/**
 * `a` divided by a power of two near its largest entry, so that products of entries neither overflow nor vanish.
 * The division is exact; entries below $2^{-900}$ of the largest become 0.
 *
 * @internal
 */
export function scaled(a: AbstractMatrix): { matrix: Matrix; scale: number } {
  const top = maxNorm(a);
  const scale = top === 0 ? 1 : 2 ** Math.max(-1074, Math.min(1023, Math.floor(Math.log2(top))));
  const matrix = Matrix.div(a, scale);
  matrix.apply((i, j) => {
    if (Math.abs(matrix.get(i, j)) < NEGLIGIBLE) matrix.set(i, j, 0);
  });
  return { matrix, scale };
}
