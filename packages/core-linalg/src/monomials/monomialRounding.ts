import { assertInteger } from '../checks/checks.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { monomialOrder } from '../kernels/wasmMonomials.ts';
import { assertMonomialSet, type MonomialSet } from './monomialSet.ts';

/** How far `monomialMoments` and `monomialRead` can be from exact arithmetic; made by `monomialRounding`. */
export interface MonomialRounding {
  /** Relative bound for `monomialMoments`. */
  readonly moments: number;
  /** Relative bound for `monomialRead`. */
  readonly read: number;
  /** Absolute bound that underflow needs beside either. */
  readonly underflow: number;
}

/** What `monomialReadVjpRounding` returns. */
export interface MonomialVjpRounding {
  /** Relative bound for `monomialReadVjp`. */
  readonly relative: number;
  /** Absolute bound that underflow needs beside it. */
  readonly underflow: number;
}

/**
 * Bounds on the rounding errors of `monomialMoments` over n tokens and of `monomialRead`, for the kernels that run: with
 * $Y = \max(1, \max |x|)^g$, g the degree of the set,
 *
 * - moments: $|\hat m_{ac} - m_{ac}| \le moments\,(|old_{ac}| + \sum_t |\phi_a(x_t) y_{tc}|) + underflow\,Y \sum_t (1 + |y_{tc}|)$,
 * - read: $|\hat o_{tc} - o_{tc}| \le read \sum_a |\phi_a(x_t) w_{ac}| + underflow\,Y \sum_a (1 + |w_{ac}|)$,
 *
 * as long as nothing overflows; an overflow shows as an infinity or NaN, never as another finite value. With
 * u = 2^-24 the WASM kernels give about $moments = (g + 36) u$ and $read = (g + 40) u$ whatever n and the rank are: sums
 * run in float32 over at most 32 terms and go on in float64. Plain kernels have no float32 sums. All are proven bounds.
 *
 * @param set - the monomials
 * @param n - tokens in the sums of `monomialMoments`, an integer >= 0
 * @param kernels - the kernels that run; the bounds hold for any number of threads up to theirs
 *
 * @throws TypeError if `set` is not from `monomialSet` or `monomialSetOf`
 * @throws RangeError if n is no integer >= 0
 * @example
 * const { moments } = monomialRounding(monomialSet(8, 2), 1000, createPlainKernels({ precision: 'float64' }));
 * moments < 1010 * 2 ** -53; // => true
 */
export function monomialRounding(set: MonomialSet, n: number, kernels: Kernels): MonomialRounding {
  assertMonomialSet('monomialRounding', 'set', set);
  assertInteger('monomialRounding', 'n', n);
  const { degree, rank } = set;
  // A monomial of degree m is m - 1 rounded products, since its first factor is multiplied by 1.
  const feature = Math.max(0, degree - 1);
  const underflow = (degree + 2) * leastOf(kernels);
  if (kernels.build === 'plain') {
    // In float64: the monomial, its product with y or w, one addition for each term, one to the old value; rounded once.
    const [s, m] = storedRounding(kernels);
    return { moments: gamma(s, m + feature + n + 2), read: gamma(s, m + feature + rank + 1), underflow };
  }
  const { block, segment, group, partsPerThread } = monomialOrder;
  // Moments in float32: the monomial, the products and additions of one lane (a quarter of a block; with fused
  // multiply-adds one rounding less), two additions of lanes, the result. In float64: an addition for each block, each
  // task and the old value.
  const lane = 1 + Math.ceil(Math.min(n, block) / 4);
  const sums = Math.ceil(n / block) + kernels.threads * partsPerThread + 1;
  // Reads in float32: the monomial, the products and additions of a segment, those of the segments of a group, the result.
  // In float64: an addition for each group.
  const segments = Math.ceil(rank / segment);
  const chain = 1 + Math.min(rank, segment) + Math.min(segments, group) - 1;
  return {
    moments: gamma(feature + lane + 2 + 1, sums),
    read: gamma(feature + chain + 1, Math.ceil(segments / group)),
    underflow,
  };
}

/**
 * Bounds on the rounding error of `monomialReadVjp`. The gradient is $dx_{tv} = \sum_a \sum_c w_{ac}\,dOut_{tc}\,a_v\,\phi_{a - e_v}(x_t)$;
 * with $s_{tv}$ the same sum of absolute values and Y as in `monomialRounding`, the kernels that run stay within
 * $relative\,(|old_{tv}| + s_{tv}) + underflow\,Y \sum_a a_v (1 + \sum_c |w_{ac}\,dOut_{tc}|)$, unless something overflows.
 *
 * @param set - the monomials
 * @param columns - columns of the weights, an integer >= 1
 * @param kernels - the kernels that run
 *
 * @throws TypeError if `set` is not from `monomialSet` or `monomialSetOf`
 * @throws RangeError if columns is no integer >= 1
 * @example
 * monomialReadVjpRounding(monomialSet(8, 2), 9, createPlainKernels({ precision: 'float64' })).relative < 100 * 2 ** -53; // => true
 */
export function monomialReadVjpRounding(set: MonomialSet, columns: number, kernels: Kernels): MonomialVjpRounding {
  assertMonomialSet('monomialReadVjpRounding', 'set', set);
  assertInteger('monomialReadVjpRounding', 'columns', columns, 1);
  const { d, degree, rank, runs } = set;
  const children = new Uint32Array(rank);
  const products = new Uint32Array(d);
  const pieces = new Uint32Array(d);
  for (let r = 0; r < runs.length; r += 4) {
    const [v, p, l] = [runs[r]!, runs[r + 1]!, runs[r + 2]!];
    for (let i = p; i < p + l; i++) children[i]!++;
    products[v]! += l;
    // A run is cut where segments end, which go back from the rank to the kept monomials and from those to the first.
    pieces[v]! += Math.ceil(l / monomialOrder.segment) + 2;
  }
  // One term is w dOut, carried down from a to some p by products with variables and additions to what the other
  // children of each monomial on the way bring, then times phi_p: together degree - 1 variables, one product each.
  const carried = Math.max(0, degree - 1) * (1 + largest(children));
  const underflow = (columns + degree + 4) * leastOf(kernels);
  if (kernels.build === 'plain') {
    const [s, m] = storedRounding(kernels);
    return { relative: gamma(s, m + columns + carried + largest(products) + 3), underflow };
  }
  const row = 1 + Math.min(rank, monomialOrder.segment);
  return { relative: gamma(columns + 1 + carried + row + largest(pieces) + 1, 0), underflow };
}

const largest = (counts: Uint32Array): number => counts.reduce((most, count) => Math.max(most, count), 0);

/** The least positive value of the kernels' precision, twice the error of an underflow. */
const leastOf = (kernels: Kernels): number => (kernels.precision === 'float32' ? 2 ** -149 : 2 ** -1074);

/** The one rounding of a stored result of plain kernels, in float32 or float64. */
const storedRounding = (kernels: Kernels): readonly [single: number, double: number] => (kernels.precision === 'float32' ? [1, 0] : [0, 1]);

/** A bound of $(1 + 2^{-24})^s (1 + 2^{-53})^m - 1$, itself rounded up: $e^t - 1 \le t / (1 - t)$. */
function gamma(s: number, m: number): number {
  const t = s * 2 ** -24 + m * 2 ** -53;
  return t < 1 ? (t / (1 - t)) * (1 + 2 ** -50) : Infinity;
}
