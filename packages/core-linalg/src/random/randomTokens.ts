import { assertFiniteNumber, assertInRange, assertInteger } from '../checks/checks.ts';
import { zeroTokens, type FloatArrayOf, type Precision, type Tokens } from '../tokens/tokens.ts';
import type { RandomSource } from './randomSource.ts';

/**
 * $n$ tokens of width $d$ with independent entries from $\mathcal N(0, \mathrm{scale}^2)$.
 *
 * @param random - the source, advanced token after token
 * @param d - width of a token, an integer >= 1
 * @param n - number of tokens, an integer >= 0
 * @param scale - standard deviation, finite and >= 0
 * @param precision - of the storage; both precisions draw the same values, rounded
 *
 * @throws RangeError if d, n or scale is out of range
 * @example
 * normalTokens(randomSource(7), 3, 2, 0.02).data.length; // => 6
 */
export function normalTokens<P extends Precision = 'float64'>(random: RandomSource, d: number, n: number, scale: number = 1, precision?: P): Tokens<FloatArrayOf<P>> {
  assertInteger('normalTokens', 'd', d, 1);
  assertInteger('normalTokens', 'n', n);
  assertInRange('normalTokens', 'scale', scale, 0, Number.MAX_VALUE);
  const result = zeroTokens(d, n, precision);
  for (let i = 0; i < result.data.length; i++) result.data[i] = scale * random.normal();
  return result;
}

/**
 * $n$ tokens of width $d$ with independent entries uniform on [low, high).
 *
 * @param random - the source, advanced token after token
 * @param d - width of a token, an integer >= 1
 * @param n - number of tokens, an integer >= 0
 * @param low - lower end, finite
 * @param high - upper end, finite, at least low, with high - low finite; reached only by rounding
 * @param precision - of the storage; both precisions draw the same values, rounded
 *
 * @throws RangeError if d, n or the ends are out of range
 * @example
 * uniformTokens(randomSource(7), 3, 2, 5, 5).data[0]; // => 5
 */
export function uniformTokens<P extends Precision = 'float64'>(random: RandomSource, d: number, n: number, low: number, high: number, precision?: P): Tokens<FloatArrayOf<P>> {
  assertInteger('uniformTokens', 'd', d, 1);
  assertInteger('uniformTokens', 'n', n);
  assertFiniteNumber('uniformTokens', 'low', low);
  assertInRange('uniformTokens', 'high', high, low, Number.MAX_VALUE);
  assertFiniteNumber('uniformTokens', 'high - low', high - low);
  const result = zeroTokens(d, n, precision);
  for (let i = 0; i < result.data.length; i++) result.data[i] = low + (high - low) * random.uniform();
  return result;
}
