import { derivativeSign } from './derivativeSign.ts';
import type { LemmaCheck, LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.2 at z and i: if $\max z - z_i > \ln n + 1$, then $\partial\, \mathrm{Boltz} / \partial z_i = p_i (1 + \ln p_i + \mathcal S(p)) < 0$.
 *
 * Holds as printed. The condition is more than is needed: Boltz falls in z_i exactly where $z_i < \mathrm{Boltz}(z) - 1$.
 *
 * @param z - scores, length n >= 1, any finite float64 values; with n = 1 the lemma never applies
 * @param i - the entry, from 0
 * @returns left: the derivative over $p_i$, that is $1 + z_i - \mathrm{Boltz}(z)$ (logScale is $-\ln p_i$); right: 0
 *
 * Paper: Lemma C.2, Appendix J.2.
 *
 * @throws RangeError if z is empty or not finite, i is no index, or `maxBits` is out of range
 * @throws TypeError if z is not an array of numbers
 * @example
 * const { applies, verdict, left } = lemmaC2([0, -2], 1);
 * [applies, verdict]; // => ['proved', 'proved']
 * left; // => -0.7615941559557649
 */
export function lemmaC2(z: ArrayLike<number>, i: number, options: LemmaOptions = {}): LemmaCheck {
  return derivativeSign('Lemma C.2', 'lemmaC2', z, i, 1, (_, { slope }) => slope, options);
}
