import { assertInteger, describe } from '../checks/checks.ts';

/**
 * A finite set of monomials $y^a = \prod_c y_c^{a_c}$ in d variables that holds with each monomial all its divisors, in the
 * order in which kernels compute them: each is one earlier monomial times one variable. Made by `monomialSet` and
 * `monomialSetOf`; ordered by degree, and within a degree by the last exponent in which two of them differ.
 */
export interface MonomialSet {
  /** Variables, >= 1. */
  readonly d: number;
  /** Monomials, >= 1; the first is the constant 1. */
  readonly rank: number;
  /** Largest degree |a| = sum of a_c. */
  readonly degree: number;
  /** The exponents of monomial i: d values from i * d. */
  readonly exponents: Uint8Array;
  /**
   * Four integers a run, (v, p, l, o): monomial o + i is monomial p + i times variable v, for 0 <= i < l. The runs
   * follow each other without a gap from monomial 1 on, and each lies within one degree.
   */
  readonly runs: Int32Array;
}

/** Kernels read runs without looking at them, so only sets from here may reach them. */
const made = new WeakSet<object>();

/** Most exponents in one set: 1 GiB. */
const maxExponents = 2 ** 30;

/** The largest exponent that fits into a byte. */
const maxExponent = 255;

/** Passes a set that `monomialSet` or `monomialSetOf` made. */
export function assertMonomialSet(fn: string, name: string, set: unknown): asserts set is MonomialSet {
  if (typeof set !== 'object' || set === null || !made.has(set)) {
    throw new TypeError(`${fn}: ${name} must be a set made by monomialSet or monomialSetOf, got ${describe(set)}`);
  }
}

function register(set: MonomialSet): MonomialSet {
  made.add(set);
  return Object.freeze(set);
}

/**
 * All monomials of degree at most g in d variables, $\binom{d + g}{g}$ of them: the features of a polynomial of degree g of
 * a scalar product, $(q^\top k)^m = \sum_{|a| = m} \frac{m!}{a!}\,q^a k^a$.
 *
 * @param d - variables, an integer >= 1
 * @param g - degree, an integer from 0 to 255
 *
 * Paper: the features behind Theorem 3.2 ("almost linear time"), each once.
 *
 * @throws RangeError if d < 1, g is not in 0..255, either is not an integer, or the exponents would exceed $2^{30}$
 * @example
 * const { rank, exponents } = monomialSet(2, 2);
 * rank; // => 6
 * Array.from(exponents).join(''); // => '001001201102'
 */
export function monomialSet(d: number, g: number): MonomialSet {
  assertInteger('monomialSet', 'd', d, 1);
  assertInteger('monomialSet', 'g', g, 0, maxExponent);
  let rank = 1;
  // C(d + i, i) = C(d + i - 1, i - 1) (d + i) / i; products stay below 2^53 as long as the rank is below the limit.
  for (let i = 1; i <= g && rank * d <= maxExponents; i++) rank = (rank * (d + i)) / i;
  if (rank * d > maxExponents) {
    throw new RangeError(`monomialSet: C(d + g, g) d must be at most ${maxExponents} exponents, got d = ${d}, g = ${g}`);
  }
  const exponents = new Uint8Array(rank * d);
  const runs: number[] = [];
  let next = 1;
  let before = 0;
  // ends[v]: where the monomials of the degree before that use no variable beyond v end. Those of this degree whose
  // last variable is v are all of them times v, so they are one run.
  let ends = Array.from({ length: d }, () => 1);
  for (let degree = 1; degree <= g; degree++) {
    const first = next;
    ends = ends.map((end, v) => {
      runs.push(v, before, end - before, next);
      for (let parent = before; parent < end; parent++, next++) {
        exponents.copyWithin(next * d, parent * d, (parent + 1) * d);
        exponents[next * d + v]!++;
      }
      return next;
    });
    before = first;
  }
  return register({ d, rank, degree: g, exponents, runs: Int32Array.from(runs) });
}

