import { timesOf, type CostModel, type TimedSizes } from '../plan/costModel.ts';
import { rankFor } from '../plan/firstLook.ts';
import { weightTolerance } from '../polynomial/weightTolerance.ts';

/** How many queries and keys are left to exact attention, those that reach furthest. */
export interface Split {
  readonly queries: number;
  readonly keys: number;
  /** Predicted milliseconds, the exact parts included. */
  readonly milliseconds: number;
}

/** What a split is chosen from. */
export interface SplitQuestion {
  readonly scale: number;
  readonly tolerance: number;
  readonly costs: CostModel;
  /** Of the whole head. */
  readonly sizes: Omit<TimedSizes, 'rank'>;
  /** Of the half-width about the medians, centring is taken to leave so much. */
  readonly centred: number;
  /** Whether queries may be left to exact attention, which has to certify the tolerance for them. */
  readonly farQueries: boolean;
}

/** Largest part of the queries or of the keys that is left to exact attention: beyond, the head has no centre. */
export const mostFar: number = 1 / 8;


/** Milliseconds that exact attention takes for the far queries, and for the near ones on the far keys: pairs, and once more a token's own costs. */
export function besideTime(costs: CostModel, { queries, keys, d, dv }: Omit<TimedSizes, 'rank'>, far: Pick<Split, 'queries' | 'keys'>): number {
  const pairs = (m: number, n: number): number => (m * n === 0 ? 0 : timesOf(costs, { queries: m, keys: n, pairs: m * n, d, dv, rank: 0 }).exact);
  const token = (costs.token.base + costs.token.each * (d + dv)) / 1e6;
  return pairs(far.queries, keys) + pairs(queries - far.queries, far.keys) + (far.keys > 0 ? token * (queries - far.queries) : 0)
    + (far.queries > 0 ? token * queries : 0) + (far.keys > 0 ? token * keys : 0);
}

/** Distances in descending order, all or the largest of `count`, and the tokens that the `count` stand for. */
export interface Reaches {
  readonly largest: Float64Array;
  readonly count: number;
}

/** 0, 1, 2, 4, ... places of the list. */
function places({ largest, count }: Reaches): number[] {
  const list = [0];
  for (let m = 1; m < largest.length && m <= count * mostFar; m *= 2) list.push(m);
  return list;
}

/**
 * The split with the least predicted time, from distances about a centre: of all vectors, or of a sample that stands for them. A guide: what
 * it chooses is planned and proven afterwards.
 */
export function chooseSplit(queries: Reaches, keys: Reaches, { scale, tolerance, costs, sizes, centred, farQueries }: SplitQuestion): Split {
  const epsilon = weightTolerance(tolerance);
  let best: Split = { queries: 0, keys: 0, milliseconds: Infinity };
  for (const i of farQueries ? places(queries) : [0]) {
    for (const j of places(keys)) {
      const far = { queries: Math.round((i * sizes.queries) / queries.count), keys: Math.round((j * sizes.keys) / keys.count) };
      const rank = rankFor(sizes.d, Math.abs(scale) * queries.largest[i]! * keys.largest[j]! * centred, epsilon);
      if (rank === Infinity) continue;
      const near = { ...sizes, queries: sizes.queries - far.queries, keys: sizes.keys - far.keys, rank };
      const milliseconds = timesOf(costs, near).polynomial + besideTime(costs, sizes, far);
      if (milliseconds < best.milliseconds) best = { ...far, milliseconds };
    }
  }
  return best;
}
