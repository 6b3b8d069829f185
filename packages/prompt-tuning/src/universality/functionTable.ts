import { assertInteger, assertLength, assertOneOf, describe, gridDigits, gridDigitsOf, gridIndex, gridSize, gridTokens, quantiseToGrid, tokens, type GridDigitsOptions, type Tokens } from '@prompt-limits/core-linalg';
import { assertShape, checkedTarget, type SequenceShape, type TargetFunction } from './targetFunction.ts';

/** A function $\bar f: G_{\delta,L} \to G_{\delta,L}$, $\delta = 1/m$, as the table of its values. */
export interface FunctionTable extends SequenceShape {
  /** Grid points per entry, m >= 2. */
  readonly m: number;
  /** $m^{dL}$ blocks of d L digits; block number `gridIndex(digits of Z, m)` is $\bar f(Z)$, token after token. */
  readonly digits: Int32Array;
}

/** A table's shape and how a function becomes one. */
export interface TableOptions extends SequenceShape {
  /** Grid points per entry, an integer >= 2. */
  readonly m: number;
  /** The point of each cell where f is evaluated: its lower 'corner', the paper's and the default, or its 'centre'. */
  readonly at?: 'corner' | 'centre';
  /** How a value goes to the grid: 'down', the paper's and the default, or to the 'nearest' of 0, ..., 1 - delta. */
  readonly round?: 'down' | 'nearest';
}

// 256 MiB of digits; the prompt in float64 takes twice as much.
const LARGEST_TABLE = 2n ** 26n;

/** m^{dL} if the table of so many blocks fits, else an error that says the number. */
function blocks(fn: string, shape: SequenceShape, m: number): number {
  assertShape(fn, shape);
  assertInteger(fn, 'm', m, 2, 2 ** 31);
  const width = shape.d * shape.L;
  const log2 = width * Math.log2(m) + Math.log2(width);
  if (log2 > 64) throw new RangeError(`${fn}: the table must have at most 2 ** 26 digits, got ${width} * ${m} ** ${width} (about 2 ** ${Math.round(log2)})`);
  const count = gridSize(shape.d, shape.L, m);
  if (count * BigInt(width) > LARGEST_TABLE) {
    throw new RangeError(`${fn}: the table must have at most 2 ** 26 digits, got ${width} * ${m} ** ${width} = ${count * BigInt(width)}`);
  }
  return Number(count);
}

function assertTable(fn: string, table: FunctionTable): number {
  const digits: unknown = (table as Partial<FunctionTable> | null | undefined)?.digits;
  if (!(digits instanceof Int32Array)) throw new TypeError(`${fn}: table must be a FunctionTable with digits in an Int32Array, got ${describe(table)}`);
  const count = blocks(fn, table, table.m);
  assertLength(fn, 'table.digits', table.digits, count * table.d * table.L, 'd * L * m ** (d * L)');
  return count;
}

/**
 * Quantised version $\bar f$ of f: block index(Z) holds the digits of f at the cell of Z, rounded to the grid.
 *
 * @param f - function on $[0,1]^{d \times L}$, evaluated once for each of the $m^{dL}$ cells
 * @param options - d, L, m; `at` and `round` choose the representative of a cell and the rounding. For C-Lipschitz f
 * `errorBudget` bounds $\|\bar f - f\|_\alpha$ everywhere: $(C + 1) \delta (dL)^{1/\alpha}$ for 'corner' and 'down', $(C/2 + 1) \delta (dL)^{1/\alpha}$ for 'centre', and
 * 'nearest' halves the output's term where f stays below $1 - \delta/2$
 * @returns the table, exact for the float64 values of f
 *
 * Paper: $\bar f$ of Lemma 2.3 and E.1.
 *
 * @throws RangeError if d, L or m is out of range, the table would have more than $2^{26}$ digits, or f has the wrong shape or leaves [0, 1]
 * @throws TypeError if f is no function or returns no Tokens
 * @example
 * import { tokens, type Tokens } from '@prompt-limits/core-linalg';
 * const square = (z: Tokens) => tokens(1, z.data.map((x) => x * x));
 * tableOf(square, { d: 1, L: 1, m: 5 }).digits; // => new Int32Array([0, 0, 0, 1, 3])
 * tableOf(square, { d: 1, L: 1, m: 5, at: 'centre', round: 'nearest' }).digits; // => new Int32Array([0, 0, 1, 2, 4])
 */
export function tableOf(f: TargetFunction, { d, L, m, at = 'corner', round = 'down' }: TableOptions): FunctionTable {
  const count = blocks('tableOf', { d, L }, m);
  assertOneOf('tableOf', 'at', at, ['corner', 'centre']);
  assertOneOf('tableOf', 'round', round, ['down', 'nearest']);
  const target = checkedTarget('tableOf', f, { d, L });
  const width = d * L;
  const digits = new Int32Array(count * width);
  const cell = new Int32Array(width);
  const shift = at === 'centre' ? 0.5 : 0;
  for (let block = 0; block < count; block++, advance(cell, m)) {
    // A new input each time: f may keep it or return it.
    const y = target(tokens(d, Float64Array.from(cell, (k) => (k + shift) / m)));
    digits.set(round === 'down' ? quantiseToGrid(y, m) : Array.from(y.data, (x) => nearest(x, m)), block * width);
  }
  return { d, L, m, digits };
}

