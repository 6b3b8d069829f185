/** Bounds on e^x from + - * alone, with u = 2^-53 the unit of rounding. */
import { powerOfTwo } from './dyadic.ts';

// ln 2 = LN2_HIGH + LN2_LOW + 1.1e-26: the first has 32 bits, down to 2^-32, so that k LN2_HIGH is exact for |k| < 2^21.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

// e^x exceeds the largest float64 above 709.7828, and is below 2^-1074 under -744.4401.
const MOST = 709.79;
const LEAST = -745.2;

// 1/2!, 1/3!, ..., 1/13!: the rest of the series is below 0.3466^14 / 14! (1 + 0.03) < 0.04 u.
const COEFFICIENTS = [1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880, 1 / 3628800, 1 / 39916800, 1 / 479001600, 1 / 6227020800] as const;
const [C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13] = COEFFICIENTS;

// The sum below is within 2 u (derived there); the widening's own product and difference add less than 1.01 u.
const WIDENING = 3.0625 * powerOfTwo(-53);

/** e^r for x = k ln 2 + r, within a factor of 1 +- 2 u. */
function reduced(x: number, k: number): number {
  // x - k LN2_HIGH is exact: below 0.35, and for k != 0, where |x| > 1/4, a multiple of 2^-54. k LN2_LOW and what LN2_LOW
  // leaves of ln 2 add less than 1e-22, the difference 2^-55: r is within 0.251 u.
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  // |r| < 0.3467. Horner's sum q < 0.57 is within 0.67 u: half an ulp of it, and 0.35 times the error of the sum before,
  // which starts at 1/6 and is within 0.4 u.
  const q = C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * (C7 + r * (C8 + r * (C9 + r * (C10 + r * (C11 + r * (C12 + r * C13))))))))));
  // r r q < 0.07 is within 0.57 * 0.0625 u + 0.121 * 0.67 u + 0.0625 u < 0.18 u, the inner sum within 0.43 u; the outer one
  // rounds by u from 1 up and by 0.5 u below. With r's error times e^r and the rest of the series:
  // (1 + 0.43 + 0.251 * 1.42 + 0.04) u < 1.83 u of at least 1, or (0.5 + 0.43 + 0.26 + 0.04) u < 1.23 u of at least 0.707.
  return 1 + (r + r * r * q);
}

/** A float64 not above e^x. */
export function expDown(x: number): number {
  if (x === 0) return 1;
  if (x < LEAST) return 0;
  if (x > MOST) return Number.MAX_VALUE;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const y = reduced(x, k);
  const value = scale(y - y * WIDENING, k);
  // Below the normal numbers scaling rounds, by half of 2^-1074 at most.
  if (k < -1020) return Math.max(0, value - Number.MIN_VALUE);
  if (value === Infinity) return Number.MAX_VALUE;
  return x > 0 && value < 1 ? 1 : value;
}

/** A float64 not below e^x. */
export function expUp(x: number): number {
  if (x === 0) return 1;
  if (x < LEAST) return Number.MIN_VALUE;
  if (x > MOST) return Infinity;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const y = reduced(x, k);
  const value = scale(y + y * WIDENING, k);
  if (k < -1020) return value + Number.MIN_VALUE;
  return x < 0 && value > 1 ? 1 : value;
}

/** y 2^k for y from 0.7 to 1.5 and k from -1076 to 1024: exact where the result is normal. */
function scale(y: number, k: number): number {
  if (k > 1023) return y * 2 * powerOfTwo(k - 1);
  return k < -1020 ? y * powerOfTwo(k + 200) * powerOfTwo(-200) : y * powerOfTwo(k);
}
