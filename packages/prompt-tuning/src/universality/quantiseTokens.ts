import { applyFeedForward } from '@prompt-limits/attention';
import { tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { addDyadic, dyadicFromNumber, multiplyDyadic, type Dyadic } from '@prompt-limits/core-linalg/intervals';
import { applyStack, deepQuantiser, quantiserNetwork, type DeepQuantiser, type Quantiser } from '@prompt-limits/ffn-constructions';

/** The feed-forward layers in front of the attention: many narrow ones or a wide one. */
export type FrontQuantiser = ({ readonly form: 'deep' } & DeepQuantiser) | ({ readonly form: 'wide' } & Quantiser);

/** Sizes of the front. */
export interface FrontOptions {
  readonly form: 'deep' | 'wide';
  readonly d: number;
  readonly m: number;
  /** Tokens in all. */
  readonly n: number;
  /** Distance of neighbouring positions. */
  readonly rho: number;
  /** Width of a ramp. */
  readonly theta: number;
}

/** Steps between positions up to here: with 64, compact mode takes a quarter of the bits less, but ramps are 250 times as wide. */
export const LARGEST_STEP = 4;

/** The narrowest ramps that `deepQuantiser` and `quantiserNetwork` take. */
export function leastRamps({ form, m, n, rho }: Pick<FrontOptions, 'form' | 'm' | 'n' | 'rho'>): number {
  const end = rho * n + 1;
  return form === 'deep' ? end * 2 ** -41 : m * n * end * 2 ** -48;
}

/** Ramps as narrow as the front's float64 guarantees allow, with a factor 4 to spare, at most a quarter of a step. */
export function narrowRamps({ m, ...options }: Pick<FrontOptions, 'form' | 'm' | 'n' | 'rho'>): number {
  return Math.min(1 / (4 * m), 2 ** Math.ceil(Math.log2(4 * leastRamps({ m, ...options }))));
}

/** Builds the front. */
export function frontQuantiser({ form, d, m, n, rho, theta }: FrontOptions): FrontQuantiser {
  const options = { m, d, theta, positions: { n, rho } };
  return form === 'deep' ? { form, ...deepQuantiser(options) } : { form, ...quantiserNetwork(options) };
}

/**
 * Positional encoding: token k of Z, at position `first` + k, has $\rho\, (\mathrm{first} + k)$ added to every entry. Entries in (1 - 4 theta, 1] are read as
 * 1 - 4 theta, so that the closed cube is covered: beyond it the value would begin the ramp to the next cell, which at rho = 1 is the next position's.
 */
export function withPositions(z: Tokens, first: number, rho: number, theta: number): Tokens<Float64Array> {
  const result = zeroTokens(z.d, z.n);
  const top = 1 - 4 * theta;
  for (let at = 0; at < result.data.length; at++) result.data[at] = Math.min(z.data[at]!, top) + rho * (first + Math.floor(at / z.d));
  return result;
}

/** Applies the front to positioned tokens. */
export function quantised(front: FrontQuantiser, z: Tokens<Float64Array>): Tokens<Float64Array> {
  return front.form === 'deep' ? applyStack(front.stack, z) : applyFeedForward(front.network, z);
}

/**
 * The codes $m\, u^\top M_j$ of quantised tokens, exactly: a float64 grid point stands for the fraction k/m that it rounds, every other value (on a ramp) for itself.
 */
export function codesOf(points: Float64Array, z: Tokens<Float64Array>, direction: Float64Array, { m, rho, first }: { readonly m: number; readonly rho: number; readonly first: number }): (number | Dyadic)[] {
  return Array.from({ length: z.n }, (_, k) => {
    let whole = 0;
    let rest: Dyadic = { m: 0n, e: 0 };
    const base = (first - 1 + k) * m; // points of this position begin there
    for (let i = 0; i < z.d; i++) {
      const value = z.data[k * z.d + i]!;
      const c = Math.round((value - rho * (first + k)) * m);
      if (c >= 0 && c < m && points[base + c] === value) whole += direction[i]! * (rho * (first + k) * m + c);
      else rest = addDyadic(rest, multiplyDyadic(dyadicFromNumber(value), dyadicFromNumber(m * direction[i]!)));
    }
    return rest.m === 0n ? whole : addDyadic(rest, dyadicFromNumber(whole));
  });
}

/** Tokens of one column. */
export const columnOf = (z: Tokens<Float64Array>, k: number): Tokens<Float64Array> => tokens(z.d, z.data.subarray(k * z.d, (k + 1) * z.d));
