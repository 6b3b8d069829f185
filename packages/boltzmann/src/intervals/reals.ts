import * as wide from '@prompt-limits/core-linalg/intervals';
import type { Float64Interval, Interval } from '@prompt-limits/core-linalg/intervals';

/** Arithmetic on enclosures of real numbers: one formula serves float64 and any precision. */
export interface Reals<T> {
  /** Bits of precision. */
  readonly bits: number;
  /** The float64 x, exactly. */
  of(x: number): T;
  add(a: T, b: T): T;
  subtract(a: T, b: T): T;
  multiply(a: T, b: T): T;
  /** The divisor is above 0, or nothing is known of the quotient. */
  divide(a: T, b: T): T;
  /** The magnitude. */
  absolute(a: T): T;
  /** Any argument; the tail below the range of the arithmetic is enclosed from 0. */
  exp(a: T): T;
  /** Of a positive number. */
  log(a: T): T;
  /** The sign, where it is the same for every number enclosed. */
  sign(a: T): -1 | 0 | 1 | 'undecided';
  /** A float64 enclosure. */
  bounds(a: T): { readonly low: number; readonly high: number };
}

/** float64 intervals. A quotient or logarithm that the operands do not pin down, as after an underflow, is unbounded, so that it decides nothing. */
export const float64Reals: Reals<Float64Interval> = {
  bits: 53,
  of: wide.float64Interval,
  add: wide.addFloat64,
  subtract: wide.subtractFloat64,
  multiply: wide.multiplyFloat64,
  divide: (a, b) => (b.low > 0 ? wide.divideFloat64(a, b) : UNBOUNDED),
  absolute: wide.absoluteFloat64,
  exp: wide.expFloat64,
  log: (a) => (a.low > 0 ? wide.logFloat64(a) : UNBOUNDED),
  sign: wide.signFloat64,
  bounds: ({ low, high }) => ({ low: low + 0, high: high + 0 }), // no -0
};

const UNBOUNDED: Float64Interval = { low: -Infinity, high: Infinity };

// e^-1e12 is below every number that stands beside it at any precision offered; the library's exponential ends at 1e13.
const FAR = wide.fromNumber(-1e12);

/** Intervals of `bits` bits with unbounded exponents. */
export function wideReals(bits: number): Reals<Interval> {
  return {
    bits,
    of: wide.fromNumber,
    add: (a, b) => wide.add(a, b, bits),
    subtract: (a, b) => wide.subtract(a, b, bits),
    multiply: (a, b) => wide.multiply(a, b, bits),
    divide: (a, b) => wide.divide(a, b, bits),
    absolute: wide.absolute,
    exp: (a) => (wide.compare(a, FAR) === 'less' ? wide.hull(wide.fromNumber(0), wide.exp(FAR, bits)) : wide.exp(a, bits)),
    log: (a) => wide.log(a, bits),
    sign: wide.sign,
    bounds: wide.toFloat64,
  };
}

/** $\sum_i a_i$, 0 for none. */
export const total = <T>(r: Reals<T>, a: readonly T[]): T => a.reduce((sum, x) => r.add(sum, x), r.of(0));
