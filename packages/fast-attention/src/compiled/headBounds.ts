import { monomialRounding, type Kernels, type MonomialSet } from '@prompt-limits/core-linalg';
import type { Certificate, ErrorTerms } from '../certificate/certificate.ts';
import { outputBound } from '../certificate/outputBound.ts';
import { unitRoundoff } from '../certificate/rounding.ts';
import { slack, type PreparedHead } from './compiledHead.ts';

const unit = 2 ** -53;

/** Sums of a few dozen positive float64 terms, rounded up. */
const up = 1 + 2 ** -44;

/** At most this is what (1 + t)-like products of roundings with sum t exceed 1 by. */
export const compounded = (t: number): number => (t < 0.5 ? (t / (1 - t)) * up : Infinity);

/**
 * Errors of one head read by certain kernels, as polynomials in t = |q^|.
 *
 * The prompt's output is $z_c = middle_c + width_c N_c / D$ with $N_c = \sum_j \omega_j e^{x_j} y_{jc}$ and $D = \sum_j \omega_j e^{x_j}$.
 * p in place of e^x moves it by at most range_c outputBound(low, high). Let $\tilde N, \tilde D$ be the sums with p, and $\hat N,
 * \hat D$ what is computed, off by at most $E_c(t)$ and $E_1(t)$: stored moments by `errors`, q^ rounded (relative m (2 u + u_s)) and
 * the sum over a read (`monomialRounding`) by shares of $\sum_m t^m \sigma_{mc}$. Then
 * $|\hat N / \hat D - \tilde N / \tilde D| = |(\hat N - \tilde N) + (\tilde N / \tilde D)(\tilde D - \hat D)| / \hat D \le
 * (E_c + reach_c E_1) / \hat D$, because p > 0 makes $\tilde N / \tilde D$ a mean of the y.
 */
export interface HeadBounds {
  readonly head: PreparedHead;
  /** dv polynomials of degree g, width_c (E_c + reach_c E_1): the part of rounded queries, and the rest. */
  readonly input: readonly Float64Array[];
  readonly sums: readonly Float64Array[];
  /** E_1. */
  readonly ones: Float64Array;
  /** Coefficient by coefficient the largest of (input + sums) / range: one polynomial that bounds every row's. */
  readonly relative: Float64Array;
  /** What the last steps add to each row: mid + width N / D in float64, and the stored result. */
  readonly storage: Float64Array;
  /** The largest storage / range. */
  readonly relativeStorage: number;
  /** Range of each row. */
  readonly range: Float64Array;
  /** What p in place of e^x can move an output by, as a fraction of the range, on each nested interval of the ratio; 0 where no range is above 0. */
  readonly polynomial: Float64Array;
  /** At least |ln p(x) / e^x| there; Infinity where p may vanish. */
  readonly logRatio: Float64Array;
}

/** sum_m c_m t^m of a polynomial with coefficients >= 0, rounded up. */
export function polynomialAt(c: Float64Array, t: number): number {
  let sum = 0;
  for (let m = c.length - 1; m >= 0; m--) sum = sum * t + c[m]!;
  return sum * up;
}

/** The bounds of one head for `kernels`, for outputs stored in their precision. */
export function headBounds(set: MonomialSet, head: PreparedHead, kernels: Kernels): HeadBounds {
  const { errors, norms, sizes, width, reach, low, high, middle, ratio } = head;
  const dv = width.length;
  const columns = dv + 1;
  const single = kernels.precision === 'float32';
  const { read, underflow } = monomialRounding(set, 0, kernels);
  // A difference, a quotient, and storage; what vanishes in storage errs by at most `tiny`.
  const coordinate = 2 * unit + (single ? unitRoundoff(kernels) : 0);
  const tiny = single ? 2 ** -149 : 2 ** -1022;
  const powers = Array.from({ length: set.degree + 1 }, (_, m) => m);
  const inputOf = (c: number): Float64Array => Float64Array.from(powers, (m) =>
    (m === 0 ? 0 : compounded(read + m * coordinate)) * norms[m * columns + c]! + (m === 0 ? 4 * set.degree * tiny * sizes[c]! : 0));
  const sumsOf = (c: number): Float64Array => Float64Array.from(powers, (m) =>
    errors[m * columns + c]! + compounded(read) * norms[m * columns + c]! + (m === 0 ? 4 * underflow * (set.rank + sizes[c]!) : 0));
  const [inputOnes, sumsOnes] = [inputOf(dv), sumsOf(dv)];
  const row = (c: number, own: Float64Array, ones: Float64Array): Float64Array => own.map((e, m) => width[c]! * (e + reach[c]! * ones[m]!) * up);
  const rows = Array.from({ length: dv }, (_, c) => c);
  const input = rows.map((c) => row(c, inputOf(c), inputOnes));
  const sums = rows.map((c) => row(c, sumsOf(c), sumsOnes));
  const range = Float64Array.from(rows, (c) => (high[c]! - low[c]!) * (1 + unit));
  // A quotient, a product and a sum of at most |middle| + 2 reach width; the result is clamped to [low, high], which moves it towards z.
  // A row of equal values is returned as it is.
  const storage = Float64Array.from(rows, (c) => {
    if (range[c] === 0) return single ? Math.abs(Math.fround(low[c]!) - low[c]!) : 0;
    const stored = single ? 2 ** -24 * Math.max(Math.abs(low[c]!), Math.abs(high[c]!)) + 2 ** -149 : 0;
    return 6 * unit * (Math.abs(middle[c]!) + 2 * reach[c]! * width[c]!) + stored;
  });
  const over = (values: (c: number) => number): number => rows.reduce((most, c) => (range[c] === 0 ? most : Math.max(most, (values(c) / range[c]!) * up)), 0);
  return {
    head, input, sums, range, storage,
    ones: inputOnes.map((x, m) => (x + sumsOnes[m]!) * up),
    relative: Float64Array.from(powers, (m) => over((c) => input[c]![m]! + sums[c]![m]!)),
    relativeStorage: over((c) => storage[c]!),
    polynomial: ratio.low.map((lowest, k) => (range.some((r) => r > 0) ? outputBound(lowest, ratio.high[k]!) : 0)),
    logRatio: ratio.low.map((lowest, k) => (lowest > 0 ? (Math.max(Math.log(ratio.high[k]!), -Math.log(lowest), 0) + 8 * unit) * up : Infinity)),
  };
}

