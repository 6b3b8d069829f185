import type { Kernels } from '@prompt-limits/core-linalg';
import { aboutErrors } from '../anisotropic/chooseBlocks.ts';
import type { Vectors } from '../attend/views.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { weightTolerance } from '../polynomial/weightTolerance.ts';
import { adaptivePlanning, nominalCosts, timesOf, type CostModel, type TimedSizes } from './costModel.ts';
import { glance } from './glance.ts';

/** Tokens of each side that are looked at before all of them are. */
const looked = 48;

/** Of the reach about the middle of the ranges, over few tokens or all, centring leaves at least about so much. */
const [leastOfFew, leastOfAll] = [0.6, 0.85] as const;

/** The reach of a few tokens times this is about the most that all of them have. */
const mostOfFew = 1.6;

/** The polynomial has to be faster than exact attention by this much to be taken: measured costs err less than nominal ones. */
export const margin = ({ measured }: CostModel): number => (measured ? 0.8 : 0.65);

/** Whether exact attention takes so long that a search for blocks of coordinates that fails costs at most 3% more. */
export const adaptiveAffordable = (d: number, exactMilliseconds: number): boolean => adaptivePlanning(d) < 0.03 * exactMilliseconds;

/** The largest norm about the middle of the range, over every `step`-th token. */
function reachOf({ data, n, stride, offset, per, d }: Vectors, step: number): number {
  const low = new Float64Array(d).fill(Infinity);
  const high = new Float64Array(d).fill(-Infinity);
  for (let t = 0; t < n; t += step) {
    for (let c = 0; c < d; c++) {
      const x = data[t * stride + offset + c]!;
      low[c] = Math.min(low[c]!, x);
      high[c] = Math.max(high[c]!, x);
    }
  }
  let largest = 0;
  for (let t = 0; t < n; t += step) {
    for (let j = 0; j < per; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) square += (data[t * stride + offset + j * d + c]! - low[c]! / 2 - high[c]! / 2) ** 2;
      largest = Math.max(largest, square);
    }
  }
  return Math.sqrt(largest);
}

/** C(d + g, g), as far as float64 goes. */
function rankOf(d: number, g: number): number {
  let rank = 1;
  for (let i = 1; i <= g; i++) rank *= (d + i) / i;
  return rank;
}

/** About how many monomials scores within R need for weights within epsilon; infinite beyond what any polynomial here follows. */
export function rankFor(d: number, R: number, epsilon: number): number {
  // NaN, 0 times infinity, is not known to be followed. The list ends with the first degree that is good enough.
  return !(R <= largestMinimaxHalfWidth) ? Infinity : rankOf(d, aboutErrors(R, epsilon).length - 1);
}

/** With fewer pairs a look would show: a polynomial of degree 3 has to win then, not one of degree 0. */
const fewPairs = 2 ** 18;

/** What a first look needs. */
export interface FirstLook {
  readonly queries: Vectors;
  readonly keys: Vectors;
  readonly scale: number;
  readonly tolerance: number;
  readonly costs: CostModel;
  /** Without rank. */
  readonly sizes: Omit<TimedSizes, 'rank'>;
}

/**
 * Whether it is worth centring all tokens to look for a polynomial, from a few of them and in a few microseconds, or from one pass where a
 * few leave it open: so that a head that ends up exact loses next to nothing.
 *
 * @returns null if it is, else why not, in words
 */
export function notWorthPlanning({ queries, keys, scale, tolerance, costs, sizes }: FirstLook): string | null {
  const { d } = sizes;
  const rank = sizes.pairs < fewPairs ? rankOf(d, 3) : 1;
  const { exact, polynomial } = timesOf(costs, { ...sizes, rank });
  const most = margin(costs) * exact;
  if (polynomial >= most) return `exact attention over ${sizes.pairs} pairs takes no longer than centring and packing the tokens`;
  if (adaptiveAffordable(d, exact)) return null;
  const reach = (few: boolean): number =>
    Math.abs(scale) * [queries, keys].reduce((product, v) => product * reachOf(v, few ? Math.max(1, Math.floor(v.n / looked)) : 1), 1);
  const epsilon = weightTolerance(tolerance);
  const rankAt = (R: number): number => rankFor(d, R, epsilon);
  const wins = (R: number): boolean => timesOf(costs, { ...sizes, rank: rankAt(R) }).polynomial < most;
  // Centring leaves no less than a glance at nine tokens shows.
  const least = Math.abs(scale) * glance(queries).all * glance(keys).all;
  if (!wins(least)) return tooFar(least);
  let R = reach(true);
  if (wins(R * mostOfFew)) return null;
  R *= leastOfFew;
  if (wins(R)) {
    R = reach(false) * leastOfAll;
    if (wins(R)) return null;
  }
  return tooFar(R);

  function tooFar(reached: number): string {
    const found = `scores reach about ${Number(reached.toPrecision(2))} or more from their centre`;
    if (Number.isNaN(reached)) return 'queries and keys differ too far in size';
    return reached > largestMinimaxHalfWidth
      ? `${found}, and no polynomial here follows e^x beyond ${largestMinimaxHalfWidth}`
      : `${found}, so about ${Math.round(rankAt(reached))} monomials or more would be needed`;
  }
}

/** The largest rank with which the polynomial is predicted to win by the margin; 0 if none is. */
export function winningRank(costs: CostModel, sizes: Omit<TimedSizes, 'rank'>): number {
  const [one, two] = [timesOf(costs, { ...sizes, rank: 0 }), timesOf(costs, { ...sizes, rank: 1000 })];
  const each = (two.polynomial - one.polynomial) / 1000;
  return Math.max(0, Math.floor((margin(costs) * one.exact - one.polynomial) / each));
}

/** Nominal milliseconds of exact attention, from which `costsFor` decides whether to measure. */
export const nominalExact = (kernels: Kernels, sizes: Omit<TimedSizes, 'rank'>): number => timesOf(nominalCosts(kernels), { ...sizes, rank: 0 }).exact;
