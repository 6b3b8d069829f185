import { assertFinite, assertNonEmpty } from '@prompt-limits/core-linalg';
import { enclosedMomentsOf } from '../intervals/moments.ts';
import { enclosedEntropy } from '../intervals/boltzInterval.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.1 at z: $\mathrm{Boltz}(z) = -\mathcal S(p) + \ln \mathcal Z(z)$ with $p = \mathrm{softmax}(z)$.
 *
 * @param z - scores, length n >= 1, any finite float64 values; the lemma has no further hypothesis
 * @returns left: the weighted mean; right: from the entropy $-\sum p_i \ln p_i$ and the log partition, each enclosed on its own. An equality can
 * be refuted by numbers but not proved: 'undecided' with an `error` as small as the precision is what the lemma predicts
 *
 * Paper: Lemma C.1, Appendix J.1.
 *
 * @throws RangeError if z is empty or holds NaN or an infinity, or `maxBits` is out of range
 * @throws TypeError if z is not an array of numbers
 * @example
 * const check = lemmaC1([0, Math.log(3)]);
 * check.left; // => 0.823959216501082
 * check.right; // => 0.823959216501082
 * check.verdict; // => 'undecided'
 * check.error < 1e-13; // => true
 */
export function lemmaC1(z: ArrayLike<number>, options: LemmaOptions = {}): LemmaCheck {
  assertNonEmpty('lemmaC1', 'z', z);
  assertFinite('lemmaC1', 'z', z);
  return decide(
    'Lemma C.1',
    (r) => {
      const { top, depth, sum } = enclosedMomentsOf(r, z);
      const logPartition = r.add(top, r.log(sum));
      return { conditions: [], left: r.subtract(top, depth), relation: '=', right: r.subtract(logPartition, enclosedEntropy(r, z)) };
    },
    options,
  );
}
