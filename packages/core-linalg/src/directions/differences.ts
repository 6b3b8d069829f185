import type { Tokens } from '../tokens/tokens.ts';
import { distinctColumns, integerDot, integerPoints, rootDown } from './exactDifferences.ts';

/** Which differences a direction is to keep apart. */
export type DifferenceKind = 'pairs' | 'origin';

/** What is to be made large: $|u^\top \Delta| / \|\Delta\|$ or $|u^\top \Delta|$. */
export type Objective = 'relative' | 'absolute';

/** The differences of a point set, ready to be measured along directions. */
export interface Differences {
  /** Width of a point. */
  readonly d: number;
  /** Distinct points. */
  readonly points: number;
  /** The smallest value of the objective along u in float64, and the difference that has it; null if there is none. */
  weakest(u: Float64Array, objective: Objective): { value: number; difference: Float64Array } | null;
  /** Both smallest values along $u / \|u\|$, computed exactly and rounded down. */
  measure(u: Float64Array): { reached: number; gap: number; pair: readonly [Float64Array, Float64Array] | null };
}

// Squared lengths from here on are free of underflow, and so are their differences (see `measure`).
const SHORT = 2 ** -900;

/** Differences of all pairs of distinct points, or of the distinct points other than zero against the origin. */
export function differencesOf(points: Tokens, kind: DifferenceKind): Differences {
  const { d } = points;
  const zero = new Float64Array(d);
  const distinct = distinctColumns(points);
  const others = distinct.filter((p) => p.some((x) => x !== 0));
  const columns = kind === 'origin' ? [zero, ...others] : distinct;
  // A power of two takes the largest entry to [1/2, 1), or leaves subnormals below it: exact but where bits fall below 2^-1074.
  const top = columns.reduce((m, p) => p.reduce((a, x) => Math.max(a, Math.abs(x)), m), 0);
  const half = top === 0 ? 0 : Math.max(-1074, Math.min(1023, Math.floor(Math.log2(top)) + 1)) / 2;
  const scaled = columns.map((p) => p.map((x) => x * 2 ** -Math.floor(half) * 2 ** -Math.ceil(half)));
  const exact = integerPoints(columns);
  const lastOf = kind === 'origin' ? 1 : scaled.length;

  /** Visits every difference with u . delta and its squared length in float64. */
  function visit(u: Float64Array, see: (i: number, j: number, dot: number, square: number) => void): void {
    for (let i = 0; i < lastOf; i++) {
      const a = scaled[i]!;
      for (let j = i + 1; j < scaled.length; j++) {
        const b = scaled[j]!;
        let dot = 0;
        let square = 0;
        for (let k = 0; k < d; k++) {
          const x = b[k]! - a[k]!;
          dot += u[k]! * x;
          square += x * x;
        }
        see(i, j, Math.abs(dot), square);
      }
    }
  }

  return {
    d,
    points: kind === 'origin' ? others.length : columns.length,
    weakest(u, objective) {
      let value = Infinity;
      let at: readonly [number, number] | null = null;
      visit(u, (i, j, dot, square) => {
        const size = objective === 'absolute' ? dot : square < SHORT ? Infinity : dot / Math.sqrt(square);
        if (size >= value) return;
        value = size;
        at = [i, j];
      });
      if (at === null) return null;
      const [i, j] = at as readonly [number, number];
      return { value, difference: scaled[j]!.map((x, k) => x - scaled[i]![k]!) };
    },
    measure(u) {
      // In float64 each entry of a difference is off by 2^-53 of itself, and u . delta by (d + 1) 2^-53 |u| |delta| more
      // (Cauchy-Schwarz), |u| being at most 1 + 2^-20: the ratio by less than (d + 8) 2^-52. Pairs within twice that of
      // the smallest estimate are decided in integers; very short ones, whose squares may underflow, always.
      const margin = (d + 8) * 2 ** -51;
      const close: [number, number, number, number][] = [];
      let least = Infinity;
      let leastGap = Infinity;
      visit(u, (i, j, dot, square) => {
        const size = square < SHORT ? 0 : dot / Math.sqrt(square);
        if (square >= SHORT) {
          least = Math.min(least, size);
          leastGap = Math.min(leastGap, dot + margin * Math.sqrt(square));
        }
        if (size <= least + margin || dot - margin * Math.sqrt(square) <= leastGap) close.push([i, j, size, dot - margin * Math.sqrt(square)]);
      });
      return decide(close.filter(([, , size, low]) => size <= least + margin || low <= leastGap), u);
    },
  };

  function decide(close: readonly (readonly [number, number, number, number])[], u: Float64Array): ReturnType<Differences['measure']> {
    if (close.length === 0) return { reached: 1, gap: Infinity, pair: null };
    const direction = integerPoints([u]).values[0]!;
    const norm = integerDot(direction, direction);
    let best: { dot2: bigint; length2: bigint; at: readonly [number, number] } | null = null;
    let gap2: bigint | null = null;
    for (const [i, j] of close) {
      const delta = exact.values[j]!.map((x, k) => x - exact.values[i]![k]!);
      const dot = integerDot(direction, delta);
      const dot2 = dot * dot;
      const length2 = integerDot(delta, delta);
      if (gap2 === null || dot2 < gap2) gap2 = dot2;
      if (best === null || dot2 * best.length2 < best.dot2 * length2) best = { dot2, length2, at: [i, j] };
    }
    return {
      reached: rootDown(best!.dot2, norm * best!.length2, 0),
      gap: rootDown(gap2!, norm, exact.exponent),
      pair: [columns[best!.at[0]]!, columns[best!.at[1]]!],
    };
  }
}
