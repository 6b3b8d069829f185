import { assertInRange } from '../checks/checks.ts';
import { entriesOf, type MatrixLike } from '../tokens/matrix.ts';

function largest(values: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < values.length; i++) top = Math.max(top, Math.abs(values[i]!));
  return top;
}

/**
 * Largest absolute entry $\|X\|_{\max} = \max_{i,j} |X_{i,j}|$, exact; 0 if there is no entry.
 *
 * @param x - tokens or an ml-matrix with finite entries
 *
 * Paper: Problem 1.
 *
 * @throws RangeError if an entry is NaN or infinite
 * @example
 * maxNorm(tokens(2, Float64Array.of(3, -4))); // => 4
 */
export function maxNorm(x: MatrixLike): number {
  return largest(entriesOf('maxNorm', 'x', x));
}

/**
 * Entrywise norm $\|X\|_\alpha = (\sum_{i,j} |X_{i,j}|^\alpha)^{1/\alpha}$; for $\alpha = \infty$ the largest absolute entry.
 *
 * @param x - tokens or an ml-matrix with N finite entries; 0 if there is none
 * @param alpha - 1 <= alpha <= Infinity
 * @returns the norm with relative error at most (N + 6) $2^{-52}$ (absolute error $2^{-1074}$ among subnormals);
 * Infinity only where the norm itself is beyond float64
 *
 * Paper: after Eq. (1.2).
 *
 * @throws RangeError if alpha is below 1 or NaN, or an entry is NaN or infinite
 * @example
 * entrywiseNorm(tokens(2, Float64Array.of(3e300, -4e300)), 2); // => 5e300
 */
export function entrywiseNorm(x: MatrixLike, alpha: number): number {
  assertInRange('entrywiseNorm', 'alpha', alpha, 1, Infinity);
  const values = entriesOf('entrywiseNorm', 'x', x);
  const top = largest(values);
  if (top === 0 || alpha === Infinity) return top;
  // ||X|| = top (sum (|x| / top)^alpha)^(1 / alpha). Every ratio is at most 1 and one of them is 1, so the sum lies in
  // [1, N]: no power overflows, and one that underflows is below 2^-1074 of the sum.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (Math.abs(values[i]!) / top) ** alpha;
  return top * sum ** (1 / alpha);
}

/**
 * Frobenius norm $\|X\|_F = (\sum_{i,j} X_{i,j}^2)^{1/2}$: the entrywise norm for $\alpha = 2$, with its guarantees.
 *
 * @param x - tokens or an ml-matrix with finite entries; 0 if there is none
 *
 * @throws RangeError if an entry is NaN or infinite
 * @example
 * frobeniusNorm(tokens(2, Float64Array.of(1, 1, 1, 1))); // => 2
 */
export function frobeniusNorm(x: MatrixLike): number {
  return entrywiseNorm(x, 2);
}
