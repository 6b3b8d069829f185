import { bitLength, powerOfTwo } from './dyadic.ts';
import { expFixed, type Fixed } from './expFixed.ts';
import { logApproximation } from './float64Log.ts';

// Up to here a float64 start and a longer series win over a start of half the bits (measured on V8).
const LARGEST_FROM_FLOAT64 = 3072;

/** ln f in units of 2^-F, for f from 1/2 to 2 that is from below within 1 unit: $f \in [A, A + 1]\, 2^{-F}$. */
export function logFixed(f: bigint, fraction: number): Fixed {
  const shift = BigInt(fraction);
  const one = 1n << shift;
  // ln f = y + ln(1 + t), t = f e^-y - 1, for any y; one near ln f makes t small and the series for ln(1 + t) short.
  const y = start(f, fraction);
  let t = f - one;
  let above = 1n;
  if (y !== 0n) {
    const power = expFixed(-y, fraction);
    // e^-y is from 1/2 to 2 and a bit, its power.k -1, 0 or 1.
    t = ((f * power.value) >> BigInt(fraction - power.k)) - one;
    // f times the error is at most 2 * 2 errors, e^-y times the 1 of f below 3, the floor 1.
    above = 4n * power.error + 4n;
  }
  // z = t / (2 + t), ln(1 + t) = 2 (z + z^3 / 3 + ...). |t| < 2^-2, whatever the case: `start` sees to it. z within 1.
  const z = (t << shift) / ((one << 1n) + t);
  const square = (z * z) >> shift;
  let sum = z;
  let term = z;
  let n = 1;
  while (term !== 0n && term !== -1n) {
    term = (term * square) >> shift;
    n += 2;
    sum += term / BigInt(n);
  }
  // With |z| < 1/7, a power of z is within 1.4 units (floor, error of the square and of the power before), its quotient by
  // n within 1.5, the tail below 0.5: 2 (1 + 1.5 (n - 1) / 2 + 0.5) < 1.5 n + 3 on either side. ln(1 + t) grows by at most
  // 4/3 `above` as t does.
  const slack = BigInt(2 * n + 4);
  return { value: y + 2n * sum - slack, error: 2n * slack + 2n * above };
}

/** An integer near 2^F ln f: 0 where ln f is so small that its series is short anyway. */
function start(f: bigint, fraction: number): bigint {
  // |f - 1| < 2^-s: the series has F / (2 s) terms or so.
  const s = fraction - bitLength(f - (1n << BigInt(fraction)));
  if (16 * s > fraction && s > 2) return 0n;
  if (fraction <= LARGEST_FROM_FLOAT64) {
    // Within 2^-50 of ln f: 2^-52 of the cut, 2.7 * 2^-53 of the logarithm, 2^-54 of the rounding.
    const y = logApproximation(Number(f >> BigInt(fraction - 53)) * powerOfTwo(-53));
    return BigInt(Math.round(y * powerOfTwo(53))) << BigInt(fraction - 53);
  }
  const half = Math.ceil(fraction / 128) * 64;
  return logFixed(f >> BigInt(fraction - half), half).value << BigInt(fraction - half);
}
