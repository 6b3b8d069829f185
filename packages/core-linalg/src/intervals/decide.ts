import { bitLength, type Dyadic } from './dyadic.ts';
import type { Interval } from './interval.ts';
import type { Fixed } from './expFixed.ts';

/**
 * An irrational number rounded down and up to `bits` bits, from integers around it:
 * $value \le 2^{-e} x \le value + error$. Undefined where they do not decide.
 */
export function decide({ value, error }: Fixed, e: number, bits: number): Interval | undefined {
  const excess = bitLength(value) - bits;
  if (excess <= 0) return undefined;
  const shift = BigInt(excess);
  const floor = value >> shift;
  // Both bounds lie in [floor, floor + 1) 2^excess, and x is neither end of that: it is no dyadic number. With equal signs,
  // `floor` and `floor + 1` have at most `bits` bits or are a power of two.
  if ((value + error) >> shift !== floor || (value < 0n && value + error >= 0n)) return undefined;
  return { low: { m: floor, e: e + excess }, high: { m: floor + 1n, e: e + excess } };
}

/** The ends of two such numbers; undefined where either is undecided. */
export function decideBoth(low: Fixed, high: Fixed, e: number, bits: number): Interval | undefined {
  const down = decide(low, e, bits)?.low;
  const up = down && decide(high, e, bits)?.high;
  return up && { low: down, high: up };
}

/** $\lfloor 2^F x \rfloor$. */
export function floorFixed(x: Dyadic, fraction: number): bigint {
  const shift = x.e + fraction;
  return shift >= 0 ? x.m << BigInt(shift) : x.m >> BigInt(-shift);
}
