import { assertFiniteNumber } from '@prompt-limits/core-linalg';
import { scaledDifference } from '../intervals/difference.ts';
import { enclosedMomentsOf } from '../intervals/moments.ts';
import { assertPair, equal, logOf } from './conditions.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/** Options of {@link lemmaC7}. */
export interface LemmaC7Options extends LemmaOptions {
  /** Another value for the print's delta, which the print leaves open; by default the repair, $\max_{i<n} a_i - a_n$. */
  readonly delta?: number;
}

/**
 * Lemma C.7 at a and b, which differ in the last entry only: if $a_n > b_n$ and $\delta > \ln n + 3$ with
 * $\delta = \max_{i<n} a_i - a_n$, then
 * $\mathrm{Boltz}(b) - \mathrm{Boltz}(a) > (a_n - b_n)(\delta + a_n - b_n - \ln n - 1)\, e^{b_n} / \sum_i e^{b_i}$.
 *
 * The print does not say what $\delta$ is; this is the value that its proof uses. With larger ones the statement is false: `delta` lets one see it.
 *
 * @param a - scores, length n >= 2
 * @param b - scores, length n
 * @returns both sides times $e^{\max a - a_n}$
 *
 * Paper: Lemma C.7, Appendix J.7; errata 17.
 *
 * @throws RangeError if a holds fewer than 2 values, the lengths differ, a vector or delta is not finite, or `maxBits` is out of range
 * @throws TypeError if a vector is not an array of numbers, or delta no number
 * @example
 * lemmaC7([0, -4], [0, -5]).verdict; // => 'proved'
 * lemmaC7([0, -4], [0, -5], { delta: 8 }).verdict; // => 'refuted'
 */
export function lemmaC7(a: ArrayLike<number>, b: ArrayLike<number>, options: LemmaC7Options = {}): LemmaCheck {
  assertPair('lemmaC7', a, b);
  const { delta } = options;
  if (delta !== undefined) assertFiniteNumber('lemmaC7', 'delta', delta);
  const n = a.length;
  return decide(
    'Lemma C.7',
    (r) => {
      let top = -Infinity;
      for (let i = 0; i < n - 1; i++) top = Math.max(top, a[i]!);
      const one = r.of(1);
      const log = logOf(r, n);
      const drop = r.subtract(r.of(a[n - 1]!), r.of(b[n - 1]!));
      const room = r.subtract(r.of(top), r.of(a[n - 1]!));
      const { scaled, exponent } = scaledDifference(r, b, a);
      const inB = enclosedMomentsOf(r, b);
      const last = r.divide(r.exp(r.add(r.subtract(r.of(b[n - 1]!), inB.top), exponent)), inB.sum);
      const factor = r.subtract(r.add(delta === undefined ? room : r.of(delta), drop), r.add(log, one));
      return {
        conditions: [
          equal(r, 'a_i = b_i for i < n', a, b, n - 1),
          { statement: 'a_n > b_n', margins: [drop], strict: true },
          { statement: 'max_{i<n} a_i - a_n > ln n + 3', margins: [r.subtract(room, r.add(log, r.of(3)))], strict: true },
        ],
        left: scaled,
        relation: '>',
        right: r.multiply(r.multiply(drop, factor), last),
        logScale: exponent,
      };
    },
    options,
  );
}
