import { assertInteger, type Tokens } from '@prompt-limits/core-linalg';
import {
  addFloat64,
  divideFloat64,
  expFloat64,
  float64Interval,
  multiplyFloat64,
  subtractFloat64,
  type Float64Interval,
} from '@prompt-limits/core-linalg/intervals';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import { applyUpToAttention } from '../transformer/singleAttention.ts';
import { gridCodes, positionedTokens, type GridCodes } from './gridCodes.ts';
import { gridHead } from './gridContextMapping.ts';
import { everyContext, smallestStep, tightTemperature } from './tightSearch.ts';

/** What `tightGridMapping` builds for. */
export interface TightGridOptions {
  /** Width of a token. */
  readonly d: number;
  /** Grid points per unit, at least 2. */
  readonly m: number;
  /** Tokens in all, prompt included. */
  readonly n: number;
  /** The last `reads` tokens are read. */
  readonly reads: number;
}

/** The IDs of all read tokens in all contexts, in ascending order. */
export interface TightIds {
  /** As the network computes them in float64. */
  readonly centres: Float64Array;
  /** `contexts[i]`: number of the context that ID i stands for; `contextDigits` gives its digits. */
  readonly contexts: Int32Array;
  /** `tokens[i]`: the token of that context, from 0. */
  readonly tokens: Int32Array;
}

/** A contextual mapping on a whole grid in float64. */
export interface TightGridMapping {
  /** How it was made. */
  readonly mode: 'tight';
  /** Grid, positions and codes; positions are 1, ..., n. */
  readonly codes: GridCodes;
  /** The last `reads` tokens are read. */
  readonly reads: number;
  /** The inverse temperature of a query with code a is $\beta a$. */
  readonly beta: number;
  /** The output weight, a power of two with $\kappa (R n + D) \le 1/2$. */
  readonly kappa: number;
  /** The weights, exact: size 1, rank 1. */
  readonly head: AttentionHead;
  /** In real arithmetic any two IDs are at least this far apart: by float64 intervals, above 0. */
  readonly gapProven: number;
  /** The smallest distance of two centres, rounded down. */
  readonly gap: number;
  /** No centre is farther than this from its ID in real arithmetic: float64 intervals of every one. */
  readonly rounding: number;
  /** A power of two, at most gap / 2: hats of this half-width around the centres do not meet. */
  readonly halfWidth: number;
  /** All IDs. */
  readonly ids: TightIds;
}

// IDs that are listed, sorted and enclosed one by one.
const MAX_CONTEXTS = 2 ** 16;
const MAX_IDS = 2 ** 18;

/**
 * One attention head whose float64 IDs tell all $m^{d n}$ sequences of a small grid apart, for every read token: the head of
 * `gridContextMapping` at rho = 1, with the inverse temperature that keeps the IDs widest apart, found by search.
 *
 * Guaranteed, by listing every context: in real arithmetic all IDs differ by at least `gapProven` > 0 (float64 intervals, sorted, neighbours
 * compared); the centres, which are what `applyUpToAttention` and $u^\top z$ summed in order give on this machine, differ by at least `gap` > 0
 * and lie within `rounding` of the IDs.
 *
 * Paper: Lemma 2.2 for Lemmas E.2 and F.2 in the tight mode of errata 23. No lemma is used, and nothing is said of sequences off the grid.
 *
 * @throws RangeError if a size is no integer in range, there are more than 65,536 contexts or 262,144 IDs, or float64 does not tell them apart
 * @example
 * const { gapProven, gap, ids } = tightGridMapping({ d: 1, m: 2, n: 3, reads: 1 });
 * ids.centres.length; // => 8
 * gapProven > 0.004 && gap > 0.004; // => true
 */
export function tightGridMapping({ d, m, n, reads }: TightGridOptions): TightGridMapping {
  const fn = 'tightGridMapping';
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'm', m, 2);
  assertInteger(fn, 'n', n, 1);
  assertInteger(fn, 'reads', reads, 1, n);
  const count = m ** (d * n);
  if (!(count <= MAX_CONTEXTS)) throw new RangeError(`${fn}: m^(d n) must be at most ${MAX_CONTEXTS} contexts, got ${m}^${d * n}; lemma and compact mode list none`);
  if (count * reads > MAX_IDS) throw new RangeError(`${fn}: m^(d n) reads must be at most ${MAX_IDS} IDs, got ${count * reads}`);
  const codes = gridCodes({ d, m, n });
  const kappa = 2 ** -(1 + Math.ceil(Math.log2(codes.R * n + codes.D)));
  const contexts = everyContext(codes, count);
  const beta = tightTemperature(codes, contexts, reads, kappa);
  const head = gridHead(codes, beta, kappa);
  const centres = allCentres(codes, head, count, reads);
  const enclosures = allEnclosures(codes, contexts, reads, beta, kappa);
  const order = Int32Array.from(centres.keys()).sort((a, b) => centres[a]! - centres[b]!);
  const ids: TightIds = {
    centres: Float64Array.from(order, (i) => centres[i]!),
    contexts: order.map((i) => Math.floor(i / reads)),
    tokens: order.map((i) => n - reads + (i % reads)),
  };
  const gapProven = smallestProven(enclosures);
  const gap = smallestStep(ids.centres);
  if (!(gapProven > 0 && gap > 0)) throw new RangeError(`${fn}: float64 must tell all IDs apart, got a smallest gap of ${Math.min(gap, gapProven)} for d = ${d}, m = ${m}, n = ${n}; lemma and compact mode do`);
  const rounding = centres.reduce((most, x, i) => Math.max(most, farthest(x, enclosures[i]!)), 0);
  const halfWidth = 2 ** Math.floor(Math.log2(gap / 2));
  return { mode: 'tight', codes, reads, beta, kappa, head, gapProven, gap, rounding, halfWidth, ids };
}

