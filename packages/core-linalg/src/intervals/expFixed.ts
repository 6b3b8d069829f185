import { ln2 } from './ln2.ts';

/**
 * The exponential in fixed point: integers in units of $2^{-F}$. An approximation A of x comes with its error in such
 * units, always from below: $A \le 2^F x \le A + error$.
 */
export interface Fixed {
  readonly value: bigint;
  readonly error: number;
}

// Up to here tables and a short Taylor series win over binary splitting (measured on V8).
const LARGEST_TABLE = 6000;
const LEVELS = 3;
const LEVEL_BITS = 6;

interface Constants {
  /** ln 2 with 64 more bits. */
  readonly ln2: bigint;
  /** Level l, entry i: exp(i 2^(-6 (l + 1))), from below within 2. */
  readonly tables: readonly (readonly bigint[])[];
}

const constants = new Map<number, Constants>();
const KEPT = 12;

function constantsFor(fraction: number): Constants {
  const known = constants.get(fraction);
  if (known) return known;
  const made = { ln2: ln2(fraction + 64), tables: fraction <= LARGEST_TABLE ? makeTables(fraction) : [] };
  // The oldest goes: a few precisions are in use at a time.
  if (constants.size >= KEPT) constants.delete(constants.keys().next().value!);
  constants.set(fraction, made);
  return made;
}

function makeTables(fraction: number): bigint[][] {
  const wide = fraction + 32;
  const shift = BigInt(wide);
  return Array.from({ length: LEVELS }, (_, level) => {
    const step = taylor(1n << BigInt(wide - LEVEL_BITS * (level + 1)), wide);
    const table: bigint[] = [];
    let entry = 1n << shift;
    for (let i = 0; i < 1 << LEVEL_BITS; i++) {
      // Each of at most 63 products adds its floor and twice the error of a factor, which stays below
      // 63 (5 fraction + 50) < 2^32 units of 2^-(F + 32): with the floor here, below 2 units of 2^-F.
      table.push(entry >> 32n);
      entry = (entry * step.value) >> shift;
    }
    return table;
  });
}

/** exp(s) for 0 <= s 2^-F <= 2^-6, by Taylor's series. */
function taylor(s: bigint, fraction: number): Fixed {
  const shift = BigInt(fraction);
  let sum = 1n << shift;
  let term = sum;
  let n = 0;
  while (term !== 0n) {
    n++;
    term = ((term * s) >> shift) / BigInt(n);
    sum += term;
  }
  // A term's error is at most its predecessor's times 2^-6 and 2 for its floors, so below 2.1; the first term that
  // comes out as 0 is below 2.1, and all after it are below 0.1 together.
  return { value: sum, error: 2.1 * n + 0.1 };
}

// Halvings before the pieces: each saves more than its squaring costs while the first series is long.
const HALVINGS = 24;

/** exp(s 2^-F) for 0 <= s < 2^F: halved, cut into pieces of doubling length, each summed by binary splitting, squared back. */
function pieces(s: bigint, fraction: number): Fixed {
  const wide = fraction + HALVINGS + 8;
  const shift = BigInt(wide);
  const halved = s << 8n;
  let product = 1n << shift;
  let relative = 0;
  for (let start = HALVINGS; start < wide; start *= 2) {
    const end = Math.min(2 * start, wide);
    // The bits of x from 2^-(start + 1) down to 2^-end: u 2^-end < 2^-start.
    const u = BigInt.asUintN(end - start, halved >> BigInt(wide - end));
    if (u === 0n) continue;
    product = (product * binarySplitting(u, start, end, wide)) >> shift;
    // Factors and products are 1 or more, so errors in units are relative errors or less: 3 of the factor, 1 of the floor.
    relative += 4;
  }
  for (let i = 0; i < HALVINGS; i++) {
    product = (product * product) >> shift;
    relative = 2 * relative + 1;
  }
  // 2^(HALVINGS + 8) units of the wide fraction are one here, the result is below e, its floor adds 1.
  return { value: product >> BigInt(HALVINGS + 8), error: Math.ceil((2.72 * relative) / 2 ** (HALVINGS + 8)) + 2 };
}

