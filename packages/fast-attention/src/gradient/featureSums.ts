import type { FloatArray, Kernels, MonomialSet } from '@prompt-limits/core-linalg';

/** Tokens that one call of a kernel sees: their copies in kernel memory stay small, and its sums are added in float64. */
export const tokenBlock = 8192;

/** Calls `body` with the blocks of [from, to). */
function blocks(from: number, to: number, body: (first: number, last: number) => void): void {
  for (let first = from; first < to; first += tokenBlock) body(first, Math.min(to, first + tokenBlock));
}

/** sums_ac += sum_t phi_a(x_t) y_tc over tokens `from` to `to` - 1, in float64 between blocks. */
export function addMoments(
  kernels: Kernels, set: MonomialSet, x: FloatArray, columns: number, y: FloatArray, from: number, to: number, sums: Float64Array,
): void {
  blocks(from, to, (first, last) => kernels.scratch(() => {
    const part = kernels.allocate(set.rank * columns);
    kernels.monomialMoments(set, last - first, x.subarray(first * set.d, last * set.d), columns, y.subarray(first * columns, last * columns), part);
    for (let i = 0; i < sums.length; i++) sums[i]! += part[i]!;
  }));
}

/** w_a sums_ac for the columns below `columns`, in kernel memory. */
export function weighted(kernels: Kernels, w: Float64Array, sums: Float64Array, stored: number, columns: number): FloatArray {
  const out = kernels.allocate(w.length * columns);
  for (let a = 0; a < w.length; a++) for (let c = 0; c < columns; c++) out[a * columns + c] = w[a]! * sums[a * stored + c]!;
  return out;
}
