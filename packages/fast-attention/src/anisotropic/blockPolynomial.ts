import { assertInRange, assertInteger, assertLength, assertNonEmpty, monomialSet, monomialSetOf, type MonomialSet } from '@prompt-limits/core-linalg';
import { knownPolynomial, sharedHalfWidth } from '../attend/features.ts';
import type { ExpPolynomial } from '../polynomial/expPolynomial.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { blockDegrees, type BlockDegrees } from './blockDegrees.ts';

/** What `blockPolynomial` is asked. */
export interface BlockQuestion {
  /** s_b: how many consecutive coordinates each block has, all integers >= 1. */
  readonly sizes: readonly number[];
  /** rho_b, from 0 to 8: no pair of a query and a key has |x_b| above it. */
  readonly radii: readonly number[];
  /** The relative error allowed, $|P / e^x - 1|$; above 0 and below 1. */
  readonly tolerance: number;
  /** Most monomials; no limit unless given. */
  readonly mostRank?: number;
}

/** A polynomial in blocks of coordinates for $e^{x_1 + \ldots + x_B}$; made by `blockPolynomial`. */
export interface BlockPolynomial {
  /** s_b. */
  readonly sizes: readonly number[];
  /** rho_b. */
  readonly radii: readonly number[];
  /** Multi-degrees that are kept: all monomials whose degree in block b is m_b. */
  readonly degrees: readonly (readonly number[])[];
  /** Coordinates that monomials use, the first ones; the others are only part of the error. */
  readonly used: number;
  /** The monomials y^a in `used` variables. */
  readonly set: MonomialSet;
  /** w_a: $P = \sum_a w_a q^a k^a$. */
  readonly weights: Float64Array;
  /** At least $\max |P / e^x - 1|$ where every $|x_b| \le \rho_b$. */
  readonly error: number;
  /** At least $\sum_a |w_a q^a k^a|$ where every $\sum_{c \in b} |q_c k_c| \le \rho_b$. */
  readonly absolute: number;
}

const unit = 2 ** -53;

/** p_0, p_1, ... for one block, until their errors stop to matter or to fall. */
function polynomials(radius: number, tolerance: number): ExpPolynomial[] {
  const halfWidth = sharedHalfWidth(radius, largestMinimaxHalfWidth);
  const list: ExpPolynomial[] = [];
  for (let k = 0; k <= 64; k++) {
    const p = knownPolynomial(halfWidth, k);
    if (k > 0 && p.error >= list[k - 1]!.error) break;
    list.push(p);
    if (p.error < tolerance / 1024) break;
  }
  return list;
}

/** m!, exact up to 22!. */
const factorials = Float64Array.from({ length: 129 }, () => 1);
for (let m = 1; m < factorials.length; m++) factorials[m] = factorials[m - 1]! * m;

/** Every list of `size` exponents of sum m. */
function compositions(size: number, m: number): number[][] {
  if (size === 1) return [[m]];
  const lists: number[][] = [];
  for (let first = m; first >= 0; first--) for (const rest of compositions(size - 1, m - first)) lists.push([first, ...rest]);
  return lists;
}

/** The exponents of all monomials with these block degrees. */
function exponentsOf(sizes: readonly number[], degrees: readonly (readonly number[])[]): number[] {
  const flat: number[] = [];
  for (const m of degrees) {
    let rows: number[][] = [[]];
    sizes.forEach((size, b) => {
      const ends = compositions(size, m[b]!);
      rows = rows.flatMap((row) => ends.map((end) => row.concat(end)));
    });
    for (const row of rows) for (const exponent of row) flat.push(exponent);
  }
  return flat;
}

/** Coefficients of prod x_b^{m_b}, their sizes at the radii and the sizes before cancellation. */
interface Coefficients {
  readonly c: Float64Array;
  readonly strides: readonly number[];
  readonly absolute: number;
  readonly before: number;
}

/** Multiplies out sum over m of prod_b (p_{b,m_b} - p_{b,m_b - 1}). */
function multipliedOut(degrees: BlockDegrees['degrees'], lists: readonly ExpPolynomial[][], radii: readonly number[]): Coefficients {
  const tops = lists.map((_, b) => degrees.reduce((most, m) => Math.max(most, m[b]!), 0));
  const strides: number[] = [];
  let length = 1;
  for (const top of tops) {
    strides.push(length);
    length *= top + 1;
  }
  const steps = lists.map((list, b) => Array.from({ length: tops[b]! + 1 }, (_, k) =>
    list[k]!.coefficients.map((v, i) => v - (k > 0 && i < k ? list[k - 1]!.coefficients[i]! : 0))));
  const sizesOf = lists.map((list, b) => Array.from({ length: tops[b]! + 1 }, (_, k) => {
    const at = (p: ExpPolynomial | undefined): number => (p === undefined ? 0 : p.coefficients.reduceRight((sum, v) => sum * radii[b]! + Math.abs(v), 0));
    return at(list[k]) + at(list[k - 1]);
  }));
  const c = new Float64Array(length);
  let before = 0;
  for (const m of degrees) {
    before += m.reduce((product, k, b) => product * sizesOf[b]![k]!, 1);
    const add = (b: number, at: number, factor: number): void => {
      if (b === m.length) {
        c[at]! += factor;
        return;
      }
      const step = steps[b]![m[b]!]!;
      for (let i = 0; i < step.length; i++) add(b + 1, at + i * strides[b]!, factor * step[i]!);
    };
    add(0, 0, 1);
  }
  let absolute = 0;
  for (let at = 0; at < length; at++) {
    absolute += radii.reduce((size, radius, b) => size * radius ** (Math.floor(at / strides[b]!) % (tops[b]! + 1)), Math.abs(c[at]!));
  }
  return { c, strides, absolute, before };
}

