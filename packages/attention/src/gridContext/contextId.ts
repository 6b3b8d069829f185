import { assertInteger, assertLength, describe } from '@prompt-limits/core-linalg';
import { addDyadic, compareDyadic, dyadicFromNumber, negateDyadic, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import type { GridContextMapping } from './gridContextMapping.ts';
import { fractionFor, queryPowers } from './queryPowers.ts';

/**
 * The ID $x_k = (a_k + \kappa A_k) / m$ of a token, enclosed: $A_k = \sum_j a_j e^{\lambda a_j} / \sum_j e^{\lambda a_j}$, $\lambda = \beta a_k$.
 *
 * Codes need not lie on the grid: for an input on a ramp of the quantiser $m\, u^\top M_j$ is any number, exact as a dyadic. One exponential
 * is computed for a query and kept, one more for each code that is no integer; the rest are products, one a token.
 *
 * @param mapping - from `gridContextMapping`
 * @param codes - n codes $m\, u^\top M_j$ from 0 to R n + D, the last at least R n; numbers are taken exactly
 * @param token - k, from 0: the query; its code must be above 0
 * @param bits - `mapping.bits` unless given
 * @returns an interval no wider than $2^{-\mathrm{bits}}$ that holds $x_k$
 *
 * @throws RangeError if the number of codes is not n, a code or `token` is out of range, or the precision exceeds about a million bits
 * @throws TypeError if a code is neither a number nor a dyadic
 * @example
 * import { toFloat64 } from '@prompt-limits/core-linalg/intervals';
 * const mapping = gridContextMapping({ d: 1, m: 3, n: 4, reads: 1, mode: 'compact' });
 * const x = contextId(mapping, positionedCodes(mapping.codes, [2, 0, 1, 2]), 3);
 * toFloat64(x).low; // => 24.76190706910207
 */
export function contextId(mapping: GridContextMapping, codes: ArrayLike<number | Dyadic>, token: number, bits: number = mapping.bits): Interval {
  const fn = 'contextId';
  const { n, R, D, m } = mapping.codes;
  assertLength(fn, 'codes', codes, n, 'n');
  assertInteger(fn, 'token', token, 0, n - 1);
  assertInteger(fn, 'bits', bits, 1);
  const top = R * n + D;
  const exact = Array.from(codes, (code, j) => checkedCode(fn, j, code, j === n - 1 ? R * n : 0, top));
  const query = exact[token]!;
  if (compareDyadic(asDyadic(query), { m: 0n, e: 0 }) <= 0) throw new RangeError(`${fn}: codes[${token}] must be above 0, got 0`);
  const fraction = fractionFor(mapping, bits);
  const powers = queryPowers(fn, mapping, query, fraction);
  // With E_j = top - a_j, A = top - sum E_j w_j / sum w_j, w_j = e^(-lambda E_j) <= 1. All from below; errors in units of 2^-F.
  let [weighted, weights] = [0n, 0n];
  let [weightedError, weightsError] = [0n, 0n];
  for (const code of exact) {
    const E = distance(top, code);
    const { value, error } = powers.power(E);
    weights += value;
    weightsError += BigInt(error);
    if (typeof E === 'number') {
      weighted += BigInt(E) * value;
      weightedError += BigInt(E) * BigInt(error);
    } else {
      // The floor adds a unit.
      weighted += (E.m * value) >> BigInt(-E.e);
      weightedError += BigInt(top) * BigInt(error) + 1n;
    }
  }
  // r = weighted / weights in units of 2^-P, rounded down with the largest denominator. The other end is larger by less than
  // (weightedError + r weightsError) / weights with r <= top: by `fractionFor` below 2^-8 2^-bits, so by 1 and the two floors.
  const precision = bits + 4;
  const low = (weighted << BigInt(precision)) / (weights + weightsError);
  const room = (weightedError + BigInt(top) * weightsError) << BigInt(precision);
  const high = low + room / weights + 2n;
  // m x = a_k + kappa (top - r): the width is at most 3 kappa 2^-P / m and two roundings of kappa 2^-P, below 2^-bits.
  const halvings = -Math.log2(mapping.kappa);
  const front = addDyadic(asDyadic(query), { m: BigInt(top), e: -halvings });
  const unit = -(precision + halvings);
  // Never coarser than the unit, even where r is 0 and the sum a short number.
  const e = Math.min(unit, front.e);
  const at = (r: bigint): bigint => (front.m << BigInt(front.e - e)) - (r << BigInt(unit - e));
  return { low: { m: at(high) / BigInt(m), e }, high: { m: at(low) / BigInt(m) + 1n, e } };
}

/** The code, exact: a number where it is an integer. */
function checkedCode(fn: string, j: number, code: number | Dyadic, least: number, most: number): number | Dyadic {
  if (typeof code !== 'number' && (typeof code !== 'object' || code === null || typeof code.m !== 'bigint')) {
    throw new TypeError(`${fn}: codes[${j}] must be a number or a dyadic, got ${describe(code)}`);
  }
  if (typeof code === 'number' && !(code >= least && code <= most)) throw new RangeError(`${fn}: codes[${j}] must lie in [${least}, ${most}], got ${code}`);
  const exact = asDyadic(code);
  if (compareDyadic(exact, dyadicFromNumber(least)) < 0 || compareDyadic(exact, dyadicFromNumber(most)) > 0) {
    throw new RangeError(`${fn}: codes[${j}] must lie in [${least}, ${most}], got ${exact.m} 2^${exact.e}`);
  }
  return exact.e >= 0 ? Number(exact.m << BigInt(exact.e)) : exact;
}

const asDyadic = (x: number | Dyadic): Dyadic => (typeof x === 'number' ? dyadicFromNumber(x) : x);

const distance = (top: number, code: number | Dyadic): number | Dyadic => (typeof code === 'number' ? top - code : addDyadic(dyadicFromNumber(top), negateDyadic(code)));
