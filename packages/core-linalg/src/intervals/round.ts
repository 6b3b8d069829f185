import { assertInteger } from '../checks/checks.ts';
import { addDyadic, bitLength, topExponent, ZERO, type Dyadic } from './dyadic.ts';

/** The least and the most bits of precision that intervals take. */
export const BITS = { least: 53, most: 1_000_000 } as const;

/** @throws RangeError unless `bits` is an integer from 53 to 1,000,000 */
export function assertBits(fn: string, bits: number): void {
  assertInteger(fn, 'bits', bits, BITS.least, BITS.most);
}

/**
 * The largest number of at most `bits` bits that is not above $a$ ($|m| < 2^{bits}$; exponents have no limit).
 *
 * @param bits - 1 or more
 * @throws RangeError if the exponent leaves the safe integers
 * @example
 * roundDown({ m: -5n, e: 0 }, 2); // => { m: -3n, e: 1 }
 */
export function roundDown(a: Dyadic, bits: number): Dyadic {
  const excess = bitLength(a.m) - bits;
  if (excess <= 0) return a.m === 0n ? ZERO : checked(a);
  // >> is the floor for negative numbers too. Rounding away from 0 can reach 2^bits, which is a power of two and fits.
  return checked({ m: a.m >> BigInt(excess), e: a.e + excess });
}

/**
 * The smallest number of at most `bits` bits that is not below $a$.
 *
 * @param bits - 1 or more
 * @throws RangeError if the exponent leaves the safe integers
 * @example
 * roundUp({ m: 5n, e: 0 }, 2); // => { m: 3n, e: 1 }
 */
export function roundUp(a: Dyadic, bits: number): Dyadic {
  const excess = bitLength(a.m) - bits;
  if (excess <= 0) return a.m === 0n ? ZERO : checked(a);
  return checked({ m: -(-a.m >> BigInt(excess)), e: a.e + excess });
}

function checked(a: Dyadic): Dyadic {
  if (!Number.isSafeInteger(a.e)) throw new RangeError(`interval: exponents must be below 2^53, got ${a.e}`);
  return a;
}

/**
 * A number between which and $a + b$ lies no number of at most `bits` bits, so that it rounds down and up as the sum
 * does; the sum itself unless the exponents are far apart. Any exponents.
 */
export function addForRounding(a: Dyadic, b: Dyadic, bits: number): Dyadic {
  if (Math.abs(a.e - b.e) <= 4 * bits + 256 || a.m === 0n || b.m === 0n) return addDyadic(a, b);
  const topA = topExponent(a);
  const topB = topExponent(b);
  const [big, top, small, smallTop] = topA > topB ? [a, topA, b, topB] : [b, topB, a, topA];
  // Numbers of at most `bits` bits near `big` are multiples of 2^(top - bits - 1), and `big` is one of 2^e. With q the
  // smaller exponent, less one, |small| < 2^(q - 1) moves neither past a number of `bits` bits nor past a multiple of
  // 2^q, and nor does the sign of `small` times 2^(q - 2).
  const q = Math.min(big.e, top - bits - 2);
  if (smallTop >= q) return addDyadic(a, b);
  return addDyadic(big, { m: small.m > 0n ? 1n : -1n, e: q - 2 });
}
