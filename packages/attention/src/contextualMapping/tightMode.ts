import { Matrix, spherePoint, type RandomSource } from '@prompt-limits/core-linalg';
import { dyadicFromNumber } from '@prompt-limits/core-linalg/intervals';
import type { AttentionHead } from '../transformer/attentionHead.ts';
import { asRows, completed } from './anyRankWeights.ts';
import type { MappingCertificate } from './certificate.ts';
import { smallestDistance } from './distances.ts';
import { exactMapping } from './exactGaps.ts';
import { exactRows } from './exactScores.ts';
import { floatId, idBoxes } from './floatIds.ts';
import { directionsAsRows, unitColumns, valueScale, type MappingBuild } from './lemmaMode.ts';
import { magnitude } from './magnitude.ts';
import type { MappingProblem } from './mappingProblem.ts';
import { searchTemperature, type FloatHead } from './temperature.ts';

/** Draws of directions that are tried, each with its best temperature. */
const DRAWS = 6;

/** Context IDs that float64 tells apart: see `buildContextualMapping`. */
export function tightMode(build: MappingBuild): { readonly weights: AttentionHead; readonly certificate: MappingCertificate; readonly beta: number } {
  const { problem, parameters, paper, rank, s, random } = build;
  const candidates = Array.from({ length: DRAWS }, () => {
    const [keys, queries] = [drawn(random, problem.d, rank), drawn(random, problem.d, rank)];
    return { keys, queries, ...searchTemperature(problem, floatHead(problem, keys, queries)) };
  });
  const { keys, queries, beta } = candidates.reduce((a, b) => (b.distance > a.distance ? b : a));
  const w = valueScale(exactRows(keys), problem.vectors, parameters.epsilon);
  const rows = directionsAsRows(keys, s);
  const weights: AttentionHead = { wO: unitColumns(problem.d, s, rank, w), wV: rows, wK: rows.clone(), wQ: directionsAsRows(queries, s).mul(beta) };
  // Every box is a class of its own: equal tokens in equal sets were one entry from the start.
  const { boxes, at } = idBoxes(problem, floatId(problem, exactMapping(problem, weights)));
  const classes = Int32Array.from(at.keys());
  const least = smallestDistance(boxes, classes, 'least');
  const most = smallestDistance(boxes, classes, 'most');
  const status = least === null || least.low > 0 ? 'proved' : most!.high === 0 ? 'refuted' : 'undecided';
  const measured = least && magnitude({ low: dyadicFromNumber(least.low), high: dyadicFromNumber(most!.high) });
  const certificate: MappingCertificate = {
    mode: 'tight',
    status,
    gammaPaper: paper.gamma,
    lnDeltaPaper: paper.lnDelta,
    gammaProven: paper.gamma * (1 + 2 ** -50),
    gapProven: measured,
    gapMeasured: measured && { ...measured, pair: [at[least.pair[0]]!, at[least.pair[1]]!] },
    pairs: problem.contexts.reduce((sum, { length }) => sum + (length * (length - 1)) / 2, 0),
    bits: null,
    says:
      status === 'proved'
        ? ['Float64 intervals over every pair: any two context IDs that Definition 2.6 asks about are farther apart than the lower end of gapProven. No lemma is used, and nothing is said of other sequences.']
        : ['Nothing is proved of the gap: float64 intervals do not keep every pair of context IDs apart.'],
  };
  return { weights, certificate, beta };
}

const drawn = (random: RandomSource, d: number, rank: number): Matrix => asRows(completed(random, spherePoint(random, d), rank));

/** Scores at temperature 1 and values of the vocabulary. */
function floatHead(problem: MappingProblem, keys: Matrix, queries: Matrix): FloatHead {
  const { d, n, data } = problem.vocabulary.tokens;
  const tokens = Matrix.from1DArray(n, d, data);
  const values = tokens.mmul(keys.transpose());
  const scores = tokens.mmul(queries.transpose()).mmul(values.transpose());
  return { scores: Float64Array.from(scores.to1DArray()), values: Float64Array.from(values.to1DArray()), size: n, rank: keys.rows };
}
