import { assertFinite, assertInRange, assertInteger, assertLength, describe } from '../checks/checks.ts';
import { zeroTokens, type FloatArrayOf, type Precision, type Tokens } from '../tokens/tokens.ts';
import { fromDigits, LARGEST_RADIX, toDigits } from './mixedRadix.ts';

/** How `gridDigits` reads values. */
export interface GridDigitsOptions {
  /** Largest distance from a grid point, 0 unless given and below half a step; $2^{-25}$ for float64 tokens that went through float32. */
  readonly tolerance?: number;
}

/** What digits alone do not say of a grid. */
export interface GridShape {
  /** Width of a token, d >= 1. */
  readonly d: number;
  /** Grid points per coordinate, m >= 1; the step is delta = 1/m. */
  readonly m: number;
}

/** Float64 holds every code up to here. */
const LARGEST_CODE = 2 ** 53;
/** Integers beyond this many bits are refused: 2 MiB each. */
const LARGEST_BITS = 2 ** 24;

function assertTokensOnGrid(fn: string, z: Tokens, m: number): void {
  const data: unknown = (z as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) throw new TypeError(`${fn}: z must be Tokens, got ${describe(z)}`);
  assertInteger(fn, 'z.d', z.d, 1);
  assertLength(fn, 'z.data', z.data, z.d * z.n, 'd * n');
  // From 2^24 on neighbouring grid points are one number in float32.
  assertInteger(fn, 'm', m, 1, data instanceof Float32Array ? 2 ** 24 - 1 : LARGEST_RADIX);
  assertFinite(fn, 'z', z.data);
}

/** k/m as the storage of z rounds it. */
const roundingOf = (z: Tokens): ((x: number) => number) => (z.data instanceof Float32Array ? Math.fround : (x) => x);

const entry = (z: Tokens, at: number): string => `${z.data[at]} at coordinate ${at % z.d} of token ${Math.floor(at / z.d)}`;

/**
 * Digits of tokens on the grid $G_{\delta,n} = \lbrace 0, \delta, \dots, 1 - \delta \rbrace^{d \times n}$, $\delta = 1/m$: the k with $Z_{i,j} = k/m$.
 *
 * @param z - d x n tokens; every entry within `tolerance` of k/m as its storage, float32 or float64, rounds it
 * @param m - grid points per coordinate, from 1 to $2^{31}$ (below $2^{24}$ for float32 tokens)
 * @returns d n digits in the order of `z.data`, exact
 *
 * Paper: $G_{\delta,L}$ of Section 2.3 (A1).
 *
 * @throws RangeError at the first entry off the grid, naming it; or if m or tolerance is out of range
 * @throws TypeError if z is not Tokens
 * @example
 * gridDigits(tokens(2, Float64Array.of(0, 0.3, 0.7, 0.9)), 10); // => new Int32Array([0, 3, 7, 9])
 */
export function gridDigits(z: Tokens, m: number, { tolerance = 0 }: GridDigitsOptions = {}): Int32Array {
  assertTokensOnGrid('gridDigits', z, m);
  assertInRange('gridDigits', 'tolerance', tolerance, 0, 0.5 / m);
  if (tolerance === 0.5 / m) throw new RangeError(`gridDigits: tolerance must be below half a step, ${0.5 / m}, got ${tolerance}`);
  const stored = roundingOf(z);
  const digits = new Int32Array(z.data.length);
  for (let at = 0; at < digits.length; at++) {
    const x = z.data[at]!;
    // |x - k/m| < 1/(2 m) by more than the rounding of x m, which is below 2^-22: the nearest integer is k.
    const k = Math.round(x * m);
    // The difference of two numbers within a factor of 2 is exact; for k = 0 it is x.
    if (!(k >= 0 && k < m && Math.abs(x - stored(k / m)) <= tolerance)) {
      throw new RangeError(`gridDigits: z must lie on the grid k/${m}, k = 0 to ${m - 1}${tolerance > 0 ? `, within ${tolerance}` : ''}, got ${entry(z, at)}`);
    }
    digits[at] = k;
  }
  return digits;
}

/**
 * The tokens with entries k/m for digits k; inverse of `gridDigits`.
 *
 * @param digits - d n integers from 0 to m - 1, token after token
 * @param precision - of the storage, 'float64' unless given; each entry is k/m rounded to it
 *
 * @throws RangeError if a digit, d or m is out of range, or d does not divide the number of digits
 * @example
 * gridTokens([1, 3, 0, 2], { d: 2, m: 4 }).data; // => new Float64Array([0.25, 0.75, 0, 0.5])
 */
export function gridTokens<P extends Precision = 'float64'>(digits: ArrayLike<number>, { d, m }: GridShape, precision?: P): Tokens<FloatArrayOf<P>> {
  assertDigits('gridTokens', digits, m, d);
  const z = zeroTokens(d, digits.length / d, precision);
  for (let at = 0; at < digits.length; at++) z.data[at] = digits[at]! / m;
  return z;
}

