import type { AttentionProblem } from '@prompt-limits/attention';
import { tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';

/** A method under attack: outputs for these queries, keys and values. Its approximate weights may depend on all but the values. */
export type Target = (problem: AttentionProblem<Float64Array>) => ArrayLike<number>;

/** What the attack makes. */
export interface Attack {
  /** Queries, keys and values of two points. */
  readonly problem: AttentionProblem<Float64Array>;
  /** The first so many queries are those against which the values are chosen. */
  readonly targets: number;
}

/** Queries at either end of the radius. */
const QUERIES = 32;
/** Scores at which the weights are probed. */
const PROBES = 64;
/** Keys at the two scores where the ratio is extreme, weighted so that they share the softmax weight. */
const COPIES = 400;

/**
 * Values against which a method of the form "weights times values" errs as much as its weights allow, found from outside: with one column a key the outputs are the
 * approximate weights, whose ratio to the exact ones is largest and smallest at two scores. Keys crowd at these two, with half of the softmax
 * weight each, and have values +1 and -1. The error is then about half the spread of the ratio, which is what a certificate of weights in [l, h] allows:
 * (sqrt h - sqrt l) / (sqrt h + sqrt l) of the range.
 *
 * @param halfWidth - R: keys lie on the unit segment of one direction, queries at the ends of that of length R
 */
export function attack(random: RandomSource, d: number, halfWidth: number, target: Target): Attack {
  const along = (values: readonly number[]): Tokens<Float64Array> => tokens(d, Float64Array.from({ length: d * values.length }, (_, at) => (at % d === 0 ? values[at / d]! : 0)));
  const queries = along(Array.from({ length: 2 * QUERIES }, (_, i) => (i < QUERIES ? halfWidth : -halfWidth)));
  // Small parts across, so that queries differ.
  queries.data.forEach((_, at) => {
    if (at % d !== 0) queries.data[at] = 1e-4 * halfWidth * (random.uniform() - 0.5);
  });
  const probes = Array.from({ length: PROBES }, (_, k) => Math.cos((Math.PI * k) / (PROBES - 1)));
  const unit = tokens(PROBES, new Float64Array(PROBES ** 2));
  for (let k = 0; k < PROBES; k++) unit.data[k * PROBES + k] = 1;
  const found = target({ queries, keys: along(probes), values: unit, scale: 1 });
  const ratios = probes.map((x, k) => found[k]! / Math.exp(halfWidth * x)); // up to one factor
  const [high, low] = [probes[ratios.indexOf(Math.max(...ratios))]!, probes[ratios.indexOf(Math.min(...ratios))]!];
  const counts = [high, low].map((x) => Math.max(1, Math.round((COPIES * Math.exp(-halfWidth * x)) / (Math.exp(-halfWidth * high) + Math.exp(-halfWidth * low)))));
  // The ends keep the centre and the radius where they were.
  const crowded = (atHigh: number, atLow: number): number[] => [1, -1, ...Array.from({ length: counts[0]! + counts[1]! }, (_, j) => (j < counts[0]! ? atHigh : atLow))];
  const [keys, values] = [crowded(high, low), crowded(1, -1)];
  return { problem: { queries, keys: along(keys), values: tokens(1, Float64Array.from(values)), scale: 1 }, targets: QUERIES };
}
