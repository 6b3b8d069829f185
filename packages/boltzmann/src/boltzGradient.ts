import { weightsOf } from './weights.ts';

/**
 * Gradient of the Boltzmann operator, $\partial\, \mathrm{Boltz} / \partial z_i = p_i (1 + z_i - \mathrm{Boltz}(z))$ with
 * $p = \mathrm{softmax}(z)$.
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns n values whose sum is 1, each off by at most $(n + 6)(1 + \ln n)^2\, 2^{-52}$
 *
 * Paper: Lemma C.2 and its proof, Appendix J.2.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * boltzGradient([0, 0]); // => new Float64Array([0.5, 0.5])
 */
export function boltzGradient(z: ArrayLike<number>): Float64Array {
  const { gaps, weights, rest, depth } = weightsOf('boltzGradient', z);
  // z_i - Boltz(z) = depth - g_i: the maximum cancels exactly, so large scores cost no digits.
  return weights.map((weight, i) => (weight === 0 ? 0 : (weight / (1 + rest)) * (1 + depth - gaps[i]!)));
}