/**
 * Digits of the cells that hold the entries of `z`: k for $k/m \le Z_{i,j} < (k + 1)/m$, and m - 1 for the value 1.
 *
 * @param z - d x n tokens with entries in [0, 1]
 * @param m - cells per coordinate, from 1 to $2^{31}$ (below $2^{24}$ for float32 tokens)
 * @returns d n digits, exact: $\lfloor m Z_{i,j} \rfloor$, but for a float next to a cell's end: k/m as the storage of z rounds it begins cell k
 *
 * Paper: the piecewise constant approximation of Section 2.3 (A1), cells closed at their lower ends.
 *
 * @throws RangeError if an entry is outside [0, 1], naming it, or m is out of range
 * @throws TypeError if z is not Tokens
 * @example
 * quantiseToGrid(tokens(1, Float64Array.of(0, 0.29, 0.3, 1)), 10); // => new Int32Array([0, 2, 3, 9])
 */
export function quantiseToGrid(z: Tokens, m: number): Int32Array {
  assertTokensOnGrid('quantiseToGrid', z, m);
  const stored = roundingOf(z);
  const digits = new Int32Array(z.data.length);
  for (let at = 0; at < digits.length; at++) {
    const x = z.data[at]!;
    if (!(x >= 0 && x <= 1)) throw new RangeError(`quantiseToGrid: z must lie in [0, 1], got ${entry(z, at)}`);
    // x m is rounded by less than 2^-21, so k is the cell or its neighbour; comparing with the ends, which are floats, decides.
    // No float lies between k/m and its rounding, so this moves a grid point at most, and into its own cell.
    let k = Math.min(m - 1, Math.floor(x * m));
    if (x < stored(k / m)) k--;
    else if (k + 1 < m && x >= stored((k + 1) / m)) k++;
    digits[at] = k;
  }
  return digits;
}

/**
 * Codes of tokens, $c = \sum_{i=0}^{d-1} c_i m^i$ for a token with digits $c_i$: coordinate 0 is the least significant.
 *
 * @param digits - d n integers from 0 to m - 1, token after token
 * @returns n integers from 0 to $m^d - 1$, exact
 *
 * @throws RangeError if a digit, d or m is out of range, d does not divide their number, or $m^d$ is above $2^{53}$
 * @example
 * tokenCodes([1, 2, 0, 1], { d: 2, m: 3 }); // => new Float64Array([7, 3])
 */
export function tokenCodes(digits: ArrayLike<number>, { d, m }: GridShape): Float64Array {
  assertDigits('tokenCodes', digits, m, d);
  if (d * Math.log2(m) > 54 || BigInt(m) ** BigInt(d) > LARGEST_CODE) {
    throw new RangeError(`tokenCodes: m ** d must be at most 2 ** 53, got ${m} ** ${d}`);
  }
  return Float64Array.from({ length: digits.length / d }, (_, k) => {
    let code = 0;
    for (let i = d - 1; i >= 0; i--) code = code * m + digits[k * d + i]!;
    return code;
  });
}

/**
 * Number of a grid point, $\sum_a c_a m^a$ over its digits in order: token 0's coordinate 0 is the least significant.
 *
 * @param digits - integers from 0 to m - 1, any number of them
 * @throws RangeError if a digit or m is out of range
 * @example
 * gridIndex([1, 2, 0, 1], 3); // => 34n
 */
export function gridIndex(digits: ArrayLike<number>, m: number): bigint {
  assertDigits('gridIndex', digits, m);
  return fromDigits(digits, new Float64Array(digits.length).fill(m));
}

/**
 * The `length` digits in base m of the grid point with this number; inverse of `gridIndex`.
 *
 * @throws RangeError unless 0 <= index < m^length, or if m or length is out of range
 * @throws TypeError if index is not a bigint
 * @example
 * gridDigitsOf(34n, 3, 4); // => new Int32Array([1, 2, 0, 1])
 */
export function gridDigitsOf(index: bigint, m: number, length: number): Int32Array {
  assertInteger('gridDigitsOf', 'm', m, 1, LARGEST_RADIX);
  assertInteger('gridDigitsOf', 'length', length, 0, 2 ** 32 - 1);
  return toDigits(index, new Float64Array(length).fill(m));
}

/**
 * Number of points of the grid $G_{\delta,L}$, $m^{dL}$, exact.
 *
 * @throws RangeError if d, L or m is out of range, or the number has more than $2^{24}$ bits
 * @example
 * gridSize(2, 3, 10); // => 1000000n
 */
export function gridSize(d: number, L: number, m: number): bigint {
  assertInteger('gridSize', 'd', d, 1);
  assertInteger('gridSize', 'L', L, 1);
  assertInteger('gridSize', 'm', m, 1, LARGEST_RADIX);
  const bits = d * L * Math.log2(m);
  if (!(bits <= LARGEST_BITS)) throw new RangeError(`gridSize: m ** (d * L) must have at most 2 ** 24 bits, got ${m} ** ${d * L}`);
  return BigInt(m) ** BigInt(d * L);
}

function assertDigits(fn: string, digits: ArrayLike<number>, m: number, d: number = 1): void {
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'm', m, 1, LARGEST_RADIX);
  assertLength(fn, 'digits', digits, digits?.length);
  if (digits.length % d !== 0) throw new RangeError(`${fn}: the number of digits must be a multiple of d = ${d}, got ${digits.length}`);
  for (let at = 0; at < digits.length; at++) assertInteger(fn, `digit ${at}`, digits[at], 0, m - 1);
}
