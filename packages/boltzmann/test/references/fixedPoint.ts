/** Fixed-point numbers: a bigint x stands for x / 2^FRACTION. 2048 bits hold every float64 gap exactly and e^-1200 to 300 bits. */
export const FRACTION: bigint = 2048n;
export const ONE: bigint = 1n << FRACTION;

export const times = (a: bigint, b: bigint): bigint => (a * b) >> FRACTION;
export const over = (a: bigint, b: bigint): bigint => (a << FRACTION) / b;

/** A float64, exactly. */
export function fromNumber(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & ((1n << 52n) - 1n);
  const magnitude = (exponent === 0n ? fraction << 1n : fraction | (1n << 52n)) << (exponent + FRACTION - 1075n);
  return word >> 63n ? -magnitude : magnitude;
}

/** The nearest float64, ties to even; right also among subnormals. */
export function toNumber(x: bigint): number {
  if (x < 0n) return -toNumber(-x);
  // Keep 53 bits, but no bit below 2^-1074.
  const drop = BigInt(Math.max(x.toString(2).length - 53, Number(FRACTION) - 1074));
  const half = 1n << (drop - 1n);
  const kept = x >> drop;
  const remainder = x & ((1n << drop) - 1n);
  const rounded = kept + (remainder > half || (remainder === half && kept & 1n) ? 1n : 0n);
  const exponent = Number(drop - FRACTION);
  // Two exact factors: 2^exponent alone may not be a float64.
  const first = Math.max(exponent, -1000);
  return Number(rounded) * 2 ** first * 2 ** (exponent - first);
}

/** e^-x for x >= 0: halve x until it is below 2^-16, sum the series, square back. Weights below e^-1400 count as 0. */
export function expMinus(x: bigint): bigint {
  if (x > 1400n * ONE) return 0n;
  const halvings = 28n;
  const guard = 64n;
  const small = (x << guard) >> halvings;
  const unit = ONE << guard;
  let sum = unit;
  let term = unit;
  for (let k = 1n; term !== 0n; k++) {
    term = -((term * small) >> (FRACTION + guard)) / k;
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> (FRACTION + guard);
  return sum >> guard;
}

/** ln x for 1 <= x < 2^50 by Newton's method on e^-y = 1 / x, from a float64 start; each step doubles the digits. */
export function ln(x: bigint): bigint {
  let y = fromNumber(Math.log1p(toNumber(x - ONE)));
  for (let i = 0; i < 7; i++) y += times(x, expMinus(y)) - ONE;
  return y;
}
