import { assertLength, assertNonEmpty, assertPositive } from '@prompt-limits/core-linalg';
import { assertScores } from '../intervals/boltzInterval.ts';
import { scaledDifference } from '../intervals/difference.ts';
import { type Condition, decide, type LemmaCheck, type LemmaOptions } from './lemmaCheck.ts';
import { separated, squaredLogTimesExp, steps } from './conditions.ts';
import type { Reals } from '../intervals/reals.ts';

/** Options of {@link lemmaC9}. */
export interface LemmaC9Options extends LemmaOptions {
  /** Bound on the entries, above 0; by default the largest that occurs, for which the lemma says most. */
  readonly gamma?: number;
}

/** {@link lemmaC9} with the two vectors that leave the least room. */
export interface LemmaC9Check extends LemmaCheck {
  /** Indices of the two vectors. */
  readonly pair: readonly [number, number];
}

/**
 * Lemma C.9 at N vectors: if no vector repeats an entry, all entries are at most $\gamma$ in magnitude, different entries of all vectors lie more than
 * $4 \ln n$ apart and any two vectors differ as sets, then $|\mathrm{Boltz}(z^{(i)}) - \mathrm{Boltz}(z^{(j)})| > \ln^2(n)\, e^{-2\gamma}$ for $i \ne j$.
 *
 * As printed, "for all i, j with i not equal to j" is false: Boltz does not see the order, so permuted or equal vectors have one value. The repair
 * is the last hypothesis. At n = 1 the statement holds and says only that the values differ, as the bound is 0.
 *
 * @param vectors - N >= 2 vectors of n >= 1 scores each
 * @returns both sides for the pair with the least room: refuted before undecided before proved, then by the left side
 *
 * Paper: Lemma C.9, Eq. (C.4), Appendix J.9; errata 19.
 *
 * @throws RangeError for fewer than 2 vectors, empty ones or different lengths, values that are not finite, gamma not above 0, or `maxBits` out of range
 * @throws TypeError if a vector is not an array of numbers
 * @example
 * lemmaC9([[4, 0], [4, -4], [0, -4]]).verdict; // => 'proved'
 * lemmaC9([[4, 0], [0, 4]]).verdict; // => 'refuted'
 */
export function lemmaC9(vectors: readonly ArrayLike<number>[], options: LemmaC9Options = {}): LemmaC9Check {
  assertNonEmpty('lemmaC9', 'vectors', vectors);
  if (vectors.length < 2) throw new RangeError(`lemmaC9: vectors must hold at least 2, got ${vectors.length}`);
  vectors.forEach((z, i) => {
    assertScores('lemmaC9', `vectors[${i}]`, z);
    assertLength('lemmaC9', `vectors[${i}]`, z, vectors[0]!.length, 'that of the first');
  });
  const largest = vectors.reduce((most, z) => Array.from(z).reduce((m, x) => Math.max(m, Math.abs(x)), most), 0);
  const { gamma = largest } = options;
  if (options.gamma !== undefined) assertPositive('lemmaC9', 'gamma', gamma);
  const hypotheses = decide('Lemma C.9', (r) => ({ conditions: conditions(r, vectors, gamma, largest), left: r.of(0), relation: '>=', right: r.of(0) }), options);
  let worst: LemmaC9Check | undefined;
  for (let i = 0; i < vectors.length; i++) {
    for (let j = i + 1; j < vectors.length; j++) {
      const check = pairCheck(vectors[i]!, vectors[j]!, gamma, options);
      if (worst === undefined || room(check) < room(worst)) {
        worst = { ...check, hypotheses: hypotheses.hypotheses, applies: hypotheses.applies, bits: Math.max(check.bits, hypotheses.bits), pair: [i, j] };
      }
    }
  }
  return worst!;
}

function pairCheck(a: ArrayLike<number>, b: ArrayLike<number>, gamma: number, options: LemmaOptions): LemmaCheck {
  const n = a.length;
  return decide(
    'Lemma C.9',
    (r) => {
      const { scaled, exponent } = scaledDifference(r, a, b);
      const bound = n === 1 ? r.of(0) : squaredLogTimesExp(r, n, r.subtract(exponent, r.add(r.of(gamma), r.of(gamma))));
      return { conditions: [], left: r.absolute(scaled), relation: '>', right: bound, logScale: exponent };
    },
    options,
  );
}

function conditions<T>(r: Reals<T>, vectors: readonly ArrayLike<number>[], gamma: number, largest: number): readonly Condition<T>[] {
  const sorted = vectors.map((z) => Float64Array.from(z, (x) => x + 0).sort().reverse());
  const distinct = new Set(sorted.map((z) => z.join())).size;
  return [
    { statement: 'no vector repeats an entry', margins: sorted.flatMap((z) => steps(r, z)), strict: true },
    { statement: '|z_s| <= gamma', margins: [r.subtract(r.of(gamma), r.of(largest))], strict: false },
    separated(r, vectors, vectors[0]!.length),
    { statement: 'any two vectors differ as sets', margins: [r.of(distinct - vectors.length)], strict: false, repair: true },
  ];
}

/** Logarithm of the left side, as the right one is the same for every pair; first come the refuted, then the undecided. */
function room({ verdict, left, logScale }: LemmaCheck): number {
  if (verdict !== 'proved') return verdict === 'refuted' ? -Infinity : -Number.MAX_VALUE;
  return Math.log(left) - logScale;
}
