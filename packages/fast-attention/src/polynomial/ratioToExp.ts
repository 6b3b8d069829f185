import { assertFinite, assertInRange, assertInteger, assertNonEmpty } from '@prompt-limits/core-linalg';
import { expFloat64, type Float64Interval } from '@prompt-limits/core-linalg/intervals';

/** Enclosures of p(x) / e^x on nested intervals about 0; made by `ratioToExp`. */
export interface RatioToExp {
  /** R: the widest interval is [-R, R]. */
  readonly halfWidth: number;
  /** low[k] <= p(x) / e^x where |x| <= R k / steps, k = 0 to steps. Never rises with k. */
  readonly low: Float64Array;
  /** p(x) / e^x <= high[k] where |x| <= R k / steps. Never falls with k. */
  readonly high: Float64Array;
}

/** The largest half-width on which a ratio is enclosed: beyond, float64 holds no digit of p(-R) e^R. */
export const largestRatioHalfWidth = 16;

const unit = 2 ** -53;

/** 1 / k!: k! is exact up to 22, and from there on each factor rounds once. */
const inverseFactorials = ((): Float64Array => {
  const values = new Float64Array(96);
  let factorial = 1;
  for (let k = 0; k < values.length; k++) {
    if (k > 0) factorial *= k;
    values[k] = 1 / factorial;
  }
  return values;
})();

/** Terms of e^{-y} beyond the degree of p: with |y| <= 1/2 they leave 2^-14 / 14! < 1e-15 of p(m + y). */
const extraTerms = 12;

/** p(x) / e^x on [m - h, m + h]: within [low, high]; `curved` is what more cells would save. */
interface Cell {
  readonly low: number;
  readonly high: number;
  readonly curved: number;
  readonly rounding: number;
}

/**
 * Encloses p(x) / e^x on [m - h, m + h], h <= 1/2, from its series about m.
 *
 * With $p(m + y) = \sum_j P_j y^j$ the ratio is $e^{-m} \sum_k s_k y^k$, $s_k = \sum_j P_j (-1)^{k-j} / (k-j)!$. Its linear part is
 * largest at an end of the cell; all other terms are bounded by absolute values.
 */
function cell(c: Float64Array, m: number, h: number): Cell {
  const degree = c.length - 1;
  const P = c.slice();
  for (let j = 0; j < degree; j++) for (let k = degree - 1; k >= j; k--) P[k]! += m * P[k + 1]!;
  const terms = degree + extraTerms;
  let [s0, s1, curved, power] = [0, 0, 0, 1];
  for (let k = 0; k <= terms; k++) {
    let s = 0;
    for (let j = Math.min(k, degree); j >= 0; j--) s += ((k - j) % 2 === 0 ? P[j]! : -P[j]!) * inverseFactorials[k - j]!;
    if (k === 0) s0 = s;
    else if (k === 1) s1 = Math.abs(s) * h;
    else curved += Math.abs(s) * power;
    power *= h;
  }
  // Terms k > K of the product: |P_j| h^j times the rest of e^h behind h^{K-j}, which is below h^{K+1-j} / (K+1-j)! e^h.
  let rest = 0;
  for (let j = 0; j <= degree; j++) rest += Math.abs(P[j]!) * inverseFactorials[terms + 1 - j]!;
  // Each c_i reaches s_k h^k through at most 2 g + 2 roundings of the shift, 1 / (k-j)! (K of its own), a product, g sums, powers of
  // h and the last sums (2 K): below 4 g + 4 K + 16 in all, of sum_i |c_i| (|m| + h)^i e^h, the same sum of absolute values.
  let absolute = 0;
  for (let i = degree; i >= 0; i--) absolute = absolute * (Math.abs(m) + h) + Math.abs(c[i]!);
  const rounding = (4 * degree + 4 * terms + 16) * unit * absolute * 1.65 + rest * power * 1.65 * (1 + 1e-9); // e^{1/2} < 1.65
  const e = expFloat64({ low: -m, high: -m });
  const reach = s1 + curved + rounding;
  const [bottom, top] = [s0 - reach, s0 + reach];
  return {
    low: (bottom > 0 ? bottom * e.low : bottom * e.high) - 4 * unit * Math.abs(bottom) * e.high,
    high: (top > 0 ? top * e.high : top * e.low) + 4 * unit * Math.abs(top) * e.high,
    curved: curved * e.high,
    rounding: rounding * e.high,
  };
}

