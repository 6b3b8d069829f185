import { justAbove, type Parameters, type Problem, stepUp } from './problem.ts';

/** The least by which the last entries differ in a case, where the excess is 0. */
const LEAST = 2 ** -40;

/** Lemma C.7: the last entry of a by the excess over ln n + 3, that of b by the next excess below it, the others anywhere. */
export function oneEntryProblem(): Problem {
  const lastOfA = ({ n, excess }: Parameters): number => justAbove(Math.log(n) + 3) + excess[0]!;
  const lastOfB = (at: Parameters): number => stepUp(lastOfA(at), at.excess[1]!, at.excess[1]! > 0 ? 0 : LEAST);
  const other = ({ excess }: Parameters, i: number): number => (i === 0 ? 0 : excess[i + 1]!);
  return {
    lemma: 'Lemma C.7',
    unit: 'ln(left / right)',
    leastScores: 2,
    slack: (at) => {
      const a = lastOfA(at);
      const h = lastOfB(at) - a;
      let total = 0;
      let weighted = 0;
      for (let i = 0; i < at.n - 1; i++) {
        const gap = other(at, i);
        const weight = Math.exp(-gap);
        total += weight;
        weighted += weight * gap;
      }
      // With G the mean drop from the others to a_n in units of a's partition function, left / right is
      // (G (e^h - 1) - h) / (h (g_a + h - ln n - 1)); both over e^h so that nothing overflows.
      const drop = (total * a - weighted) / (total + Math.exp(-a));
      return Math.log((-drop * Math.expm1(-h) - h * Math.exp(-h)) / (h * (a + h - Math.log(at.n) - 1))) + h;
    },
    // drop >= 2.9 and the bracket is at least 0.6 of its first term; the divisor's second factor is at least 2 / (ln n + 3) of a + h.
    error: ({ n }) => (n + 20) * (2 + Math.log(n)) * 2 ** -50,
    vectors: (at) => {
      const others = Array.from({ length: at.n - 1 }, (_, i) => 0 - other(at, i));
      return [[...others, -lastOfA(at)], [...others, -lastOfB(at)]];
    },
  };
}
