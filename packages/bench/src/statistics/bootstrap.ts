import { assertFiniteNumber, assertInteger, assertNonEmpty, assertNumber, type RandomSource } from '@prompt-limits/core-linalg';
import { quantileOfSorted } from './quantile.ts';

/** A confidence interval. */
export interface Interval {
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/** Options of `bootstrapInterval`. */
export interface BootstrapOptions {
  /** Where the resamples come from. */
  readonly random: RandomSource;
  /** Number of resamples, an integer >= 1. Default 2000. */
  readonly resamples?: number;
  /** Confidence level, in (0, 1). Default 0.95. */
  readonly level?: number;
}

/**
 * Percentile bootstrap interval (Efron, 1979): draw n of the n values with replacement, take the statistic, repeat; the
 * interval holds the middle `level` of the results.
 *
 * The coverage is approximate: it tends to `level` as n grows, and with fewer than about ten values it is too narrow.
 * With n = 1 the interval is one point.
 *
 * @param values - the sample, n >= 1 of anything: numbers, or pairs that must stay together
 * @param statistic - of a sample of n, a finite number; called with an array that the next call overwrites
 *
 * @throws RangeError if values is empty, an option is out of range or the statistic gives NaN or an infinity
 * @example
 * import { randomSource } from '@prompt-limits/core-linalg';
 * bootstrapInterval([3, 3, 3], median, { random: randomSource(1) }); // => { low: 3, high: 3 }
 */
export function bootstrapInterval<T>(values: readonly T[], statistic: (sample: readonly T[]) => number, options: BootstrapOptions): Interval {
  const { random, resamples = 2000, level = 0.95 } = options;
  assertNonEmpty('bootstrapInterval', 'values', values);
  assertInteger('bootstrapInterval', 'resamples', resamples, 1);
  assertNumber('bootstrapInterval', 'level', level);
  if (!(level > 0 && level < 1)) throw new RangeError(`bootstrapInterval: level must lie between 0 and 1, got ${level}`);
  const sample = [...values];
  const results = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < sample.length; i++) sample[i] = values[random.integer(values.length)]!;
    const result = statistic(sample);
    assertFiniteNumber('bootstrapInterval', 'the statistic', result);
    results[r] = result;
  }
  results.sort();
  return { low: quantileOfSorted(results, (1 - level) / 2), high: quantileOfSorted(results, (1 + level) / 2) };
}
