import { fc } from '@fast-check/vitest';
import { midpoint, subtract } from '@prompt-limits/core-linalg/intervals';
import { boltzInterval } from '../../src/index.ts';

/** An excess over the boundary of a hypothesis: on it, a hair above, or anywhere up to 500. */
export const excess: fc.Arbitrary<number> = fc.oneof(fc.constant(0), fc.double({ min: 2 ** -30, max: 1, noNaN: true }), fc.double({ min: 0, max: 500, noNaN: true }));

/** Falling scores from `top`, each step above `least` by at least some roundings. */
export function descend(top: number, least: number, excesses: readonly number[]): number[] {
  const z = [top];
  for (const x of excesses) z.push(z.at(-1)! - (least * (1 + 2 ** -30) + x));
  return z;
}

/** Two vectors with the hypotheses of Lemma C.6 (k = 0) or C.8, from steps and holders of a common ladder. */
export function ladderPair(n: number, k: number, excesses: readonly number[], holders: readonly number[]): [number[], number[]] {
  const levels = descend(0, 4 * Math.log(n), excesses.slice(0, 2 * n - 1));
  const [a, b]: number[][] = [[], []];
  for (let j = 0; a!.length < n || b!.length < n; j++) {
    const holder = a!.length === n ? 2 : b!.length === n ? 1 : j < k ? 3 : j === k ? 1 : holders[j]!;
    if (holder & 1) a!.push(levels[j]!);
    if (holder & 2) b!.push(levels[j]!);
  }
  return [a!, b!];
}

/** [n, excesses, holders] for {@link ladderPair}. */
export const ladder: fc.Arbitrary<[number, number[], number[]]> = fc
  .integer({ min: 2, max: 13 })
  .chain((n) => fc.tuple(fc.constant(n), fc.array(excess, { minLength: 26, maxLength: 26 }), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 26, maxLength: 26 })));

/** Boltz(a) - Boltz(b) by brute force: both values to 4096 bits, scaled by e^scale in float64. For scales up to 700. */
export function bruteDifference(a: readonly number[], b: readonly number[], scale: number): number {
  return midpoint(subtract(boltzInterval(a, 4096), boltzInterval(b, 4096), 4096)) * Math.exp(scale);
}
