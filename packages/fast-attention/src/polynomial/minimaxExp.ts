import { assertInRange, assertInteger } from '@prompt-limits/core-linalg';

/** A polynomial for $e^x$ on [-R, R], and how good it is. */
export interface MinimaxExp {
  /** Coefficients $c_0, \ldots, c_g$ of $p(x) = \sum_k c_k T_k(x / R)$ in Chebyshev polynomials. */
  readonly coefficients: Float64Array;
  /** At least $\max |p(x) e^{-x} - 1|$ on [-R, R] for these coefficients, rounding of an evaluation by Clenshaw's rule included. */
  readonly error: number;
  /** No polynomial of this degree has a smaller relative error than this (up to rounding). */
  readonly leastError: number;
}

/** Above this half-width e^{2R} times the rounding of float64 leaves no digits of the error: e^16 2^-53 = 1e-9. */
export const largestMinimaxHalfWidth = 8;

/** sum_k c_k T_k(t) by Clenshaw's rule. */
function chebyshevSum(c: ArrayLike<number>, t: number): number {
  let [b1, b2] = [0, 0];
  for (let k = c.length - 1; k > 0; k--) [b1, b2] = [2 * t * b1 - b2 + c[k]!, b1];
  return t * b1 - b2 + c[0]!;
}

/** Solves A x = b by elimination with row pivoting; overwrites both. */
function solve(A: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let r = i + 1; r < n; r++) if (Math.abs(A[r]![i]!) > Math.abs(A[pivot]![i]!)) pivot = r;
    [A[i], A[pivot], b[i], b[pivot]] = [A[pivot]!, A[i]!, b[pivot]!, b[i]!];
    for (let r = i + 1; r < n; r++) {
      const f = A[r]![i]! / A[i]![i]!;
      for (let c = i; c < n; c++) A[r]![c]! -= f * A[i]![c]!;
      b[r]! -= f * b[i]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = i + 1; c < n; c++) b[i]! -= A[i]![c]! * b[c]!;
    b[i]! /= A[i]![i]!;
  }
  return b;
}

/** The point of [low, high] where a function with one peak there is largest. */
function peak(f: (t: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  // A peak of a smooth function is flat: 20 thirds leave 3e-4 of the bracket, and the square of that in the value.
  for (let step = 0; step < 20; step++) {
    const [left, right] = [a + (b - a) / 3, b - (b - a) / 3];
    if (f(left) < f(right)) a = left;
    else b = right;
  }
  return (a + b) / 2;
}

/** Where |residual| peaks between its sign changes: one point a lobe, in ascending order. */
function extrema(residual: (t: number) => number, degree: number): number[] {
  // 16 points per oscillation, denser towards the ends as the oscillations are.
  const count = 16 * (degree + 2);
  const at = (i: number): number => -Math.cos((Math.PI * i) / count);
  const peaks: number[] = [];
  let sign = 0;
  let best = 0;
  let bestSize = -1;
  const close = (): void => {
    if (sign === 0) return;
    const [low, high] = [at(Math.max(0, best - 1)), at(Math.min(count, best + 1))];
    const inner = peak((t) => sign * residual(t), low, high);
    peaks.push(sign * residual(inner) > bestSize ? inner : at(best));
  };
  for (let i = 0; i <= count; i++) {
    const r = residual(at(i));
    if (r !== 0 && Math.sign(r) !== sign) {
      close();
      sign = Math.sign(r);
      bestSize = -1;
    }
    if (Math.abs(r) > bestSize) [best, bestSize] = [i, Math.abs(r)];
  }
  close();
  return peaks;
}

/**
 * The polynomial of degree g whose relative error for $e^x$ on [-R, R] is least, by the Remez exchange:
 * $\min_p \max_{|x| \le R} |p(x) e^{-x} - 1|$. At the minimum the residual takes its largest size g + 2 times with
 * alternating signs (Chebyshev's alternation; $x^k e^{-x}$ span a Haar space).
 *
 * @param halfWidth - R, from $2^{-20}$ to 8: beyond, float64 holds no digits of the error at -R
 * @param degree - g, an integer from 0 to 64
 * @returns coefficients, an upper bound on their error and a lower bound on that of every polynomial of this degree. The upper
 * bound includes rounding, so it stops falling near $10^{-15} e^{2R} (g + 2)$; it is Infinity where rounding hides the alternation
 *
 * Paper: the low-degree polynomial of Theorem 3.2's proof, with the smallest degree there is.
 *
 * @throws RangeError if an argument is out of range
 * @example
 * const { error, leastError } = minimaxExp(1, 4);
 * error; // => 0.00050304
 * leastError; // => 0.00050304
 */
export function minimaxExp(halfWidth: number, degree: number): MinimaxExp {
  assertInRange('minimaxExp', 'halfWidth', halfWidth, 2 ** -20, largestMinimaxHalfWidth);
  assertInteger('minimaxExp', 'degree', degree, 0, 64);
  let points = Array.from({ length: degree + 2 }, (_, j) => -Math.cos((Math.PI * j) / (degree + 1)));
  let coefficients = new Float64Array(degree + 1);
  let leastError = 0;
  let error = Infinity;
  // The exchange converges quadratically: at half-width 8 it takes at most 8 rounds.
  for (let round = 0; round < 24; round++) {
    const A = points.map((t, j) => {
      const row = Float64Array.from({ length: degree + 2 }, (_, k) => Math.cos(k * Math.acos(t)) * Math.exp(-halfWidth * t));
      row[degree + 1] = j % 2 === 0 ? 1 : -1;
      return row;
    });
    const solution = solve(A, new Float64Array(degree + 2).fill(1));
    // De la Vallee-Poussin: a residual that alternates in size at least E on g + 2 points bounds every polynomial's error below by E.
    const level = Math.abs(solution[degree + 1]!);
    const c = solution.subarray(0, degree + 1);
    const residual = (t: number): number => 1 - chebyshevSum(c, t) * Math.exp(-halfWidth * t);
    const lobes = extrema(residual, degree);
    // The residual's derivative is e^{-x} (p - p'), which has at most g zeros. g + 2 lobes need g of them inside, so each lobe has
    // exactly one peak and `extrema` has found the largest |residual|. Fewer lobes: rounding hides the alternation.
    if (lobes.length !== degree + 2) break;
    const largest = Math.max(...lobes.map((t) => Math.abs(residual(t))));
    leastError = Math.max(leastError, level);
    // Clenshaw errs by at most 4 (g + 1) u sum |c_k|, times e^R at -R; the exponential and the product add a few u.
    const rounding = (4 * (degree + 2) * c.reduce((sum, x) => sum + Math.abs(x), 0) * Math.exp(halfWidth) + 8) * 2 ** -53;
    // 1e-6 covers what the flat top of a peak still hides after the search.
    const bound = largest * (1 + 1e-6) + rounding;
    if (bound < error) [error, coefficients] = [bound, c.slice()];
    if (largest <= level * (1 + 1e-6)) break;
    points = lobes;
  }
  return { coefficients, error, leastError };
}
