import { dyadicFromNumber } from '@prompt-limits/core-linalg/intervals';

/**
 * Decides $\|y - y'\|_\alpha \le C \|z - z'\|_\alpha$ for digits, exactly: with $S = \sum_i |z_i - z'_i|^\alpha$ it says
 * $\sum_i |y_i - y'_i|^\alpha \le \lfloor C^\alpha S \rfloor$, an inequality of integers.
 */
export interface LipschitzRelation {
  /** $\lfloor C^\alpha S \rfloor$. */
  readonly reach: (S: bigint) => bigint;
  /** Whether every map between grids of m values in each of `width` entries keeps it: if two neighbours may be as far apart as two values can be. */
  readonly holdsAlways: (m: number, width: number) => boolean;
  /** $\sum_i |a_i - b_i|^\alpha$. */
  readonly size: (a: ArrayLike<number>, b: ArrayLike<number>) => bigint;
}

/** The relation for an integer alpha >= 1 and a float64 C >= 0, which is a fraction with a power of two below. */
export function lipschitzRelation(C: number, alpha: number): LipschitzRelation {
  const { m: numerator, e } = dyadicFromNumber(C);
  const power = numerator ** BigInt(alpha);
  const shift = BigInt(e * alpha); // 0 or so for whole C, at most 64 * 1074 in size
  const reach = (S: bigint): bigint => (shift >= 0n ? (power * S) << shift : (power * S) >> -shift);
  return {
    reach,
    holdsAlways: (m, width) => reach(1n) >= BigInt(width) * BigInt(m - 1) ** BigInt(alpha),
    size: (a, b) => {
      let sum = 0n;
      for (let i = 0; i < a.length; i++) sum += BigInt(Math.abs(a[i]! - b[i]!)) ** BigInt(alpha);
      return sum;
    },
  };
}

/** The largest integer c >= 0 with t c^alpha <= reach, and at most `most`. */
export function rootBelow(reach: bigint, t: number, alpha: number, most: number): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (BigInt(t) * BigInt(middle) ** BigInt(alpha) <= reach) low = middle;
    else high = middle - 1;
  }
  return low;
}
