import type { FloatArray, Kernels, MonomialSet } from '@prompt-limits/core-linalg';

/** Tokens that one call of a kernel sees: their copies in kernel memory stay small, and its sums are added in float64. */
export const tokenBlock = 16384;

/** sums_ac += sum_t phi_a(x_t) y_tc over a block of n tokens, in float64 between blocks. */
export function addMoments(kernels: Kernels, set: MonomialSet, n: number, x: FloatArray, columns: number, y: FloatArray, sums: Float64Array): void {
  const part = kernels.allocate(set.rank * columns);
  kernels.monomialMoments(set, n, x, columns, y, part);
  for (let i = 0; i < sums.length; i++) sums[i]! += part[i]!;
}

/** w_a sums_ac for the columns below `columns`, in kernel memory. */
export function weighted(kernels: Kernels, w: Float64Array, sums: Float64Array, stored: number, columns: number): FloatArray {
  const out = kernels.allocate(w.length * columns);
  for (let a = 0; a < w.length; a++) for (let c = 0; c < columns; c++) out[a * columns + c] = w[a]! * sums[a * stored + c]!;
  return out;
}
