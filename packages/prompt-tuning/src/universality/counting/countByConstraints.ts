import { gridDigitsOf } from '@prompt-limits/core-linalg';
import type { GridOfSequences } from './countQuantisedFunctions.ts';
import type { LipschitzRelation } from './lipschitzRelation.ts';

/** Sets of values are bits of one number. */
const MOST_VALUES = 32;
/** Partial functions looked at before giving up. */
const MOST_STATES = 2 ** 17;

/**
 * Counts the maps that keep the relation on **every** pair of grid points, by dynamic programming: points get their values in
 * order, and what the earlier values mean for the later points is the set of values that each may still take. Partial
 * functions that leave the same sets are counted once.
 *
 * @returns the count, exact, or null if the grid has more than 32 points or more than $2^{17}$ states come up
 */
export function countByConstraints({ d, L, m }: GridOfSequences, { reach, size }: LipschitzRelation): bigint | null {
  const points = m ** (d * L);
  if (points > MOST_VALUES) return null;
  const digits = Array.from({ length: points }, (_, i) => gridDigitsOf(BigInt(i), m, d * L));
  const distances = digits.map((a) => digits.map((b) => size(a, b)));
  // masks[i][j][y]: the values that point j may take when point i has the value y.
  const bySize = new Map<bigint, Uint32Array>();
  const maskOf = (S: bigint): Uint32Array => {
    let mask = bySize.get(S);
    if (mask === undefined) {
      const most = reach(S);
      mask = Uint32Array.from({ length: points }, (_, y) => distances[y]!.reduce((bits, t, other) => (t <= most ? bits | (1 << other) : bits), 0));
      bySize.set(S, mask);
    }
    return mask;
  };
  const masks = distances.map((row) => row.map(maskOf));

  const known = new Map<string, bigint>();
  /** Maps of the points from `first` on with values in `sets`; null once there are too many states. */
  const count = (first: number, sets: Uint32Array): bigint | null => {
    if (first === points) return 1n;
    const key = String.fromCharCode(first, ...new Uint16Array(sets.buffer, sets.byteOffset, 2 * sets.length));
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= MOST_STATES) return null;
    let total = 0n;
    const rest = new Uint32Array(sets.length - 1);
    for (let y = 0; y < points; y++) {
      if ((sets[0]! & (1 << y)) === 0) continue;
      let open = true;
      for (let j = 0; j < rest.length; j++) {
        rest[j] = sets[j + 1]! & masks[first]![first + 1 + j]![y]!;
        open &&= rest[j] !== 0;
      }
      if (!open) continue;
      const below = count(first + 1, rest.slice());
      if (below === null) return null;
      total += below;
    }
    known.set(key, total);
    return total;
  };
  return count(0, new Uint32Array(points).fill(points === 32 ? 0xffffffff : 2 ** points - 1));
}
