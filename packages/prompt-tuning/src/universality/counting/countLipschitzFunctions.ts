import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';
import { countByConstraints } from './countByConstraints.ts';
import { assertGrid, LARGEST_COUNT_BITS, log2Of, type GridOfSequences } from './countQuantisedFunctions.ts';
import { lipschitzRelation, rootBelow } from './lipschitzRelation.ts';

/** Which functions `countLipschitzFunctions` counts. */
export interface LipschitzCountOptions extends GridOfSequences {
  /** Lipschitz constant, finite and >= 0; the float64 is taken as the exact number. */
  readonly C: number;
  /** Index of the norm, an integer from 1 to 64, so that the condition is one of integers. */
  readonly alpha: number;
}

/** The count where it is known, and bounds of it. */
export interface LipschitzCount {
  /** The number of functions, or null where it is only bounded. */
  readonly exact: bigint | null;
  /** A number not above the binary logarithm of the count. */
  readonly log2Lower: number;
  /** A number not below it. */
  readonly log2Upper: number;
}

// A logarithm and a few products: far less than 2^-45 of the result.
const [DOWN, UP] = [1 - 2 ** -45, 1 + 2 ** -45] as const;
/** Length of a chain that is counted value by value. */
const LONGEST_CHAIN = 512;
/** Sums in the count of a ball. */
const BALL_STEPS = 2 ** 20;

/**
 * How many functions $\bar f: G_{\delta,L} \to G_{\delta,L}$ are C-Lipschitz between grid points: $\|\bar f(Z) - \bar f(Z')\|_\alpha \le C \|Z - Z'\|_\alpha$
 * for every pair, $N = m^{dL}$ points, in units of $\delta = 1/m$.
 *
 * Exact: for dL = 1, where neighbours decide ($|i - j|$ steps of at most $\lfloor C \rfloor$), by a transfer matrix up to m = 512; for
 * C < 1 (neighbours are equal, so only constants: N) and for C so large that every function counts ($N^N$, up to $2^{20}$
 * bits); else by dynamic programming over sets of values while it stays small (N at most 32).
 *
 * Bounds beyond:
 * - upper, a spanning tree of the grid: the root takes any of N values and each other point one of at most B, the values
 *   within C of its parent's, $N B^{N-1}$, B the largest number of grid points in a ball of radius C;
 * - lower, all maps into one set of diameter at most C, which is C times the smallest distance of two points: a cube of
 *   $\lfloor C / t^{1/\alpha} \rfloor + 1$ values in each of t coordinates, the best t; and the N constants.
 *
 * Quantising a C-Lipschitz f rounds its values, so $\bar f$ itself need not be C-Lipschitz here; this counts the class that
 * the paper's proof names, and is no count of all tables that such f give.
 *
 * Paper: $\bar{\mathcal F}_C$ of Lemma E.1, counted there as all $N^N$ functions (errata row 21).
 *
 * @throws RangeError if an option is out of range or N is above $2^{1000}$
 * @example
 * countLipschitzFunctions({ d: 1, L: 1, m: 4, C: 1, alpha: 1 }).exact; // => 68n
 * countLipschitzFunctions({ d: 1, L: 2, m: 2, C: 1, alpha: 2 }).exact; // => 84n
 * const { exact, log2Lower, log2Upper } = countLipschitzFunctions({ d: 2, L: 2, m: 3, C: 1, alpha: 1 });
 * [exact, log2Lower, log2Upper]; // => [null, 81.0000000, 259.93385]
 */
export function countLipschitzFunctions({ d, L, m, C, alpha }: LipschitzCountOptions): LipschitzCount {
  assertGrid('countLipschitzFunctions', { d, L, m });
  assertInRange('countLipschitzFunctions', 'C', C, 0, Number.MAX_VALUE);
  assertInteger('countLipschitzFunctions', 'alpha', alpha, 1, 64);
  const width = d * L;
  const log2Points = width * Math.log2(m);
  if (log2Points > 1000) throw new RangeError(`countLipschitzFunctions: the grid must have at most 2 ** 1000 points, got ${m} ** ${width}`);
  const points = BigInt(m) ** BigInt(width);
  const relation = lipschitzRelation(C, alpha);
  const reach = relation.reach(1n); // of neighbours: sum |y - y'|^alpha <= floor(C^alpha)
  const all = Number(points) * log2Points;

  let exact: bigint | null = null;
  if (reach === 0n) exact = points;
  else if (relation.holdsAlways(m, width)) {
    if (all > LARGEST_COUNT_BITS) return { exact: null, log2Lower: all * DOWN, log2Upper: all * UP };
    exact = points ** points;
  } else if (width === 1) exact = m <= LONGEST_CHAIN ? chains(m, Math.floor(C)) : null;
  else exact = countByConstraints({ d, L, m }, relation);
  if (exact !== null) return { exact, log2Lower: log2Of(exact) * DOWN, log2Upper: log2Of(exact) * UP };

  let cube = 0;
  for (let t = 1; t <= width && reach >= BigInt(t); t++) cube = Math.max(cube, t * Math.log2(rootBelow(reach, t, alpha, m - 1) + 1));
  const tree = log2Points + (Number(points) - 1) * log2Ball(width, m, alpha, reach);
  return { exact, log2Lower: Math.max(log2Points, Number(points) * cube) * DOWN, log2Upper: Math.min(all, tree) * UP };
}

/** Sequences of m values 0, ..., m - 1 whose neighbours differ by at most `step`: the transfer matrix, m - 1 times. */
function chains(m: number, step: number): bigint {
  let ending = Array.from({ length: m }, () => 1n);
  for (let i = 1; i < m; i++) {
    const sums = [0n]; // sums[y] = ending[0] + ... + ending[y - 1]
    for (const c of ending) sums.push(sums.at(-1)! + c);
    ending = ending.map((_, y) => sums[Math.min(m, y + step + 1)]! - sums[Math.max(0, y - step)]!);
  }
  return ending.reduce((s, c) => s + c);
}

/** At least log2 of the number of grid points within sum |t_i|^alpha <= reach of one of them. */
function log2Ball(width: number, m: number, alpha: number, reach: bigint): number {
  // In every coordinate, whatever is left for it, a middle point has the most others within reach, so the largest ball is
  // that around the middle of the grid.
  const left = Math.floor((m - 1) / 2);
  const right = m - 1 - left;
  const most = rootBelow(reach, 1, alpha, m - 1);
  const box = width * Math.log2(Math.min(left, most) + Math.min(right, most) + 1); // every ball lies in its box
  if (reach * BigInt(width) * BigInt(2 * most + 1) > BALL_STEPS) return box;
  const R = Number(reach);
  let ways = Float64Array.from({ length: R + 1 }, (_, s) => Number(s === 0));
  for (let i = 0; i < width; i++) {
    const next = new Float64Array(R + 1);
    for (let t = -Math.min(left, most); t <= Math.min(right, most); t++) {
      const cost = Math.round(Math.abs(t) ** alpha); // an integer at most R, which ** need not hit
      for (let s = cost; s <= R; s++) next[s]! += ways[s - cost]!;
    }
    ways = next;
  }
  // Sums of positive float64s: fewer than 2^20 roundings of 2^-53 each, and log2 of so little is below 2^-32.
  const total = Math.log2(ways.reduce((s, w) => s + w)) + 2 ** -32;
  return Math.min(box, total);
}
