import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';
import { largestMinimaxHalfWidth, minimaxExp } from './minimaxExp.ts';
import { ratioToExp, ratioWithin, type RatioToExp } from './ratioToExp.ts';

/** A polynomial $p(x) = \sum_m c_m x^m$ in place of $e^x$ on [-R, R], with proven errors. Made by `expPolynomial`. */
export interface ExpPolynomial {
  /** R. */
  readonly halfWidth: number;
  /** g. */
  readonly degree: number;
  /** $c_0, \ldots, c_g$; every error below is of the polynomial with exactly these coefficients. */
  readonly coefficients: Float64Array;
  /** p(x) / e^x is proven to lie in here, on [-R, R] and on 16 nested intervals; `ratioWithin` reads it. p > 0 where low > 0. */
  readonly ratio: RatioToExp;
  /** At least $\max |p(x) / e^x - 1|$ on [-R, R]. */
  readonly error: number;
  /** p'(x) / e^x, as `ratio`: what a gradient needs. At degree 0, where p' = 0, both ends are 0. */
  readonly derivativeRatio: RatioToExp;
  /** At least $\max |p'(x) / e^x - 1|$ on [-R, R]. */
  readonly derivativeError: number;
}

/** Options of `expPolynomial`. */
export interface ExpPolynomialOptions {
  /** Round the coefficients to this precision and judge what they became; 'float64' unless given. */
  readonly precision?: 'float32' | 'float64';
  /**
   * Which error the choice keeps small: 'value' (unless given) takes the best polynomial for $e^x$; 'derivative' compares it with the
   * integral of the best polynomial of degree g - 1 and takes the one whose larger error, p or p', is smaller.
   */
  readonly aim?: 'value' | 'derivative';
}

/** What `expPolynomialFor` is asked. */
export interface ExpPolynomialQuestion extends Pick<ExpPolynomialOptions, 'precision'> {
  /** R, from 0 to 8. */
  readonly halfWidth: number;
  /** The relative error allowed, $|p(x) / e^x - 1|$; above 0 and below 1. */
  readonly tolerance: number;
  /** true: p' has to meet the tolerance as well. */
  readonly derivative?: boolean;
}

const largestDegree = 64;

/** At least max |ratio - 1| on the widest interval. */
function errorOf({ low, high }: RatioToExp): number {
  const last = low.length - 1;
  return Math.max(0, high[last]! - 1, 1 - low[last]!) * (1 + 2 ** -52);
}

/** sum_k c_k T_k(x / R) in powers of x: T_{k+1} = 2 (x / R) T_k - T_{k-1}. */
function toPowers(chebyshev: Float64Array, R: number): Float64Array {
  const n = chebyshev.length;
  const powers = new Float64Array(n);
  let previous = new Float64Array(n);
  let current = new Float64Array(n);
  current[0] = 1;
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) powers[i]! += chebyshev[k]! * current[i]!;
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++) next[i] = (i === 0 ? 0 : ((k === 0 ? 1 : 2) * current[i - 1]!) / R) - previous[i]!;
    [previous, current] = [current, next];
  }
  return powers;
}

function taylor(degree: number): Float64Array {
  const c = new Float64Array(degree + 1).fill(1);
  for (let k = 1; k <= degree; k++) c[k] = c[k - 1]! / k;
  return c;
}

/** Coefficients of the best polynomial, or of Taylor's where there is no interval or rounding hides the best. */
function best(R: number, degree: number): Float64Array {
  if (R < 2 ** -20) return taylor(degree);
  const { coefficients, error, leastError } = minimaxExp(R, degree);
  if (error > 2 * leastError) {
    const candidates = [taylor(degree), ...(Number.isFinite(error) ? [toPowers(coefficients, R)] : [])];
    const errors = candidates.map((c) => errorOf(ratioToExp(c, R, 1)));
    return candidates[errors.indexOf(Math.min(...errors))]!;
  }
  return toPowers(coefficients, R);
}

/** The integral of the best polynomial of one degree less, with the constant that makes it best for e^x. */
function integral(R: number, degree: number): Float64Array {
  const inner = best(R, degree - 1);
  const c = new Float64Array(degree + 1);
  for (let k = 1; k <= degree; k++) c[k] = inner[k - 1]! / k;
  // The residual (P(x) + c_0) e^{-x} - 1 is linear in c_0 at every x, so its largest size is convex in c_0.
  const points = Float64Array.from({ length: 8 * degree + 9 }, (_, i) => -R * Math.cos((Math.PI * i) / (8 * degree + 8)));
  const decay = points.map((x) => Math.exp(-x));
  const value = points.map((x) => c.reduceRight((sum, a) => sum * x + a, 0));
  const size = (c0: number): number => points.reduce((most, _, i) => Math.max(most, Math.abs((value[i]! + c0) * decay[i]! - 1)), 0);
  let [low, high] = [0, 2];
  for (let step = 0; step < 90; step++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (size(a) < size(b)) high = b;
    else low = a;
  }
  c[0] = (low + high) / 2;
  return c;
}

const derivativeOf = (c: Float64Array): Float64Array => (c.length === 1 ? new Float64Array(1) : c.subarray(1).map((a, k) => a * (k + 1)));

