import { assertInRange, assertInteger, assertPositive } from '@prompt-limits/core-linalg';

/** What Theorem 2.5 needs to know of the functions to be memorised. */
export interface SufficientPromptLengthOptions {
  /** Width of a token, d >= 1. */
  readonly d: number;
  /** Tokens of the input and of the output, L >= 1. */
  readonly L: number;
  /** Lipschitz constant, value per value: $\|f(X) - f(X')\|_\alpha \le C \|X - X'\|_\alpha$, above 0, at most a quarter of the largest number. */
  readonly C: number;
  /** Approximation error in the norm below, epsilon > 0. */
  readonly epsilon: number;
  /** Index of the entrywise norm $\|X\|_\alpha = (\sum |X_{ij}|^\alpha)^{1/\alpha}$, finite and >= 1. */
  readonly alpha: number;
}

/** A prompt length that is too large to be written as a number. */
export interface SufficientPromptLength {
  /** m = 1 / delta, grid points per entry; exact up to $2^{53}$, Infinity past the largest number. */
  readonly gridPoints: number;
  /** Natural logarithm of the prompt length. */
  readonly ln: number;
  /** Decimal logarithm of the prompt length: its number of digits is about this plus one. */
  readonly log10: number;
  /** The prompt length itself where it has at most 4096 bits, else null. */
  readonly exact: bigint | null;
}

// Past this size digits tell a reader nothing that log10 does not.
const EXACT_BITS = 4096;

/** A finite double as the integer fraction n / 2^k, exactly. */
function dyadic(x: number): { n: bigint; k: bigint } {
  let k = 0n;
  let scaled = x;
  while (!Number.isInteger(scaled)) {
    scaled *= 2; // exact: only the exponent changes
    k++;
  }
  return { n: BigInt(scaled), k };
}

/** Decides 2 (C + 1) (dL)^{1/alpha} <= epsilon m without rounding, by raising both sides to the integer power alpha. */
function gridIsFineEnough({ d, L, C, epsilon, alpha }: SufficientPromptLengthOptions, m: number): boolean {
  const c = dyadic(C);
  const e = dyadic(epsilon);
  const power = BigInt(alpha);
  const left = (2n * (c.n + (1n << c.k)) << e.k) ** power * BigInt(d) * BigInt(L);
  return left <= ((e.n * BigInt(m)) << c.k) ** power;
}

/** The smallest m with (C + 1) (dL)^{1/alpha} / m <= epsilon / 2. */
function gridPoints(options: SufficientPromptLengthOptions): number {
  const { d, L, C, epsilon, alpha } = options;
  const m = Math.max(1, (2 * (C + 1) * (d * L) ** (1 / alpha)) / epsilon);
  if (m >= Number.MAX_SAFE_INTEGER) return m;
  const nearest = Math.max(1, Math.round(m));
  // Five roundings, each of half an ulp, the power's own at most of one: 8 ulp cover them.
  if (Math.abs(m - nearest) > 8 * Number.EPSILON * m) return Math.ceil(m);
  if (Number.isInteger(alpha) && alpha <= 64) return gridIsFineEnough(options, nearest) ? nearest : nearest + 1;
  return nearest + 1; // undecided by rounding: one more is sufficient for certain
}

/**
 * Sufficient prompt length $L_p = L m^{dL}$, where $m = 1/\delta$ is the smallest integer with
 * $(C + 1) \delta (dL)^{1/\alpha} \le \epsilon / 2$.
 *
 * Statement: for d, L, C, epsilon and alpha there is **one specially built** transformer (one attention layer with one
 * head and a large feed-forward part) that, for **every** C-Lipschitz f from $[0,1]^{d \times L}$ to itself, has a
 * prompt of this many tokens with which its last L outputs differ from f by at most epsilon at every grid point, and
 * elsewhere up to the thin ramps of its quantiser. The prompt is the whole table of the quantised f: one block of L
 * columns for each of the $m^{dL}$ quantised inputs. So a dataset that some such f generates is memorised to epsilon.
 *
 * What it does not say: that shorter prompts fail (it is no lower bound, though the paper calls it one), or anything
 * about a given pretrained model, whose prompts can do more with fewer tokens or fail at any length. For a length that
 * is necessary see `countingPromptLength`.
 *
 * Paper: Theorem 2.5 with Lemma 2.3, repaired twice: the output is quantised too, hence C + 1 in place of C
 * (errata row 7), and the length is sufficient, not necessary (errata row 20).
 *
 * @returns the length as logarithms (relative error below 1e-12) and, where short, exactly. A tie within rounding is
 * decided exactly for integer alpha up to 64; for other alpha m may be one larger than needed
 *
 * @throws RangeError if d or L is not an integer >= 1, C or epsilon is not above 0, C is above 4.4e307, or alpha is not in [1, Infinity)
 * @example
 * sufficientPromptLength({ d: 1, L: 2, C: 1, epsilon: 1, alpha: 1 }).exact; // => 128n
 * sufficientPromptLength({ d: 512, L: 45, C: 1, epsilon: 0.1, alpha: 2 }).log10; // => 87169.62
 */
export function sufficientPromptLength(options: SufficientPromptLengthOptions): SufficientPromptLength {
  const { d, L, C, epsilon, alpha } = options;
  assertInteger('sufficientPromptLength', 'd', d, 1);
  assertInteger('sufficientPromptLength', 'L', L, 1);
  assertInteger('sufficientPromptLength', 'd * L', d * L, 1);
  assertPositive('sufficientPromptLength', 'C', C);
  assertInRange('sufficientPromptLength', 'C', C, 0, Number.MAX_VALUE / 4);
  assertPositive('sufficientPromptLength', 'epsilon', epsilon);
  assertInRange('sufficientPromptLength', 'alpha', alpha, 1, Number.MAX_VALUE);
  const m = gridPoints(options);
  // In logarithms nothing overflows, however large m is.
  const lnGrid = Number.isSafeInteger(m) ? Math.log(m) : Math.log(2 * C + 2) + Math.log(d * L) / alpha - Math.log(epsilon);
  const ln = Math.log(L) + d * L * lnGrid;
  const exact = ln / Math.LN2 <= EXACT_BITS && Number.isSafeInteger(m) ? BigInt(L) * BigInt(m) ** BigInt(d * L) : null;
  return { gridPoints: m, ln, log10: ln / Math.LN10, exact };
}
