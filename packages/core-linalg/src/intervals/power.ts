import { assertInteger } from '../checks/checks.ts';
import { absolute, negate } from './arithmetic.ts';
import { divide } from './divide.ts';
import { multiplyDyadic, type Dyadic } from './dyadic.ts';
import { fromDyadic, outward, type Interval } from './interval.ts';
import { assertBits } from './round.ts';

// |n| < 2^53 roundings, each of one unit and doubled by at most n, stay below 2^(54 - 100) units of the result.
const GUARD = 100;

/**
 * $\lbrace x^n : x \in a \rbrace$, with $x^0 = 1$; each end is within $1 + 2^{-40}$ units of the last of `bits` bits of that
 * set's end. Even powers of an interval around 0 start at 0.
 *
 * @param n - exponent, an integer of at most $2^{53} - 1$ in magnitude
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if n is below 0 and `a` holds 0, for n or `bits` out of range, or if the exponent of the power
 * leaves the safe integers
 * @example
 * toFloat64(power(fromNumber(-1.5), 3, 53)); // => { low: -3.375, high: -3.375 }
 */
export function power(a: Interval, n: number, bits: number): Interval {
  assertInteger('power', 'n', n, -Number.MAX_SAFE_INTEGER);
  assertBits('power', bits);
  if (n === 0) return fromDyadic({ m: 1n, e: 0 });
  const raised = raiseInterval(a, Math.abs(n), bits + GUARD);
  return n > 0 ? outward(raised.low, raised.high, bits) : divide(fromDyadic({ m: 1n, e: 0 }), raised, bits);
}

function raiseInterval(a: Interval, n: number, working: number): Interval {
  const thin = a.low === a.high;
  // Even powers grow with |x|, odd ones with x.
  const base = n % 2 === 0 ? absolute(a) : a;
  const low = raise(base.low, n, working);
  return thin ? low : { low: low.low, high: raise(base.high, n, working).high };
}

/** x^n for n >= 1, by squaring from the top bit of n. */
function raise(x: Dyadic, n: number, working: number): Interval {
  if (x.m < 0n) {
    const size = raise({ m: -x.m, e: x.e }, n, working);
    return n % 2 === 0 ? size : negate(size);
  }
  const base = outward(x, x, working);
  let result = base;
  for (const digit of n.toString(2).slice(1)) {
    result = multiplyPositive(result, result, working);
    if (digit === '1') result = multiplyPositive(result, base, working);
  }
  return result;
}

function multiplyPositive(a: Interval, b: Interval, working: number): Interval {
  const low = multiplyDyadic(a.low, b.low);
  return outward(low, a.low === a.high && b.low === b.high ? low : multiplyDyadic(a.high, b.high), working);
}
