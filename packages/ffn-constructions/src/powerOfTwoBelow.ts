/**
 * The largest power of two that is at most x, for normal x > 0.
 *
 * @internal
 */
export function powerOfTwoBelow(x: number): number {
  let power = 2 ** Math.floor(Math.log2(x));
  // The logarithm may round across an integer.
  if (power > x) power /= 2;
  if (2 * power <= x) power *= 2;
  return power;
}
