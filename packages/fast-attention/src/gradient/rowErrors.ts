import { outputBound } from '../certificate/outputBound.ts';
import { absoluteSum, type ExpPolynomial } from '../polynomial/expPolynomial.ts';
import { ratioWithin } from '../polynomial/ratioToExp.ts';

/** What is known of p and p' where |x| is at most one of 17 radii: the bounds that a row's own radius needs. */
export interface RatioTable {
  readonly halfWidth: number;
  /** low <= p / e^x <= high and derivativeLow <= p' / e^x <= derivativeHigh. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly derivativeLow: Float64Array;
  readonly derivativeHigh: Float64Array;
  /** sum |c_m| r^m and sum m |c_m| r^{m-1}. */
  readonly absolute: Float64Array;
  readonly derivativeAbsolute: Float64Array;
  /** Places of radii a unit of radius, rounded up. */
  readonly perRadius: number;
}

const steps = 16;

/** c_1, 2 c_2, ..., g c_g. */
export const derivativeOf = ({ coefficients }: Pick<ExpPolynomial, 'coefficients'>): Float64Array => coefficients.subarray(1).map((c, m) => c * (m + 1));

/** The bounds of p and p' at 17 radii. */
export function ratioTable(p: ExpPolynomial): RatioTable {
  const radii = Float64Array.from({ length: steps + 1 }, (_, k) => (k === steps ? p.halfWidth : (p.halfWidth * k) / steps));
  const value = Array.from(radii, (r) => ratioWithin(p.ratio, r));
  const derivative = Array.from(radii, (r) => ratioWithin(p.derivativeRatio, r));
  const inner = { coefficients: derivativeOf(p) };
  return {
    halfWidth: p.halfWidth,
    perRadius: p.halfWidth === 0 ? 0 : (steps / p.halfWidth) * (1 + 2 ** -40),
    low: Float64Array.from(value, (v) => v.low),
    high: Float64Array.from(value, (v) => v.high),
    derivativeLow: Float64Array.from(derivative, (v) => v.low),
    derivativeHigh: Float64Array.from(derivative, (v) => v.high),
    absolute: radii.map((r) => absoluteSum(p, r * (1 + 2 ** -40))),
    derivativeAbsolute: radii.map((r) => absoluteSum(inner, r * (1 + 2 ** -40)) * (1 + 2 ** -50)),
  };
}

/** The place of the first radius that is not below r, r at most the half-width. */
export function radiusIndex({ perRadius }: Pick<RatioTable, 'perRadius'>, r: number): number {
  const k = Math.ceil(r * perRadius);
  return perRadius === 0 || k > steps ? steps : k;
}

/** How the computed weights of a row relate to the softmax, apart from the rounding t of its normaliser; by the row's place in a `RatioTable`. */
export interface RowTable {
  /** With factors 1 - t and 1 + t: $low \le \hat P_{ij} / P_{ij} \le high$, $\hat P_{ij} = \omega_j p'(x_{ij}) / \hat D_i$. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** With t added: f, |hat z - z| as a fraction of the range of V. */
  readonly forward: Float64Array;
}

/** The largest t of which a `RowTable` may be asked. */
export const largestRounding = 0.25;

/**
 * Bounds of the rows of a head. With the exact $A_{ij} = \omega_j e^{x_{ij}}$, $D_i = \sum_j A_{ij}$, and
 * $\tilde D_i = \sum_j \omega_j p(x_{ij})$ in exact arithmetic:
 *
 * 1. $\tilde D_i / D_i$ lies in [l, h], the range of p / e^x on the row, as a mean of such ratios.
 * 2. $\tilde D_i / \hat D_i$ lies in [1 - t, 1 + t], t = (rounding of $\hat D_i$) / $\hat D_i$.
 * 3. Stored inputs change a score by at most mu and so a weight and the normaliser by $e^{\pm\mu}$ each.
 *
 * So $\hat P / P = (p' / e^x) (\tilde D / \hat D) / (\tilde D / D)$ lies in $[l' (1 - t) e^{-2\mu} / h,\; h' (1 + t) e^{2\mu} / l]$, with [l', h']
 * the range of p' / e^x. The output: weights right up to $[l e^{-\mu}, h e^\mu]$ move a mean by `outputBound` of the range; numerator and
 * denominator are rounded by t each, the numerator at most half the range: t in all.
 *
 * Where some weights of a row may be exact (causal chunks), their ratio 1 joins both ranges: `exact`. A place of which nothing can be
 * proven has high = Infinity.
 */
export function rowTable(table: RatioTable, mu: number, exact: boolean): RowTable {
  const made = { low: new Float64Array(steps + 1), high: new Float64Array(steps + 1).fill(Infinity), forward: new Float64Array(steps + 1).fill(Infinity) };
  for (let k = 0; k <= steps; k++) {
    let [l, h, dl, dh] = [table.low[k]!, table.high[k]!, table.derivativeLow[k]!, table.derivativeHigh[k]!];
    if (exact) [l, h, dl, dh] = [Math.min(l, 1), Math.max(h, 1), Math.min(dl, 1), Math.max(dh, 1)];
    if (!(l > 0 && dl > 0 && mu < 0.25)) continue;
    // e^{2 mu} <= 1 + 2 mu / (1 - 2 mu); below 12 roundings in each, those of the factors 1 +- t included.
    made.low[k] = (dl / h) * (1 - 2 * mu) * (1 - 2 ** -49);
    made.high[k] = (dh / l) * (1 + (2 * mu) / (1 - 2 * mu)) * (1 + 2 ** -49);
    made.forward[k] = outputBound(l * (1 - mu), h * (1 + mu / (1 - mu))) * (1 + 2 ** -48);
  }
  return made;
}

/** Errors as fractions of natural units; see `relativeErrors`. */
export interface RelativeErrors {
  /** Of dQ. */
  readonly queries: number;
  /** Of dK. */
  readonly keys: number;
  /** Of dV. */
  readonly values: number;
}

/**
 * What the bounds of one row come to in natural units: dq_i in $|scale| \max_j |k_j - c|_\infty G_i$, and the share of row i in
 * dk_j and dv_j in $|scale|\,P_{ij} G_i (|q_i - q_0|_\infty + |q_0|_\infty)$ and $P_{ij} \max_c |g_{ic}|$, with
 * $G_i = \sum_c |g_{ic}| (\max_j v_{jc} - \min_j v_{jc})$. `sums` is the rounding of sums of features in these units, `stored` that of
 * stored inputs.
 *
 * dq: $\sum_j (\hat P - P) u_{ij} \tilde k_j + (\delta_i - \hat\delta_i) \sum_j \hat P \tilde k_j$, $u_{ij} = g_i \cdot v_j - \delta_i$. Under
 * P_i the mean of u is 0 and its range at most G, so $\sum_j P |u| \le G / 2$; and $|\delta - \hat\delta| \le f G$.
 * dk: the same pair by pair, where only |u| <= G is known.
 */
export function relativeErrors({ low, high, forward }: RowTable, k: number, t: number, sums: number, stored: number): RelativeErrors {
  if (!(t < largestRounding && high[k]! < Infinity)) return { queries: Infinity, keys: Infinity, values: Infinity };
  const r = Math.max(high[k]! * (1 + t) - 1, 1 - low[k]! * (1 - t));
  const f = (forward[k]! + t) * (1 + 2 ** -50);
  const derivative = (1 + r) * f + (sums + stored * (1 + r)) * (1 + 2 * f);
  return { queries: r / 2 + derivative, keys: r + derivative, values: r + sums + stored * (1 + r) };
}
