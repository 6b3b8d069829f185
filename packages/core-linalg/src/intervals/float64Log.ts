/** Bounds on ln x from + - * / alone, with u = 2^-53 the unit of rounding. */
import { powerOfTwo } from './dyadic.ts';

// As in the exponential: k LN2_HIGH is exact for |k| < 2^21.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

// The value below is within 2.7 u of ln x (derived there), the widening's product and difference add less than 1.01 u.
const WIDENING = 3.75 * powerOfTwo(-53);
const LEAST_NORMAL = powerOfTwo(-1022);
const SCALE = powerOfTwo(54);

const view = new DataView(new ArrayBuffer(8));

/** ln x for x > 0 and finite, within a factor of 1 +- 2.7 u; exactly 0 for 1. */
export function logApproximation(x: number): number {
  const normal = x < LEAST_NORMAL ? x * SCALE : x;
  view.setFloat64(0, normal);
  const word = view.getUint32(0);
  // f = normal 2^-k from 0.7071 to 1.4142: 0x6a09e is the start of sqrt 2's fraction.
  const up = (word & 0xfffff) > 0x6a09e ? 1 : 0;
  const exponent = (word >>> 20) - 1023 + up;
  view.setUint32(0, (word & 0xfffff) | ((1023 - up) << 20));
  const k = x < LEAST_NORMAL ? exponent - 54 : exponent;
  const t = view.getFloat64(0) - 1; // exact
  // With s = t / (2 + t): ln(1 + t) = 2 atanh(s) = t - h + s (h + R), h = t^2 / 2, R = 2 (s^2 / 3 + s^4 / 5 + ...), as
  // 2 s = t - h + s h. |s| < 0.17158, and the terms from s^22 / 23 on are below 1e-18 |t|.
  const s = t / (2 + t);
  const z = s * s;
  const R = z * (2 / 3 + z * (2 / 5 + z * (2 / 7 + z * (2 / 9 + z * (2 / 11 + z * (2 / 13 + z * (2 / 15 + z * (2 / 17 + z * (2 / 19 + z * (2 / 21))))))))));
  const h = 0.5 * t * t;
  // h is within u h, s within 2.1 u s, R within 9 u R (5 from z, the rest from its own roundings). As h < 0.0858, R < 0.02 and
  // s (h + R) < 0.0182, c is within 0.0182 * 7 u, h - c < 0.07 within 0.13 u + 0.086 u + 0.07 u < 0.29 u.
  const c = s * (h + R) + k * LN2_LOW;
  // k = 0: t - 0.29 u and one rounding, of at least 0.34 in magnitude: (0.29 / 0.34 + 1) u < 1.9 u; for smaller t all but
  // the last rounding fall with t^2, the result with t. k != 0: also |t - (h - c)| < 0.36 rounds, by 0.25 u, and the
  // result is at least 0.346: ((0.29 + 0.25) / 0.346 + 1) u < 2.6 u; the tails and u^2 are below 0.1 u.
  return k === 0 ? t - (h - c) : k * LN2_HIGH - (h - c - t);
}

/** A float64 not above ln x, x > 0 and finite. */
export function logDown(x: number): number {
  const value = logApproximation(x);
  return value - Math.abs(value) * WIDENING;
}

/** A float64 not below ln x, x > 0; Infinity for Infinity. */
export function logUp(x: number): number {
  if (x === Infinity) return Infinity;
  const value = logApproximation(x);
  return value + Math.abs(value) * WIDENING;
}
