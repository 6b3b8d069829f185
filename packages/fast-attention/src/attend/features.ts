import { monomialSet, type MonomialSet } from '@prompt-limits/core-linalg';
import { expPolynomial, type ExpPolynomial } from '../polynomial/expPolynomial.ts';

/**
 * $w_a = c_{|a|} |a|! / a!$ for each monomial of the set, so that $p(q^\top k) = \sum_a w_a q^a k^a$ if the set holds all monomials of degree
 * at most g. Each is within 4 g + 2 roundings of float64 (below g = 22 only c_m's product and two quotients round).
 */
export function weightsOf({ d, rank, exponents }: MonomialSet, { coefficients }: Pick<ExpPolynomial, 'coefficients'>): Float64Array {
  const weights = new Float64Array(rank);
  for (let a = 0; a < rank; a++) {
    let [degree, count] = [0, 1];
    // |a|! / a! as a product of binomials C(a_1 + ... + a_c, a_c), each built so that every step is a whole number.
    for (let c = 0; c < d; c++) {
      const e = exponents[a * d + c]!;
      for (let i = 1; i <= e; i++) count = (count * (degree + i)) / i;
      degree += e;
    }
    weights[a] = coefficients[degree]! * count;
  }
  return weights;
}

const weights = new WeakMap<MonomialSet, WeakMap<Float64Array, Float64Array>>();

/** `weightsOf`, remembered as long as the set and the coefficients are. */
export function knownWeights(set: MonomialSet, polynomial: Pick<ExpPolynomial, 'coefficients'>): Float64Array {
  let ofSet = weights.get(set);
  if (ofSet === undefined) weights.set(set, (ofSet = new WeakMap()));
  let found = ofSet.get(polynomial.coefficients);
  if (found === undefined) ofSet.set(polynomial.coefficients, (found = weightsOf(set, polynomial)));
  return found;
}

/** What a plan computes with; the same for all heads of one width, half-width and degree. */
export interface Features {
  readonly set: MonomialSet;
  readonly polynomial: ExpPolynomial;
  readonly weights: Float64Array;
}

const polynomials = new Map<string, ExpPolynomial>();
const sets = new Map<string, MonomialSet>();
/** Larger sets are made again rather than kept. */
const keptExponents = 1 << 20;

function remember<T>(cache: Map<string, T>, most: number, key: string, make: () => T, keep: (value: T) => boolean = () => true): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const value = make();
  if (cache.size >= most) cache.clear();
  if (keep(value)) cache.set(key, value);
  return value;
}

/** R rounded up to a multiple of 2^(1/64) (1.1%), so that heads and calls share polynomials; 0 stays 0, and nothing exceeds `most`. */
export function sharedHalfWidth(R: number, most: number): number {
  if (R < 2 ** -30) return R === 0 ? 0 : 2 ** -30;
  return Math.min(Math.max(R, most), Math.max(R, 2 ** (Math.ceil(Math.log2(R) * 64) / 64)));
}

/** `expPolynomial`, remembered. */
export function knownPolynomial(halfWidth: number, degree: number): ExpPolynomial {
  return remember(polynomials, 512, `${halfWidth}:${degree}`, () => expPolynomial(halfWidth, degree));
}

/** `monomialSet`, remembered while small. */
export function knownSet(d: number, degree: number): MonomialSet {
  return remember(sets, 16, `${d}:${degree}`, () => monomialSet(d, degree), (set) => set.exponents.length <= keptExponents);
}
