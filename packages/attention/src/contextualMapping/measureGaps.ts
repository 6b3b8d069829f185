import { compareDyadic, dyadicFromNumber, fromNumber, log2Size, multiplyDyadic, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { smallestDistance } from './distances.ts';
import type { ExactMapping, PairGap } from './exactGaps.ts';
import { dotExactly, greater, lesser, ZERO } from './exactScores.ts';
import { idBoxes, roundedId } from './floatIds.ts';
import type { MappingProblem } from './mappingProblem.ts';
import type { TokenPosition } from './vocabulary.ts';
import type { Verdict } from './verifyContextualMapping.ts';

/** How many bits of precision were needed. */
export interface BitsUsed {
  /** The limit that was set. */
  readonly limit: number;
  /** Fewest bits that decided a pair of contexts; 0 without pairs. */
  readonly least: number;
  /** Most, likewise. */
  readonly most: number;
  /** Mean over all pairs, likewise. */
  readonly mean: number;
  /** Bits to which two IDs would have to be computed for the smallest gap to show in them: what a difference without cancellation saves. */
  readonly ids: number;
}

/** The smallest of some gaps, enclosed. */
export interface SmallestGap {
  /** Encloses the smallest gap. */
  readonly gap: Interval;
  /** The two tokens whose IDs are that close, up to the widths of enclosures. */
  readonly pair: readonly [TokenPosition, TokenPosition];
}

/** The smallest gap over every pair that Definition 2.6 asks about. */
export interface MeasuredGaps {
  /** 'proved': every gap is positive; 'refuted': one is 0. */
  readonly status: Verdict;
  /** Null if Definition 2.6 asks about no pair. */
  readonly smallest: SmallestGap | null;
  /** Pairs of one token in two contexts, each measured on its own. */
  readonly pairs: number;
  readonly bits: BitsUsed;
}

/**
 * Measures every pair: equal tokens in different contexts one by one, distinct tokens by their boxes.
 *
 * @param epsilon - distinct tokens are farther apart than this
 * @param see - called with every pair of contexts, to compare it with a bound
 */
export function measureGaps(problem: MappingProblem, exact: ExactMapping, epsilon: number, limit: number, see?: (pair: PairGap) => void): MeasuredGaps {
  let smallest: SmallestGap | null = null;
  let [pairs, least, most, total] = [0, Infinity, 0, 0];
  for (const pair of exact.gaps(limit)) {
    pairs++;
    [least, most, total] = [Math.min(least, pair.bits), Math.max(most, pair.bits), total + pair.bits];
    smallest = smallerGap(smallest, { gap: pair.gap, pair: [pair.contexts[0].at, pair.contexts[1].at] });
    see?.(pair);
  }
  const distinct = distinctTokens(problem, exact, epsilon, smallest);
  if (distinct !== null) smallest = smallerGap(smallest, distinct);
  const status = smallest === null || smallest.gap.low.m > 0n ? 'proved' : smallest.gap.high.m === 0n ? 'refuted' : 'undecided';
  const bits = { limit, least: pairs === 0 ? 0 : least, most, mean: pairs === 0 ? 0 : total / pairs, ids: smallest === null ? 0 : idBits(problem, smallest.gap) };
  return { status, smallest, pairs, bits };
}

function smallerGap(a: SmallestGap | null, b: SmallestGap): SmallestGap {
  if (a === null) return b;
  // Of two with the same lower end, 0 say, the one that is certain names the pair.
  const order = compareDyadic(a.gap.low, b.gap.low) || compareDyadic(a.gap.high, b.gap.high);
  return { gap: { low: lesser(a.gap.low, b.gap.low), high: lesser(a.gap.high, b.gap.high) }, pair: order <= 0 ? a.pair : b.pair };
}

/** The smallest gap of distinct tokens; null if there are none, or if equal tokens are closer than any of them. */
function distinctTokens(problem: MappingProblem, exact: ExactMapping, epsilon: number, others: SmallestGap | null): SmallestGap | null {
  if (problem.vectors.length < 2) return null;
  // Where no value is as long as epsilon / 4, neither is their mean: tokens stay epsilon / 2 apart, (D.3) and (D.4).
  const { m, e } = dyadicFromNumber(epsilon);
  const known = staysBelow(exact, epsilon) ? { m, e: e - 1 } : ZERO;
  if (others !== null && compareDyadic(others.gap.high, known) < 0) return null;
  const { boxes, token, at } = idBoxes(problem, roundedId(exact));
  const [low, high] = [smallestDistance(boxes, token, 'least')!, smallestDistance(boxes, token, 'most')!];
  return { gap: { low: greater(known, dyadicFromNumber(low.low)), high: dyadicFromNumber(high.high) }, pair: [at[low.pair[0]]!, at[low.pair[1]]!] };
}

/** Whether $\|W_O W_V v\| < \epsilon / 4$ for every token, exact. */
function staysBelow({ values }: ExactMapping, epsilon: number): boolean {
  const longest: Dyadic = values.map((v) => dotExactly(v, v)).reduce(greater);
  const quarter = dyadicFromNumber(epsilon);
  return compareDyadic({ m: longest.m, e: longest.e + 4 }, multiplyDyadic(quarter, quarter)) < 0;
}

/** Bits from the largest value of a token down to the gap. */
function idBits({ vocabulary }: MappingProblem, gap: Interval): number {
  const top = vocabulary.tokens.data.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return Math.max(0, log2Size(fromNumber(top)) - log2Size({ low: gap.low, high: gap.low }) + 1);
}
