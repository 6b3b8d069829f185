import { assertFinite, assertNonEmpty } from '@prompt-limits/core-linalg';
import { boltz } from './boltz.ts';
import { gibbsEntropy } from './gibbsEntropy.ts';
import { checkSides, type LemmaCheck } from './lemmaCheck.ts';
import { logPartition } from './logPartition.ts';
import { softmax } from './softmax.ts';

/**
 * Lemma C.1 at z: $\mathrm{Boltz}(z) = -\mathcal S(p) + \ln \mathcal Z(z)$ with $p = \mathrm{softmax}(z)$.
 *
 * @param z - scores, length n >= 1, any finite float64 values; the lemma has no further hypothesis
 * @returns left: the weighted mean; right: from the entropy and the log partition, each computed on its own;
 * error: $(2 |\mathrm{Boltz}| + 2 |\ln \mathcal Z| + (n + 6)(2 + \ln n)^2)\, 2^{-52}$
 *
 * Paper: Lemma C.1, Appendix J.1.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity
 * @throws TypeError if z is not an array of numbers
 * @example
 * const check = lemmaC1([0, Math.log(3)]);
 * check.left; // => 0.8239592165010822
 * check.right; // => 0.823959216501082
 * check.holds; // => true
 */
export function lemmaC1(z: ArrayLike<number>): LemmaCheck {
  assertNonEmpty('lemmaC1', 'z', z);
  assertFinite('lemmaC1', 'z', z);
  const left = boltz(z);
  const log = logPartition(z);
  const right = log - gibbsEntropy(softmax(z));
  // The bounds of boltz and logPartition, one rounding of the difference, and the entropy of weights that are off by
  // (n + 5 + g_i + ln n) half-ulps each: |dS| <= sum p_i |dp_i / p_i| (1 + g_i + ln n) <= (n + 6)(1 + ln n)^2 2^-52.
  const n = z.length;
  const error = Math.abs(left) * 2 ** -51 + Math.abs(log) * 2 ** -51 + (n + 6) * (2 + Math.log(n)) ** 2 * 2 ** -52;
  return checkSides('Lemma C.1', [], left, '=', right, error);
}
