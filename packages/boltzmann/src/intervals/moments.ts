import { type Reals, total } from './reals.ts';

/** Enclosures of what the functions of this package are made of. */
export interface EnclosedMoments<T> {
  /** Largest score, exact. */
  readonly top: T;
  /** $\sum_i w_i$, $w_i = e^{-g_i}$, $g_i = \max z - z_i$. */
  readonly sum: T;
  /** $\sum_i g_i w_i$. */
  readonly weighted: T;
  /** $\max z - \mathrm{Boltz}(z)$. */
  readonly depth: T;
}

/** Encloses the moments of z, whose entries may be enclosures themselves; `top` is the largest of them. */
export function enclosedMoments<T>(r: Reals<T>, z: readonly T[], top: T): EnclosedMoments<T> {
  const gaps = z.map((x) => r.subtract(top, x));
  const weights = gaps.map((g) => r.exp(r.subtract(r.of(0), g)));
  const sum = total(r, weights);
  const weighted = total(r, gaps.map((g, i) => r.multiply(g, weights[i]!)));
  return { top, sum, weighted, depth: r.divide(weighted, sum) };
}

/** The moments of float64 scores. */
export function enclosedMomentsOf<T>(r: Reals<T>, z: ArrayLike<number>): EnclosedMoments<T> {
  let top = z[0]!;
  for (let i = 1; i < z.length; i++) top = Math.max(top, z[i]!);
  return enclosedMoments(r, Array.from(z, r.of), r.of(top));
}
