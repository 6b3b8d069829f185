import type { Parameters, Problem } from './problem.ts';

const U = 2 ** -52;

/** Lemma C.1: any scores; the excesses with signs by choice. */
export function identityProblem(): Problem {
  return {
    lemma: 'Lemma C.1',
    unit: '1 - |left - right| / error bound of float64',
    leastScores: 1,
    slack: identitySlack,
    error: () => 0,
    vectors: ({ n, excess, choice }) => [Array.from({ length: n }, (_, i) => signed(excess, choice, i))],
  };
}

const signed = (excess: Float64Array, choice: Uint8Array, i: number): number => (choice[i]! & 1 ? -excess[i]! : excess[i]!);

function identitySlack({ n, excess, choice }: Parameters): number {
  let top = -Infinity;
  for (let i = 0; i < n; i++) top = Math.max(top, signed(excess, choice, i));
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    const gap = top - signed(excess, choice, i);
    const weight = Math.exp(-gap);
    total += weight;
    weighted += gap * weight;
  }
  let entropy = 0;
  for (let i = 0; i < n; i++) {
    const p = Math.exp(signed(excess, choice, i) - top) / total;
    if (p > 0) entropy -= p * Math.log(p);
  }
  const left = top - weighted / total;
  const log = top + Math.log(total);
  // The bound of the errors of both sides, as in the documentation of boltz, logPartition and gibbsEntropy.
  const bound = (2 * Math.abs(left) + 2 * Math.abs(log) + (n + 6) * (2 + Math.log(n)) ** 2) * U;
  return 1 - Math.abs(left - (log - entropy)) / bound;
}
