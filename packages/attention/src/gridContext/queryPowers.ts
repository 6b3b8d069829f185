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
  // About n powers of R with half their bits and D + 1 of one code are in use.
  const each = fraction * (mapping.codes.n / 2 + Math.min(mapping.codes.D + 1, mapping.codes.n) + 16);
  while (cache.size > Math.max(1, Math.floor(KEPT_BITS / each))) cache.delete(cache.keys().next().value!);
  return powers;
}

function makePowers({ codes: { R, D } }: GridContextMapping, lambda: Dyadic, fraction: number): QueryPowers {
  const shift = BigInt(fraction);
  const product = (x: FixedNumber, y: FixedNumber): FixedNumber => {
    // Factors are at most 1 and e1 e2 <= 2^F: the floor costs a unit, the product of the errors less than another.
    return { value: (x.value * y.value) >> shift, error: x.error + y.error + 2 };
  };
  const exponential = (E: Dyadic): FixedNumber => {
    // Correctly rounded to F bits, so within 2^-F of each other for values up to 1; the two floors make it 2 units.
    const { low } = exp(fromDyadic(multiplyDyadic({ m: -lambda.m, e: lambda.e }, E)), fraction);
    const down = fraction + low.e;
    return { value: down >= 0 ? low.m << BigInt(down) : low.m >> BigInt(-down), error: 2 };
  };
  const unit = exponential({ m: 1n, e: 0 });
  // Squares of the unit: with e(1) = 2 and e(a + b) = e(a) + e(b) + 2 every power E is off by at most 4 E - 2.
  const squares = [unit];
  const raise = (E: number): FixedNumber => {
    let result: FixedNumber | undefined;
    for (let bit = 0, rest = E; rest > 0; bit++, rest = Math.floor(rest / 2)) {
      squares[bit] ??= product(squares[bit - 1]!, squares[bit - 1]!);
      if (rest % 2 === 1) result = result === undefined ? squares[bit]! : product(result, squares[bit]!);
    }
    return result!;
  };
  // chain[t] = e^(-lambda R t): shorter and shorter numbers.
  const one: FixedNumber = { value: 1n << shift, error: 0 };
  const chain = [one];
  const steps = (t: number): FixedNumber => {
    if (t > 0 && chain[1] === undefined) chain[1] = raise(R);
    while (chain.length <= t) chain.push(product(chain.at(-1)!, chain[1]!));
    return chain[t]!;
  };
  const rests = new Map<number, FixedNumber>();
  const within = (rest: number): FixedNumber => {
    let known = rests.get(rest);
    if (known === undefined) {
      // Neighbours of a known power cost one product.
      const before = rests.get(rest - 1);
      known = before === undefined || rest < 3 ? raise(rest) : product(before, unit);
      if (rests.size <= D) rests.set(rest, known);
    }
    return known;
  };
  const whole = (E: number): FixedNumber => {
    const t = Math.floor(E / R);
    const rest = E - t * R;
    if (rest === 0) return steps(t);
    return t === 0 ? within(rest) : product(steps(t), within(rest));
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
