import { momentsOf } from './weights.ts';

/**
 * Boltzmann operator $\mathrm{Boltz}(z) = z^\top \mathrm{softmax}(z)$: the softmax-weighted mean of the scores.
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns a value between max(z) - ln n and max(z), off by at most
 * $(|\mathrm{Boltz}(z)| + (n + 6)(1 + \ln n))\, 2^{-52}$; exact for n = 1 and for n equal scores
 *
 * Paper: Definition C.1, Eq. (C.1).
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * boltz([0, Math.log(3)]); // => 0.8239592165010822
 */
export function boltz(z: ArrayLike<number>): number {
  const { top, depth } = momentsOf('boltz', z);
  // Boltz(z) = top - sum g_i w_i / sum w_i. A rounding of g_i moves w_i by g_i of its own ulps, and with 1.14 (ln n + 2)^2
  // above the weighted mean of g^2 the quotient, at most ln n, is off by less than (n + 6)(1 + ln n) 2^-52.
  return top - depth;
}
