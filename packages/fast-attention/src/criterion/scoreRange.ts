import { assertOneOf, column, type Tokens } from '@prompt-limits/core-linalg';
import { assertScores, causalOffset, visibleKeys, type ScoreProblem } from './problem.ts';

/** What is subtracted from every key: nothing, their mean, or the middle of each row's range. */
export type Centre = 'none' | 'mean' | 'midrange';

/** Options of `scoreRange`. */
export interface ScoreRangeOptions {
  /**
   * 'pairs' (unless given) looks at every visible pair: exact, O(queries n d) time, O(queries + n d) memory.
   * 'radius' bounds every score by |scale| |q| |k - c|: an upper bound, O((queries + n) d) time, masks ignored.
   */
  readonly method?: 'pairs' | 'radius';
}

/** The range of a head's scores before and after its keys are centred. */
export interface ScoreRange {
  /** How the figures were found. */
  readonly method: 'pairs' | 'radius';
  /** Smallest raw score of a visible pair; with 'radius' minus the bound on the largest. */
  readonly low: number;
  /** Largest raw score of a visible pair; with 'radius' a bound on it. */
  readonly high: number;
  /** The centre c that gives the smallest half-width. */
  readonly centre: Centre;
  /** R: no |scale (k_j - c) . q_i| of a visible pair exceeds it, rounding included. */
  readonly halfWidth: number;
  /** Half the widest score range of one query: no c gives a smaller half-width. null with 'radius'. */
  readonly leastHalfWidth: number | null;
  /** The smallest |scale| max |q| max |k - c| of the three centres: what 'radius' reports as halfWidth. */
  readonly radius: number;
}

const unit = 2 ** -53;
const norm = (x: ArrayLike<number>): number => Math.hypot(...Array.from(x));

/** The three centres, in Float64. */
function centres(keys: Tokens): Record<Centre, Float64Array> {
  const mean = new Float64Array(keys.d);
  const low = new Float64Array(keys.d).fill(Infinity);
  const high = new Float64Array(keys.d).fill(-Infinity);
  for (let at = 0; at < keys.data.length; at++) {
    const [c, k] = [at % keys.d, keys.data[at]!];
    mean[c]! += k / keys.n;
    low[c] = Math.min(low[c]!, k);
    high[c] = Math.max(high[c]!, k);
  }
  // Equal keys have this midrange exactly, so their half-width is exactly 0.
  return { midrange: low.map((x, c) => (x + high[c]!) / 2), mean, none: new Float64Array(keys.d) };
}

/** max_j |k_j - c|, rounded up. */
function keyRadius(keys: Tokens, c: Float64Array): number {
  const difference = new Float64Array(keys.d);
  let largest = 0;
  for (let j = 0; j < keys.n; j++) {
    const k = column(keys, j);
    for (let i = 0; i < keys.d; i++) difference[i] = k[i]! - c[i]!;
    largest = Math.max(largest, norm(difference));
  }
  return largest * (1 + (keys.d + 4) * unit);
}

/** Lowest and highest score of each query over the keys it sees, keys taken relative to `base`; NaN where it sees none. */
function queryRanges(problem: ScoreProblem, base: Float64Array): { low: Float64Array; high: Float64Array } {
  const { queries, keys, scale } = problem;
  const { d } = keys;
  const centred = Float64Array.from(keys.data, (k, at) => k - base[at % d]!);
  const offset = causalOffset(problem);
  const low = new Float64Array(queries.n).fill(Number.NaN);
  const high = new Float64Array(queries.n).fill(Number.NaN);
  const q = new Float64Array(d);
  for (let i = 0; i < queries.n; i++) {
    const count = visibleKeys(keys.n, offset, i);
    if (count === 0) continue;
    for (let c = 0; c < d; c++) q[c] = scale * queries.data[i * d + c]!;
    let [least, most] = [Infinity, -Infinity];
    for (let j = 0; j < count; j++) {
      let score = 0;
      for (let c = 0; c < d; c++) score += q[c]! * centred[j * d + c]!;
      least = Math.min(least, score);
      most = Math.max(most, score);
    }
    low[i] = least;
    high[i] = most;
  }
  return { low, high };
}

