import { compareDyadic, scaleByPowerOfTwo, subtract, subtractDyadic, toFloat64, type Float64Interval, type Interval } from '@prompt-limits/core-linalg/intervals';
import { contextId } from './contextId.ts';
import { digitTests } from './digitTests.ts';
import type { GridContextMapping } from './gridContextMapping.ts';
import { queryRange } from './gridTemperature.ts';
import { fractionFor, lengthOf, queryPowers } from './queryPowers.ts';

/** A token and its context, read off an ID. */
export interface DecodedContext {
  /** The query: index of the token, from 0. */
  readonly token: number;
  /** All n codes; `positionedDigits` turns them into digits. */
  readonly codes: Float64Array;
  /** Absent. */
  readonly reason?: never;
}

/** Why a scalar is no ID. */
export interface NoContext {
  /** Proves that x is at least w from every ID of a read token. */
  readonly reason: string;
  /** Absent. */
  readonly codes?: never;
}

/** A context whose ID is near x. */
export interface LocatedContext extends DecodedContext {
  /** The ID, to `mapping.bits`. */
  readonly id: Interval;
  /** $(x - \mathrm{ID}) / w$, in float64. */
  readonly offset: Float64Interval;
}

/**
 * Reads the whole context off one scalar: the query and all n codes, from the last position to the first.
 *
 * Guaranteed: if $|x - x_k(M)| < w$ for a grid sequence M and a read token k, w = `mapping.halfWidth`, then M and k are returned. For any other x the
 * result is a reason, or some candidate: `locateContext` compares its ID.
 *
 * Method. $y = m x$ lies within m w of $a_k + \kappa A$ with $0 < \kappa A \le 1/2$, so its floor is $a_k$ ($A \ge R$, and
 * $m w \le \kappa \lambda R e^{-\lambda R} / 16 < \kappa R / 16$) and $\hat A = (y - a_k) / \kappa$ is within
 * $\omega = 1.6\, m w / \kappa$ of A (1.5 for x and the enclosure's middle, the rest for its rounding). Then for i = n, ..., 1, with the codes after i known:
 * $$P(c) = \sum_{j > i} (a_j - \hat A) e^{\lambda (a_j - R i)} - (\hat A - R i - c) e^{\lambda c} - \sum_{j < i} (\hat A - R j) e^{\lambda R (j - i)}$$
 * is, at $\hat A = A$, at least 0 for $c \le c_i$ and at most $-\mu_1$ for $c > c_i$, by the proof of `gridSeparation`: the true digits before i make the
 * last sum as large as the first two allow, and larger digits only enlarge it. For i = n, $P(c) = (\hat A - R n - c) e^{\lambda c} + \sum_{j < n} (\hat A - R j - D) e^{\lambda (R (j - n) + D)}$
 * is at least 0 for $c \le c_n$ and at most $-\mu_0$ beyond. $\hat A$ for A moves P by at most $\omega e^{\lambda (R (n - 1) + D)} / (1 - q)$, which is below
 * $\mu / 8$ as w is at most gap / 16; rounding adds less than $2^{-40} \mu$. So the largest c with $P(c) \ge -\mu / 2$ is $c_i$: a bisection.
 *
 * @param x - an enclosure of the scalar no wider than w
 *
 * @throws RangeError if the enclosure is wider than w
 * @example
 * const mapping = gridContextMapping({ d: 1, m: 3, n: 4, reads: 1, mode: 'compact' });
 * const x = contextId(mapping, positionedCodes(mapping.codes, [2, 0, 1, 2]), 3);
 * const found = decodeContext(mapping, x);
 * found.codes && positionedDigits(mapping.codes, found.codes); // => new Int32Array([2, 0, 1, 2])
 */
