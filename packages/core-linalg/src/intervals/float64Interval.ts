import { assertFiniteNumber, assertLength } from '../checks/checks.ts';
import { expDown, expUp } from './float64Exp.ts';
import { logDown, logUp } from './float64Log.ts';
// `0 - x` where `-x` would make a negative zero.
import { addDown, divideDown, multiplyDown, nextUp, rootDown } from './float64Rounding.ts';

/**
 * All real numbers x with low <= x <= high, the ends float64s. low = -Infinity and high = Infinity mean no bound; a sum
 * or product too large for float64 ends so. low is never Infinity, high never -Infinity.
 */
export interface Float64Interval {
  /** Lower end, part of the interval. */
  readonly low: number;
  /** Upper end, part of the interval. */
  readonly high: number;
}

/**
 * The interval that holds only x; exact.
 *
 * @throws RangeError if `x` is NaN or infinite
 * @example
 * float64Interval(0.1); // => { low: 0.1, high: 0.1 }
 */
export function float64Interval(x: number): Float64Interval {
  assertFiniteNumber('float64Interval', 'x', x);
  return { low: x, high: x };
}

/**
 * $\lbrace x + y : x \in a, y \in b \rbrace$ in the smallest float64 interval.
 *
 * @example
 * addFloat64(float64Interval(0.1), float64Interval(0.2)); // => { low: 0.3, high: 0.30000000000000004 }
 */
export function addFloat64(a: Float64Interval, b: Float64Interval): Float64Interval {
  return { low: addDown(a.low, b.low), high: 0 - addDown(-a.high, -b.high) };
}

/**
 * $\lbrace x - y : x \in a, y \in b \rbrace$ in the smallest float64 interval.
 *
 * @example
 * subtractFloat64(float64Interval(1), float64Interval(0.75)); // => { low: 0.25, high: 0.25 }
 */
export function subtractFloat64(a: Float64Interval, b: Float64Interval): Float64Interval {
  return { low: addDown(a.low, -b.high), high: 0 - addDown(-a.high, b.low) };
}

/**
 * $\lbrace -x : x \in a \rbrace$, exact.
 *
 * @example
 * negateFloat64({ low: -1, high: 3 }); // => { low: -3, high: 1 }
 */
export function negateFloat64(a: Float64Interval): Float64Interval {
  return { low: 0 - a.high, high: 0 - a.low };
}

/**
 * $\lbrace |x| : x \in a \rbrace$, exact.
 *
 * @example
 * absoluteFloat64({ low: -3, high: 2 }); // => { low: 0, high: 3 }
 */
export function absoluteFloat64(a: Float64Interval): Float64Interval {
  if (a.low >= 0) return a;
  return a.high <= 0 ? negateFloat64(a) : { low: 0, high: Math.max(-a.low, a.high) };
}

/**
 * $\lbrace x y : x \in a, y \in b \rbrace$ in the smallest float64 interval; at most 1 ulp wider at each end where that end
 * is below 2^-960 or above 2^990 in magnitude.
 *
 * @example
 * multiplyFloat64({ low: -1, high: 2 }, { low: 3, high: 5 }); // => { low: -5, high: 10 }
 */
export function multiplyFloat64(a: Float64Interval, b: Float64Interval): Float64Interval {
  if (a.low >= 0) {
    return {
      low: multiplyDown(b.low >= 0 ? a.low : a.high, b.low),
      high: 0 - multiplyDown(-(b.high >= 0 ? a.high : a.low), b.high),
    };
  }
  if (a.high <= 0) {
    return {
      low: multiplyDown(b.high >= 0 ? a.low : a.high, b.high),
      high: 0 - multiplyDown(-(b.low >= 0 ? a.high : a.low), b.low),
    };
  }
  if (b.low >= 0 || b.high <= 0) return multiplyFloat64(b, a);
  return {
    low: Math.min(multiplyDown(a.low, b.high), multiplyDown(a.high, b.low)),
    high: 0 - Math.min(multiplyDown(-a.low, b.low), multiplyDown(-a.high, b.high)),
  };
}

/**
 * $\lbrace x / y : x \in a, y \in b \rbrace$ in the smallest float64 interval; at most 1 ulp wider at each end where that
 * end or an end of a or b is below 2^-960 or above 2^990 in magnitude.
 *
 * @throws RangeError if b holds 0
 * @example
 * divideFloat64(float64Interval(1), float64Interval(3)); // => { low: 0.3333333333333333, high: 0.33333333333333337 }
 */
