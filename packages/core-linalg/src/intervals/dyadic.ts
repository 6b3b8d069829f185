import { assertFiniteNumber } from '../checks/checks.ts';

/** An exact number $m 2^e$. Many pairs stand for one value; no function asks for a special one. */
export interface Dyadic {
  /** Integer factor; its sign is the number's sign. */
  readonly m: bigint;
  /** Exponent of two, an integer from $-2^{53} + 1$ to $2^{53} - 1$. */
  readonly e: number;
}

/** The number 0. */
export const ZERO: Dyadic = { m: 0n, e: 0 };

// Exact sums hold every bit between their terms; 2^26 bits are 8 MiB, far above what a million bits of precision need.
const LARGEST_SHIFT = 2 ** 26;

const word = new DataView(new ArrayBuffer(8));

/**
 * The float64 `x` exactly, with odd m (or 0).
 *
 * @throws RangeError if `x` is NaN or infinite
 * @throws TypeError if it is not a number
 * @example
 * dyadicFromNumber(-0.75); // => { m: -3n, e: -2 }
 */
export function dyadicFromNumber(x: number): Dyadic {
  assertFiniteNumber('dyadicFromNumber', 'x', x);
  if (x === 0) return ZERO;
  word.setFloat64(0, x);
  const top = word.getUint32(0);
  const biased = (top >>> 20) & 0x7ff;
  const high = biased === 0 ? top & 0xfffff : (top & 0xfffff) | 0x100000;
  const low = word.getUint32(4);
  // Trailing zeros are dropped, so that small integers stay small in exact sums and products.
  const zeros = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
  const m = BigInt((high * 4294967296 + low) / powerOfTwo(zeros));
  return { m: x < 0 ? -m : m, e: (biased || 1) - 1075 + zeros };
}

const trailingZeros = (n: number): number => 31 - Math.clz32(n & -n);

/** $2^e$ for e from -1022 to 1023, from its bits: `**` need not be exact. */
export function powerOfTwo(e: number): number {
  word.setUint32(0, (e + 1023) << 20);
  word.setUint32(4, 0);
  return word.getFloat64(0);
}

/** Bits of $|m|$: the n with $2^{n-1} \le |m| < 2^n$, and 0 for 0. Cost: far below one product of that size. */
export function bitLength(m: bigint): number {
  const direct = Number(m);
  if (Number.isFinite(direct)) return smallBitLength(m, direct);
  // Above 2^1024: find a shift that leaves a number between 1 and 2^1024, by doubling and then by halving.
  const positive = m < 0n ? -m : m;
  let low = 0;
  let high = 960;
  for (;;) {
    const rest = positive >> BigInt(high);
    const value = Number(rest);
    if (value === 0) break;
    if (value < Infinity) return high + smallBitLength(rest, value);
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = Math.floor((low + high) / 2);
    const rest = positive >> BigInt(middle);
    const value = Number(rest);
    if (value === 0) high = middle;
    else if (value < Infinity) return middle + smallBitLength(rest, value);
    else low = middle;
  }
}

/** Bits of |m|, given its float64 rounding. */
function smallBitLength(m: bigint, rounded: number): number {
  if (rounded === 0) return 0;
  word.setFloat64(0, rounded);
  const length = ((word.getUint16(0) >>> 4) & 0x7ff) - 1022;
  // Only 2^length - small rounds up into the next binade, to a power of two.
  if (length > 53 && word.getUint32(4) === 0 && (word.getUint32(0) & 0xfffff) === 0 && (m < 0n ? -m : m) < 1n << BigInt(length - 1)) return length - 1;
  return length;
}

/** The n with $2^{n-1} \le |a| < 2^n$; -Infinity for 0. */
export const topExponent = (a: Dyadic): number => (a.m === 0n ? -Infinity : a.e + bitLength(a.m));

/**
 * $-a$.
 *
 * @example
 * negateDyadic({ m: 3n, e: -1 }); // => { m: -3n, e: -1 }
 */
export function negateDyadic(a: Dyadic): Dyadic {
  return { m: -a.m, e: a.e };
}

/**
 * $a + b$, exact.
 *
 * @throws RangeError if the exponents are further apart than $2^{26}$; `add` of intervals rounds such sums
 * @example
 * addDyadic({ m: 1n, e: 0 }, { m: 1n, e: -2 }); // => { m: 5n, e: -2 }
 */
export function addDyadic(a: Dyadic, b: Dyadic): Dyadic {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  const shift = a.e - b.e;
  if (shift === 0) return { m: a.m + b.m, e: a.e };
  if (Math.abs(shift) > LARGEST_SHIFT) throw new RangeError(`addDyadic: exponents must differ by at most 2^26, got ${a.e} and ${b.e}`);
  return shift > 0 ? { m: (a.m << BigInt(shift)) + b.m, e: b.e } : { m: a.m + (b.m << BigInt(-shift)), e: a.e };
}

/**
 * $a - b$, exact.
 *
 * @throws RangeError if the exponents are further apart than $2^{26}$
 * @example
 * subtractDyadic(dyadicFromNumber(1e300), dyadicFromNumber(1e300)).m; // => 0n
 */
export function subtractDyadic(a: Dyadic, b: Dyadic): Dyadic {
  return addDyadic(a, negateDyadic(b));
}

/**
 * $a b$, exact.
 *
 * @example
 * multiplyDyadic(dyadicFromNumber(0.5), dyadicFromNumber(6)); // => { m: 3n, e: 0 }
 */
export function multiplyDyadic(a: Dyadic, b: Dyadic): Dyadic {
  const m = a.m * b.m;
  return m === 0n ? ZERO : { m, e: a.e + b.e };
}

/**
 * The sign of $a - b$, exact for any exponents.
 *
 * @example
 * compareDyadic({ m: 1n, e: -5000 }, { m: 1n, e: 9000 }); // => -1
 */
export function compareDyadic(a: Dyadic, b: Dyadic): -1 | 0 | 1 {
  const signA = signOf(a.m);
  const signB = signOf(b.m);
  if (signA !== signB) return signA < signB ? -1 : 1;
  if (signA === 0) return 0;
  const shift = a.e - b.e;
  // Within a few words a shift costs less than two bit lengths.
  if (shift !== 0 && Math.abs(shift) > 256) {
    const topA = topExponent(a);
    const topB = topExponent(b);
    if (topA !== topB) return topA < topB === signA > 0 ? -1 : 1;
  }
  // Equal tops: the shift is below the longer number's length.
  const left = shift > 0 ? a.m << BigInt(shift) : a.m;
  const right = shift < 0 ? b.m << BigInt(-shift) : b.m;
  return left < right ? -1 : left > right ? 1 : 0;
}

const signOf = (m: bigint): -1 | 0 | 1 => (m > 0n ? 1 : m < 0n ? -1 : 0);