/** Digit k of the grid point k/m nearest to x in [0, 1], k < m; of two the lower. */
function nearest(x: number, m: number): number {
  const k = Math.min(m - 1, Math.floor(x * m));
  return k + 1 < m && (k + 1) / m - x < x - k / m ? k + 1 : k;
}

/** The next grid point in the order of `gridIndex`; after the last the first. */
export function advance(digits: Int32Array, m: number): void {
  for (let i = 0; i < digits.length; i++) {
    if (++digits[i]! < m) return;
    digits[i] = 0;
  }
}

/**
 * $\bar f(Z)$, the block of the table that Z points to.
 *
 * @param table - a function of $G_{\delta,L}$
 * @param z - the d L digits of Z, token after token
 * @returns d L digits, copied, exact
 *
 * Paper: $h([P, Z])_{:,L_p:} = \bar f(Z)$ of Eq. (E.3), read off the prompt.
 *
 * @throws RangeError if z has another length or a digit out of range, or the table does not have its length
 * @throws TypeError if table is no FunctionTable
 * @example
 * applyTable({ d: 1, L: 1, m: 3, digits: Int32Array.of(2, 0, 1) }, [1]); // => new Int32Array([0])
 */
export function applyTable(table: FunctionTable, z: ArrayLike<number>): Int32Array {
  assertTable('applyTable', table);
  const width = table.d * table.L;
  assertLength('applyTable', 'z', z, width, 'd * L');
  let block = 0; // below 2^26: the digits of a table that fits
  for (let i = width - 1; i >= 0; i--) {
    assertInteger('applyTable', `digit ${i} of z`, z[i], 0, table.m - 1);
    block = block * table.m + z[i]!;
  }
  return table.digits.slice(block * width, (block + 1) * width);
}

/**
 * The prompt that is the table: $P \in G_{\delta,L_p}$, $L_p = L m^{dL}$, whose columns $L\,\mathrm{index}(Z), \dots, L\,\mathrm{index}(Z) + L - 1$ are $\bar f(Z)$.
 *
 * @returns d x $L_p$ float64 tokens with entries k/m
 *
 * Paper: the prompt of Lemma 2.3 and E.1, one for each function of the grid.
 *
 * @throws RangeError if the table does not have its length or a digit is out of range
 * @throws TypeError if table is no FunctionTable
 * @example
 * promptOfTable({ d: 1, L: 1, m: 4, digits: Int32Array.of(2, 0, 1, 3) }).data; // => new Float64Array([0.5, 0, 0.25, 0.75])
 */
export function promptOfTable(table: FunctionTable): Tokens<Float64Array> {
  assertTable('promptOfTable', table);
  return gridTokens(table.digits, table);
}

/**
 * The table that a prompt holds; inverse of `promptOfTable`.
 *
 * @param P - d x $L m^{dL}$ tokens on the grid: float64, or float32 with every k/m rounded to it
 * @param shape - L and m; `tolerance` as for `gridDigits`, $2^{-25}$ for a float64 copy of float32 values
 *
 * @throws RangeError if P is off the grid, naming the entry, or has another length; or L or m is out of range
 * @throws TypeError if P is not Tokens
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * tableOfPrompt(tokens(1, Float32Array.of(0.2, 0.8, 0, 0.6, 0.4)), { L: 1, m: 5 }).digits; // => new Int32Array([1, 4, 0, 3, 2])
 */
export function tableOfPrompt(P: Tokens, { L, m, tolerance = 0 }: { readonly L: number; readonly m: number } & GridDigitsOptions): FunctionTable {
  if (typeof P !== 'object' || P === null) throw new TypeError(`tableOfPrompt: P must be Tokens, got ${describe(P)}`);
  const count = blocks('tableOfPrompt', { d: P.d, L }, m);
  const digits = gridDigits(P, m, { tolerance });
  if (P.n !== L * count) throw new RangeError(`tableOfPrompt: P must have L * m ** (d * L) = ${L * count} tokens, got ${P.n}`);
  return { d: P.d, L, m, digits };
}

/**
 * Number of the table among the $(m^{dL})^{m^{dL}}$ functions of the grid: its digits in base m, block 0 least significant.
 *
 * @returns an integer from 0 to $(m^{dL})^{m^{dL}} - 1$, exact
 *
 * Paper: the index i of $\bar f^{(i)}$ and $P^{(i)}$ in Lemma E.1.
 *
 * @throws RangeError if the table does not have its length or a digit is out of range
 * @throws TypeError if table is no FunctionTable
 * @example
 * tableNumber({ d: 1, L: 1, m: 3, digits: Int32Array.of(2, 0, 1) }); // => 11n
 */
export function tableNumber(table: FunctionTable): bigint {
  assertTable('tableNumber', table);
  return gridIndex(table.digits, table.m);
}

/**
 * The table with this number; inverse of `tableNumber`.
 *
 * @throws RangeError unless 0 <= number < $(m^{dL})^{m^{dL}}$, or if d, L or m is out of range or the table would not fit
 * @throws TypeError if number is not a bigint
 * @example
 * tableOfNumber(11n, { d: 1, L: 1, m: 3 }).digits; // => new Int32Array([2, 0, 1])
 */
export function tableOfNumber(number: bigint, { d, L, m }: SequenceShape & { readonly m: number }): FunctionTable {
  const count = blocks('tableOfNumber', { d, L }, m);
  return { d, L, m, digits: gridDigitsOf(number, m, count * d * L) };
}
