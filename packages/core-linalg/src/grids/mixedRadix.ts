import { assertInteger, assertLength, describe } from '../checks/checks.ts';

/** Largest radix: its digits fit an Int32Array. */
export const LARGEST_RADIX: number = 2 ** 31;

/**
 * Runs of neighbouring digits, and the products that belong to them. `ends[c]` is where run c ends; `levels[0][c]` is the
 * product of the radices of run c, at most $2^{53}$; `levels[k + 1][i]` the product of `levels[k][2 i]` and its right neighbour.
 */
interface ProductTree {
  readonly ends: readonly number[];
  readonly levels: readonly (readonly bigint[])[];
}

function productTree(radices: ArrayLike<number>): ProductTree {
  const ends: number[] = [];
  const runs: bigint[] = [];
  let product = 1;
  for (let i = 0; i < radices.length; i++) {
    if (product * radices[i]! > Number.MAX_SAFE_INTEGER) {
      ends.push(i);
      runs.push(BigInt(product));
      product = 1;
    }
    product *= radices[i]!;
  }
  ends.push(radices.length);
  runs.push(BigInt(product));
  const levels = [runs];
  for (let below = runs; below.length > 1; levels.push(below)) {
    const above: bigint[] = [];
    for (let i = 0; i < below.length; i += 2) {
      // A lone last node stands for itself. With one radix throughout, all nodes of a level but the last are equal, and
      // comparing them is far cheaper than multiplying again.
      if (i + 1 === below.length) above.push(below[i]!);
      else if (i > 0 && below[i] === below[i - 2] && below[i + 1] === below[i - 1]) above.push(above.at(-1)!);
      else above.push(below[i]! * below[i + 1]!);
    }
    below = above;
  }
  return { ends, levels };
}

function assertRadices(fn: string, radices: ArrayLike<number>): void {
  assertLength(fn, 'radices', radices, radices?.length);
  for (let i = 0; i < radices.length; i++) assertInteger(fn, `radix ${i}`, radices[i], 1, LARGEST_RADIX);
}

/**
 * Digits of an integer in mixed radix: the $c_i$ in $0, \dots, r_i - 1$ with $\mathrm{index} = c_0 + r_0 (c_1 + r_1 (c_2 + \dots))$.
 *
 * @param index - an integer from 0 to the product of the radices less one
 * @param radices - $r_0, r_1, \dots$, integers from 1 to $2^{31}$; the first belongs to the least significant digit
 * @returns as many digits as radices, exact. The index is halved again and again by the products of a tree, so many
 * digits cost about $\log$ products of its length, not the square of it
 *
 * @throws RangeError if the index or a radix is out of range
 * @throws TypeError if index is not a bigint
 * @example
 * toDigits(1000n, [10, 60, 24]); // => new Int32Array([0, 40, 1])
 */
export function toDigits(index: bigint, radices: ArrayLike<number>): Int32Array {
  if (typeof index !== 'bigint') throw new TypeError(`toDigits: index must be a bigint, got ${describe(index)}`);
  assertRadices('toDigits', radices);
  const { ends, levels } = productTree(radices);
  const top = levels.length - 1;
  const count = levels[top]![0]!;
  if (index < 0n || index >= count) {
    throw new RangeError(`toDigits: index must lie in 0 to the product of the radices less one, ${brief(count - 1n)}, got ${brief(index)}`);
  }
  const digits = new Int32Array(radices.length);
  const split = (value: bigint, level: number, node: number): void => {
    if (value === 0n) return; // its digits are 0 already
    if (level > 0) {
      const left = 2 * node;
      if (left + 1 === levels[level - 1]!.length) return split(value, level - 1, left);
      const product = levels[level - 1]![left]!;
      split(value % product, level - 1, left);
      return split(value / product, level - 1, left + 1);
    }
    let rest = Number(value);
    for (let i = node === 0 ? 0 : ends[node - 1]!; i < ends[node]!; i++) {
      digits[i] = rest % radices[i]!;
      rest = (rest - digits[i]!) / radices[i]!; // a multiple divided: exact
    }
  };
  split(index, top, 0);
  return digits;
}

/**
 * The integer $c_0 + r_0 (c_1 + r_1 (c_2 + \dots))$ that has these digits in mixed radix; 0 for no digits. Inverse of `toDigits`.
 *
 * @param digits - $c_i$, integers from 0 to $r_i - 1$
 * @param radices - $r_i$, as many as digits, integers from 1 to $2^{31}$
 * @returns the integer, exact, in about $\log$ products of its length
 *
 * @throws RangeError if lengths differ, or a digit or radix is out of range
 * @example
 * fromDigits([0, 40, 1], [10, 60, 24]); // => 1000n
 */
export function fromDigits(digits: ArrayLike<number>, radices: ArrayLike<number>): bigint {
  assertRadices('fromDigits', radices);
  assertLength('fromDigits', 'digits', digits, radices.length, 'the number of radices');
  for (let i = 0; i < digits.length; i++) assertInteger('fromDigits', `digit ${i}`, digits[i], 0, radices[i]! - 1);
  const { ends, levels } = productTree(radices);
  let values = ends.map((end, c) => {
    let value = 0; // below the run's product, so at most 2^53
    for (let i = end - 1; i >= (c === 0 ? 0 : ends[c - 1]!); i--) value = value * radices[i]! + digits[i]!;
    return BigInt(value);
  });
  for (let level = 0; values.length > 1; level++) {
    const above: bigint[] = [];
    for (let i = 0; i < values.length; i += 2) {
      above.push(i + 1 === values.length ? values[i]! : values[i]! + levels[level]![i]! * values[i + 1]!);
    }
    values = above;
  }
  return values[0]!;
}

/** A bigint for a message: in full if it is short, else its size. */
function brief(x: bigint): string {
  if (x > -(10n ** 40n) && x < 10n ** 40n) return `${x}n`;
  return `${x < 0n ? 'a negative bigint' : 'a bigint'} of about ${x.toString(16).length * 4} bits`;
}