/**
 * A polynomial for $e^x$, $x = q^\top k = \sum_b x_b$ over blocks of coordinates of different reach $|x_b| \le \rho_b$: few monomials
 * where the reach decays. With $p_{b,k}$ the best polynomial of degree k for $e^{x_b}$ in relative error,
 * $$P = \sum_{m \in S} \prod_b (p_{b,m_b} - p_{b,m_b-1})(x_b),$$
 * S downward closed, chosen greedily by value for cost. One block gives the best polynomial of x; a block in which every $m_b$ is 0
 * needs no monomial, as $1 / \cosh \rho_b$ is within $\tanh \rho_b$ of $e^{x_b}$.
 *
 * @param question - sizes s_b and reaches rho_b, the tolerance, and the most monomials
 * @returns P as monomials $w_a q^a k^a$ with its proven error: the terms that are missing (each at most the sum of two proven errors),
 * and the rounding of the $w_a$; null if float64 cannot prove the tolerance or more than `mostRank` monomials are needed
 *
 * Paper: takes the place of the isotropic polynomial in the proof of Theorem 3.2 for spectra that decay.
 *
 * @throws RangeError if there is no block, lengths differ, a size is no integer >= 1, a radius is outside [0, 8] or the
 * tolerance outside (0, 1)
 * @example
 * // 3 directions of reach 0.5 and 13 that together reach 0.05: 72 monomials where a polynomial of x needs 969.
 * const P = blockPolynomial({ sizes: [3, 13], radii: [0.5, 0.05], tolerance: 5e-3 });
 * P?.set.rank; // => 72
 */
export function blockPolynomial(question: BlockQuestion): BlockPolynomial | null {
  const fn = 'blockPolynomial';
  const { sizes, radii, tolerance, mostRank = Infinity } = question;
  assertNonEmpty(fn, 'sizes', sizes);
  sizes.forEach((s, b) => assertInteger(fn, `sizes[${b}]`, s, 1));
  assertLength(fn, 'radii', radii, sizes.length, 'the length of sizes');
  radii.forEach((r, b) => assertInRange(fn, `radii[${b}]`, r, 0, largestMinimaxHalfWidth));
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);

  const lists = radii.map((radius) => polynomials(radius, tolerance));
  // A little is kept for the rounding of the weights; if it is not enough the error says so and null follows.
  const found = blockDegrees(sizes, lists.map((list) => list.map((p) => p.error)), tolerance * (1 - 2 ** -10), mostRank);
  if (found === null) return null;
  const { degrees } = found;
  const blocks = sizes.map((_, b) => b).filter((b) => degrees.some((m) => m[b]! > 0));
  const kept = blocks.length === 0 ? 1 : blocks[blocks.length - 1]! + 1;
  const used = sizes.slice(0, kept).reduce((sum, s) => sum + s, 0);
  const { c, strides, absolute, before } = multipliedOut(degrees, lists, radii);

  const set = kept === 1 ? monomialSet(used, degrees.length - 1) : monomialSetOf(used, exponentsOf(sizes.slice(0, kept), degrees.map((m) => m.slice(0, kept))));
  const weights = new Float64Array(set.rank);
  for (let a = 0; a < set.rank; a++) {
    let [at, weight, e] = [0, 1, a * used];
    for (let b = 0; b < kept; b++) {
      let m = 0;
      for (const end = e + sizes[b]!; e < end; e++) {
        m += set.exponents[e]!;
        weight /= factorials[set.exponents[e]!]!;
      }
      weight *= factorials[m]!;
      at += m * strides[b]!;
    }
    weights[a] = weight * c[at]!;
  }
  // Roundings that one product of coefficients passes: B differences, B products and |S| sums on its way to c; on to w_a B
  // products, and for each unit of degree at most one quotient and one rounding in each of the two factorials. `before` is the sum of all absolute values.
  const roundings = degrees.length + 3 * sizes.length + 3 * set.degree + 8;
  const reach = radii.reduce((sum, r) => sum + r, 0);
  const rounding = roundings * unit * before * Math.exp(reach) * (1 + 2 ** -20);
  const error = (found.error + rounding) * (1 + 2 ** -50);
  if (!(error <= tolerance)) return null;
  return { sizes, radii, degrees, used, set, weights, error, absolute: (absolute + roundings * unit * before) * (1 + 2 ** -40) };
}
