import { justAbove, MOST_SCORES, type Parameters, stepUp } from './problem.ts';

/** Two vectors with the hypotheses of Lemmas C.6 and C.8, as gaps from the largest score of both. */
export interface Ladder {
  /** Gaps of all scores, ascending from 0; neighbours lie more than 4 ln n apart. */
  readonly gaps: Float64Array;
  /** For each gap: 1 if only a holds it, 2 only b, 3 both. */
  readonly holder: Uint8Array;
  /** How many gaps there are. */
  size: number;
  /** How many leading scores the vectors share, k. */
  shared: number;
  /** Place of $b_{k+1}$; that of $a_{k+1}$ is k. */
  nextOfB: number;
}

/** Room for the largest ladder. */
export const emptyLadder = (): Ladder => ({ gaps: new Float64Array(2 * MOST_SCORES), holder: new Uint8Array(2 * MOST_SCORES), size: 0, shared: 0, nextOfB: 0 });

/**
 * Fills `ladder` with the case: `shared` leading scores of both, then one of a alone, then by choice until both have n.
 * Excess j is what step j has above 4 ln n.
 */
export function fillLadder(ladder: Ladder, { n, excess, choice }: Parameters, shared: number): void {
  const { gaps, holder } = ladder;
  const separation = justAbove(4 * Math.log(n));
  let [inA, inB, size, gap] = [0, 0, 0, 0];
  ladder.nextOfB = 0;
  while (inA < n || inB < n) {
    if (size > 0) gap = stepUp(gap, separation + excess[size]!, separation);
    let who = size < shared ? 3 : size === shared ? 1 : 1 + (choice[size]! % 3);
    if (inA === n) who = 2;
    if (inB === n) who = 1;
    if (who & 1) inA++;
    if (who & 2) inB++;
    if (who & 2 && size > shared && ladder.nextOfB === 0) ladder.nextOfB = size;
    gaps[size] = gap;
    holder[size++] = who;
  }
  ladder.size = size;
  ladder.shared = shared;
}

/** The scores of both vectors, the largest being 0. */
export function ladderVectors({ gaps, holder, size }: Ladder): readonly number[][] {
  const vector = (who: number): number[] => Array.from(gaps.subarray(0, size), (gap) => 0 - gap).filter((_, j) => (holder[j]! & who) !== 0);
  return [vector(1), vector(2)];
}

/**
 * $\ln(|\mathrm{Boltz}(a) - \mathrm{Boltz}(b)|\, e^{\text{reference}})$ by float64.
 * With k shared leading scores it is a sum over the scores of one vector alone, weighted from $a_{k+1}$ on, so that neither a
 * difference of nearly equal numbers nor a weight below the float64 range stands in it.
 */
export function logDifference(ladder: Ladder, reference: number): number {
  const { gaps, shared, nextOfB } = ladder;
  if (shared === 0) return Math.log(gaps[nextOfB]! - depthOf(ladder, 1, 0) + depthOf(ladder, 2, gaps[nextOfB]!)) + reference;
  return Math.log(scaledDifference(ladder)) + (reference - gaps[shared]!);
}

/** max - Boltz of the scores that `who` holds, seen from their largest. */
function depthOf({ gaps, holder, size }: Ladder, who: number, top: number): number {
  let total = 0;
  let weighted = 0;
  for (let j = 0; j < size; j++) {
    if ((holder[j]! & who) === 0) continue;
    const weight = Math.exp(top - gaps[j]!);
    total += weight;
    weighted += weight * (gaps[j]! - top);
  }
  return weighted / total;
}

/** (Boltz(b) - Boltz(a)) e^first, first the gap of a_{k+1}. */
function scaledDifference({ gaps, holder, size, shared }: Ladder): number {
  const first = gaps[shared]!;
  // S: shared; with v = -g, W = sum_S w, G = sum_S w g, Boltz(b) - Boltz(a) times both partition functions is
  // sum_a w_j (W g_j - G) - sum_b w_l (W g_l - G) - sum_{a, b} w_j w_l (g_l - g_j); each w_j, w_l here is e^{first - g}.
  let [w, wg, a, ag, b, bg] = [0, 0, 0, 0, 0, 0];
  for (let j = 0; j < size; j++) {
    const gap = gaps[j]!;
    const weight = Math.exp(holder[j] === 3 ? -gap : first - gap);
    if (holder[j] === 3) {
      w += weight;
      wg += weight * gap;
    } else if (holder[j] === 1) {
      a += weight;
      ag += weight * gap;
    } else {
      b += weight;
      bg += weight * gap;
    }
  }
  const scale = Math.exp(-first);
  const numerator = w * ag - wg * a - (w * bg - wg * b) - scale * (a * bg - b * ag);
  return numerator / ((w + scale * a) * (w + scale * b));
}
