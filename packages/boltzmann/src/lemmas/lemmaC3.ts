import { derivativeSign } from './derivativeSign.ts';
import type { LemmaCheck, LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.3 at z and i: if $\max z - z_i > \ln n + 3$, then $\partial^2 \mathrm{Boltz} / \partial z_i^2 < 0$.
 *
 * Holds as printed. In the proof the chain "$-2 > (-2 + 2p)/(1 - 2p) < -3$" should end in "$> -3$"; it is used so, for p below 1/4.
 *
 * @param z - scores, length n >= 1, any finite float64 values; with n = 1 the lemma never applies
 * @param i - the entry, from 0
 * @returns left: the second derivative over $p_i$, that is $(1 - 2 p_i)(1 + z_i - \mathrm{Boltz}(z)) + 1$ (logScale is $-\ln p_i$); right: 0
 *
 * Paper: Lemma C.3, Appendix J.3.
 *
 * @throws RangeError if z is empty or not finite, i is no index, or `maxBits` is out of range
 * @throws TypeError if z is not an array of numbers
 * @example
 * lemmaC3([0, -4], 1).verdict; // => 'proved'
 * lemmaC3([0, -1], 1).verdict; // => 'refuted'
 * lemmaC3([0, -1], 1).applies; // => 'refuted'
 */
export function lemmaC3(z: ArrayLike<number>, i: number, options: LemmaOptions = {}): LemmaCheck {
  return derivativeSign(
    'Lemma C.3',
    'lemmaC3',
    z,
    i,
    3,
    (r, { slope, p }) => r.add(r.multiply(r.subtract(r.of(1), r.add(p, p)), slope), r.of(1)),
    options,
  );
}
