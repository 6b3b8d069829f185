import { assertInRange, assertInteger, assertLength, assertNonEmpty, assertOneOf, describe } from '../checks/checks.ts';

/** A Float32Array or a Float64Array: the two precisions that the library computes in. */
export type FloatArray = Float32Array | Float64Array;

/** The name of a precision. */
export type Precision = 'float32' | 'float64';

/**
 * The storage that a precision names.
 *
 * @typeParam P - the precision
 */
export type FloatArrayOf<P extends Precision> = P extends 'float64' ? Float64Array : Float32Array;

/**
 * Tokens as the columns of a $d \times n$ matrix, each token's $d$ values together in memory:
 * entry $(i, k)$ is `data[k * d + i]`.
 *
 * @typeParam A - the storage, Float32Array or Float64Array
 */
export interface Tokens<A extends FloatArray = FloatArray> {
  /** Width of a token, d >= 1. */
  readonly d: number;
  /** Number of tokens, n >= 0. */
  readonly n: number;
  /** d * n values, token after token. */
  readonly data: A;
}

/**
 * Wraps `data` as $d \times n$ tokens without copying; $n$ is `data.length / d`.
 *
 * @param d - width of a token, an integer >= 1
 * @param data - length d * n, token after token
 * @returns a view: writing to `data` changes the tokens
 *
 * @throws RangeError if d is not an integer >= 1 or does not divide the length
 * @throws TypeError if data is neither a Float32Array nor a Float64Array
 * @example
 * tokens(2, Float64Array.of(1, 2, 3, 4, 5, 6)).n; // => 3
 */
export function tokens<A extends FloatArray>(d: number, data: A): Tokens<A> {
  assertInteger('tokens', 'd', d, 1);
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`tokens: data must be a Float32Array or a Float64Array, got ${describe(data)}`);
  }
  if (data.length % d !== 0) throw new RangeError(`tokens: the length of data must be a multiple of d = ${d}, got ${data.length}`);
  return { d, n: data.length / d, data };
}

// Node 20 and today's browsers make typed arrays of up to 2^32 or 2^33 values; beyond that d or n is a slip.
const MAX_VALUES = 2 ** 32;

/**
 * $n$ zero tokens of width $d$.
 *
 * @throws RangeError if d < 1, n < 0, either is not an integer or the precision is unknown
 * @example
 * zeroTokens(3, 2).data.length; // => 6
 */
export function zeroTokens<P extends Precision = 'float64'>(d: number, n: number, precision?: P): Tokens<FloatArrayOf<P>> {
  assertInteger('zeroTokens', 'd', d, 1);
  assertInteger('zeroTokens', 'n', n);
  assertInRange('zeroTokens', 'd * n', d * n, 0, MAX_VALUES);
  const kind: Precision = precision ?? 'float64';
  assertOneOf('zeroTokens', 'precision', kind, ['float32', 'float64']);
  return { d, n, data: (kind === 'float64' ? new Float64Array(d * n) : new Float32Array(d * n)) as FloatArrayOf<P> };
}

/**
 * Tokens from a list of columns, copied.
 *
 * @param columns - n >= 1 columns of the same length d >= 1
 * @throws RangeError if there is no column, a column is empty or lengths differ
 * @example
 * tokensFromColumns([[1, 2], [3, 4]]).data[2]; // => 3
 */
export function tokensFromColumns<P extends Precision = 'float64'>(columns: readonly ArrayLike<number>[], precision?: P): Tokens<FloatArrayOf<P>> {
  assertNonEmpty('tokensFromColumns', 'columns', columns);
  assertNonEmpty('tokensFromColumns', 'column 0', columns[0]!);
  const d = columns[0]!.length;
  const result = zeroTokens(d, columns.length, precision);
  columns.forEach((c, k) => {
    assertLength('tokensFromColumns', `column ${k}`, c, d, 'the length of column 0');
    result.data.set(c, k * d);
  });
  return result;
}

/**
 * Token $k$ as a view of $d$ values: writing to it writes to the tokens.
 *
 * @throws RangeError unless 0 <= k < n
 * @example
 * column(tokens(2, Float64Array.of(1, 2, 3, 4)), 1)[0]; // => 3
 */
export function column<A extends FloatArray>(t: Tokens<A>, k: number): A {
  assertInteger('column', 'k', k, 0, t.n - 1);
  return t.data.subarray(k * t.d, (k + 1) * t.d) as A;
}

/**
 * Tokens `from` to `to - 1` as a view, X_{:, from:to}.
 *
 * @throws RangeError unless 0 <= from <= to <= n
 * @example
 * sliceColumns(tokens(1, Float64Array.of(5, 6, 7)), 1, 3).data[0]; // => 6
 */
export function sliceColumns<A extends FloatArray>(t: Tokens<A>, from: number, to: number = t.n): Tokens<A> {
  assertInteger('sliceColumns', 'to', to, 0, t.n);
  assertInteger('sliceColumns', 'from', from, 0, to);
  return { d: t.d, n: to - from, data: t.data.subarray(from * t.d, to * t.d) as A };
}

/**
 * The concatenation [P, X] of Definition 1.1, copied into the storage kind of the first argument.
 *
 * @param parts - tokens of the same width d
 * @throws RangeError if there is no part or the widths differ
 * @example
 * concatTokens(tokens(1, Float64Array.of(1)), tokens(1, Float64Array.of(2, 3))).n; // => 3
 */
export function concatTokens(...parts: readonly Tokens[]): Tokens {
  assertNonEmpty('concatTokens', 'parts', parts);
  const { d, data } = parts[0]!;
  const result = zeroTokens(d, parts.reduce((n, p) => n + p.n, 0), data instanceof Float64Array ? 'float64' : 'float32');
  let at = 0;
  for (const [i, p] of parts.entries()) {
    if (p.d !== d) throw new RangeError(`concatTokens: every part must have d = ${d} like the first, got d = ${p.d} in part ${i}`);
    result.data.set(p.data, at);
    at += p.data.length;
  }
  return result;
}