/**
 * The digits of a context by its number: base m, the first token's first digit lowest.
 *
 * @returns d n digits, a token's d together
 *
 * @throws RangeError if the number is no integer from 0 to m^(d n) - 1
 * @example
 * contextDigits(gridCodes({ d: 1, m: 3, n: 3 }), 5); // => new Int32Array([2, 1, 0])
 */
export function contextDigits({ d, m, n }: GridCodes, index: number): Int32Array {
  assertInteger('contextDigits', 'index', index, 0, m ** (d * n) - 1);
  let rest = index;
  return Int32Array.from({ length: d * n }, () => {
    const digit = rest % m;
    rest = Math.floor(rest / m);
    return digit;
  });
}

/**
 * The scalar $u^\top q(M)_k$ of one token as a network in float64 computes it: `applyUpToAttention`, then the products $u_i z_i$ summed in order.
 *
 * A neuron with weights u / w, w a power of two, sees exactly this number over w.
 *
 * @param mapping - grid and head
 * @param z - d x n positioned tokens, such as `positionedTokens` gives
 * @param token - k, from 0
 *
 * @throws RangeError if z is not d x n, a value is NaN or infinite, or `token` is out of range
 * @example
 * const mapping = tightGridMapping({ d: 1, m: 2, n: 3, reads: 1 });
 * const { centres, contexts, tokens } = mapping.ids;
 * tightId(mapping, positionedTokens(mapping.codes, contextDigits(mapping.codes, contexts[5]!)), tokens[5]!) === centres[5]; // => true
 */
export function tightId({ codes: { d, n, direction }, head }: Pick<TightGridMapping, 'codes' | 'head'>, z: Tokens, token: number): number {
  if (z.d !== d || z.n !== n) throw new RangeError(`tightId: z must be ${d} x ${n}, got ${z.d} x ${z.n}`);
  assertInteger('tightId', 'token', token, 0, n - 1);
  return along(direction, applyUpToAttention({ before: [], heads: [head] }, z), token);
}

function along(direction: Float64Array, z: Tokens, token: number): number {
  let sum = 0;
  for (let i = 0; i < z.d; i++) sum += direction[i]! * z.data[token * z.d + i]!;
  return sum;
}

/** The centre of read token k of context c at c reads + k. */
function allCentres(codes: GridCodes, head: AttentionHead, count: number, reads: number): Float64Array {
  const centres = new Float64Array(count * reads);
  for (let index = 0; index < count; index++) {
    const q = applyUpToAttention({ before: [], heads: [head] }, positionedTokens(codes, contextDigits(codes, index)));
    for (let k = 0; k < reads; k++) centres[index * reads + k] = along(codes.direction, q, codes.n - reads + k);
  }
  return centres;
}

/** The ID in real arithmetic of each, in the same order: every weight an enclosed exponential. */
function allEnclosures({ R, D, n, m }: GridCodes, contexts: Float64Array, reads: number, beta: number, kappa: number): Float64Interval[] {
  const top = R * n + D;
  const result: Float64Interval[] = Array.from({ length: (contexts.length / n) * reads });
  const tables = new Map<number, { weights: Float64Interval[]; weighted: Float64Interval[] }>();
  const tableOf = (query: number) => {
    const known = tables.get(query);
    if (known) return known;
    // beta is exact, query times distance an integer below 2^53.
    const weights = Array.from({ length: top + 1 }, (_, E) => expFloat64(multiplyFloat64(float64Interval(-beta), float64Interval(query * E))));
    const made = { weights, weighted: weights.map((w, E) => multiplyFloat64(float64Interval(E), w)) };
    tables.set(query, made);
    return made;
  };
  for (let at = 0; at < result.length; at++) {
    const from = Math.floor(at / reads) * n;
    const query = contexts[from + n - reads + (at % reads)]!;
    const table = tableOf(query);
    let [total, weighted] = [float64Interval(0), float64Interval(0)];
    for (let j = 0; j < n; j++) {
      const E = top - contexts[from + j]!;
      total = addFloat64(total, table.weights[E]!);
      weighted = addFloat64(weighted, table.weighted[E]!);
    }
    const mean = subtractFloat64(float64Interval(top), divideFloat64(weighted, total));
    result[at] = divideFloat64(addFloat64(float64Interval(query), multiplyFloat64(float64Interval(kappa), mean)), float64Interval(m));
  }
  return result;
}

/** A lower bound of the distance of any two numbers, each known to lie in one of the intervals; negative if two intervals meet. */
function smallestProven(enclosures: readonly Float64Interval[]): number {
  // In order of their lower ends, an interval that meets any earlier one meets the one with the highest end so far.
  const sorted = [...enclosures].sort((a, b) => a.low - b.low);
  let least = Infinity;
  let reached = -Infinity;
  for (const { low, high } of sorted) {
    if (reached > -Infinity) least = Math.min(least, subtractFloat64(float64Interval(low), float64Interval(reached)).low);
    reached = Math.max(reached, high);
  }
  return least;
}

const farthest = (x: number, { low, high }: Float64Interval): number =>
  Math.max(subtractFloat64(float64Interval(x), float64Interval(low)).high, subtractFloat64(float64Interval(high), float64Interval(x)).high);
