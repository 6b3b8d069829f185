import { scaledDifference } from '../intervals/difference.ts';
import { assertPair, falling, firstDifference, separated, squaredLogTimesExp } from './conditions.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.8 at a and b: if both fall strictly, different entries of both lie more than $4 \ln n$ apart, the first k entries agree
 * (k from 1 to n - 1, read off the vectors) and $a_{k+1} > b_{k+1}$, then
 * $|\mathrm{Boltz}(a) - \mathrm{Boltz}(b)| > \ln^2(n)\, e^{-(a_1 - b_{k+1})}$.
 *
 * Holds as printed. The proof does not reach n = 2: it uses Lemma C.7, whose hypothesis may fail there, as $4 \ln 2 < \ln 2 + 3$. With n = 2, $g = a_1 - a_2$
 * and $h = a_2 - b_2$, both above $4 \ln 2$, directly: Boltz(b) - Boltz(a) = $g / (1 + e^g) - (g + h) / (1 + e^{g + h})$, and times
 * $e^{g + h}$ this is above $g e^h / (1 + e^{-g}) - g - h$. As $e^h > 16$ and $e^{-g} < 1/16$, it exceeds $g(16 \cdot 16/17 - 1) - h$ at
 * $h = 4 \ln 2$, which is 36, and it grows with h; $\ln^2 2$ is 0.48.
 *
 * @param a - scores, length n >= 2
 * @param b - scores, length n
 * @returns both sides times $e^{a_1 - a_{k+1}}$
 *
 * Paper: Lemma C.8, Appendix J.8; errata 18.
 *
 * @throws RangeError if a holds fewer than 2 values, the lengths differ, a vector is not finite, or `maxBits` is out of range
 * @throws TypeError if a vector is not an array of numbers
 * @example
 * const check = lemmaC8([0, -350, -700], [0, -350, -710]);
 * check.verdict; // => 'proved'
 * check.logScale; // => 700
 */
export function lemmaC8(a: ArrayLike<number>, b: ArrayLike<number>, options: LemmaOptions = {}): LemmaCheck {
  assertPair('lemmaC8', a, b);
  const n = a.length;
  const k = firstDifference(a, b);
  // Of equal vectors the last entries stand for the first that differ: the hypotheses then say what is wrong.
  const next = Math.min(k, n - 1);
  return decide(
    'Lemma C.8',
    (r) => {
      const { scaled, exponent } = scaledDifference(r, a, b);
      return {
        conditions: [
          falling(r, 'a and b fall strictly', a, b),
          separated(r, [a, b], n),
          { statement: 'k in [n - 1]: the first entries agree, not all do', margins: [r.of(k - 1), r.of(n - 1 - k)], strict: false },
          { statement: 'a_{k+1} > b_{k+1}', margins: [r.subtract(r.of(a[next]!), r.of(b[next]!))], strict: true },
        ],
        left: r.absolute(scaled),
        relation: '>',
        right: squaredLogTimesExp(r, n, r.subtract(exponent, r.subtract(r.of(a[0]!), r.of(b[next]!)))),
        logScale: exponent,
      };
    },
    options,
  );
}
