import type { Differences, Objective } from './differences.ts';

// Steps shrink from a fifth of a radian to 10^-4 of one: wide enough to leave the first cell, fine enough to settle.
const FIRST = 0.2;
const LAST = 1e-4;

/**
 * Projected subgradient ascent on the smallest value of the objective: each step turns u towards the difference that is
 * seen worst, and the best direction on the way is kept.
 */
export function widen(set: Differences, start: Float64Array, steps: number, objective: Objective): Float64Array {
  let u = start;
  let seen = set.weakest(start, objective);
  let [best, value] = [start, seen?.value ?? Infinity];
  for (let t = 0; t < steps && seen !== null; t++) {
    u = turned(u, seen.difference, FIRST * (LAST / FIRST) ** (t / steps));
    seen = set.weakest(u, objective);
    if (seen !== null && seen.value > value) [best, value] = [u, seen.value];
  }
  return best;
}

/** u turned by about `step` so that it sees `difference` larger. */
function turned(u: Float64Array, difference: Float64Array, step: number): Float64Array {
  const length = Math.hypot(...difference);
  const dot = u.reduce((s, x, i) => s + x * difference[i]!, 0);
  if (length === 0) return u;
  const sign = dot < 0 ? -step : step;
  const next = u.map((x, i) => x + (sign * difference[i]!) / length);
  const norm = Math.hypot(...next);
  return next.map((x) => x / norm);
}
