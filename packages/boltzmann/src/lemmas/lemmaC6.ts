import { scaledDifference } from '../intervals/difference.ts';
import { assertPair, falling, separated, squaredLogTimesExp } from './conditions.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.6 at a and b: if both fall strictly, different entries of both lie more than $4 \ln n$ apart and $a_1 > b_1$, then
 * $\mathrm{Boltz}(a) - \mathrm{Boltz}(b) > (\ln n)^2 e^{-(a_1 - b_1)}$.
 *
 * Holds as printed, for vectors that share entries too. The proof quotes $\delta > 2 \ln n + 3$, which $\delta \ge 4 \ln n$ does not give for n = 2, 3
 * and 4; the step needs only $\delta / (1 + (n - 1) e^{-\delta}) \ge \ln n$, and $\delta \ge 4 \ln n$ gives more than $3 \ln n$.
 *
 * @param a - scores, length n >= 2
 * @param b - scores, length n
 *
 * Paper: Lemma C.6, Appendix J.6. The paper's delta is any number from 4 ln n up to the least distance of different entries.
 *
 * @throws RangeError if a holds fewer than 2 values, the lengths differ, a vector is not finite, or `maxBits` is out of range
 * @throws TypeError if a vector is not an array of numbers
 * @example
 * const { verdict, left, right } = lemmaC6([6, 0], [3, -3]);
 * verdict; // => 'proved'
 * left - right > 2.9; // => true
 */
export function lemmaC6(a: ArrayLike<number>, b: ArrayLike<number>, options: LemmaOptions = {}): LemmaCheck {
  assertPair('lemmaC6', a, b);
  return decide(
    'Lemma C.6',
    (r) => {
      const lead = r.subtract(r.of(a[0]!), r.of(b[0]!));
      const { scaled, exponent } = scaledDifference(r, a, b);
      return {
        conditions: [
          falling(r, 'a and b fall strictly', a, b),
          separated(r, [a, b], a.length),
          { statement: 'a_1 > b_1', margins: [lead], strict: true },
        ],
        left: scaled,
        relation: '>',
        right: squaredLogTimesExp(r, a.length, r.subtract(exponent, lead)),
        logScale: exponent,
      };
    },
    options,
  );
}
