import { momentsOf } from './weights.ts';

/**
 * Log partition $\ln \mathcal Z(z) = \ln \sum_i e^{z_i}$.
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns a value between max(z) and max(z) + ln n, off by at most $(|\ln \mathcal Z| + n + \ln n)\, 2^{-52}$; exact for n = 1
 *
 * Paper: Eq. (C.2).
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * logPartition([1e300, 0, -40]); // => 1e300
 * logPartition([0, 0, 0]); // => 1.09861228866811
 */
export function logPartition(z: ArrayLike<number>): number {
  const { top, rest } = momentsOf('logPartition', z);
  // ln(1 + rest) through log1p: it keeps a rest far below 1, where 1 + rest would be 1.
  return top + Math.log1p(rest);
}
