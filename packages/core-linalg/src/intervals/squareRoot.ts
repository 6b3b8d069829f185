import { bitLength, ZERO, type Dyadic } from './dyadic.ts';
import { isPoint, type Interval } from './interval.ts';
import { assertBits, roundDown, roundUp } from './round.ts';

/**
 * $\lbrace \sqrt x : x \in a \rbrace$, in the smallest interval of `bits` bits. Any exponents.
 *
 * @param bits - precision, 53 to 1,000,000
 * @throws RangeError if `a` reaches below 0, or for `bits` out of range
 * @example
 * toFloat64(squareRoot(fromNumber(2), 53)); // => { low: 1.414213562373095, high: 1.4142135623730951 }
 */
export function squareRoot(a: Interval, bits: number): Interval {
  assertBits('squareRoot', bits);
  if (a.low.m < 0n) throw new RangeError('squareRoot: the interval must not reach below 0, got one that does');
  if (isPoint(a)) return roots(a.low, bits);
  return { low: roots(a.low, bits).low, high: roots(a.high, bits).high };
}

/** The square root of x >= 0 rounded down and up. */
function roots(x: Dyadic, bits: number): Interval {
  if (x.m === 0n) return { low: ZERO, high: ZERO };
  // An even exponent, and 2 bits + 2 bits or more in the integer: at least bits + 1 bits in its root.
  let shift = Math.max(0, 2 * bits + 2 - bitLength(x.m));
  if ((x.e - shift) % 2 !== 0) shift++;
  const { root, rest } = integerRoot(x.m << BigInt(shift));
  const e = (x.e - shift) / 2;
  if (rest !== 0n) return { low: roundDown({ m: root, e }, bits), high: roundUp({ m: root + 1n, e }, bits) };
  const low = roundDown({ m: root, e }, bits);
  return { low, high: low.m << BigInt(low.e - e) === root ? low : roundUp({ m: root, e }, bits) };
}

/** $\lfloor \sqrt n \rfloor$ and what its square leaves of n >= 0. */
export function integerRoot(n: bigint): { root: bigint; rest: bigint } {
  const length = bitLength(n);
  return normalisedRoot(n, length + (length % 2));
}

/** Zimmermann's recursion (INRIA report 3805): for n of `length` bits, an even number, whose top two are not both 0. */
function normalisedRoot(n: bigint, length: number): { root: bigint; rest: bigint } {
  if (length <= 50) return small(n);
  // n = h 4^k + a 2^k + b with a and b of k bits; h has an even length and n's top bits.
  const k = Math.floor(length / 4);
  const high = normalisedRoot(n >> BigInt(2 * k), length - 2 * k);
  const mask = BigInt(k);
  const a = BigInt.asUintN(k, n >> mask);
  const b = BigInt.asUintN(k, n);
  const numerator = (high.rest << mask) + a;
  const divisor = high.root << 1n;
  const q = numerator / divisor;
  const u = numerator - q * divisor;
  let root = (high.root << mask) + q;
  let rest = (u << mask) + b - q * q;
  // The root of h has length / 2 - k >= k bits, its top one set: then q is at most one too large.
  if (rest < 0n) {
    rest += 2n * root - 1n;
    root -= 1n;
  }
  return { root, rest };
}

/** The root of n < 2^50, whatever Math.sqrt gives. */
function small(n: bigint): { root: bigint; rest: bigint } {
  const x = Number(n);
  let root = Math.floor(Math.sqrt(x));
  while (root * root > x) root--;
  while ((root + 1) * (root + 1) <= x) root++;
  return { root: BigInt(root), rest: BigInt(x - root * root) };
}
