import { compareDyadic } from './dyadic.ts';
import type { Interval } from './interval.ts';

/**
 * How the number in `a` relates to the number in `b`: 'less' or 'greater' if that holds whatever they are, 'equal' if
 * both are the same single number, else 'undecided'. Exact.
 *
 * @example
 * compare(fromNumber(1), fromNumber(2)); // => 'less'
 * @example
 * compare(hull(fromNumber(1), fromNumber(2)), fromNumber(2)); // => 'undecided'
 */
export function compare(a: Interval, b: Interval): 'less' | 'equal' | 'greater' | 'undecided' {
  if (compareDyadic(a.high, b.low) < 0) return 'less';
  if (compareDyadic(a.low, b.high) > 0) return 'greater';
  // Neither: a.low <= b.high and b.low <= a.high. Both are one number only if these, and the ends' order, are equalities.
  return compareDyadic(a.low, b.high) === 0 && compareDyadic(a.high, b.low) === 0 ? 'equal' : 'undecided';
}

/**
 * The sign of the number in `a`: 1, -1 or 0 if that holds whatever it is, else 'undecided'. Exact.
 *
 * @example
 * sign(subtract(fromRational(1n, 3n, 64), fromRational(333n, 1000n, 64), 64)); // => 1
 */
export function sign(a: Interval): -1 | 0 | 1 | 'undecided' {
  if (a.low.m > 0n) return 1;
  if (a.high.m < 0n) return -1;
  return a.low.m === 0n && a.high.m === 0n ? 0 : 'undecided';
}
