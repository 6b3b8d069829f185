import { assertScores } from '../intervals/boltzInterval.ts';
import { scaledDifference } from '../intervals/difference.ts';
import { equal, falling } from './conditions.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.5 at z and a longer vector z': if z' starts with z and both fall strictly, then $\mathrm{Boltz}(z) > \mathrm{Boltz}(z')$.
 *
 * The print asks for entries more than $\delta > \ln n + 1$ apart. Its proof takes Lemma C.2 for vectors of m > n entries, which would want $\ln m + 1$;
 * but no separation is needed. Boltz(z') is a mean of Boltz(z) and of the added entries, and these lie below $z_n \le \mathrm{Boltz}(z)$. So
 * this function asks for none.
 *
 * @param z - scores, length n >= 1, falling
 * @param longer - scores, length m > n, falling, the first n those of z
 * @returns left: Boltz(z) - Boltz(z') times $e^{z_1 - z'_{n+1}}$; right: 0
 *
 * Paper: Lemma C.5, Appendix J.5.
 *
 * @throws RangeError if z is empty, a vector is not finite, z' is not longer than z, or `maxBits` is out of range
 * @throws TypeError if a vector is not an array of numbers
 * @example
 * lemmaC5([3, 1], [3, 1, 0.5]).verdict; // => 'proved'
 */
export function lemmaC5(z: ArrayLike<number>, longer: ArrayLike<number>, options: LemmaOptions = {}): LemmaCheck {
  assertScores('lemmaC5', 'z', z);
  assertScores('lemmaC5', 'longer', longer);
  if (longer.length <= z.length) throw new RangeError(`lemmaC5: longer must hold more than ${z.length} values (the length of z), got ${longer.length}`);
  return decide(
    'Lemma C.5',
    (r) => {
      const { scaled, exponent } = scaledDifference(r, z, longer);
      const conditions = [equal(r, "(z'_1, ..., z'_n) = z", z, longer, z.length), falling(r, "z' falls strictly", longer)];
      return { conditions, left: scaled, relation: '>', right: r.of(0), logScale: exponent };
    },
    options,
  );
}