export function decodeContext(mapping: GridContextMapping, x: Interval): DecodedContext | NoContext {
  const { codes: grid, kappa, halfWidth, reads, bits } = mapping;
  const { n, m, R, D } = grid;
  if (compareDyadic(subtractDyadic(x.high, x.low), halfWidth) > 0) throw new RangeError(`decodeContext: x must be at most halfWidth = 2^${halfWidth.e} wide, got ${width(x)}`);
  const fraction = fractionFor(mapping, bits);
  const halvings = -Math.log2(kappa);
  // m times the middle, in units of kappa 2^-F.
  const y = floorTo(BigInt(m) * x.low.m, x.low.e - 1, fraction + halvings) + floorTo(BigInt(m) * x.high.m, x.high.e - 1, fraction + halvings);
  const query = y >> BigInt(fraction + halvings);
  const { first, last } = queryRange(grid, reads);
  if (query < BigInt(first) || query > BigInt(last)) return { reason: `the query code ${query} is none from ${first} to ${last}` };
  const a = Number(query);
  const token = Math.floor(a / R) - 1;
  if (a - R * (token + 1) > D) return { reason: `the query code ${a} lies between two positions` };
  // A in units of 2^-F.
  const mean = y - (query << BigInt(fraction + halvings));
  const powers = queryPowers('decodeContext', mapping, a, fraction);
  const tests = digitTests(mapping, powers.lambda, mean, fraction);
  const result = new Float64Array(n);
  // sum over the known codes after i of (a_j - A) e^(-lambda (R n + D - a_j)), in units of 2^-F.
  let above = 0n;
  for (let i = n; i >= 1; i--) {
    const digit = i === token + 1 ? a - R * i : i === n ? tests.last() : tests.before(i, above, powers.power(R * (n - i) + D));
    if (digit === null) return { reason: `no digit at position ${i} leads to this mean` };
    const code = R * i + digit;
    result[i - 1] = code;
    const { value } = powers.power(R * n + D - code);
    // Bits of the difference beyond those of the weight and 64 more change the product by less than a unit.
    const cut = BigInt(Math.max(0, fraction - lengthOf(value) - 64));
    above += ((((BigInt(code) << BigInt(fraction)) - mean) >> cut) * value) >> (BigInt(fraction) - cut);
  }
  return { token, codes: result };
}

/**
 * The context whose ID is nearer than w to x, with its ID and the place of x on its hat; or a reason why there is none.
 *
 * Guaranteed: a reason proves that x is at least w from every ID of a read token, so no hat of half-width w around an ID holds it. Where the
 * enclosure of x leaves that open the context is returned, and `offset` holds 1 or -1.
 *
 * @param x - an enclosure no wider than w; `contextId` gives one
 *
 * @throws RangeError if the enclosure is wider than w
 * @example
 * const mapping = gridContextMapping({ d: 1, m: 3, n: 4, reads: 1, mode: 'compact' });
 * // The first code is off the grid: an input on a ramp.
 * const codes = positionedCodes(mapping.codes, [2, 0, 1, 2]);
 * locateContext(mapping, contextId(mapping, codes, 3)).codes; // => codes
 * locateContext(mapping, contextId(mapping, codes.map((a, j) => (j === 0 ? a - 0.5 : a)), 3)).reason; // => 'the nearest ID is at least w away'
 */
export function locateContext(mapping: GridContextMapping, x: Interval): LocatedContext | NoContext {
  const decoded = decodeContext(mapping, x);
  if (decoded.codes === undefined) return decoded;
  const id = contextId(mapping, decoded.codes, decoded.token);
  // Positive and negative differences of close numbers: exact up to the bits of the enclosures.
  const offset = toFloat64(scaleByPowerOfTwo(subtract(x, id, OFFSET_BITS), -mapping.halfWidth.e));
  if (offset.low >= 1 || offset.high <= -1) return { reason: 'the nearest ID is at least w away' };
  return { ...decoded, id, offset };
}

const OFFSET_BITS = 128;

/** floor(m 2^e 2^places). */
function floorTo(m: bigint, e: number, places: number): bigint {
  const shift = e + places;
  return shift >= 0 ? m << BigInt(shift) : m >> BigInt(-shift);
}

const width = ({ low, high }: Interval): string => `one of about 2^${lengthOf(subtractDyadic(high, low).m) + subtractDyadic(high, low).e}`;
