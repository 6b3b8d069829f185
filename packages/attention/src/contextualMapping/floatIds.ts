import { toFloat64 } from '@prompt-limits/core-linalg/intervals';
import type { Boxes } from './distances.ts';
import type { ExactMapping } from './exactGaps.ts';
import type { MappingProblem } from './mappingProblem.ts';
import type { TokenPosition } from './vocabulary.ts';

/** Context IDs as boxes of float64, one for each token and context of it. */
export interface IdBoxes {
  /** Every box holds its ID. */
  readonly boxes: Boxes;
  /** Which token of the vocabulary each is of. */
  readonly token: Int32Array;
  /** Where it stands. */
  readonly at: readonly TokenPosition[];
}

/** Rounded outwards to float64 from a few bits more, the boxes are as narrow as float64 allows. */
const BITS = 64;

/** All context IDs as float64 intervals. */
export function idBoxes(problem: MappingProblem, exact: ExactMapping): IdBoxes {
  const entries = problem.contexts.flatMap((list, token) => list.map(({ members, at }) => ({ token, members, at })));
  const [low, high] = [new Float64Array(entries.length * problem.d), new Float64Array(entries.length * problem.d)];
  let k = 0;
  for (const { token, members } of entries) {
    for (const value of exact.id(token, members, BITS)) {
      const ends = toFloat64(value);
      low[k] = ends.low;
      high[k++] = ends.high;
    }
  }
  return { boxes: { d: problem.d, n: entries.length, low, high }, token: Int32Array.from(entries, (e) => e.token), at: entries.map((e) => e.at) };
}
