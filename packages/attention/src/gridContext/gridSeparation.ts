import { assertInteger } from '@prompt-limits/core-linalg';
import { compare, divide, exp, fromDyadic, fromNumber, log2Size, multiply, sign, subtract, add, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';

/** Precision of the conditions: their margins are far above 2^-100. */
const BITS = 128;

/** The conditions under which context IDs on a grid are separated, as enclosures at one temperature. */
export interface GridSeparation {
  /** Whether all of them are proven: for this lambda and every larger one. */
  readonly proven: boolean;
  /** What is not proven; empty if all is. */
  readonly reasons: readonly string[];
  /** $q = e^{-\lambda R}$. */
  readonly q: Interval;
  /** $\epsilon$: the mean A lies at most this far below the code of the last token. */
  readonly eps: Interval;
  /** $\kappa_0 = D e^{\lambda D} q / (1 - q)$: below 1, distance between positions only helps. */
  readonly kappa0: Interval;
  /** $\mu_1 = \lambda (R - D - \epsilon) - 1 - B_1$: room where the last token is shared. */
  readonly margin: Interval;
  /** $\mu_0 = 1 - B_0$: room where the last tokens differ; null if the last token is the only one read. */
  readonly topMargin: Interval | null;
}

/** What `gridSeparation` looks at. */
export interface GridSeparationOptions {
  /** Distance of the codes of neighbouring positions. */
  readonly R: number;
  /** Largest code of a token without position. */
  readonly D: number;
  /** The inverse temperature $\lambda = \beta a_k$ of a query. */
  readonly lambda: Dyadic;
  /** Whether the query is always the last token, whose code contexts then share; false unless given. */
  readonly onlyLast?: boolean;
}

/**
 * Decides whether attention means over the codes of a grid tell contexts apart, position by position.
 *
 * A context is a vector of codes $a_j = R j + c_j$, $0 \le c_j \le D$, j = 1, ..., n; its mean is
 * $A = \sum_j a_j e^{\lambda a_j} / \sum_j e^{\lambda a_j}$. Let i be the last position where two contexts differ, $a_i > a'_i$. Under
 * $$R > D, \qquad \lambda (R - D) \ge 2, \qquad \mu_1 > 0, \qquad \mu_0 > 0 \text{ (needed for i = n alone)}$$
 * $A > A'$ for i = n and $A < A'$ for i < n, whatever the tokens before i are, and
 * $$|A - A'| \ge \mu\, (1 - q)\, e^{-\lambda (R (n - i) + D)}, \qquad \mu = \mu_0 \text{ for } i = n, \text{ else } \mu_1 .$$
 * So A decides the digits from the last position to the first. Here $q = e^{-\lambda R}$,
 * $\epsilon = e^{\lambda D} (R q / (1 - q)^2 - D q / (1 - q))$ and
 * $B_s = D e^{\lambda D} \big((\lambda (R s + D) - 1)\, q / (1 - q) + \lambda R\, q / (1 - q)^2\big)$.
 *
 * Proof. $a_n - A \le \sum_{t \ge 1} (a_n - a_{n-t}) e^{-\lambda (a_n - a_{n-t})} \le \sum_t (R t - D) e^{-\lambda (R t - D)} = \epsilon$, as $x e^{-\lambda x}$ falls for
 * $\lambda x \ge 1$. With $g(t) = (A' - t) e^{\lambda t}$, $\sum_j g(a'_j) = 0$ and so
 * $(A' - A) \sum_j e^{\lambda a_j} = \sum_j g(a_j) = \sum_{j \le i} (g(a_j) - g(a'_j))$. The derivative is $g' = e^{\lambda t} (\lambda (A' - t) - 1)$.
 *
 * Positions j = i - r < i: $A' - t \le R (n - j) + D$ on $[R j, R j + D]$, so each changes g by at most
 * $D e^{\lambda (R j + D)} (\lambda (R (n - j) + D) - 1)$; all of them together by at most $e^{\lambda R i} B_{n - i}$.
 *
 * i = n: $A' \le a'_n$, so $g' \le -e^{\lambda t}$ on $[a'_n, a_n]$ and $g(a_n) - g(a'_n) \le -e^{\lambda R n}$. The sum is at most $-e^{\lambda R n} \mu_0$.
 *
 * i < n, s = n - i: $A' - t \ge R s - D - \epsilon$ on $[a'_i, a_i]$, so the sum is at least $e^{\lambda R i} \mu_s$ with
 * $\mu_s = \lambda (R s - D - \epsilon) - 1 - B_s$. $\mu_s$ is affine in s with slope $\lambda R (1 - \kappa_0)$, and $\mu_1 > 0$ makes $\kappa_0 < 1$: then
 * $\mu_s \ge \mu_1$. Last, $\sum_j e^{\lambda a_j} \le e^{\lambda (R n + D)} / (1 - q)$.
 *
 * In lambda: $\epsilon$ and, term by term, $B_s$ fall where $\lambda (R - D) \ge 2$, since
 * $(\lambda y - 1) e^{-\lambda x}$ falls for $\lambda x \ge 1 + x / y$. So $\mu_0$ and $\mu_1$ rise, and what is proven at one lambda holds above it.
 *
 * Paper: takes the place of Lemma C.9 for codes of a grid; no $4 \ln n$ between scores is needed.
 *
 * @throws RangeError if R or D is not an integer of at least 1, or lambda is below $2^{-64}$
 * @example
 * const at = (e: number) => gridSeparation({ R: 32, D: 7, lambda: { m: 1n, e } });
 * at(-2).proven; // => true
 * at(-4).reasons; // => ['lambda (R - D) must be at least 2', 'margin must be above 0', 'topMargin must be above 0']
 */
export function gridSeparation({ R, D, lambda, onlyLast = false }: GridSeparationOptions): GridSeparation {
  assertInteger('gridSeparation', 'R', R, 1);
  assertInteger('gridSeparation', 'D', D, 1);
  const l = fromDyadic(lambda);
  const one = fromNumber(1);
  // Far below any use; 1 - q must not round to 0.
  if (lambda.m <= 0n || log2Size(l) < -64) throw new RangeError(`gridSeparation: lambda must be at least 2^-64, got ${lambda.m} 2^${lambda.e}`);
  const [lR, lD] = [multiply(l, fromNumber(R), BITS), multiply(l, fromNumber(D), BITS)];
  const gap = multiply(l, fromNumber(R - D), BITS);
  const reasons: string[] = [];
  if (R <= D) reasons.push('R must be above D');
  if (compare(gap, fromNumber(2)) === 'less') reasons.push('lambda (R - D) must be at least 2');
  const q = exp(negative(lR), BITS);
  const first = divide(one, subtract(one, q, BITS), BITS);
  const second = multiply(first, first, BITS);
  // e^(lambda D) q, by the difference so that nothing overflows.
  const next = exp(negative(gap), BITS);
  const eps = multiply(next, subtract(multiply(fromNumber(R), second, BITS), multiply(fromNumber(D), first, BITS), BITS), BITS);
  const crowd = multiply(fromNumber(D), next, BITS);
  const kappa0 = multiply(crowd, first, BITS);
  const below = (s: number): Interval => {
    const slope = subtract(add(multiply(lR, fromNumber(s), BITS), lD, BITS), one, BITS);
    return multiply(crowd, add(multiply(slope, first, BITS), multiply(lR, second, BITS), BITS), BITS);
  };
  const margin = subtract(subtract(subtract(gap, multiply(l, eps, BITS), BITS), one, BITS), below(1), BITS);
  const topMargin = onlyLast ? null : subtract(one, below(0), BITS);
  if (sign(margin) !== 1) reasons.push('margin must be above 0');
  if (topMargin !== null && sign(topMargin) !== 1) reasons.push('topMargin must be above 0');
  return { proven: reasons.length === 0, reasons, q, eps, kappa0, margin, topMargin };
}

const negative = ({ low, high }: Interval): Interval => ({ low: { m: -high.m, e: high.e }, high: { m: -low.m, e: low.e } });
