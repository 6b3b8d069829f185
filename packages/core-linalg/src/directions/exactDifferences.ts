import { column, type Tokens } from '../tokens/tokens.ts';

/** Points of exact integers: point k is `values[k]`, in units of $2^{e}$ with one exponent for all. */
export interface IntegerPoints {
  /** One list of d integers a point. */
  readonly values: readonly (readonly bigint[])[];
  /** What one unit is worth: $2^{e}$. */
  readonly exponent: number;
}

const word = new DataView(new ArrayBuffer(8));

/** A finite float64 as $m\, 2^e$, m odd or 0, exactly. */
function split(x: number): { m: bigint; e: number } {
  word.setFloat64(0, x);
  const bits = word.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  let m = biased === 0 ? fraction : fraction | 0x10000000000000n;
  if (m === 0n) return { m, e: 0 };
  let e = Math.max(biased, 1) - 1075;
  const zeros = trailingZeros(m);
  m >>= BigInt(zeros);
  e += zeros;
  return { m: bits >> 63n === 1n ? -m : m, e };
}

function trailingZeros(m: bigint): number {
  const low = Number(m & 0xffffffffn) | 0;
  return low === 0 ? 32 + trailingZeros(m >> 32n) : 31 - Math.clz32(low & -low);
}

/** Finite vectors as integers in one common unit, exactly; -0 becomes 0. */
export function integerPoints(vectors: readonly ArrayLike<number>[]): IntegerPoints {
  const parts = vectors.map((v) => Array.from(v, split));
  let exponent = Infinity;
  for (const { m, e } of parts.flat()) if (m !== 0n && e < exponent) exponent = e;
  if (exponent === Infinity) exponent = 0;
  return { values: parts.map((p) => p.map(({ m, e }) => (m === 0n ? 0n : m << BigInt(e - exponent)))), exponent };
}

/** The distinct columns of the points in the order of their first appearance; 0 and -0 are one value. */
export function distinctColumns(points: Tokens): readonly Float64Array[] {
  const found = new Map<string, Float64Array>();
  for (let k = 0; k < points.n; k++) {
    const point = Float64Array.from(column(points, k), (x) => x + 0);
    const key = point.join();
    if (!found.has(key)) found.set(key, point);
  }
  return [...found.values()];
}

const bitLength = (x: bigint): number => x.toString(16).length * 4 - Math.clz32(parseInt(x.toString(16)[0]!, 16)) + 28;

/** Floor of the square root of x >= 0 (Newton's iteration from above). */
function squareRoot(x: bigint): bigint {
  if (x < 2n) return x;
  let root = 1n << BigInt((bitLength(x) + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * $\sqrt{a / b}\; 2^{e}$ rounded down to a float64, for a >= 0 and b > 0. Above the range of float64 it is the largest one.
 */
export function rootDown(a: bigint, b: bigint, exponent: number): number {
  if (a === 0n) return 0;
  // Enough fraction bits for a root of at least 64 bits, so that rounding it down to 53 rounds the true root down.
  const shift = Math.max(0, 128 - bitLength(a) + bitLength(b) + 2);
  const even = shift + (shift & 1);
  const root = squareRoot((a << BigInt(even)) / b);
  return scaleDown(root, exponent - even / 2);
}

/** $m\, 2^e$ for m > 0, rounded down. */
function scaleDown(m: bigint, e: number): number {
  const extra = bitLength(m) - 53;
  const top = extra > 0 ? m >> BigInt(extra) : m << BigInt(-extra);
  const power = e + extra; // the value lies in [2^52, 2^53) 2^power
  if (power > 971) return Number.MAX_VALUE;
  // At -1074 and above top 2^power is a whole number of 2^-1074, so the product is exact among subnormals too.
  if (power >= -1074) return Number(top) * 2 ** power;
  return Number(top >> BigInt(Math.min(64, -1074 - power))) * 2 ** -1074;
}

/** $\sum_i a_i b_i$ of integers. */
export function integerDot(a: readonly bigint[], b: readonly bigint[]): bigint {
  let sum = 0n;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
