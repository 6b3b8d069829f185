import type { FloatArray } from '../tokens/tokens.ts';
import type { MonomialSet } from '../monomials/monomialSet.ts';
import type { Kernels } from './kernels.ts';

/** phi_a(x_t) for all a, in float64: one product each. */
function features({ d, runs }: MonomialSet, x: FloatArray, t: number, phi: Float64Array): void {
  phi[0] = 1;
  for (let r = 0; r < runs.length; r += 4) {
    const factor = x[t * d + runs[r]!]!;
    const end = runs[r + 3]! + runs[r + 2]!;
    for (let o = runs[r + 3]!, p = runs[r + 1]!; o < end; o++, p++) phi[o] = phi[p]! * factor;
  }
}

/** The monomial kernels in float64 between load and store, token by token. */
export const plainMonomials: Pick<Kernels, 'monomialMoments' | 'monomialRead' | 'monomialReadVjp'> = {
  monomialMoments(set, n, x, columns, y, moments) {
    const { rank } = set;
    const phi = new Float64Array(rank);
    const sums = new Float64Array(rank * columns);
    for (let t = 0; t < n; t++) {
      features(set, x, t, phi);
      for (let a = 0, at = 0; a < rank; a++) {
        for (let c = 0; c < columns; c++, at++) sums[at]! += phi[a]! * y[t * columns + c]!;
      }
    }
    for (let i = 0; i < sums.length; i++) moments[i] = moments[i]! + sums[i]!;
  },

  monomialRead(set, n, x, columns, weights, out) {
    const { rank } = set;
    const phi = new Float64Array(rank);
    const sums = new Float64Array(columns);
    for (let t = 0; t < n; t++) {
      features(set, x, t, phi);
      sums.fill(0);
      for (let a = 0, at = 0; a < rank; a++) {
        for (let c = 0; c < columns; c++, at++) sums[c]! += phi[a]! * weights[at]!;
      }
      for (let c = 0; c < columns; c++) out[t * columns + c] = sums[c]!;
    }
  },

  // With G_a = sum_c weights_ac dOut_c the function is sum_a G_a phi_a(x). From the last monomial to the first, whatever
  // phi_o contributes to is known, and phi_o = phi_p x_v passes it on to phi_p and to x_v.
  monomialReadVjp(set, n, x, columns, weights, dOut, dx) {
    const { d, rank, runs } = set;
    const phi = new Float64Array(rank);
    const dphi = new Float64Array(rank);
    const dRow = new Float64Array(d);
    for (let t = 0; t < n; t++) {
      features(set, x, t, phi);
      for (let a = 0, at = 0; a < rank; a++) {
        let sum = 0;
        for (let c = 0; c < columns; c++, at++) sum += weights[at]! * dOut[t * columns + c]!;
        dphi[a] = sum;
      }
      dRow.fill(0);
      for (let r = runs.length - 4; r >= 0; r -= 4) {
        const v = runs[r]!;
        const factor = x[t * d + v]!;
        const first = runs[r + 3]!;
        for (let o = first + runs[r + 2]! - 1, p = runs[r + 1]! + runs[r + 2]! - 1; o >= first; o--, p--) {
          dRow[v]! += dphi[o]! * phi[p]!;
          dphi[p]! += dphi[o]! * factor;
        }
      }
      for (let c = 0; c < d; c++) dx[t * d + c] = dx[t * d + c]! + dRow[c]!;
    }
  },
};
