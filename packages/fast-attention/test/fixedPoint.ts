/**
 * Real numbers as BigInt multiples of 2^-512: the independent, high-precision side of the tests. Everything below is exact
 * up to a few 2^-512 per operation.
 */
const bits = 512n;
export const one: bigint = 1n << bits;

/** A finite float64, exactly but for its bits below 2^-512, which are cut off. */
export function fixed(x: number): bigint {
  const raw = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer)[0]!;
  const exponent = raw >> 52n;
  const mantissa = (raw & ((1n << 52n) - 1n)) | (exponent === 0n ? 0n : 1n << 52n);
  // The value is mantissa 2^(exponent - 1075); exponent 0 counts as 1.
  const shift = bits - 1075n + (exponent === 0n ? 1n : exponent);
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return x < 0 ? -size : size;
}

export const multiply = (a: bigint, b: bigint): bigint => (a * b) >> bits;
export const divide = (a: bigint, b: bigint): bigint => (a << bits) / b;
export const abs = (a: bigint): bigint => (a < 0n ? -a : a);

/** The nearest float64 or so; for magnitudes that float64 holds. */
export function toNumber(a: bigint): number {
  const size = abs(a).toString(2).length;
  const drop = Math.max(0, size - 64);
  return Number(a >> BigInt(drop)) * 2 ** (drop - 256) * 2 ** (256 - Number(bits));
}

/** e^x by the Taylor series of x / 2^64, squared 64 times (the squarings lose 64 to 70 of the 512 bits). */
export function exp(x: bigint): bigint {
  const small = x >> 64n;
  let sum = one;
  let term = one;
  for (let k = 1n; term !== 0n && k < 40n; k++) {
    term = multiply(term, small) / k;
    sum += term;
  }
  for (let i = 0; i < 64; i++) sum = multiply(sum, sum);
  return sum;
}

/** sum_k c_k T_k(t). */
export function chebyshevSum(c: Float64Array, t: bigint): bigint {
  let [b1, b2] = [0n, 0n];
  for (let k = c.length - 1; k > 0; k--) [b1, b2] = [2n * multiply(t, b1) - b2 + fixed(c[k]!), b1];
  return multiply(t, b1) - b2 + fixed(c[0]!);
}

/** sum_{k <= g} x^k / k!. */
export function taylorSum(degree: number, x: bigint): bigint {
  let term = one;
  let sum = one;
  for (let k = 1; k <= degree; k++) {
    term = multiply(term, x) / BigInt(k);
    sum += term;
  }
  return sum;
}

/** The largest |p(x) / e^x - 1| over `count` points of [-R, R], ends included, dense towards the ends. */
export function largestRelativeError(p: (x: bigint) => bigint, halfWidth: number, count: number): number {
  let largest = 0n;
  for (let i = 0; i <= count; i++) {
    const x = multiply(fixed(halfWidth), fixed(-Math.cos((Math.PI * i) / count)));
    const error = abs(divide(p(x), exp(x)) - one);
    if (error > largest) largest = error;
  }
  return toNumber(largest);
}
