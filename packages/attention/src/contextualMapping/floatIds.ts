import {
  addFloat64,
  divideFloat64,
  dotFloat64,
  expFloat64,
  float64Interval,
  fromDyadic,
  subtractDyadic,
  sumFloat64,
  toFloat64,
  type Float64Interval,
} from '@prompt-limits/core-linalg/intervals';
import type { Boxes } from './distances.ts';
import type { ExactMapping } from './exactGaps.ts';
import { greater } from './exactScores.ts';
import type { MappingProblem } from './mappingProblem.ts';
import type { TokenPosition } from './vocabulary.ts';

/** The context ID of a token among some tokens, enclosed in float64: d intervals. */
export type FloatId = (token: number, members: Int32Array) => readonly Float64Interval[];

/** Context IDs as boxes of float64, one for each token and context of it. */
export interface IdBoxes {
  /** Every box holds its ID. */
  readonly boxes: Boxes;
  /** Which token of the vocabulary each is of. */
  readonly token: Int32Array;
  /** Where it stands. */
  readonly at: readonly TokenPosition[];
}

/** All context IDs as boxes. */
export function idBoxes(problem: MappingProblem, id: FloatId): IdBoxes {
  const entries = problem.contexts.flatMap((list, token) => list.map(({ members, at }) => ({ token, members, at })));
  const [low, high] = [new Float64Array(entries.length * problem.d), new Float64Array(entries.length * problem.d)];
  let k = 0;
  for (const { token, members } of entries) {
    for (const value of id(token, members)) {
      low[k] = value.low;
      high[k++] = value.high;
    }
  }
  return { boxes: { d: problem.d, n: entries.length, low, high }, token: Int32Array.from(entries, (e) => e.token), at: entries.map((e) => e.at) };
}

// Rounded outwards to float64 from a few bits more, boxes are as narrow as float64 allows.
const BITS = 64;

/** IDs computed in arbitrary precision and rounded outwards: whatever the scores. */
export const roundedId = (exact: ExactMapping): FloatId => (token, members) => exact.id(token, members, BITS).map(toFloat64);

/**
 * IDs computed in float64 intervals from exact scores and values, each rounded outwards once. Where every weight of a context
 * may underflow beside the top score of its query, the ID is computed in arbitrary precision.
 */
export function floatId(problem: MappingProblem, exact: ExactMapping): FloatId {
  const values = exact.values.map((v) => v.map((x) => toFloat64(fromDyadic(x))));
  const weights = exact.scores.map((row, token) => {
    const beside = [...problem.beside[token]!];
    const top = beside.map((a) => row[a]!).reduce(greater);
    const found: Float64Interval[] = [];
    for (const a of beside) found[a] = expFloat64(toFloat64(fromDyadic(subtractDyadic(row[a]!, top))));
    return found;
  });
  const { d, data } = problem.vocabulary.tokens;
  return (token, members) => {
    const w = Array.from(members, (a) => weights[token]![a]!);
    const total = sumFloat64(w);
    if (total.low <= 0) return roundedId(exact)(token, members);
    return Array.from({ length: d }, (_, row) => {
      const mean = divideFloat64(dotFloat64(w, Array.from(members, (a) => values[a]![row]!)), total);
      return addFloat64(float64Interval(data[token * d + row]!), mean);
    });
  };
}