/** c_m (m = 1 to g) times m rounds by half an ulp, and a coefficient off by 2^-53 c_m m moves p' / e^x by at most this. */
function derivativeRounding(c: Float64Array, R: number): number {
  let sum = 0;
  for (let k = c.length - 1; k > 0; k--) sum = sum * R + Math.abs(c[k]!) * k;
  return sum * Math.exp(R) * 2 ** -52;
}

function judged(c: Float64Array, halfWidth: number, precision: 'float32' | 'float64'): ExpPolynomial {
  const coefficients = precision === 'float32' ? Float64Array.from(Float32Array.from(c)) : c;
  const ratio = ratioToExp(coefficients, halfWidth);
  const enclosed = ratioToExp(derivativeOf(coefficients), halfWidth);
  const rounding = derivativeRounding(coefficients, halfWidth);
  const derivativeRatio = { halfWidth, low: enclosed.low.map((x) => x - rounding), high: enclosed.high.map((x) => x + rounding) };
  return {
    halfWidth, degree: c.length - 1, coefficients, ratio, error: errorOf(ratio),
    derivativeRatio, derivativeError: errorOf(derivativeRatio),
  };
}

/**
 * A polynomial of degree g for $e^x$ on [-R, R] in powers of x, with proven relative errors of its value and of its derivative.
 * The coefficients are those of `minimaxExp` (Taylor's where R is below $2^{-20}$ or rounding hides the best); what is proven is
 * proven about them as they are (`ratioToExp`), not about the method that found them.
 *
 * @param halfWidth - R, from 0 to 8
 * @param degree - g, an integer from 0 to 64
 * @returns p with enclosures of p / e^x and p' / e^x. The errors include all rounding; where the best error is well above
 * $10^{-14} e^{2R}$ they exceed it by about a percent or less
 *
 * Paper: the polynomial in the proof of Theorem 3.2; the one of p' serves the gradient.
 *
 * @throws RangeError if an argument is out of range
 * @example
 * const { coefficients, error, derivativeError } = expPolynomial(0.5, 3);
 * error; // => 0.00032
 * derivativeError; // => 0.012
 * coefficients.length; // => 4
 */
export function expPolynomial(halfWidth: number, degree: number, { precision = 'float64', aim = 'value' }: ExpPolynomialOptions = {}): ExpPolynomial {
  assertInRange('expPolynomial', 'halfWidth', halfWidth, 0, largestMinimaxHalfWidth);
  assertInteger('expPolynomial', 'degree', degree, 0, largestDegree);
  const value = judged(best(halfWidth, degree), halfWidth, precision);
  if (aim === 'value' || degree === 0) return value;
  const other = judged(integral(halfWidth, degree), halfWidth, precision);
  const worse = (p: ExpPolynomial): number => Math.max(p.error, p.derivativeError);
  return worse(other) < worse(value) ? other : value;
}

/**
 * The polynomial of least degree that `expPolynomial` proves to meet a tolerance.
 *
 * @param question - R, the tolerance, and whether the derivative has to meet it too (which takes about one degree more)
 * @returns the polynomial, or null if float64 can prove none: the tolerance is below about $10^{-14} e^{2R}$
 *
 * @throws RangeError if an argument is out of range
 * @example
 * expPolynomialFor({ halfWidth: 1, tolerance: 1e-3 })?.degree; // => 4
 * expPolynomialFor({ halfWidth: 1, tolerance: 1e-3, derivative: true })?.degree; // => 5
 * expPolynomialFor({ halfWidth: 8, tolerance: 1e-12 }); // => null
 */
export function expPolynomialFor(question: ExpPolynomialQuestion): ExpPolynomial | null {
  const { halfWidth, tolerance, derivative = false, precision = 'float64' } = question;
  assertInRange('expPolynomialFor', 'halfWidth', halfWidth, 0, largestMinimaxHalfWidth);
  assertInRange('expPolynomialFor', 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  let last = Infinity;
  for (let degree = derivative ? 1 : 0; degree <= largestDegree; degree++) {
    const p = expPolynomial(halfWidth, degree, { precision, aim: derivative ? 'derivative' : 'value' });
    const error = Math.max(p.error, derivative ? p.derivativeError : 0);
    if (error <= tolerance) return p;
    // The error falls with the degree until rounding stops it, and then no later degree does better.
    if (error > last / 2 && error < 1e-3) return null;
    last = error;
  }
  return null;
}

/**
 * Bounds on p(x) / e^x where |x| <= r <= R.
 *
 * @internal
 */
export function valueRatio(p: ExpPolynomial, r: number): { low: number; high: number } {
  return ratioWithin(p.ratio, Math.min(r, p.halfWidth));
}

/**
 * sum |c_m| r^m, rounded up: at least |p| and every sum of absolute terms of p where |x| <= r.
 *
 * @internal
 */
export function absoluteSum({ coefficients }: Pick<ExpPolynomial, 'coefficients'>, r: number): number {
  let sum = 0;
  for (let m = coefficients.length - 1; m >= 0; m--) sum = sum * r + Math.abs(coefficients[m]!);
  return sum * (1 + 2 ** -44);
}
