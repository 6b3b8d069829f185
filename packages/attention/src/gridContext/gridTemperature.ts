import { dyadicFromNumber, multiplyDyadic, type Dyadic } from '@prompt-limits/core-linalg/intervals';
import { gridCodes, type GridCodes } from './gridCodes.ts';

/** What the search starts from. */
export interface GridSizes {
  readonly d: number;
  readonly m: number;
  readonly n: number;
  /** The last `reads` tokens are read. */
  readonly reads: number;
  /** Largest rho in compact mode. */
  readonly largestStep?: number;
}

/** A step between positions and an inverse temperature; nothing is proven yet. */
export interface GridTemperature {
  readonly codes: GridCodes;
  /** $\lambda = \beta a_k$ for the query with code a_k. */
  readonly beta: Dyadic;
}

/** Codes of the queries lie in [first, last]. */
export const queryRange = ({ R, D, n }: GridCodes, reads: number): { readonly first: number; readonly last: number } => ({ first: R * (n - reads + 1), last: R * n + D });

/** $a\,\beta$ exactly. */
export const temperatureAt = (beta: Dyadic, a: Dyadic | number): Dyadic => multiplyDyadic(beta, typeof a === 'number' ? dyadicFromNumber(a) : a);

// Steps of lemma mode and of paper: 1. Beyond 64 the bits fall by less than 2 percent.
const STEPS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
// A larger step makes values larger and the quantiser in front coarser: it has to pay.
const WORTH = 0.98;

/** The step and temperature with about the fewest bits for which the conditions of `gridSeparation` hold in float64. */
export function compactTemperature({ reads, largestStep = STEPS.at(-1)!, ...sizes }: GridSizes): GridTemperature {
  let best: { codes: GridCodes; lambda: number; bits: number } | undefined;
  // A single token has no context to tell apart.
  for (const rho of sizes.n === 1 ? [1] : STEPS) {
    if (best !== undefined && (rho > largestStep || !fits(sizes, rho))) break;
    const codes = gridCodes({ ...sizes, rho });
    const found = cheapest(codes, reads, leastTemperature(codes, reads));
    if (best === undefined || found.bits < WORTH * best.bits) best = { codes, ...found };
  }
  return { codes: best!.codes, beta: betaFor(best!.codes, reads, best!.lambda) };
}

// Float64 tokens then keep 13 bits below the grid step, and codes stay far below 2^53.
const fits = ({ d, m, n }: Omit<GridSizes, 'reads'>, rho: number): boolean => rho * (n + 1) * m < 2 ** 40 && rho * (n + 1) * m ** d * 2 < 2 ** 50;

/** The paper's step 1, with scores at least 4 ln n apart; more where the conditions of `gridSeparation` ask for more. */
export function lemmaTemperature({ reads, d, m, n }: GridSizes): GridTemperature {
  const codes = gridCodes({ d, m, n });
  // 2^-40 above, so that 4 ln n is exceeded whatever Math.log rounds to.
  const spacing = 4 * Math.log(Math.max(2, n)) * (1 + 2 ** -40);
  const { lambda } = cheapest(codes, reads, Math.max(spacing, leastTemperature(codes, reads)), spacing);
  return { codes, beta: betaFor(codes, reads, lambda) };
}

/** About how many bits the gap at this temperature takes. */
function bitsAt({ R, D, n, m }: GridCodes, reads: number, lambda: number): number {
  const largest = (lambda * (R * n + D)) / (R * (n - reads + 1));
  const room = margins(R, D, lambda);
  const mu = reads === 1 ? room.margin : Math.min(room.margin, room.top);
  return (largest * (R * (n - 1) + D)) / Math.LN2 - Math.log2(mu) + Math.log2(2 * m * (R * n + D));
}

/** Near the least temperature the margin vanishes: look above it, ever closer. A spacing that is large enough is taken as it is. */
function cheapest(codes: GridCodes, reads: number, least: number, spacing: number = 0): { readonly lambda: number; readonly bits: number } {
  const candidates = Array.from({ length: 33 }, (_, k) => least * (1 + 2 ** (-k / 2 - 1)));
  if (least === spacing) candidates.push(least);
  return candidates.map((lambda) => ({ lambda, bits: bitsAt(codes, reads, lambda) })).filter(({ bits }) => Number.isFinite(bits)).reduce((a, b) => (b.bits < a.bits ? b : a));
}

/** The least lambda for which the conditions hold, by bisection: they hold above it. */
function leastTemperature({ R, D }: GridCodes, reads: number): number {
  const holds = (lambda: number): boolean => {
    const { margin, top } = margins(R, D, lambda);
    return margin > 0 && (reads === 1 || top > 0);
  };
  let low = 2 / (R - D);
  if (holds(low)) return low;
  let high = low;
  while (!holds(high)) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** $\mu_1$ and $\mu_0$ of `gridSeparation`, rounded as they may. */
function margins(R: number, D: number, lambda: number): { readonly margin: number; readonly top: number } {
  const first = 1 / -Math.expm1(-lambda * R);
  const next = Math.exp(-lambda * (R - D));
  const eps = next * (R * first * first - D * first);
  const below = (s: number): number => D * next * ((lambda * (R * s + D) - 1) * first + lambda * R * first * first);
  return { margin: lambda * (R - D - eps) - 1 - below(1), top: 1 - below(0) };
}

// A short beta keeps beta m^2 u exact in float64 and costs 2^-20 of the bits.
const BETA_BITS = 20;

/**
 * The least short number beta with $\beta R (n - reads + 1) \ge \lambda$.
 *
 * @internal
 */
export function betaFor(codes: GridCodes, reads: number, lambda: number, fn: string = 'gridContextMapping'): Dyadic {
  const { d, m } = codes;
  const bits = Math.min(BETA_BITS, 53 - Math.ceil((d + 1) * Math.log2(m)));
  if (bits < 8) throw new RangeError(`${fn}: m^(d + 1) must be at most 2^45, so that the weights are exact, got m = ${m}, d = ${d}`);
  const wanted = (lambda / queryRange(codes, reads).first) * (1 + 2 ** -50);
  const e = Math.ceil(Math.log2(wanted)) - bits;
  return dyadicFromNumber(Math.ceil(wanted / 2 ** e) * 2 ** e);
}
