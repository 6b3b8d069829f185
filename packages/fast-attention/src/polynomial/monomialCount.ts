import { assertInteger } from '@prompt-limits/core-linalg';

/**
 * Number of monomials of degree at most g in d variables, $\binom{d + g}{g}$: the rank of a degree-g polynomial of the
 * scores, because $(q^\top k)^m = \sum_{|a| = m} \frac{m!}{a!}\,q^a k^a$ needs each monomial of q and of k once.
 *
 * @param d - width of a query, an integer >= 1
 * @param g - degree, an integer >= 0
 * @returns the exact count
 *
 * Paper: what Theorem 3.2 needs to be $n^{o(1)}$. Alman and Song count the 2d variables of q and k together, which gives
 * the far larger $\binom{2 (d + g)}{2 g}$.
 *
 * @throws RangeError if d < 1, g < 0 or either is not an integer
 * @example
 * monomialCount(8, 4); // => 495n
 */
export function monomialCount(d: number, g: number): bigint {
  assertInteger('monomialCount', 'd', d, 1);
  assertInteger('monomialCount', 'g', g);
  const total = BigInt(d) + BigInt(g);
  let count = 1n;
  // After step i the count is C(total, i), an integer, so every division is exact.
  for (let i = 1n; i <= BigInt(Math.min(d, g)); i++) count = (count * (total - i + 1n)) / i;
  return count;
}
