import type { MappingProblem } from './mappingProblem.ts';

/** Keys, queries and values of the vocabulary in float64, at temperature 1: what a search needs. */
export interface FloatHead {
  /** Scores, `scores[c * size + a]`. */
  readonly scores: Float64Array;
  /** Values, `values[a * rank + i]`. */
  readonly values: Float64Array;
  readonly size: number;
  readonly rank: number;
}

/**
 * The smallest distance of two attention means of one token at inverse temperature beta, rounded as it may; Infinity if no token has
 * two contexts. A value of at most `floor` is only known to be no larger than that: the rest of the pairs is then left out.
 *
 * @param order - the tokens with two contexts or more, in the order to look at them; changed
 */
export function smallestMeanDistance(problem: MappingProblem, { scores, values, size, rank }: FloatHead, beta: number, floor: number, order: number[]): number {
  let smallest = Infinity;
  const weights = new Float64Array(size);
  for (const [place, token] of order.entries()) {
    const list = problem.contexts[token]!;
    const row = scores.subarray(token * size, (token + 1) * size);
    let top = -Infinity;
    for (const a of problem.beside[token]!) top = Math.max(top, beta * row[a]!);
    for (const a of problem.beside[token]!) weights[a] = Math.exp(beta * row[a]! - top);
    const means = new Float64Array(list.length * rank);
    for (const [k, { members }] of list.entries()) {
      let total = 0;
      for (const a of members) {
        total += weights[a]!;
        for (let i = 0; i < rank; i++) means[k * rank + i]! += weights[a]! * values[a * rank + i]!;
      }
      for (let i = 0; i < rank; i++) means[k * rank + i]! /= total;
    }
    smallest = Math.min(smallest, closest(means, list.length, rank));
    if (smallest <= floor) {
      // A token that rules one temperature out is the likeliest to rule out the next.
      order.splice(place, 1);
      order.unshift(token);
      return smallest;
    }
  }
  // A weight that underflows may take a whole context with it: that temperature is no good.
  return Number.isNaN(smallest) ? 0 : smallest;
}

/** The smallest distance of n points in d dimensions: in order of their first coordinate, most pairs need no look. */
function closest(points: Float64Array, n: number, d: number): number {
  const order = Int32Array.from({ length: n }, (_, k) => k).sort((a, b) => points[a * d]! - points[b * d]!);
  let least = Infinity;
  for (let i = 0; i < n; i++) {
    const a = order[i]! * d;
    for (let j = i + 1; j < n; j++) {
      const b = order[j]! * d;
      const ahead = points[b]! - points[a]!;
      if (ahead * ahead >= least) break;
      let s = 0;
      for (let k = 0; k < d; k++) s += (points[a + k]! - points[b + k]!) ** 2;
      if (!(s >= least)) least = s;
    }
  }
  return Math.sqrt(least);
}

// Between nearly equal weights and weights that leave one token, in powers of two of the largest score.
const COLDEST = 8;
const HOTTEST = -2;
const FIRST_STEPS = 30;
const REFINEMENTS = 12;

/** The inverse temperature with the widest smallest distance that a search in float64 finds, and that distance. */
export function searchTemperature(problem: MappingProblem, head: FloatHead): { readonly beta: number; readonly distance: number } {
  const top = head.scores.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const unit = top === 0 ? 1 : 1 / top;
  const order = [...problem.contexts.keys()].filter((token) => problem.contexts[token]!.length > 1);
  let best = { beta: unit, distance: -1, exponent: 0 };
  const look = (exponent: number): void => {
    const beta = 2 ** exponent * unit;
    const distance = smallestMeanDistance(problem, head, beta, best.distance, order);
    if (distance > best.distance) best = { beta, distance, exponent };
  };
  let step = (COLDEST - HOTTEST) / FIRST_STEPS;
  for (let i = 0; i <= FIRST_STEPS; i++) look(HOTTEST + i * step);
  // The smallest of many distances is a jagged function: look on both sides of its best point, ever closer.
  for (let round = 0; round < REFINEMENTS; round++) {
    step /= 1.5;
    const { exponent } = best;
    look(exponent - step);
    look(exponent + step);
  }
  return best;
}
