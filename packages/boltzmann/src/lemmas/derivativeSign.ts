import { assertInteger } from '@prompt-limits/core-linalg';
import { assertScores } from '../intervals/boltzInterval.ts';
import { enclosedMomentsOf } from '../intervals/moments.ts';
import type { Reals } from '../intervals/reals.ts';
import { logOf } from './conditions.ts';
import { decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';

/** What the derivatives of Boltz in z_i are made of. @internal */
export interface Entry<T> {
  /** $1 + z_i - \mathrm{Boltz}(z)$. */
  readonly slope: T;
  /** $p_i$. */
  readonly p: T;
}

/**
 * Lemmas C.2 and C.3: with z_i more than ln n + `beyond` below the largest entry, `bracketOf` is below 0.
 *
 * @internal
 */
export function derivativeSign(lemma: string, fn: string, z: ArrayLike<number>, i: number, beyond: number, bracketOf: <T>(r: Reals<T>, entry: Entry<T>) => T, options: LemmaOptions): LemmaCheck {
  assertScores(fn, 'z', z);
  assertInteger(fn, 'i', i, 0, z.length - 1);
  return decide(
    lemma,
    (r) => {
      const { top, depth, sum } = enclosedMomentsOf(r, z);
      const gap = r.subtract(top, r.of(z[i]!));
      const boundary = r.add(logOf(r, z.length), r.of(beyond));
      return {
        conditions: [{ statement: `max z - z_i > ln n + ${beyond}`, margins: [r.subtract(gap, boundary)], strict: true }],
        left: bracketOf(r, { slope: r.subtract(r.add(r.of(1), depth), gap), p: r.divide(r.exp(r.subtract(r.of(0), gap)), sum) }),
        relation: '<',
        right: r.of(0),
        logScale: r.add(gap, r.log(sum)),
      };
    },
    options,
  );
}
