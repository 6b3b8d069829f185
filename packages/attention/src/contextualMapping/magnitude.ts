import { log2Size, scaleByPowerOfTwo, toFloat64, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { TokenPosition } from './vocabulary.ts';

/** A positive number that may be far below float64. */
export interface Magnitude {
  /** Encloses it. */
  readonly interval: Interval;
  /** Its decimal logarithm, to about 14 digits; -Infinity for 0. */
  readonly log10: number;
  /** Four digits and an exponent, such as '1.234e-8818', of the lower end. */
  readonly text: string;
}

/** The distance of two context IDs. */
export interface GapMagnitude extends Magnitude {
  /** Where the two tokens stand. */
  readonly pair: readonly [TokenPosition, TokenPosition];
}

/** A number of size at least 0 with its logarithm, taken of the lower end. */
export function magnitude(interval: Interval): Magnitude {
  const low = { low: interval.low, high: interval.low };
  const size = log2Size(low);
  if (interval.low.m <= 0n) return { interval, log10: -Infinity, text: '0' };
  const log10 = (Math.log2(toFloat64(scaleByPowerOfTwo(low, -size)).low) + size) * Math.log10(2);
  const exponent = Math.floor(log10);
  return { interval, log10, text: `${(Math.floor(10 ** (log10 - exponent) * 1000) / 1000).toFixed(3)}e${exponent}` };
}
