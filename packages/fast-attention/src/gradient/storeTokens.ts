import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { leastStored, type HeadGradient, type HeadRows } from './headRows.ts';

/** Adds factor_t x_t to tokens `from` on, x_t being `stride` values apart; the largest entries of the sums, to which their rounding is relative. */
function add(kernels: Kernels, { data }: HeadRows, width: number, from: number, x: FloatArray, stride: number, factor: Float64Array): Float64Array {
  const largest = new Float64Array(factor.length);
  kernels.addTokens(factor.length, width, stride, x, factor, width, data.subarray(from * width, (from + factor.length) * width), largest);
  return largest;
}

/** Adds factor_t x_t to rows `from` on, x_t being `stride` values apart, and the rounding of the sums as stored to their bounds. */
export function storeRows(kernels: Kernels, rows: HeadRows, width: number, from: number, x: FloatArray, stride: number, factor: Float64Array, unit: number): void {
  const largest = add(kernels, rows, width, from, x, stride, factor);
  // Rounded when stored, twice more in float64; 2^-149 where it underflows.
  const [u, least] = [unit + 2 ** -51, leastStored(unit)];
  for (let t = 0; t < largest.length; t++) rows.bounds[from + t]! += largest[t]! * u + least;
}

/** What `storeKeys` makes the gradient of a block of keys from. */
export interface KeySums {
  readonly count: number;
  readonly from: number;
  readonly d: number;
  readonly dv: number;
  /** Read: sums of p' g (dv), of -p' delta, and of the factors of both bounds. */
  readonly sums: FloatArray;
  /** Centred values and a 1. */
  readonly y: FloatArray;
  readonly dx: FloatArray;
  /** null if the query centre is 0: all are 1 then. */
  readonly omega: Float64Array | null;
  /** scale q_0 */
  readonly slope: Float64Array;
  readonly factors: { readonly value: number; readonly key: number; readonly unbalanced: number; readonly ofValue: number; readonly ofKey: number };
  readonly floors: { readonly value: number; readonly key: number };
}

/** Adds dV and dK of a block of keys and their bounds. */
export function storeKeys(kernels: Kernels, part: KeySums, into: HeadGradient): void {
  const { count, from, d, dv, sums, dx, omega, factors, floors } = part;
  const weighed = (factor: number): Float64Array => (omega === null ? new Float64Array(count).fill(factor) : omega.map((w) => w * factor));
  const wide = dv + 3;
  const largestV = add(kernels, into.values, dv, from, sums, wide, weighed(factors.value));
  const largestK = add(kernels, into.keys, d, from, dx, d, weighed(factors.key * factors.unbalanced));
  if (omega !== null) addSlope(part, omega, into.keys.data, largestK);
  const grown = 1 + 2 ** -40;
  const [ofValue, ofKey, floorV, floorK] = [factors.ofValue * grown, factors.ofKey * grown, floors.value * grown, floors.key * grown];
  const [u, least] = [into.u + 2 ** -51, 2 * leastStored(into.u)];
  const [boundsV, boundsK] = [into.values.bounds, into.keys.bounds];
  for (let j = 0, at = dv + 1; j < count; j++, at += wide) {
    const w = omega === null ? 1 : omega[j]!;
    boundsV[from + j]! += w * (above(sums[at]!) * ofValue + floorV) + largestV[j]! * u + least;
    boundsK[from + j]! += w * (above(sums[at + 1]!) * ofKey + floorK) + largestK[j]! * u + least;
  }
}

/** Sums of what is not negative, by rounding below 0 perhaps. */
const above = (x: number): number => (x < 0 ? 0 : x);

/** Adds omega_j key slope (sum_i p'(x_ij) [g_i . v_j - delta_i]) to dK: the part of the gradient along the query centre. */
function addSlope({ count, from, d, dv, sums, y, slope, factors: { key } }: KeySums, omega: Float64Array, dK: FloatArray, largest: Float64Array): void {
  for (let j = 0, at = 0, yAt = 0, o = from * d; j < count; j++, at += 2, yAt++) {
    let inner = 0;
    for (const end = at + dv; at < end; at++, yAt++) inner += sums[at]! * y[yAt]!;
    inner = (inner + sums[at++]!) * omega[j]! * key;
    let most = 0;
    for (let c = 0; c < d; c++, o++) {
      const sum = dK[o]! + slope[c]! * inner;
      dK[o] = sum;
      most = Math.max(most, Math.abs(sum));
    }
    // Rounded once more.
    largest[j]! += most;
  }
}
