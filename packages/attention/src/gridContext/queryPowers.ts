import { dyadicFromNumber, exp, fromDyadic, log2Size, multiplyDyadic, type Dyadic } from '@prompt-limits/core-linalg/intervals';
import type { GridContextMapping } from './gridContextMapping.ts';
import { temperatureAt } from './gridTemperature.ts';

/** A number from below in units of $2^{-F}$: $value \le 2^F x \le value + error$. */
export interface FixedNumber {
  readonly value: bigint;
  /** An integer. */
  readonly error: number;
}

/** $e^{-\lambda E}$ for one query: one exponential, then products. */
export interface QueryPowers {
  /** $\lambda = \beta a_k$. */
  readonly lambda: Dyadic;
  /** F. */
  readonly fraction: number;
  /** $e^{-\lambda E}$ for E >= 0, within 4 E + 4 units; 4 E for an integer E. */
  power(E: Dyadic | number): FixedNumber;
}

// Exponentials take at most a million bits.
const LARGEST_FRACTION = 999_000;

/**
 * Bits after the point with which `contextId` is within $2^{-\mathrm{bits}}$, and `decodeContext` decides for bits >= mapping.bits.
 *
 * With $G = R (n + 1)$ weights are off by at most 4 G units, sums of n of them times codes by $4 n G^2$ units. The denominator is at least
 * $e^{-\lambda D}$, so a mean is off by at most $8 n G^2 e^{\lambda D}$ units. 8 bits more leave room for every rounding behind it.
 */
export function fractionFor({ codes, beta }: GridContextMapping, bits: number): number {
  const { R, D, n } = codes;
  const size = Math.log2(8 * n) + 2 * Math.log2(R * (n + 1));
  const fraction = bits + Math.ceil(size + spread(beta, R * n + D, D)) + 8;
  // Multiples of 64, so that precisions share their powers.
  return Math.ceil(fraction / 64) * 64;
}

/** An upper bound of $\log_2 e^{\lambda D}$ for the code a of a query. */
export const spread = (beta: Dyadic, a: number, D: number): number => Number(beta.m) * 2 ** beta.e * a * D * Math.LOG2E * (1 + 2 ** -40) + 1;

const caches = new WeakMap<GridContextMapping, Map<string, QueryPowers>>();
// Bits of all powers that a mapping may keep: 32 MiB.
const KEPT_BITS = 2 ** 28;
/** Exponents are written in this base. */
const RADIX = 64;

/** The powers of a query with code a, F = `fraction`; those of the queries used last are kept. */
export function queryPowers(fn: string, mapping: GridContextMapping, a: Dyadic | number, fraction: number): QueryPowers {
  if (fraction > LARGEST_FRACTION) throw new RangeError(`${fn}: IDs must need at most ${LARGEST_FRACTION} bits, got ${fraction}; the compact mode needs fewer`);
  const cache = caches.get(mapping) ?? new Map<string, QueryPowers>();
  caches.set(mapping, cache);
  const key = `${typeof a === 'number' ? a : `${a.m}e${a.e}`}/${fraction}`;
  const known = cache.get(key);
  // Deleted and set again, the entry is the youngest.
  if (known) cache.delete(key);
  const powers = known ?? makePowers(mapping, temperatureAt(mapping.beta, a), fraction);
  cache.set(key, powers);
  // About n powers of R and as many of codes with half their bits, and the tables.
  const each = fraction * (mapping.codes.n + RADIX * Math.ceil(Math.log2(mapping.codes.R + 1) / Math.log2(RADIX)));
  while (cache.size > Math.max(1, Math.floor(KEPT_BITS / each))) cache.delete(cache.keys().next().value!);
  return powers;
}

