import { type Weights, weightsOf } from './weights.ts';

/**
 * Second derivatives of the Boltzmann operator in one entry each,
 * $\partial^2 \mathrm{Boltz} / \partial z_i^2 = p_i [(1 - 2 p_i)(1 + \ln p_i + \mathcal S(p)) + 1]$ with $p = \mathrm{softmax}(z)$:
 * the diagonal of {@link boltzHessian}, in O(n).
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns n values, each off by at most $5 (n + 6)(1 + \ln n)^2\, 2^{-52}$; exactly 0 for n = 1
 *
 * Paper: Lemma C.3 and its proof, Appendix J.3.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * boltzSecondDerivatives([0, 0]); // => new Float64Array([0.5, 0.5])
 * boltzSecondDerivatives([0, Math.log(3)])[1]; // => 0.272005097937
 */
export function boltzSecondDerivatives(z: ArrayLike<number>): Float64Array {
  const { deviations, probabilities } = pieces(weightsOf('boltzSecondDerivatives', z));
  return probabilities.map((p, i) => diagonal(p, deviations[i]!));
}

/**
 * Hessian of the Boltzmann operator. With $p = \mathrm{softmax}(z)$ and $c_i = z_i - \mathrm{Boltz}(z)$ the entry at (i, j), $i \ne j$, is
 * $-p_i p_j (2 + c_i + c_j)$, and at (i, i) it is $p_i [(1 - 2 p_i)(1 + c_i) + 1]$.
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns $n^2$ values, row after row: a symmetric matrix, bit for bit, whose rows sum to 0. Each entry is off by at most
 * $5 (n + 6)(1 + \ln n)^2\, 2^{-52}$
 *
 * Paper: Lemma C.3 has the diagonal; the rest follows from Eq. (J.2) in the same way.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * boltzHessian([0, 0]); // => new Float64Array([0.5, -0.5, -0.5, 0.5])
 */
export function boltzHessian(z: ArrayLike<number>): Float64Array {
  const { deviations, probabilities } = pieces(weightsOf('boltzHessian', z));
  const n = probabilities.length;
  const hessian = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    hessian[i * n + i] = diagonal(probabilities[i]!, deviations[i]!);
    for (let j = i + 1; j < n; j++) {
      const entry = mixed(probabilities[i]!, probabilities[j]!, deviations[i]!, deviations[j]!);
      hessian[i * n + j] = entry;
      hessian[j * n + i] = entry;
    }
  }
  return hessian;
}

// With u = 2^-53, g_i the gap to the maximum and l = ln n: p_i is off by (n + 5 + g_i + l) u of itself, c_i by 2 (n + 6)(1 + l) u,
// and |c_i| <= g_i + l. As p g <= e^-g g <= 0.37 and p g^2 <= 0.55, the entry p ((1 - 2p)(1 + c) + 1) is off by at most
// u [(n + 5 + l)(4 + 3 l + 1.2) + 0.37 (4 + 3 l) + 1.7 + 2 (n + 6)(1 + l) + 9 (1 + l)] <= 10 (n + 6)(1 + l)^2 u.
function diagonal(p: number, deviation: number): number {
  if (p === 0) return 0;
  // (1 - p) - p is 1 - 2p; at p = 1, which rounding may also give to a p just below, c is 0 or tiny and the bracket cancels.
  return p * ((1 - 2 * p) * (1 + deviation) + 1);
}

function mixed(p: number, q: number, c: number, e: number): number {
  return p === 0 || q === 0 ? 0 : -p * q * (2 + c + e);
}

function pieces({ gaps, weights, rest, depth }: Weights): { probabilities: Float64Array; deviations: Float64Array } {
  // z_i - Boltz(z) = depth - g_i: the maximum cancels exactly, so large scores cost no digits.
  return { probabilities: weights.map((w) => w / (1 + rest)), deviations: gaps.map((g) => depth - g) };
}
