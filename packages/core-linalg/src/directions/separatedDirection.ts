import { assertFinite, assertInteger, assertOneOf, describe } from '../checks/checks.ts';
import { spherePoint } from '../random/sphere.ts';
import type { RandomSource } from '../random/randomSource.ts';
import type { Tokens } from '../tokens/tokens.ts';
import { differencesOf, type DifferenceKind, type Differences, type Objective } from './differences.ts';
import { rootDown } from './exactDifferences.ts';
import { gridDirection } from './gridDirection.ts';
import { widen } from './widen.ts';

/** How `separatedDirection` looks for a direction. */
export type DirectionMethod = 'random' | 'grid' | 'optimise';

/** Options of `separatedDirection`. */
export interface DirectionOptions {
  /** `random` takes the first draw that meets the guarantee, `optimise` widens the best draw, `grid` writes the direction down. */
  readonly method?: DirectionMethod;
  /** Where draws come from; needed by `random` and `optimise` for d >= 2. */
  readonly random?: RandomSource;
  /** Draws at most; 64 for `random`, 16 for `optimise`. */
  readonly tries?: number;
  /** `grid`: values that a coordinate can take, the base m of its digits. */
  readonly levels?: number;
  /** `optimise`: steps of ascent, 400 unless given. */
  readonly steps?: number;
  /** `optimise`: what to widen, the smallest $|u^\top \Delta| / \|\Delta\|$ (unless given) or the smallest $|u^\top \Delta|$. */
  readonly objective?: Objective;
  /** The differences looked at: of all `pairs` (unless given), or of the points against the `origin` as in Eq. (D.1). */
  readonly differences?: DifferenceKind;
}

/** A direction with the separation that it is proven to have. */
export interface SeparatedDirection {
  /** u: d float64 values whose norm is 1 up to (d + 4) $2^{-52}$. All constants are those of the exact unit vector $u / \|u\|$. */
  readonly direction: Float64Array;
  /** Smallest $|u^\top \Delta| / \|\Delta\|$, computed exactly and rounded down to float64; 1 if there is no difference. */
  readonly reached: number;
  /** Smallest $|u^\top \Delta|$, computed exactly and rounded down; Infinity if there is no difference. */
  readonly gap: number;
  /** The two points that attain `reached`, null if there is no difference. */
  readonly pair: readonly [Float64Array, Float64Array] | null;
  /** The constant of Lemma D.1 for this many points, $\sqrt{8 / (\pi d)} / n^2$, rounded up. */
  readonly guaranteed: number;
  /** reached >= guaranteed. */
  readonly meets: boolean;
  /** Draws that were made. */
  readonly tries: number;
  /** The method that was used. */
  readonly method: DirectionMethod;
}

const DRAWS = { random: 64, optimise: 16 } as const;
const STEPS = 400;
const MAX_DRAWS = 1e6;

/**
 * A unit vector along which no difference of n distinct points shrinks too much:
 * $|u^\top (x - x')| \ge c\, \|x - x'\|$ for all pairs, with the constant $c$ reached beside the guaranteed $\sqrt{8 / (\pi d)} / n^2$.
 *
 * @param points - d x N tokens, N >= 1, any finite values; duplicates count once, so n <= N
 * @returns direction and constants. A uniform draw misses one difference with probability at most $4 / (\pi n^2)$, so a draw meets the
 * guarantee with probability at least $1 - \frac{2}{\pi}(1 - \frac1n) > 0.36$, and all of k draws fail with probability below $0.64^k$.
 * `meets` then is false and the best draw is returned. The constants are sound: points and direction are float64, so
 * $|u^\top \Delta|^2 / (\|u\|^2 \|\Delta\|^2)$ is compared as a ratio of integers and only its root is rounded, downwards.
 * With `differences: 'origin'` the points against 0, for which the same constant holds with n + 1 for n (Eq. (D.1)).
 * Cost: O(N^2 d) a draw or step
 *
 * Paper: Lemma D.1, Appendix J.10.
 *
 * @throws RangeError if there is no point, a value is NaN or infinite, an option is out of range or the random source is missing
 * @throws TypeError if an option is of the wrong kind
 * @example
 * const square = tokens(2, Float64Array.of(0, 0, 0, 0.5, 0.5, 0, 0.5, 0.5));
 * separatedDirection(square, { method: 'grid', levels: 2 }).direction; // => [0.447213595499958, 0.894427190999916]
 * separatedDirection(square, { random: randomSource(1) }).meets; // => true
 */
export function separatedDirection(points: Tokens, options: DirectionOptions = {}): SeparatedDirection {
  const fn = 'separatedDirection';
  const { method = 'random', objective = 'relative', differences: kind = 'pairs', steps = STEPS } = options;
  assertOneOf(fn, 'method', method, ['random', 'grid', 'optimise']);
  assertOneOf(fn, 'objective', objective, ['relative', 'absolute']);
  assertOneOf(fn, 'differences', kind, ['pairs', 'origin']);
  assertInteger(fn, 'steps', steps, 0);
  assertFinite(fn, 'points', points?.data);
  assertInteger(fn, 'the number of points', points.n, 1);
  const set = differencesOf(points, kind);
  const guaranteed = guaranteedConstant(set.d, Math.max(1, set.points + (kind === 'origin' ? 1 : 0)));
  const finish = (direction: Float64Array, tries: number): SeparatedDirection => {
    const measured = set.measure(direction);
    return { direction, ...measured, guaranteed, meets: measured.reached >= guaranteed || measured.pair === null, tries, method };
  };
  if (set.d === 1) return finish(Float64Array.of(1), 0);
  if (method === 'grid') return finish(gridDirection(set.d, gridLevels(options.levels)).direction, 0);
  const { random, tries = DRAWS[method] } = options;
  assertInteger(fn, 'tries', tries, 1, MAX_DRAWS);
  if (random === undefined) throw new RangeError(`${fn}: random must be given for method ${method}, got undefined`);
  if (method === 'optimise') return finish(widen(set, bestDraw(set, random, tries, objective), steps, objective), tries);
  let best: SeparatedDirection | null = null;
  for (let t = 1; t <= tries; t++) {
    const found = finish(spherePoint(random, set.d), t);
    if (found.meets) return found;
    if (best === null || found.reached > best.reached) best = found;
  }
  return { ...best!, tries };
}

function gridLevels(levels: number | undefined): number {
  if (levels === undefined) throw new RangeError(`separatedDirection: levels must be given for method grid, got ${describe(levels)}`);
  return levels;
}

function bestDraw(set: Differences, random: RandomSource, tries: number, objective: Objective): Float64Array {
  let best: Float64Array | null = null;
  let value = -Infinity;
  for (let t = 0; t < tries; t++) {
    const u = spherePoint(random, set.d);
    const size = set.weakest(u, objective)?.value ?? 0;
    if (size <= value) continue;
    [best, value] = [u, size];
  }
  return best!;
}

// Below pi, so that the constant is rounded up.
const PI_LOW = 3141592653589793n;
const PI_UNIT = 10n ** 15n;

function guaranteedConstant(d: number, n: number): number {
  // The root is rounded down by less than 2^-52 of itself; the product with 1 + 2^-51 takes it above again.
  return rootDown(8n * PI_UNIT, PI_LOW * BigInt(d) * BigInt(n) ** 4n, 0) * (1 + 2 ** -51);
}