export function divideFloat64(a: Float64Interval, b: Float64Interval): Float64Interval {
  if (!(b.low > 0 || b.high < 0)) throw new RangeError(`divideFloat64: the divisor must not hold 0, got [${b.low}, ${b.high}]`);
  if (b.high < 0) return divideFloat64(negateFloat64(a), negateFloat64(b));
  return {
    low: divideDown(a.low, a.low >= 0 ? b.high : b.low),
    high: 0 - divideDown(-a.high, a.high >= 0 ? b.low : b.high),
  };
}

/**
 * $\sum_i a_i$, summed from the left with each partial sum rounded outwards; [0, 0] for no terms.
 *
 * @example
 * sumFloat64([float64Interval(1), float64Interval(2)]); // => { low: 3, high: 3 }
 */
export function sumFloat64(a: readonly Float64Interval[]): Float64Interval {
  let low = 0;
  let high = 0;
  for (const term of a) {
    low = addDown(low, term.low);
    high = 0 - addDown(-high, -term.high);
  }
  return { low, high };
}

/**
 * $\sum_i a_i b_i$, each product and partial sum rounded outwards; [0, 0] for no terms.
 *
 * @throws RangeError if the lengths differ
 * @example
 * dotFloat64([{ low: 1, high: 2 }, float64Interval(3)], [float64Interval(4), float64Interval(-1)]); // => { low: 1, high: 5 }
 */
export function dotFloat64(a: readonly Float64Interval[], b: readonly Float64Interval[]): Float64Interval {
  assertLength('dotFloat64', 'b', b, a.length, 'the length of a');
  return sumFloat64(a.map((x, i) => multiplyFloat64(x, b[i]!)));
}

/**
 * $\lbrace \sqrt x : x \in a \rbrace$ in the smallest float64 interval.
 *
 * @throws RangeError if `a` reaches below 0
 * @example
 * squareRootFloat64({ low: 2, high: 9 }); // => { low: 1.414213562373095, high: 3 }
 */
export function squareRootFloat64(a: Float64Interval): Float64Interval {
  if (!(a.low >= 0)) throw new RangeError(`squareRootFloat64: the interval must not reach below 0, got [${a.low}, ${a.high}]`);
  const { root, exact } = rootDown(a.high);
  return { low: rootDown(a.low).root, high: exact ? root : nextUp(root) };
}

/**
 * $\lbrace e^x : x \in a \rbrace$, each end within $6.1 \cdot 2^{-53}$ of that set's end relatively; below $2^{-1021}$ within
 * 2 times $2^{-1074}$ more. Beyond the float64 range ends are 0 or Infinity. Relies on + - * alone, not on Math.exp.
 *
 * @example
 * const { low, high } = expFloat64(float64Interval(1));
 * low < Math.E && Math.E < high && high - low < 2e-15; // => true
 */
export function expFloat64(a: Float64Interval): Float64Interval {
  return { low: expDown(a.low), high: expUp(a.high) };
}

/**
 * $\lbrace \ln x : x \in a \rbrace$, each end within $7.5 \cdot 2^{-53}$ of that set's end relatively, near 1 too. Relies on
 * + - * / alone, not on Math.log.
 *
 * @throws RangeError if `a` reaches 0 or below
 * @example
 * const { low, high } = logFloat64(float64Interval(2));
 * low < Math.LN2 && Math.LN2 < high && high - low < 1e-15; // => true
 */
export function logFloat64(a: Float64Interval): Float64Interval {
  if (!(a.low > 0)) throw new RangeError(`logFloat64: the interval must lie above 0, got [${a.low}, ${a.high}]`);
  return { low: logDown(a.low), high: logUp(a.high) };
}

/**
 * How the number in `a` relates to the number in `b`: 'less' or 'greater' if that holds whatever they are, 'equal' if
 * both are the same single number, else 'undecided'. Exact.
 *
 * @example
 * compareFloat64({ low: 1, high: 2 }, { low: 2, high: 3 }); // => 'undecided'
 */
export function compareFloat64(a: Float64Interval, b: Float64Interval): 'less' | 'equal' | 'greater' | 'undecided' {
  if (a.high < b.low) return 'less';
  if (a.low > b.high) return 'greater';
  return a.low === b.high && a.high === b.low ? 'equal' : 'undecided';
}

/**
 * The sign of the number in `a`: 1, -1 or 0 if that holds whatever it is, else 'undecided'. Exact.
 *
 * @example
 * signFloat64({ low: 0, high: 1 }); // => 'undecided'
 */
export function signFloat64(a: Float64Interval): -1 | 0 | 1 | 'undecided' {
  if (a.low > 0) return 1;
  if (a.high < 0) return -1;
  return a.low === 0 && a.high === 0 ? 0 : 'undecided';
}
