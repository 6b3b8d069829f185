import { assertFiniteNumber } from '@prompt-limits/core-linalg';
import { assertScores } from '../intervals/boltzInterval.ts';
import { total } from '../intervals/reals.ts';
import { logOf, steps } from './conditions.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/**
 * Lemma C.4 at z and delta: if every entry lies more than $\delta > \ln n + 1$ below the one before it, then
 * $\mathrm{Boltz}(z) > \mathrm{Boltz}(z_1, z_1 - \delta, \dots, z_1 - \delta)$.
 *
 * Holds as printed. It needs less: only that the other entries lie $\delta$ or more below the first, and one of them more.
 *
 * @param z - scores, length n >= 2, falling
 * @param delta - the separation, any finite value
 * @returns left: Boltz(z) - Boltz(z') times $e^\delta$ (logScale is $\delta$); right: 0
 *
 * Paper: Lemma C.4, Appendix J.4.
 *
 * @throws RangeError if z holds fewer than 2 values or is not finite, delta is not finite, or `maxBits` is out of range
 * @throws TypeError if z is not an array of numbers, or delta no number
 * @example
 * lemmaC4([0, -3, -7], 2.5).verdict; // => 'proved'
 */
export function lemmaC4(z: ArrayLike<number>, delta: number, options: LemmaOptions = {}): LemmaCheck {
  assertScores('lemmaC4', 'z', z);
  if (z.length < 2) throw new RangeError(`lemmaC4: z must hold at least 2 values, got ${z.length}`);
  assertFiniteNumber('lemmaC4', 'delta', delta);
  return decide(
    'Lemma C.4',
    (r) => {
      // With g_j = z_1 - z_j, h_j = g_j - delta and E = e^-delta, the difference times e^delta is
      // [sum_j (delta - g_j e^-h_j) - (n - 1) E sum_j h_j e^-h_j] / [(1 + sum_j E e^-h_j)(1 + (n - 1) E)]: no common part is left in it.
      const separation = r.of(delta);
      const one = r.of(1);
      const gaps = Array.from(z, (x) => r.subtract(r.of(z[0]!), r.of(x))).slice(1);
      const excess = gaps.map((g) => r.subtract(g, separation));
      const weights = excess.map((h) => r.exp(r.subtract(r.of(0), h)));
      const flat = r.exp(r.subtract(r.of(0), separation));
      const others = r.multiply(r.of(z.length - 1), flat);
      const gain = total(r, gaps.map((g, j) => r.subtract(separation, r.multiply(g, weights[j]!))));
      const cost = r.multiply(others, total(r, excess.map((h, j) => r.multiply(h, weights[j]!))));
      const divisor = r.multiply(r.add(one, r.multiply(flat, total(r, weights))), r.add(one, others));
      return {
        conditions: [
          { statement: 'z_i - z_j > delta for i < j', margins: steps(r, z).map((step) => r.subtract(step, separation)), strict: true },
          { statement: 'delta > ln n + 1', margins: [r.subtract(separation, r.add(logOf(r, z.length), one))], strict: true },
        ],
        left: r.divide(r.subtract(gain, cost), divisor),
        relation: '>',
        right: r.of(0),
        logScale: separation,
      };
    },
    options,
  );
}
