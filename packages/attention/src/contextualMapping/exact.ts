/**
 * `x` in units of $2^{-1074}$, of which every finite float64 is an integer multiple.
 *
 * @internal
 */
export function units(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & ((1n << 52n) - 1n);
  // A normal number has the hidden bit and the exponent e - 1075; a subnormal one neither.
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return word >> 63n ? -magnitude : magnitude;
}
