import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';

/**
 * What m random rows prove about all of them: if none of m rows drawn uniformly has an error above e, then with probability at least
 * `confidence` at least the fraction f of all rows has an error of at most e, $f = (1 - \mathrm{confidence})^{1/m}$.
 *
 * Let e be the largest error found, a random variable, and t the smallest error for which at least the fraction f of the rows is within.
 * The statement fails only if e < t, so only if every drawn row is one of those with an error below t; they are fewer than f of all, so
 * that happens with probability below $f^m = 1 - \mathrm{confidence}$. Without replacement it is rarer still. Exact for every m; no
 * normal approximation.
 *
 * @param rows - m, rows drawn, at least 1
 * @param confidence - above 0 and below 1
 * @returns f, rounded down
 *
 * @throws RangeError if an argument is out of range
 * @example
 * sampledFraction(299, 0.95); // => 0.99003
 * sampledFraction(1, 0.9); // => 0.1
 */
export function sampledFraction(rows: number, confidence: number): number {
  assertInteger('sampledFraction', 'rows', rows, 1);
  assertInRange('sampledFraction', 'confidence', confidence, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  return Math.exp(Math.log1p(-confidence) / rows) * (1 - 2 ** -48);
}
