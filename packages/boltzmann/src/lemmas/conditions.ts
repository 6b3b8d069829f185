import { assertLength } from '@prompt-limits/core-linalg';
import { assertScores } from '../intervals/boltzInterval.ts';
import type { Reals } from '../intervals/reals.ts';
import type { Condition } from './lemmaCheck.ts';

/** $\ln n$ enclosed. */
export const logOf = <T>(r: Reals<T>, n: number): T => r.log(r.of(n));

/** Entry after entry, by how much each falls below the one before it. */
export function steps<T>(r: Reals<T>, z: ArrayLike<number>): readonly T[] {
  return Array.from({ length: z.length - 1 }, (_, i) => r.subtract(r.of(z[i]!), r.of(z[i + 1]!)));
}

/** The condition that the entries of each vector fall strictly. */
export function falling<T>(r: Reals<T>, statement: string, ...vectors: readonly ArrayLike<number>[]): Condition<T> {
  return { statement, margins: vectors.flatMap((z) => steps(r, z)), strict: true };
}

/** The condition that values are equal, pair by pair: the margin is minus their distance. */
export function equal<T>(r: Reals<T>, statement: string, a: ArrayLike<number>, b: ArrayLike<number>, count: number): Condition<T> {
  const margins = Array.from({ length: count }, (_, i) => r.subtract(r.of(0), r.absolute(r.subtract(r.of(a[i]!), r.of(b[i]!)))));
  return { statement, margins, strict: false };
}

/** The condition that all different values of the vectors lie more than 4 ln n apart: then some delta of at least 4 ln n lies between. */
export function separated<T>(r: Reals<T>, vectors: readonly ArrayLike<number>[], n: number): Condition<T> {
  const values = [...new Set(vectors.flatMap((z) => Array.from(z, (x) => x + 0)))].sort((x, y) => y - x);
  const least = r.multiply(r.of(4), logOf(r, n));
  return { statement: 'different entries of all vectors lie more than 4 ln n apart (delta)', margins: steps(r, values).map((step) => r.subtract(step, least)), strict: true };
}

/** Index of the first entry that differs; n where none does. */
export function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let k = 0;
  while (k < a.length && a[k] === b[k]) k++;
  return k;
}

/** $\ln^2(n)\, e^{x}$. */
export function squaredLogTimesExp<T>(r: Reals<T>, n: number, x: T): T {
  const log = logOf(r, n);
  return r.multiply(r.multiply(log, log), r.exp(x));
}

/** Checks two vectors of one length n >= 2. */
export function assertPair(fn: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  assertScores(fn, 'a', a);
  assertScores(fn, 'b', b);
  assertLength(fn, 'b', b, a.length, 'the length of a');
  if (a.length < 2) throw new RangeError(`${fn}: a must hold at least 2 values, got ${a.length}`);
}
