import { assertLength } from '../checks/checks.ts';
import { exactProduct } from './arithmetic.ts';
import { ZERO, type Dyadic } from './dyadic.ts';
import { outward, type Interval } from './interval.ts';
import { addForRounding, assertBits, roundDown, roundUp } from './round.ts';

// Room for carries of up to 2^60 terms and their roundings.
const GUARD = 64;

/**
 * $\sum_i a_i$; [0, 0] for no terms. Partial sums have 64 bits more than the result: the width is that of the terms, one
 * unit of `bits` bits, and $n\,2^{-64}$ units of the largest partial sum.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError for `bits` out of range
 * @example
 * toFloat64(sum([fromNumber(1e300), fromNumber(1), fromNumber(-1e300)], 1100)); // => { low: 1, high: 1 }
 */
export function sum(a: readonly Interval[], bits: number): Interval {
  assertBits('sum', bits);
  return accumulate(a.length, (i) => [a[i]!.low, a[i]!.high], bits);
}

/**
 * $\sum_i a_i b_i$; [0, 0] for no terms. Products are exact, partial sums have 64 bits more than the result: the width
 * is that of the terms, one unit of `bits` bits, and $n\,2^{-64}$ units of the largest partial sum.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if the lengths differ, or for `bits` out of range
 * @example
 * toFloat64(dot([fromNumber(0.5), fromNumber(3)], [fromNumber(4), fromNumber(-1)], 53)); // => { low: -1, high: -1 }
 */
export function dot(a: readonly Interval[], b: readonly Interval[], bits: number): Interval {
  assertBits('dot', bits);
  assertLength('dot', 'b', b, a.length, 'the length of a');
  return accumulate(a.length, (i) => exactProduct(a[i]!, b[i]!), bits);
}

function accumulate(n: number, term: (i: number) => readonly [Dyadic, Dyadic], bits: number): Interval {
  const working = bits + GUARD;
  let low = ZERO;
  let high = ZERO;
  for (let i = 0; i < n; i++) {
    const [termLow, termHigh] = term(i);
    const exact = low === high && termLow === termHigh;
    const nextLow = addForRounding(low, termLow, working);
    low = roundDown(nextLow, working);
    high = exact && low === nextLow ? low : roundUp(exact ? nextLow : addForRounding(high, termHigh, working), working);
  }
  return outward(low, high, bits);
}
