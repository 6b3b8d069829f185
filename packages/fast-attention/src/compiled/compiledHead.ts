import type { MonomialSet } from '@prompt-limits/core-linalg';
import { ratioToExp, type RatioToExp } from '../polynomial/ratioToExp.ts';

/** The prompt of one key head, folded: what a compiled prompt computes with, and what its file holds. */
export interface CompiledHead {
  /** q0, d values: queries are taken relative to it. */
  readonly queryCentre: Float64Array;
  /** rho > 0: queries with |q - q0| at most this are served. */
  readonly queryRadius: number;
  /** c, d values: keys are taken relative to it. */
  readonly keyCentre: Float64Array;
  /** r: every key has |k - c| at most this. 0 where all keys equal c. */
  readonly keyRadius: number;
  /** What is subtracted from scale q0 . (k - c) before it is exponentiated. */
  readonly shift: number;
  /** Subtracted from each row of V, dv values. */
  readonly middle: Float64Array;
  /** What each row of V is divided by after that; 0 for a row of equal values. */
  readonly width: Float64Array;
  /** Smallest value of each row of V. */
  readonly low: Float64Array;
  /** Largest value of each row of V. */
  readonly high: Float64Array;
  /** $c_0, \ldots, c_g$ of the polynomial p in place of e^x. */
  readonly coefficients: Float64Array;
  /** $S_{ac} = c_m s^m \frac{m!}{a!} \sum_j \omega_j \hat k_j^a y_{jc}$, m = |a|: rank x (dv + 1), the last column for y = 1. */
  readonly state: Float32Array;
  /** (g + 1) x (dv + 1) bounds: $\sum_{|a| = m} |\hat q^a|$ times the error of $S_{ac}$ is at most $|\hat q|^m$ `errors`_mc. */
  readonly errors: Float64Array;
}

/** A head with what follows from it. */
export interface PreparedHead extends CompiledHead {
  /** s = scale queryRadius keyRadius: scores relative to both centres are s q^ . k^ with |q^|, |k^| at most 1 (and `slack`). 0 where negligible. */
  readonly s: number;
  /** Bounds of p(x) / e^x, |x| <= |s|. */
  readonly ratio: RatioToExp;
  /**
   * (g + 1) x (dv + 1): $\sigma_{mc} = \left(\sum_{|a| = m} \frac{a!}{m!} S_{ac}^2\right)^{1/2}$, so that by Cauchy-Schwarz
   * $\sum_{|a| = m} |\hat q^a S_{ac}| \le |\hat q|^m \sigma_{mc}$, because $\sum_{|a| = m} \frac{m!}{a!} \hat q^{2a} = |\hat q|^{2m}$.
   */
  readonly norms: Float64Array;
  /** sum_a |S_ac| for each column. */
  readonly sizes: Float64Array;
  /** At most $\sum_j \omega_j$. */
  readonly mass: number;
  /** At least the length of the mean of the k^ with weights omega. */
  readonly drift: number;
  /** (max |v - middle|) / width of each row of V; 0 where the width is. */
  readonly reach: Float64Array;
}

const unit = 2 ** -53;

/** Below this the scores relative to the centres do not count: the polynomial is the constant 1, and no power of s is taken. */
export const smallestScore: number = 2 ** -200;

/** s as every part of the library computes it. */
export function scoreFactor(scale: number, { queryRadius, keyRadius }: Pick<CompiledHead, 'queryRadius' | 'keyRadius'>): number {
  const s = scale * queryRadius * keyRadius;
  return Math.abs(s) < smallestScore ? 0 : s;
}

/** Distances are computed, rounded up, with at most 2 d + 20 roundings: what lies within a radius is at most this many radii away. */
export const slack = (d: number): number => 1 + (2 * d + 24) * unit;

/** R: no |scale (q - q0) . (k - c)| exceeds it where both lie within their radii; the product of three has two roundings. */
export function scoreHalfWidth(scale: number, d: number, radii: Pick<CompiledHead, 'queryRadius' | 'keyRadius'>): number {
  return Math.max(smallestScore, Math.abs(scoreFactor(scale, radii)) * (1 + (4 * d + 64) * unit));
}

/** m! / a! for every monomial, a product of at most 2 g + 1 roundings (exact below 2^53). */
export function multinomials({ d, rank, exponents }: MonomialSet): Float64Array {
  return Float64Array.from({ length: rank }, (_, i) => {
    let value = 1;
    let m = 0;
    for (let c = 0; c < d; c++) for (let e = 1; e <= exponents[i * d + c]!; e++) value = (value * ++m) / e;
    return value;
  });
}

/** |a| for every monomial. */
export function degrees({ d, rank, exponents }: MonomialSet): Uint8Array {
  return Uint8Array.from({ length: rank }, (_, i) => exponents.subarray(i * d, (i + 1) * d).reduce((sum, e) => sum + e, 0));
}

/** Enclosures are costly next to an append; heads that share coefficients share them. */
const ratios = new WeakMap<Float64Array, RatioToExp>();

function ratioOf(coefficients: Float64Array, halfWidth: number): RatioToExp {
  const known = ratios.get(coefficients);
  if (known?.halfWidth === halfWidth) return known;
  const ratio = ratioToExp(coefficients, halfWidth);
  ratios.set(coefficients, ratio);
  return ratio;
}

/** sigma of every degree and column, rounded up. */
export function stateNorms(set: MonomialSet, columns: number, state: Float32Array): Float64Array {
  const counts = multinomials(set);
  const degree = degrees(set);
  const norms = new Float64Array((set.degree + 1) * columns);
  for (let a = 0; a < set.rank; a++) {
    for (let c = 0; c < columns; c++) norms[degree[a]! * columns + c]! += state[a * columns + c]! ** 2 / counts[a]!;
  }
  // Squares of float32 neither overflow nor vanish in float64; rank + 2 g + 4 roundings of positive terms, then the root.
  return norms.map((x) => Math.sqrt(x) * (1 + (set.rank + 2 * set.degree + 8) * unit));
}

/** Everything that a certificate needs of a head, from the head alone: a loaded state is judged by what it holds. */
export function prepareHead(set: MonomialSet, scale: number, head: CompiledHead): PreparedHead {
  const { coefficients, state, errors, middle, width, low, high } = head;
  const columns = middle.length + 1;
  const ones = columns - 1;
  const s = scoreFactor(scale, head);
  const norms = stateNorms(set, columns, state);
  const sizes = new Float64Array(columns);
  for (let i = 0; i < state.length; i++) sizes[i % columns]! += Math.abs(state[i]!);
  // S_0 = c_0 sum omega, so the sum is at least (S_0 - its error) / c_0; two roundings.
  const mass = Math.max(0, ((state[ones]! - errors[ones]!) / coefficients[0]!) * (1 - 4 * unit));
  // The first moments are c_1 s sum omega k^; no mean is longer than the longest.
  const first = Math.abs((coefficients[1] ?? 0) * s);
  const known = first > 0 && mass > 0 ? ((norms[columns + ones]! + errors[columns + ones]!) / first / mass) * (1 + 16 * unit) : Infinity;
  return {
    ...head,
    s,
    ratio: ratioOf(coefficients, scoreHalfWidth(scale, set.d, head)),
    norms,
    sizes: sizes.map((x) => x * (1 + set.rank * unit)),
    mass,
    drift: Math.min(known, slack(set.d)),
    reach: width.map((w, c) => (w === 0 ? 0 : (Math.max(high[c]! - middle[c]!, middle[c]! - low[c]!) / w) * (1 + 4 * unit))),
  };
}
