import { assertFinite, assertInRange, assertNonEmpty } from '@prompt-limits/core-linalg';

/**
 * Quantile of a sample with linear interpolation between order statistics: for sorted
 * $x_0 \le \dots \le x_{n-1}$ and $h = p(n-1)$, it is $x_{\lfloor h \rfloor} + (h - \lfloor h \rfloor)(x_{\lfloor h \rfloor + 1} - x_{\lfloor h \rfloor})$
 * (Hyndman and Fan's type 7, the default of R and NumPy).
 *
 * @param values - n >= 1 finite values, any order, not changed
 * @param p - probability, 0 gives the minimum and 1 the maximum
 * @throws RangeError if values is empty or holds NaN or an infinity, or p lies outside [0, 1]
 * @example
 * quantile([4, 1, 3, 2], 0.25); // => 1.75
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  assertNonEmpty('quantile', 'values', values);
  assertFinite('quantile', 'values', values);
  assertInRange('quantile', 'p', p, 0, 1);
  return quantileOfSorted(Float64Array.from(values).sort(), p);
}

/**
 * The median, the quantile at 1/2: the middle value, or the mean of the two middle ones.
 *
 * @throws RangeError if values is empty or holds NaN or an infinity
 * @example
 * median([5, 1, 2]); // => 2
 */
export function median(values: ArrayLike<number>): number {
  assertNonEmpty('median', 'values', values);
  assertFinite('median', 'values', values);
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}

/** The quantile of values that are sorted already, unchecked. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const h = p * (sorted.length - 1);
  const low = Math.floor(h);
  const a = sorted[low]!;
  const b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  // The weighted form cannot overflow where b - a would (values near the ends of the range); rounding may carry it
  // past an end by an ulp, so it is clamped.
  return Math.min(b, Math.max(a, a * (1 - (h - low)) + b * (h - low)));
}