/**
 * How far the scores of a head spread, before and after subtracting one vector c from every key. The softmax does not
 * change: $\mathrm{scale}\,(k_j - c)^\top q_i$ differs from the raw score by a number that only depends on the query. A
 * polynomial of the scores has to follow $e^x$ only on [-R, R], R the half-width after centring. The mean and the midrange of
 * the keys and no centring at all are tried, and the smallest half-width is told.
 *
 * @param problem - Q (d x queries), K (d x n), the explicit scale and the mask of one head
 * @returns ranges in the units of the scores. A query that sees no key has no score; if no query sees any, all figures are 0
 *
 * @throws TypeError if queries or keys are not Tokens
 * @throws RangeError if shapes disagree, there is no query or no key, a value is not finite, or scores could overflow
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const queries = tokens(1, Float64Array.of(2));
 * const keys = tokens(1, Float64Array.of(10, 11, 14));
 * const { low, high, centre, halfWidth } = scoreRange({ queries, keys, scale: 1 });
 * [low, high, centre]; // => [20, 28, 'midrange']
 * halfWidth; // => 4.00000000000
 */
export function scoreRange(problem: ScoreProblem, { method = 'pairs' }: ScoreRangeOptions = {}): ScoreRange {
  assertScores('scoreRange', problem);
  assertOneOf('scoreRange', 'method', method, ['pairs', 'radius']);
  const { queries, keys, scale } = problem;
  const { d } = queries;
  let longest = 0;
  for (let i = 0; i < queries.n; i++) longest = Math.max(longest, norm(column(queries, i)));
  longest *= Math.abs(scale) * (1 + (d + 4) * unit);
  const candidates = centres(keys);
  const names = Object.keys(candidates) as Centre[];
  const radii = new Map(names.map((name) => [name, longest * keyRadius(keys, candidates[name])]));
  const smallest = (widths: Map<Centre, number>): Centre => names.reduce((a, b) => (widths.get(b)! < widths.get(a)! ? b : a));
  const byRadius = smallest(radii);
  const radius = radii.get(byRadius)!;
  if (method === 'radius') {
    const raw = radii.get('none')!;
    return { method, low: -raw, high: raw, centre: byRadius, halfWidth: radius, leastHalfWidth: null, radius };
  }

  const base = candidates.midrange;
  const { low, high } = queryRanges(problem, base);
  const widths = new Map<Centre, number>();
  const raw = { low: Infinity, high: -Infinity };
  let least = 0;
  for (const name of names) {
    const shift = candidates[name].map((c, row) => c - base[row]!);
    // A score of d products and a shift of d products, the difference of keys and the subtraction err by at most (d + 4) u each
    // of |scale| |q| |k - base| and |scale| |q| |shift|.
    const rounding = (d + 4) * unit * (radii.get('midrange')! + 2 * longest * norm(shift));
    let width = 0;
    for (let i = 0; i < queries.n; i++) {
      if (Number.isNaN(low[i]!)) continue;
      let moved = 0;
      for (let c = 0; c < d; c++) moved += scale * queries.data[i * d + c]! * shift[c]!;
      width = Math.max(width, high[i]! - moved, moved - low[i]!);
      least = Math.max(least, (high[i]! - low[i]!) / 2);
      if (name === 'none') {
        raw.low = Math.min(raw.low, low[i]! - moved);
        raw.high = Math.max(raw.high, high[i]! - moved);
      }
    }
    widths.set(name, width + rounding);
  }
  const any = raw.low <= raw.high;
  const centre = smallest(widths);
  return {
    method,
    low: any ? raw.low : 0,
    high: any ? raw.high : 0,
    centre,
    halfWidth: any ? widths.get(centre)! : 0,
    leastHalfWidth: least,
    radius,
  };
}