function makePowers({ codes: { R, n } }: GridContextMapping, lambda: Dyadic, fraction: number): QueryPowers {
  const shift = BigInt(fraction);
  const product = (x: FixedNumber, y: FixedNumber): FixedNumber => {
    // Bits of y that x, below 2^(length - F), makes less than a quarter of a unit are left out: x may be far shorter than y.
    const cut = BigInt(Math.max(0, fraction - lengthOf(x.value) - 2));
    // Factors are at most 1, and the product of the errors is below 2^(F - 60) by `fractionFor`: the floor costs a unit, the rest less than another.
    return { value: (x.value * (y.value >> cut)) >> (shift - cut), error: x.error + y.error + 2 };
  };
  const exponential = (E: Dyadic): FixedNumber => {
    // Correctly rounded to F bits, so within 2^-F of each other for values up to 1; the two floors make it 2 units.
    const { low } = exp(fromDyadic(multiplyDyadic({ m: -lambda.m, e: lambda.e }, E)), fraction);
    const down = fraction + low.e;
    return { value: down >= 0 ? low.m << BigInt(down) : low.m >> BigInt(-down), error: 2 };
  };
  // tables[level][k] = e^(-lambda k 64^level). With e(1) = 2 and e(a + b) = e(a) + e(b) + 2 every power E is off by at most 4 E - 2.
  const one: FixedNumber = { value: 1n << shift, error: 0 };
  const tables: FixedNumber[][] = [];
  const digitPower = (level: number, digit: number): FixedNumber => {
    const table = (tables[level] ??= [one, level === 0 ? exponential({ m: 1n, e: 0 }) : product(digitPower(level - 1, RADIX - 1), digitPower(level - 1, 1))]);
    while (table.length <= digit) table.push(product(table.at(-1)!, table[1]!));
    return table[digit]!;
  };
  /** start e^(-lambda E), the short factors first; E >= 1 without a start. */
  const raise = (E: number, start?: FixedNumber): FixedNumber => {
    const digits: number[] = [];
    for (let rest = E; rest > 0; rest = Math.floor(rest / RADIX)) digits.push(rest % RADIX);
    let result = start;
    for (let level = digits.length - 1; level >= 0; level--) {
      if (digits[level] === 0) continue;
      const factor = digitPower(level, digits[level]!);
      result = result === undefined ? factor : product(result, factor);
    }
    return result!;
  };
  // chain[t] = e^(-lambda R t): shorter and shorter numbers.
  const chain = [one];
  const steps = (t: number): FixedNumber => {
    if (t > 0 && chain[1] === undefined) chain[1] = raise(R);
    while (chain.length <= t) chain.push(product(chain.at(-1)!, chain[1]!));
    return chain[t]!;
  };
  // An ID, its decoding and the ID of what was decoded ask for the same powers.
  const kept = new Map<number, FixedNumber>();
  const whole = (E: number): FixedNumber => {
    const known = kept.get(E);
    if (known !== undefined) return known;
    const t = Math.floor(E / R);
    const rest = E - t * R;
    if (rest === 0) return steps(t);
    const made = t === 0 ? raise(rest) : raise(rest, steps(t));
    if (kept.size >= n) kept.clear();
    kept.set(E, made);
    return made;
  };
  const power = (E: Dyadic | number): FixedNumber => {
    if (typeof E === 'number' && Number.isInteger(E)) return whole(E);
    const exact = typeof E === 'number' ? dyadicFromNumber(E) : E;
    if (exact.e >= 0) return whole(Number(exact.m << BigInt(exact.e)));
    const floor = exact.m >> BigInt(-exact.e);
    const rest = { m: exact.m - (floor << BigInt(-exact.e)), e: exact.e };
    // Codes off the grid come from inputs on a ramp: rare, one exponential each.
    return rest.m === 0n ? whole(Number(floor)) : product(whole(Number(floor)), exponential(rest));
  };
  return { lambda, fraction, power };
}

/** Bits of a number. */
export const lengthOf = (x: bigint): number => (x === 0n ? 0 : log2Size(fromDyadic({ m: x, e: 0 })));
