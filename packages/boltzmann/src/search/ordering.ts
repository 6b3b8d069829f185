import { justAbove, MOST_SCORES, type Parameters, type Problem, stepUp } from './problem.ts';

/** Lemma C.4: delta by the first excess, scores that fall by delta and the next excesses. The second vector of a case is [delta]. */
export function flatteningProblem(): Problem {
  const gaps = new Float64Array(MOST_SCORES);
  const fill = ({ n, excess }: Parameters): number => {
    const delta = justAbove(Math.log(n) + 1) + excess[0]!;
    gaps[0] = 0;
    // The first step may touch delta from above by one rounding: that is the boundary.
    for (let j = 1; j < n; j++) gaps[j] = stepUp(gaps[j - 1]!, delta + excess[j]!, j === 1 ? delta : justAbove(delta));
    return delta;
  };
  return {
    lemma: 'Lemma C.4',
    unit: '1 - (what raising the entries costs) / (what it gains)',
    leastScores: 2,
    slack: (at) => {
      // With h_j = g_j - delta and E = e^-delta, Boltz(z) - Boltz(z') times both partition functions, over E, is
      // sum_j delta (1 - e^-h_j) - (1 + (n - 1) E) sum_j h_j e^-h_j.
      const delta = fill(at);
      let gain = 0;
      let cost = 0;
      for (let j = 1; j < at.n; j++) {
        const h = gaps[j]! - delta;
        gain -= Math.expm1(-h);
        cost += h * Math.exp(-h);
      }
      return 1 - (cost * (1 + (at.n - 1) * Math.exp(-delta))) / (delta * gain);
    },
    // Sums of n positive terms with relative error 4 x 2^-52 or less each.
    error: ({ n }) => (n + 12) * 2 ** -51,
    vectors: (at) => {
      const delta = fill(at);
      return [Array.from(gaps.subarray(0, at.n), (gap) => 0 - gap), [delta]];
    },
  };
}

/** Lemma C.5: z and its continuation by 1 to n scores; the first choice says whether steps keep to the printed ln n + 1 or are only above 0. */
export function continuationProblem(): Problem {
  const gaps = new Float64Array(2 * MOST_SCORES);
  const fill = ({ n, excess, choice }: Parameters): number => {
    const size = n + 1 + (choice[1]! % n);
    const least = choice[0]! & 1 ? justAbove(Math.log(n) + 1) : 0;
    gaps[0] = 0;
    for (let j = 1; j < size; j++) gaps[j] = stepUp(gaps[j - 1]!, least + excess[j]!, least);
    return size;
  };
  return {
    lemma: 'Lemma C.5',
    unit: "(Boltz(z) - mean of the added entries) / (z_1 - z'_{n+1})",
    leastScores: 2,
    slack: (at) => {
      const size = fill(at);
      const first = gaps[at.n]!;
      let [total, weighted, added, addedWeighted] = [0, 0, 0, 0];
      for (let j = 0; j < size; j++) {
        const weight = Math.exp(j < at.n ? -gaps[j]! : first - gaps[j]!);
        if (j < at.n) {
          total += weight;
          weighted += weight * gaps[j]!;
        } else {
          added += weight;
          addedWeighted += weight * gaps[j]!;
        }
      }
      return (addedWeighted / added - weighted / total) / first;
    },
    // Both means are right to (n + 6) 2^-52 of themselves, the first is at most `first`; the second may be far larger, and then so is the slack.
    error: ({ n }) => (n + 10) * 2 ** -50,
    vectors: (at) => {
      const size = fill(at);
      const all = Array.from(gaps.subarray(0, size), (gap) => 0 - gap);
      return [all.slice(0, at.n), all];
    },
  };
}
