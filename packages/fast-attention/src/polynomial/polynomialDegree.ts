import { assertQuestion, taylorDegree, type DegreeQuestion } from './taylorDegree.ts';
import { largestMinimaxHalfWidth, minimaxExp } from './minimaxExp.ts';

/** The least degree on an interval where `minimaxExp` works, or the Taylor degree where it cannot prove a smaller one. */
function shortDegree(question: DegreeQuestion): number {
  const taylor = taylorDegree(question);
  // e^R - 1 > tolerance puts R above tolerance / 2; half-widths that `minimaxExp` refuses have a Taylor degree of at most 1
  // at every tolerance above 2^-41.
  if (question.halfWidth < 2 ** -20) return taylor;
  for (let g = 0; g < Math.min(taylor, 65); g++) {
    if (minimaxExp(question.halfWidth, g).error <= question.tolerance) return g;
  }
  return taylor;
}

/**
 * A degree g at which some polynomial p has $|p(x) / e^x - 1| \le$ tolerance on all of [-R, R], R = halfWidth.
 *
 * R up to 8: the least degree there is, from the best polynomial (`minimaxExp`), unless the tolerance is so small (about
 * $10^{-15} e^{2R} (g + 2)$) that float64 cannot prove it; then `taylorDegree`. R above 8: an upper bound by splitting,
 * $e^x = (e^{x/m})^m$ with $m = \lceil R / 8 \rceil$: if q has relative error $(1 + \mathrm{tolerance})^{1/m} - 1$ on
 * [-R/m, R/m], then $q(x/m)^m$ has relative error at most tolerance, at m times the degree. Never above `taylorDegree`.
 *
 * Paper: the degree in the proof of Theorem 3.2; Aggarwal and Alman (CCC 2022) give its order,
 * $\Theta(\max\lbrace R, \ln(1/\mathrm{tolerance}) / \ln(R^{-1} \ln(1/\mathrm{tolerance}))\rbrace)$.
 *
 * @throws RangeError unless halfWidth lies in [0, 709] and tolerance in (0, 1)
 * @example
 * polynomialDegree({ halfWidth: 1, tolerance: 1e-2 }); // => 3
 * polynomialDegree({ halfWidth: 4, tolerance: 1e-4 }); // => 10
 */
export function polynomialDegree(question: DegreeQuestion): number {
  assertQuestion('polynomialDegree', question);
  const { halfWidth, tolerance } = question;
  const m = Math.max(1, Math.ceil(halfWidth / largestMinimaxHalfWidth));
  if (m === 1) return shortDegree(question);
  // 1 - (1 - e)^m <= (1 + e)^m - 1, so the upper side decides.
  const each = Math.expm1(Math.log1p(tolerance) / m);
  return Math.min(m * shortDegree({ halfWidth: halfWidth / m, tolerance: each }), taylorDegree(question));
}