/** Number of the smallest nested interval of the ratio that holds all |x| of queries of length t. */
export function intervalOf({ s, ratio }: PreparedHead, t: number): number {
  const steps = ratio.low.length - 1;
  return Math.min(steps, Math.ceil(((Math.abs(s) * t) / ratio.halfWidth) * steps * up));
}

/**
 * At most D^ for every query of length at most t: by Jensen's inequality $\sum \omega_j e^{x_j} \ge (\sum \omega_j) e^{\bar x}$, and the
 * mean score is at least -|s| t drift.
 */
export function leastDenominator({ head, ones }: HeadBounds, t: number): number {
  return head.ratio.low[intervalOf(head, t)]! * head.mass * Math.exp(-Math.abs(head.s) * t * head.drift) * (1 - 16 * unit) - polynomialAt(ones, t);
}

/** Bounds for all queries with |q^| <= t and D^ >= least: of each row, and as fractions of the ranges. No clamped output is off by more than the range. */
export function boundsAt(bounds: HeadBounds, t: number, least: number): { perRow: Float64Array; relative: number; terms: ErrorTerms } {
  const { head, input, sums, relative, storage, relativeStorage, range } = bounds;
  const polynomial = bounds.polynomial[intervalOf(head, t)]!;
  const share = (values: number): number => (least > 0 ? (values / least) * up : values > 0 ? Infinity : 0);
  const most = (list: readonly Float64Array[]): number =>
    list.reduce((largest, p, c) => (range[c] === 0 ? largest : Math.max(largest, (share(polynomialAt(p, t)) / range[c]!) * up)), 0);
  return {
    perRow: range.map((r, c) => Math.min(r, r * polynomial + share(polynomialAt(input[c]!, t) + polynomialAt(sums[c]!, t))) * up + storage[c]!),
    relative: Math.min(1, polynomial + share(polynomialAt(relative, t))) * up + relativeStorage,
    terms: { polynomial, input: most(input), sums: most(sums), storage: relativeStorage },
  };
}

/** At least |ln D^ - ln D~| for a query of length t with denominator D^: the difference is at most E_1 / min(D^, D~). */
export function denominatorError({ ones }: HeadBounds, t: number, denominator: number): number {
  const error = polynomialAt(ones, t);
  return denominator > error ? (error / (denominator - error)) * up : Infinity;
}

/** The certificate of a compiled prompt for every query that it serves. */
export function uniformCertificate(list: readonly HeadBounds[], heads: number, d: number, kernels: Kernels): Certificate {
  const t = slack(d);
  const all = list.map((bounds) => boundsAt(bounds, t, leastDenominator(bounds, t)));
  const perRow = new Float64Array(heads * all[0]!.perRow.length);
  for (let a = 0; a < heads; a++) {
    const own = all[Math.floor((a * all.length) / heads)]!.perRow;
    perRow.set(own, a * own.length);
  }
  const largest = (of: (b: (typeof all)[number]) => number): number => Math.max(...all.map(of));
  const terms: ErrorTerms = {
    polynomial: largest((b) => b.terms.polynomial),
    input: largest((b) => b.terms.input),
    sums: largest((b) => b.terms.sums),
    storage: largest((b) => b.terms.storage),
  };
  const relative = largest((b) => b.relative);
  return {
    kind: 'a-posteriori', bound: perRow.reduce((m, e) => Math.max(m, e), 0), relative, perRow, terms,
    says: [
      `No output of the prompt is off by more than ${relative.toPrecision(3)} of the range of its row of V, for every query within the radius.`,
      `It rests on the keys and values that were folded and on ${kernels.precision} reading by ${kernels.build} kernels; queries are bounded by their distance from the centre alone.`,
    ],
  };
}
