import { assertNumber } from '@prompt-limits/core-linalg';

/**
 * How far a weighted mean can move when every weight is off by a factor in [low, high], as a fraction of the range of the values:
 * $\frac{\sqrt{high} - \sqrt{low}}{\sqrt{high} + \sqrt{low}} = \tanh\frac{\eta}{2}$ with $e^{2 \eta} = high / low$.
 *
 * Only the quotient counts: a factor common to all weights of a row cancels when they are normalised. Let u and w be the weights
 * before and after. The mean moves most where the values take their two extremes; if those at the maximum hold the share s of u, they
 * hold $\frac{\rho s}{1 - s + \rho s}$ of w at most, $\rho = high / low$, and $\max_s \left[\frac{\rho s}{1 - s + \rho s} - s\right] =
 * \frac{\sqrt\rho - 1}{\sqrt\rho + 1}$, at $s = 1 / (1 + \sqrt\rho)$. Two values and two weights attain it.
 *
 * @param low - smallest factor; at or below 0 nothing is known and the bound is 1
 * @param high - largest factor, >= low
 * @returns the bound, at most 1, rounded up. `weightTolerance` is its inverse for factors $1 \pm \varepsilon$
 *
 * Paper: in place of the error chain of Theorem 3.2's source, which bounds the same error by 2 epsilon max |V| and more.
 *
 * @throws TypeError if an argument is not a number
 * @throws RangeError if high < low or either is NaN
 * @example
 * outputBound(0.25, 4); // => 0.6
 * outputBound(0.999, 1.001); // => 0.0005
 * outputBound(7, 7); // => 0
 */
export function outputBound(low: number, high: number): number {
  assertNumber('outputBound', 'low', low);
  assertNumber('outputBound', 'high', high);
  if (!(low <= high)) throw new RangeError(`outputBound: low must be at most high, got ${low} and ${high}`);
  if (low <= 0 || high / low === Infinity) return 1;
  // (high - low) / (sqrt(high) + sqrt(low))^2, taken over low: nothing cancels or overflows. 8 roundings.
  const root = Math.sqrt(high / low) + 1;
  return Math.min(1, ((high - low) / low / (root * root)) * (1 + 2 ** -49));
}
