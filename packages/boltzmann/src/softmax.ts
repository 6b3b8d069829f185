import { weightsOf } from './weights.ts';

/**
 * Softmax $p_i = e^{z_i} / \sum_j e^{z_j}$.
 *
 * @param z - scores, length n >= 1, any finite float64 values
 * @returns n values in [0, 1] that sum to 1 up to n $2^{-52}$. With $g_i = \max_j z_j - z_i$ the relative error of $p_i$ is at most
 * $(n + 5 + g_i + \ln n)\, 2^{-53}$ while $p_i \ge 2^{-1022}$; smaller values fade to 0
 *
 * Paper: Definition C.1.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * softmax([0, Math.log(3)])[1]; // => 0.75
 */
export function softmax(z: ArrayLike<number>): Float64Array {
  const { weights, rest } = weightsOf('softmax', z);
  return weights.map((weight) => weight / (1 + rest));
}
