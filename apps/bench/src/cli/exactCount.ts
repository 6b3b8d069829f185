/** A power beyond these digits tells a reader more than the digits would. */
const LONGEST = 24;

/**
 * A count that may be far beyond 2^53, for a cell of a table: a number up to 2^53, text of all its digits up to 24 of them, `3.1e57` beyond.
 *
 * @example
 * exactCount(4096n); // => 4096
 * exactCount(10n ** 20n + 1n); // => '100000000000000000001'
 * exactCount(4n * 64n ** 65n); // => '1.0e118'
 */
export function exactCount(count: bigint): number | string {
  if (count <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(count);
  const digits = count.toString();
  if (digits.length <= LONGEST) return digits;
  // 17 digits decide the two shown; a carry moves the exponent.
  const [mantissa, carry] = Number(`${digits[0]}.${digits.slice(1, 17)}`).toExponential(1).split('e');
  return `${mantissa}e${digits.length - 1 + Number(carry)}`;
}
