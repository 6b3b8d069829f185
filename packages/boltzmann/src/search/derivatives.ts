import { justAbove, type Parameters, type Problem } from './problem.ts';

/** Lemma C.2: entry 1 lies the first excess above its boundary below the largest entry 0; the rest anywhere below 0. */
export const slopeProblem = (): Problem => derivativeProblem('Lemma C.2', '(z_i + 1 - Boltz) / (z_i - max z)', 1, (gap, depth) => (gap - 1 - depth) / gap);

/** Lemma C.3, likewise with ln n + 3. */
export const concavityProblem = (): Problem =>
  derivativeProblem('Lemma C.3', '((1 - 2p)(z_i + 1 - Boltz) - 1) / (z_i - max z)', 3, (gap, depth, p) => ((1 - 2 * p) * (gap - 1 - depth) - 1) / gap);

function derivativeProblem(lemma: string, unit: string, beyond: number, slackOf: (gap: number, depth: number, p: number) => number): Problem {
  const gapOf = ({ n, excess }: Parameters, i: number): number => (i === 0 ? 0 : i === 1 ? justAbove(Math.log(n) + beyond) + excess[1]! : excess[i]!);
  return {
    lemma,
    unit,
    leastScores: 2,
    slack: (at) => {
      let total = 0;
      let weighted = 0;
      for (let i = 0; i < at.n; i++) {
        const gap = gapOf(at, i);
        const weight = Math.exp(-gap);
        total += weight;
        weighted += gap * weight;
      }
      const gap = gapOf(at, 1);
      return slackOf(gap, weighted / total, Math.exp(-gap) / total);
    },
    // Depth is off by less than (n + 6)(1 + ln n) 2^-52, p by less; the gap is 1 or more.
    error: ({ n }) => (n + 10) * (1 + Math.log(n)) * 2 ** -51,
    vectors: (at) => [Array.from({ length: at.n }, (_, i) => 0 - gapOf(at, i))],
  };
}
