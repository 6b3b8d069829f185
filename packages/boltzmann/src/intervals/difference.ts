import { enclosedMomentsOf } from './moments.ts';
import { type Reals, total } from './reals.ts';

/** $\mathrm{Boltz}(a) - \mathrm{Boltz}(b) = \text{scaled} \cdot e^{-\text{exponent}}$. */
export interface ScaledDifference<T> {
  /** Of the size of the scores. */
  readonly scaled: T;
  /** 0 or above: how far below the top the first difference of a and b lies. */
  readonly exponent: T;
}

/**
 * Encloses Boltz(a) - Boltz(b) without cancelling what the two share.
 *
 * With S the shared entries, T and T' those of a and of b alone, $v = -g$ and $W = \sum_S w$, $G = \sum_S w g$, the difference is
 * $-[\sum_T w_j (W g_j - G) - \sum_{T'} w_l (W g_l - G) - \sum_{T, T'} w_j w_l (g_l - g_j)] / [(W + \sum_T w)(W + \sum_{T'} w)]$.
 * Every term has a weight of T or T' in it, so with those weights taken from their own largest the size of the gap costs no bits.
 */
export function scaledDifference<T>(r: Reals<T>, a: ArrayLike<number>, b: ArrayLike<number>): ScaledDifference<T> {
  const { shared, onlyA, onlyB } = split(a, b);
  const zero = r.of(0);
  if (onlyA.length === 0 && onlyB.length === 0) return { scaled: zero, exponent: zero };
  const top = shared[0] ?? -Infinity;
  const first = Math.max(onlyA[0] ?? -Infinity, onlyB[0] ?? -Infinity);
  if (first > top) {
    // The largest entries differ: the difference is of their size, and no sum is shared.
    const [inA, inB] = [enclosedMomentsOf(r, a), enclosedMomentsOf(r, b)];
    return { scaled: r.subtract(r.subtract(inA.top, inB.top), r.subtract(inA.depth, inB.depth)), exponent: zero };
  }
  const exponent = r.subtract(r.of(top), r.of(first));
  const { sum: w, weighted: wg } = enclosedMomentsOf(r, shared);
  const partOf = (own: readonly number[]): { weight: T; weighted: T } => {
    const weights = own.map((x) => r.exp(r.subtract(r.of(x), r.of(first))));
    return { weight: total(r, weights), weighted: total(r, own.map((x, i) => r.multiply(r.subtract(r.of(top), r.of(x)), weights[i]!))) };
  };
  const [p, q] = [partOf(onlyA), partOf(onlyB)];
  const cross = r.subtract(r.multiply(p.weight, q.weighted), r.multiply(q.weight, p.weighted));
  const scale = r.exp(r.subtract(zero, exponent));
  const ofShared = r.subtract(r.multiply(w, r.subtract(q.weighted, p.weighted)), r.multiply(wg, r.subtract(q.weight, p.weight)));
  const numerator = r.add(ofShared, r.multiply(scale, cross));
  const divisor = r.multiply(r.add(w, r.multiply(scale, p.weight)), r.add(w, r.multiply(scale, q.weight)));
  return { scaled: r.divide(numerator, divisor), exponent };
}

/** Entries in both, as often as in both, and the rest of each; all descending. */
export function split(a: ArrayLike<number>, b: ArrayLike<number>): { shared: readonly number[]; onlyA: readonly number[]; onlyB: readonly number[] } {
  const left = Float64Array.from(a).sort().reverse();
  const right = Float64Array.from(b).sort().reverse();
  const [shared, onlyA, onlyB]: number[][] = [[], [], []];
  for (let i = 0, j = 0; i < left.length || j < right.length;) {
    const [x, y] = [left[i] ?? -Infinity, right[j] ?? -Infinity];
    if (x === y) shared!.push(x);
    else if (x > y) onlyA!.push(x);
    else onlyB!.push(y);
    if (x >= y) i++;
    if (y >= x) j++;
  }
  return { shared: shared!, onlyA: onlyA!, onlyB: onlyB! };
}