/**
 * Proven bounds of $p(x) / e^x$ on $[-R t, R t]$ for t = k / steps: what a certificate needs of a polynomial, whatever its origin.
 * The coefficients count as they are, so those rounded to Float32 are judged by what they became.
 *
 * @param coefficients - $c_0, \ldots, c_g$ of $p(x) = \sum_m c_m x^m$, at most 65
 * @param halfWidth - R, from 0 to 16
 * @param steps - number of nested intervals, 16 unless given
 * @returns bounds that hold with all rounding included: an enclosed series on each cell of a subdivision, refined until curvature costs
 * at most half a percent of the error or so. They stop tightening near $10^{-14} e^{2R}$
 *
 * @throws RangeError if there is no coefficient or one is not finite, or an argument is out of range
 * @example
 * const { low, high } = ratioToExp([1, 1, 0.5], 0.5);
 * 1 - low[16]; // => 0.0144
 * high[16] - 1; // => 0.0305
 */
export function ratioToExp(coefficients: ArrayLike<number>, halfWidth: number, steps: number = 16): RatioToExp {
  const fn = 'ratioToExp';
  assertNonEmpty(fn, 'coefficients', coefficients);
  assertInteger(fn, 'coefficients.length', coefficients.length, 1, 65);
  assertFinite(fn, 'coefficients', coefficients);
  assertInRange(fn, 'halfWidth', halfWidth, 0, largestRatioHalfWidth);
  assertInteger(fn, 'steps', steps, 1, 1024);
  const c = Float64Array.from(coefficients);
  // A first look at the size of the error tells how fine the cells have to be.
  let size = 0;
  for (let k = -16; k <= 16; k++) {
    const { low, high, rounding } = cell(c, (halfWidth * k) / 16, 0);
    size = Math.max(size, Math.abs((low + high) / 2 - 1) - rounding);
  }
  const low = new Float64Array(steps + 1);
  const high = new Float64Array(steps + 1);
  const at0 = cell(c, 0, 0);
  [low[0], high[0]] = [at0.low, at0.high];
  for (let k = 1; k <= steps; k++) {
    // Ends are rounded outwards a little, so that neighbouring cells leave no gap.
    const [from, to] = [((halfWidth * (k - 1)) / steps) * (1 - 2 ** -49), ((halfWidth * k) / steps) * (1 + 2 ** -49)];
    let [bottom, top] = [low[k - 1]!, high[k - 1]!];
    const visit = (a: number, b: number, depth: number): void => {
      const [m, h] = [(a + b) / 2, ((b - a) / 2) * (1 + 2 ** -50) + Math.abs(a + b) * unit];
      if (h <= 0.5) {
        const found = cell(c, m, h);
        if (depth === 0 || found.curved <= Math.max(0.004 * size, found.rounding)) {
          bottom = Math.min(bottom, found.low);
          top = Math.max(top, found.high);
          return;
        }
      }
      visit(a, m, depth - 1);
      visit(m, b, depth - 1);
    };
    visit(from, to, 12);
    visit(-to, -from, 12);
    [low[k], high[k]] = [bottom, top];
  }
  return { halfWidth, low, high };
}

/**
 * Bounds of p(x) / e^x on $[-r, r]$, r at most the half-width: those of the smallest nested interval that holds it.
 *
 * @throws RangeError unless r lies in [0, halfWidth]
 * @example
 * const ratio = ratioToExp([1, 1], 1);
 * ratioWithin(ratio, 0.25).low; // => 0.963
 */
export function ratioWithin({ halfWidth, low, high }: RatioToExp, r: number): Float64Interval {
  assertInRange('ratioWithin', 'r', r, 0, halfWidth);
  const steps = low.length - 1;
  // R k / steps rounded may lie below r by an ulp: the cells reach 2^-49 further than R k / steps.
  const k = halfWidth === 0 ? steps : Math.min(steps, Math.ceil((r / halfWidth) * steps * (1 - 2 ** -51)));
  return { low: low[k]!, high: high[k]! };
}
