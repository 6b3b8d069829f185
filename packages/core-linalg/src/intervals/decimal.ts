import { assertInteger } from '../checks/checks.ts';
import { multiply } from './arithmetic.ts';
import { divide } from './divide.ts';
import { addDyadic, negateDyadic, subtractDyadic, topExponent, type Dyadic } from './dyadic.ts';
import { fromDyadic, isPoint, type Interval } from './interval.ts';
import { power } from './power.ts';

const LOG10_2 = 0.3010299956639812;
const TEN = fromDyadic({ m: 10n, e: 0 });
const HALF: Dyadic = { m: 1n, e: -1 };

/**
 * The interval as a decimal of at most `digits` significant digits, of any size: its middle, with as many digits as
 * leave all numbers of the interval within 1.01 units of the last one. An interval too wide for one such digit prints
 * both ends, rounded outwards to two digits.
 *
 * @param digits - 1 to 1000
 * @throws RangeError for `digits` out of range
 * @example
 * decimal(exp(fromNumber(-20304), 64), 5); // => '1.2157e-8818'
 * @example
 * decimal(fromNumber(0.1), 30); // => '0.100000000000000005551115123126'
 * @example
 * decimal(hull(fromNumber(-0.123), fromNumber(4e99))); // => '[-0.13, 4.0e+99]'
 */
export function decimal(a: Interval, digits: number = 6): string {
  assertInteger('decimal', 'digits', digits, 1, 1000);
  // Zeros that end the print of a single number say nothing.
  if (isPoint(a)) return a.low.m === 0n ? '0' : decimalOf(a.low, digits, 'nearest').replace(/(\.\d*?)0+(?=e|$)/, (_, kept: string) => (kept === '.' ? '' : kept));
  const known = Math.min(digits, digitsKnown(a));
  if (known >= 1) {
    const sum = addDyadic(a.low, a.high);
    return decimalOf({ m: sum.m, e: sum.e - 1 }, known, 'nearest');
  }
  return `[${end(a.low, 'down')}, ${end(a.high, 'up')}]`;
}

/** How many digits leave a unit not below the width; 1 or less for ends of both signs or of far different size. */
function digitsKnown({ low, high }: Interval): number {
  const smaller = low.m > 0n ? low : high.m < 0n ? high : undefined;
  if (smaller === undefined || Math.abs(topExponent(low) - topExponent(high)) > 1) return 0;
  // A unit of n digits is above |x| 10^-n for every x printed; with half the width and half a unit, no number of the
  // interval is further than a unit from the print.
  return Math.floor((topExponent(smaller) - 1 - topExponent(subtractDyadic(high, low))) * LOG10_2);
}

const end = (x: Dyadic, direction: 'down' | 'up'): string => (x.m === 0n ? '0' : decimalOf(x, 2, direction));

/** x to n significant digits; x is not 0. */
function decimalOf(x: Dyadic, n: number, direction: 'nearest' | 'down' | 'up'): string {
  const negative = x.m < 0n;
  const size = negative ? negateDyadic(x) : x;
  const away = direction !== 'nearest' && (direction === 'up') !== negative;
  const most = 10n ** BigInt(n);
  let exponent = Math.floor((topExponent(size) - 1) * LOG10_2) - n + 1;
  for (;;) {
    const { low, high } = scaled(size, exponent, 4 * n + 64);
    const s = away ? -floor(negateDyadic(high)) : floor(direction === 'nearest' ? addDyadic(low, HALF) : low);
    // The guess of the exponent is at most 1 off, and rounding can reach one digit more.
    if (s >= most) exponent++;
    else if (s < most / 10n) exponent--;
    else return (negative ? '-' : '') + print(s.toString(), exponent);
  }
}

/** x 10^-exponent. */
function scaled(x: Dyadic, exponent: number, bits: number): Interval {
  const factor = power(TEN, Math.abs(exponent), bits);
  return exponent > 0 ? divide(fromDyadic(x), factor, bits) : multiply(fromDyadic(x), factor, bits);
}

const floor = (x: Dyadic): bigint => (x.e >= 0 ? x.m << BigInt(x.e) : x.m >> BigInt(-x.e));

/** Digits times a power of ten, written out where that is short. */
function print(digits: string, exponent: number): string {
  const order = exponent + digits.length - 1;
  if (order >= 21 || order < -6 || exponent > 0) {
    const rest = digits.slice(1);
    return `${digits[0]}${rest ? `.${rest}` : ''}e${order < 0 ? '' : '+'}${order}`;
  }
  if (exponent === 0) return digits;
  return order >= 0 ? `${digits.slice(0, order + 1)}.${digits.slice(order + 1)}` : `0.${'0'.repeat(-order - 1)}${digits}`;
}
