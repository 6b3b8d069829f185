import { expPieces } from './expPieces.ts';
import { ln2 } from './ln2.ts';
import { makeSeries, sumSeries, taylor, type Series } from './taylor.ts';

/** An approximation from below in units of $2^{-F}$: $value \le 2^F x \le value + error$. */
export interface Fixed {
  /** A lower bound. */
  readonly value: bigint;
  /** How far below at most. */
  readonly error: bigint;
}

/** A fixed-point number times a power of two. */
export interface FixedPower extends Fixed {
  /** The power of two. */
  readonly k: number;
}

// Up to here tables and a short series win over binary splitting (measured on V8).
const LARGEST_TABLE = 4096;
const LEVELS = 3;
// More entries cut terms off the series and cost time once per precision.
const levelBits = (fraction: number): number => (fraction <= 1024 ? 8 : 6);

interface Constants {
  /** ln 2 with 64 more bits. */
  readonly ln2: bigint;
  /** Level l, entry i: exp(i 2^(-b (l + 1))) for b bits a level, from below within 2. None at large precisions. */
  readonly tables: readonly (readonly bigint[])[];
  readonly series: Series;
}

const constants = new Map<number, Constants>();
const KEPT = 12;

function constantsFor(fraction: number): Constants {
  const known = constants.get(fraction);
  if (known) return known;
  const b = levelBits(fraction);
  const withTables = fraction <= LARGEST_TABLE;
  const made = {
    ln2: ln2(fraction + 64),
    tables: withTables ? Array.from({ length: LEVELS }, (_, level) => makeTable(fraction, b, b * (level + 1))) : [],
    series: withTables ? makeSeries(fraction, b * LEVELS) : [],
  };
  // A few precisions are in use at a time: the oldest goes.
  if (constants.size >= KEPT) constants.delete(constants.keys().next().value!);
  constants.set(fraction, made);
  return made;
}

/** exp(i 2^-at) for i below 2^b. */
function makeTable(fraction: number, b: number, at: number): bigint[] {
  const wide = fraction + 32;
  const shift = BigInt(wide);
  const step = taylor(1n << BigInt(wide - at), wide).value;
  const table: bigint[] = [];
  let entry = 1n << shift;
  for (let i = 0; i < 1 << b; i++) {
    // Each of at most 255 products adds its floor and, at most 2.8 times, the error of the step: below 255 (1 + 2.8 (2.1 n + 1))
    // < 2^32 units of 2^-(F + 32), as n < 10^5. With the floor here, below 2 units of 2^-F.
    table.push(entry >> 32n);
    entry = (entry * step) >> shift;
  }
  return table;
}

/**
 * exp of a number from below within 1 unit: $x \in [A, A + 1]\, 2^{-F}$, with $|x| < 2^{44}$.
 *
 * @returns k, value and error with $2^{F - k} e^x \in [value, value + error]$, value from $2^F - 2^6$ to $2.1 \cdot 2^F$, error below 70
 */
export function expFixed(x: bigint, fraction: number): FixedPower {
  const { ln2: wideLn2, tables, series } = constantsFor(fraction);
  // Any k near x / ln 2 will do: the loops below correct it.
  let k = Math.floor((Number(x >> BigInt(fraction - 20)) / 2 ** 20) * Math.LOG2E);
  // With |k| < 2^45, k ln 2 2^F is in floor(k L 2^-64) + [-2^-19, 1 + 2^-19] and x in A + [0, 1]: after taking 2 off,
  // x - k ln 2 is from below within 4 units.
  const rest = (n: number): bigint => x - ((BigInt(n) * wideLn2) >> 64n) - 2n;
  let r = rest(k);
  while (r < 0n) r = rest(--k);
  const limit = (wideLn2 >> 64n) + 4n;
  while (r > limit) r = rest(++k);
  if (tables.length === 0) {
    const { value, error } = expPieces(r, fraction);
    return { value, error: error + 9n, k }; // e^(4 units) <= 1 + 4.1 units, times at most 2.1
  }
  const shift = BigInt(fraction);
  const b = levelBits(fraction);
  let value = sumSeries(series, BigInt.asUintN(fraction - b * LEVELS, r), fraction);
  for (let level = 0; level < LEVELS; level++) {
    const index = Number(BigInt.asUintN(b, r >> BigInt(fraction - b * (level + 1))));
    value = (value * tables[level]![index]!) >> shift;
  }
  // Every factor is 1 or more, so its error in units bounds its relative error: 9 of the series, 2 and a floor for each of
  // the three tables, 4.1 of r. The sum, 22.1, times the value, at most 2.1, with room for products of errors.
  return { value, error: 50n, k };
}
