import { assertInRange } from '@prompt-limits/core-linalg';

/** An interval of scores and the relative error allowed on it. */
export interface DegreeQuestion {
  /** R: the polynomial is to replace e^x on [-R, R]; from 0 to 709. */
  readonly halfWidth: number;
  /** The relative error allowed, |p(x) / e^x - 1|; above 0 and below 1. */
  readonly tolerance: number;
}

/** The largest half-width of which a degree is told: e^709 is the last power of e with a whole exponent that a float64 holds. */
export const largestHalfWidth = 709;

/** Throws unless the question is in range. */
export function assertQuestion(fn: string, { halfWidth, tolerance }: DegreeQuestion): void {
  assertInRange(fn, 'halfWidth', halfWidth, 0, largestHalfWidth);
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
}

/**
 * The relative error of the Taylor polynomial $T_g(x) = \sum_{k \le g} x^k / k!$ on [-R, R], exactly
 * $\max_{|x| \le R} |T_g(x) e^{-x} - 1| = \frac{1}{g!} \int_0^R t^g e^t\,dt$.
 */
export function taylorError(halfWidth: number, degree: number): number {
  // The derivative of T_g(x) e^{-x} is -x^g e^{-x} / g!, so the error at x is the integral of t^g e^{-t} / g! from 0 to x;
  // in absolute value it is largest at -R. Expanding e^t gives R^{g+1} / (g+1)! sum_m R^m (g+1) / (m! (g+1+m)): all terms
  // are positive, so nothing cancels.
  let factor = 1;
  for (let k = 1; k <= degree + 1; k++) factor *= halfWidth / k;
  let sum = 0;
  let power = 1;
  for (let m = 0; m <= halfWidth || power > sum * 2 ** -60; m++) {
    sum += (power * (degree + 1)) / (degree + 1 + m);
    power *= halfWidth / (m + 1);
  }
  return factor * sum;
}

/**
 * The least degree g at which the Taylor polynomial of $e^x$ about 0 has relative error at most `tolerance` where
 * $|x| \le R$, R = halfWidth: $\frac{1}{g!} \int_0^R t^g e^t\,dt \le$ tolerance, an equality for the error, not a bound.
 *
 * @returns the least such degree, decided in float64: a tolerance within $10^{-12}$ relative of an error may fall either way
 *
 * @throws RangeError unless halfWidth lies in [0, 709] and tolerance in (0, 1)
 * @example
 * taylorDegree({ halfWidth: 1, tolerance: 1e-2 }); // => 5
 */
export function taylorDegree(question: DegreeQuestion): number {
  assertQuestion('taylorDegree', question);
  const { halfWidth, tolerance } = question;
  // Below g + 1 = R the error exceeds (g+1)^{g+1} / (g+1)! >= 1 (drop e^t and all t above g + 1), and from there on it falls
  // with g (the integrand is multiplied by t / (g + 1) <= 1): the first degree that fits is the least, and all later ones fit.
  let degree = Math.max(0, Math.floor(halfWidth) - 1);
  while (taylorError(halfWidth, degree) > tolerance) degree++;
  return degree;
}
