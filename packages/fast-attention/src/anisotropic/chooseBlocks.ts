import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { blockDegrees } from './blockDegrees.ts';

/** Largest norms over tokens of every run of coordinates; made by `runNorms`. */
export interface RunNorms {
  readonly d: number;
  /** max_t |x_t[from..to)| at from (d + 1) + to. */
  readonly norms: Float64Array;
}

/** Where blocks begin and end, and about how many monomials they need. */
export interface BlockChoice {
  /** s_b. */
  readonly sizes: readonly number[];
  /** About how many monomials `blockPolynomial` will need. */
  readonly rank: number;
}

/** max over tokens of the norm of coordinates from..to-1, for all runs; O(n d^2). */
export function runNorms(d: number, x: ArrayLike<number>): RunNorms {
  const norms = new Float64Array(d * (d + 1));
  for (let t = 0; t < x.length; t += d) {
    for (let from = 0; from < d; from++) {
      let sum = 0;
      for (let c = from, at = from * (d + 1) + from + 1; c < d; c++, at++) {
        sum += x[t + c]! * x[t + c]!;
        if (sum > norms[at]!) norms[at] = sum;
      }
    }
  }
  for (let i = 0; i < norms.length; i++) norms[i] = Math.sqrt(norms[i]!);
  return { d, norms };
}

/**
 * About the least relative errors for e^x on [-R, R] by degree: R^{k+1} / (2^k (k+1)!), the first missing Chebyshev term, times
 * e^{-R^2 / (4 (k + 2))}, and tanh R, that of a constant, while k + 2 < R. Within about a fifth of the Remez values for R <= 8. A guide for
 * searches, never part of a bound. Ends with the first error below `least`, or at degree 64.
 */
export function aboutErrors(radius: number, least: number): number[] {
  const list: number[] = [];
  let term = radius;
  let last = Math.tanh(radius);
  for (let k = 0; k <= 64; k++) {
    if (k > 0) term *= radius / (2 * (k + 1));
    if (k + 2 >= radius) last = Math.min(last, term * Math.exp((-radius * radius) / (4 * (k + 2))));
    list.push(last);
    if (last < least) break;
  }
  return list;
}

/** Where cuts are tried: everywhere in the first 16 coordinates, then ever more rarely. */
function cutPlaces(d: number): number[] {
  const places: number[] = [];
  for (let cut = 1; cut < d; cut = cut < 16 ? cut + 1 : Math.ceil(cut * 1.25)) places.push(cut);
  return places;
}

/**
 * Consecutive blocks of coordinates for which a polynomial in blocks needs few monomials: starts from one block and from halves of
 * halves, then splits and moves cuts while that helps. Guided by estimates; `blockPolynomial` proves the result.
 *
 * @returns the best that was found with at most `mostRank` monomials, or null
 */
export function chooseBlocks(queries: RunNorms, keys: RunNorms, tolerance: number, mostRank: number): BlockChoice | null {
  const { d } = queries;
  let cuts: readonly number[] = [];
  let rank = mostRank + 1;
  const better = (tried: readonly number[]): boolean => {
    const ends = [0, ...tried, d];
    const sizes = ends.slice(1).map((end, b) => end - ends[b]!);
    const radii = sizes.map((s, b) => {
      const at = ends[b]! * (d + 1) + ends[b]! + s;
      return queries.norms[at]! * keys.norms[at]!;
    });
    if (!radii.every((r) => r <= largestMinimaxHalfWidth)) return false;
    const found = blockDegrees(sizes, radii.map((r) => aboutErrors(r, tolerance / 1024)), tolerance, rank - 1);
    if (found === null || found.rank >= rank) return false;
    [cuts, rank] = [tried, found.rank];
    return true;
  };
  const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);
  const improve = (): void => {
    for (let going = true; going; ) {
      going = false;
      const before = cuts;
      for (const cut of cutPlaces(d)) if (!before.includes(cut)) going = better(sorted([...before, cut])) || going;
      for (let b = 0; b < cuts.length; b++) {
        for (const step of [-1, 1]) {
          const moved = cuts[b]! + step;
          if (moved > (cuts[b - 1] ?? 0) && moved < (cuts[b + 1] ?? d)) going = better(cuts.map((cut, i) => (i === b ? moved : cut))) || going;
        }
      }
    }
  };
  better([]);
  improve();
  const halves = [Math.ceil(d / 8), Math.ceil(d / 4), Math.ceil(d / 2)].filter((cut, i, all) => cut < d && all.indexOf(cut) === i);
  if (better(halves)) improve();
  if (rank > mostRank) return null;
  const ends = [...cuts, d];
  return { sizes: ends.map((end, b) => end - (ends[b - 1] ?? 0)), rank };
}
