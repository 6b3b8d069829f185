import { assertInRange } from '@prompt-limits/core-linalg';

/**
 * The relative error of unnormalised softmax weights that an output error allows: if every weight has
 * $|\tilde w_j / w_j - 1| \le \varepsilon$ with $\varepsilon = 2\tau / (1 + \tau^2)$, then the weighted mean of any values
 * moves by at most $\tau\,(\max v - \min v)$.
 *
 * @param tolerance - tau, the error of the output as a fraction of the range of the values, above 0 and below 1
 * @returns epsilon, almost 2 tau. It is the largest that works: two values and two weights attain the bound
 *
 * Proof. Let u and w be normalised weights whose ratios lie in $[1 - \varepsilon, 1 + \varepsilon]$ before normalising. The mean
 * moves most when the values take their two extremes, $v_j = \max$ on a set of weight p: its odds are multiplied by at most
 * $\rho = (1 + \varepsilon)/(1 - \varepsilon)$, and $\max_p \left[\frac{\rho p}{1 - p + \rho p} - p\right] =
 * \frac{\sqrt\rho - 1}{\sqrt\rho + 1} = \tanh(\tfrac14 \ln \rho)$, which is tau for this epsilon.
 *
 * Paper: replaces the error chain of Theorem 3.2's source, which loses a factor of 2 to 4.
 *
 * @throws RangeError unless tolerance lies in (0, 1)
 * @example
 * weightTolerance(0.5); // => 0.8
 */
export function weightTolerance(tolerance: number): number {
  assertInRange('weightTolerance', 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  return (2 * tolerance) / (1 + tolerance * tolerance);
}
