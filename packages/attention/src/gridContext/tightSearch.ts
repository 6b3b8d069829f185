import { betaFor } from './gridTemperature.ts';
import type { GridCodes } from './gridCodes.ts';

/** The codes of every context, n a context; the index in base m has the first token's first digit lowest. */
export function everyContext({ R, D, n }: GridCodes, count: number): Float64Array {
  const codes = new Float64Array(count * n);
  for (let index = 0; index < count; index++) {
    let rest = index;
    for (let j = 0; j < n; j++) {
      codes[index * n + j] = R * (j + 1) + (rest % (D + 1));
      rest = Math.floor(rest / (D + 1));
    }
  }
  return codes;
}

/** IDs in ascending order at inverse temperature beta, rounded as they may. */
export function roundedIds({ R, D, n, m }: GridCodes, contexts: Float64Array, reads: number, beta: number, kappa: number): Float64Array {
  const count = contexts.length / n;
  const ids = new Float64Array(count * reads);
  const top = R * n + D;
  for (let token = n - reads; token < n; token++) {
    // Weights by code, one table for each query code.
    const tables = Array.from({ length: D + 1 }, (_, c) => Float64Array.from({ length: top + 1 }, (__, a) => Math.exp(beta * (R * (token + 1) + c) * (a - top))));
    for (let index = 0; index < count; index++) {
      const query = contexts[index * n + token]!;
      const table = tables[query - R * (token + 1)]!;
      let [weights, weighted] = [0, 0];
      for (let j = 0; j < n; j++) {
        const a = contexts[index * n + j]!;
        weights += table[a]!;
        weighted += (top - a) * table[a]!;
      }
      ids[index * reads + token - n + reads] = (query + kappa * (top - weighted / weights)) / m;
    }
  }
  return ids.sort();
}

/** The smallest difference of neighbours: exact, as the differences of float64 numbers within a factor of 2 are, unless it exceeds the smaller one. */
export function smallestStep(sorted: Float64Array): number {
  let least = Infinity;
  for (let i = 1; i < sorted.length; i++) least = Math.min(least, sorted[i]! - sorted[i - 1]!);
  return least;
}

// lambda R between nearly equal weights and weights that leave one token.
const COLDEST = 16;
const HOTTEST = 2 ** -6;
const STEPS = 80;
const REFINEMENTS = 12;

/** The inverse temperature with the widest smallest gap that a search finds. */
export function tightTemperature(codes: GridCodes, contexts: Float64Array, reads: number, kappa: number): number {
  const range = Math.log2(COLDEST / HOTTEST);
  let best = { beta: 0, gap: -1, at: 0 };
  const look = (at: number): void => {
    const { m, e } = betaFor(codes, reads, (HOTTEST * 2 ** (at * range)) / codes.R, 'tightGridMapping');
    const beta = Number(m) * 2 ** e;
    const gap = smallestStep(roundedIds(codes, contexts, reads, beta, kappa));
    if (gap > best.gap) best = { beta, gap, at };
  };
  for (let i = 0; i <= STEPS; i++) look(i / STEPS);
  // The smallest of many gaps is jagged: look on both sides of the best, ever closer.
  for (let round = 0, step = 0.5 / STEPS; round < REFINEMENTS; round++, step /= 1.5) {
    const { at } = best;
    look(at - step);
    look(at + step);
  }
  return best.beta;
}
