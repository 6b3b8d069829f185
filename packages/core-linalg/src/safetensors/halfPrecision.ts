/**
 * The exact value of an IEEE half (binary16): sign, 5 bits of exponent, 10 of fraction.
 * Every half is a Float32, so nothing is rounded.
 */
export function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  // Subnormals have no implicit bit and the exponent of the smallest normal, 2^-14.
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The half nearest to x, ties to even; x is a Float32. Every NaN becomes the quiet NaN. */
export function narrowToHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  // 65520 is midway from the largest half, 65504, to 65536; a tie goes to the even side, out of range.
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 the spacing is 2^-24; 1024 steps are the smallest normal, whose bits are 1024 too.
  if (size < 2 ** -14) return sign | roundTiesToEven(size * 2 ** 24);
  const exponent = floorLog2(size);
  // size = m 2^(exponent - 10) with 1024 <= m < 2048; m = 2048 after rounding carries into the exponent, as it should.
  const m = roundTiesToEven(size * 2 ** (10 - exponent));
  return sign | (((exponent + 15) << 10) + (m - 1024));
}

/** The exact value of a bfloat16: the upper 16 bits of a Float32. */
export function widenBfloat(bits: number): number {
  word[0] = bits << 16;
  return single[0]!;
}

/** The bfloat16 nearest to x, ties to even; x is a Float32. Every NaN becomes the quiet NaN. */
export function narrowToBfloat(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  single[0] = x;
  const bits = word[0]!;
  // Half a step of the 16 bits that go, less one where the bit kept is even: a tie then stays.
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

/** floor(log2 x) of a normal Float32, from its exponent bits. */
function floorLog2(x: number): number {
  single[0] = x;
  return ((word[0]! >>> 23) & 255) - 127;
}

function roundTiesToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}
