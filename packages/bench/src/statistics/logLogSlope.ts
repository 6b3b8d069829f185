import { assertLength, assertPositive } from '@prompt-limits/core-linalg';

/** A power law $y = c \cdot n^{slope}$ fitted by least squares on the logarithms. */
export interface PowerLaw {
  /** The exponent. */
  readonly slope: number;
  /** The factor c, in the unit of y. */
  readonly factor: number;
  /** Standard error of the slope; NaN for two points, which leave no residual to estimate it from. */
  readonly standardError: number;
}

/**
 * Slope of $\ln y$ against $\ln n$ by least squares: about 1 for an algorithm of linear time, 2 for a quadratic one.
 *
 * @param n - sizes above 0, at least two, not all equal
 * @param y - times (or any other cost) above 0, one for each size
 * @throws RangeError if there are fewer than two points, all sizes are equal, or a value is not above 0
 * @example
 * logLogSlope([1, 2, 4], [3, 12, 48]).slope; // => 2
 */
export function logLogSlope(n: ArrayLike<number>, y: ArrayLike<number>): PowerLaw {
  assertLength('logLogSlope', 'y', y, n.length, 'the length of n');
  const count = n.length;
  if (count < 2) throw new RangeError(`logLogSlope: n must hold at least two sizes, got ${count}`);
  for (let i = 0; i < count; i++) {
    assertPositive('logLogSlope', `n[${i}]`, n[i]);
    assertPositive('logLogSlope', `y[${i}]`, y[i]);
  }
  const x = Float64Array.from(n, Math.log);
  const t = Float64Array.from(y, Math.log);
  const meanX = x.reduce((a, b) => a + b, 0) / count;
  const meanT = t.reduce((a, b) => a + b, 0) / count;
  let xx = 0;
  let xt = 0;
  for (let i = 0; i < count; i++) {
    xx += (x[i]! - meanX) ** 2;
    xt += (x[i]! - meanX) * (t[i]! - meanT);
  }
  if (x.every((v) => v === x[0])) throw new RangeError(`logLogSlope: n must hold two different sizes, got only ${n[0]}`);
  const slope = xt / xx;
  let residual = 0;
  for (let i = 0; i < count; i++) residual += (t[i]! - meanT - slope * (x[i]! - meanX)) ** 2;
  return { slope, factor: Math.exp(meanT - slope * meanX), standardError: count > 2 ? Math.sqrt(residual / (count - 2) / xx) : NaN };
}