/** exp(u 2^-end) for u 2^-end < 2^-start, from below within 3 units of 2^-F. */
function binarySplitting(u: bigint, start: number, end: number, fraction: number): bigint {
  // The terms after n sum to less than 2 (2^-start)^(n + 1) / (n + 1)!, below 1 unit when the exponents of two suffice.
  let n = 0;
  for (let exponent = 0; exponent < fraction + 1;) {
    n++;
    exponent += start + 31 - Math.clz32(n);
  }
  const powers = new Map<number, bigint>();
  const powerOf = (k: number): bigint => {
    let known = powers.get(k);
    if (known === undefined) {
      known = k === 1 ? u : powerOf(k >> 1) * powerOf(k - (k >> 1));
      powers.set(k, known);
    }
    return known;
  };
  // sum_{a <= i < b} of prod_{a <= j <= i} u 2^-end / j is t 2^(-end (b - a)) / q with q = a ... (b - 1).
  const sum = (a: number, b: number): { q: bigint; t: bigint } => {
    if (b - a === 1) return { q: BigInt(a), t: u };
    const middle = (a + b) >> 1;
    const left = sum(a, middle);
    const right = sum(middle, b);
    return { q: left.q * right.q, t: ((left.t * right.q) << BigInt(end * (b - middle))) + powerOf(middle - a) * right.t };
  };
  const { q, t } = sum(1, n + 1);
  const scale = fraction - end * n;
  return (1n << BigInt(fraction)) + (scale >= 0 ? t << BigInt(scale) : t >> BigInt(-scale)) / q;
}

/** 2^k exp(r) with exp(r) in fixed point. */
export interface FixedPower extends Fixed {
  readonly k: number;
}

/**
 * exp of a number from below within 1 unit: $x \in [A, A + 1]\, 2^{-F}$, with A of at most F + 44 bits.
 *
 * @returns k, value and error with $2^{F - k} e^x \in [value, value + error]$, value from $2^F$ to $2.1 \cdot 2^F$; the error is below
 * F + 100
 */
export function expFixed(x: bigint, fraction: number): FixedPower {
  const { ln2: wideLn2, tables } = constantsFor(fraction);
  // Any k near x / ln 2 will do: the loops below correct it.
  const scaled = Number(x >> BigInt(fraction - 20));
  let k = Math.floor((scaled / 2 ** 20) * Math.LOG2E);
  const multiple = (n: number): bigint => (BigInt(n) * wideLn2) >> 64n;
  // With |k| < 2^44, k ln 2 2^F is in multiple(k) + [-2^-20, 1 + 2^-20] and x in A + [0, 1]: after taking 2 off, x - k ln 2
  // is from below within 4 units.
  let r = x - multiple(k) - 2n;
  while (r < 0n) {
    k--;
    r = x - multiple(k) - 2n;
  }
  const limit = (wideLn2 >> 64n) + 4n;
  while (r > limit) {
    k++;
    r = x - multiple(k) - 2n;
  }
  if (tables.length === 0) {
    const { value, error } = pieces(r, fraction);
    return { value, error: error + 9, k }; // e^(4 units) <= 1 + 4.1 units, times at most 2.1
  }
  const shift = BigInt(fraction);
  const index = (level: number): number => Number(BigInt.asUintN(LEVEL_BITS, r >> BigInt(fraction - LEVEL_BITS * (level + 1))));
  const rest = BigInt.asUintN(fraction - LEVEL_BITS * LEVELS, r);
  const series = taylor(rest, fraction);
  let value = series.value;
  for (let level = 0; level < LEVELS; level++) value = (value * tables[level]![index(level)]!) >> shift;
  // Every factor is 1 or more, so its error in units bounds its relative error: the series', 2 and a floor for each of
  // the three tables, 4.1 for r. Their sum times the value, at most 2.1, with room for products of errors.
  return { value, error: Math.ceil(2.2 * (series.error + 3 * LEVELS + 4.1)), k };
}
