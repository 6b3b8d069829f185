import type { FeedForward } from '../../src/index.ts';

/** `x` in units of 2^-1074, of which every finite float64 is an integer multiple. */
export function units(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return word >> 63n ? -magnitude : magnitude;
}

const SHIFT = 1074n;

/**
 * Eq. (2.3) at one token in exact rational arithmetic on the network's float64 weights; outputs in units of 2^(-3 * 1074).
 */
export function exactFeedForward({ d, r, w1, b1, w2, b2 }: FeedForward, z: ArrayLike<number>): bigint[] {
  const hidden = Array.from({ length: r }, (_, j) => {
    let sum = units(b1[j]!) << SHIFT;
    for (let i = 0; i < d; i++) sum += units(w1[j * d + i]!) * units(z[i]!);
    return sum > 0n ? sum : 0n;
  });
  return Array.from({ length: d }, (_, i) => hidden.reduce((sum, h, j) => sum + units(w2[i * r + j]!) * h, (units(z[i]!) + units(b2[i]!)) << (2n * SHIFT)));
}

/** A float64 in the units of `exactFeedForward`. */
export const output = (x: number): bigint => units(x) << (2n * SHIFT);