/**
 * The monomials with the given exponents, which must hold with each monomial all its divisors.
 *
 * @param d - variables, an integer >= 1
 * @param exponents - rank x d integers from 0 to 255, monomial after monomial in any order
 * @returns the set in its own order: `exponents` of the result says which monomial is where
 *
 * @throws RangeError if d < 1, the exponents are no whole number of monomials, none, no integers from 0 to 255, one monomial
 * comes twice, or a divisor is missing (the message names it)
 * @example
 * // 1, x, y, xy: degree 1 in each variable
 * Array.from(monomialSetOf(2, [1, 1, 0, 0, 0, 1, 1, 0]).exponents).join(''); // => '00100111'
 * @example
 * monomialSetOf(2, [0, 0, 0, 2]); // throws RangeError: monomialSetOf: exponents must hold every divisor, got (0, 2) without (0, 1)
 */
export function monomialSetOf(d: number, exponents: ArrayLike<number>): MonomialSet {
  assertInteger('monomialSetOf', 'd', d, 1);
  if (typeof exponents !== 'object' || typeof (exponents as ArrayLike<number> | null)?.length !== 'number') {
    throw new TypeError(`monomialSetOf: exponents must be an array, got ${describe(exponents)}`);
  }
  const rank = exponents.length / d;
  if (!Number.isInteger(rank) || rank === 0) {
    throw new RangeError(`monomialSetOf: exponents must hold d = ${d} values for each of at least one monomial, got ${exponents.length}`);
  }
  const given = new Uint8Array(rank * d);
  const degrees = new Uint32Array(rank);
  for (let at = 0; at < given.length; at++) {
    const exponent = exponents[at]!;
    // The name of the value is put together only where it is told.
    if (!(exponent >= 0 && exponent <= maxExponent && Number.isInteger(exponent))) assertInteger('monomialSetOf', `exponents[${at}]`, exponent, 0, maxExponent);
    given[at] = exponent;
    degrees[Math.floor(at / d)]! += exponent;
  }
  const order = Uint32Array.from(degrees, (_, i) => i).sort((a, b) => degrees[a]! - degrees[b]! || byLastDifference(d, given, a, given, b));
  const sorted = new Uint8Array(rank * d);
  order.forEach((from, to) => sorted.set(given.subarray(from * d, (from + 1) * d), to * d));
  const degreeAt = (o: number): number => degrees[order[o]!]!;

  const name = (row: ArrayLike<number>): string => `(${Array.from(row).join(', ')})`;
  const runs: number[] = [];
  const divisor = new Uint8Array(d);
  /** Where `divisor` is among the monomials before o, or -1. */
  const place = (o: number): number => {
    const degree = degreeAt(o) - 1;
    let [low, high] = [0, o - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const side = degreeAt(middle) - degree || byLastDifference(d, sorted, middle, divisor, 0);
      if (side === 0) return middle;
      if (side < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  };
  for (let o = 0; o < rank; o++) {
    const row = sorted.subarray(o * d, (o + 1) * d);
    if (o > 0 && degreeAt(o) === degreeAt(o - 1) && byLastDifference(d, sorted, o, sorted, o - 1) === 0) {
      throw new RangeError(`monomialSetOf: exponents must name each monomial once, got ${name(row)} twice`);
    }
    let parent = 0;
    let variable = 0;
    divisor.set(row);
    for (let v = 0; v < d; v++) {
      if (row[v] === 0) continue;
      divisor[v]!--;
      const found = place(o);
      if (found < 0) throw new RangeError(`monomialSetOf: exponents must hold every divisor, got ${name(row)} without ${name(divisor)}`);
      divisor[v]!++;
      [parent, variable] = [found, v];
    }
    if (o === 0) continue; // the first has no divisor missing only if it is the constant
    const at = runs.length - 4;
    const follows = at >= 0 && runs[at] === variable && parent === runs[at + 1]! + runs[at + 2]! && degreeAt(o) === degreeAt(o - 1);
    if (follows) runs[at + 2]!++;
    else runs.push(variable, parent, 1, o);
  }
  return register({ d, rank, degree: degreeAt(rank - 1), exponents: sorted, runs: Int32Array.from(runs) });
}

/** Compares the last exponents in which monomial i of a and monomial j of b differ. */
function byLastDifference(d: number, a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  let c = d - 1;
  while (c > 0 && a[i * d + c] === b[j * d + c]) c--;
  return a[i * d + c]! - b[j * d + c]!;
}
