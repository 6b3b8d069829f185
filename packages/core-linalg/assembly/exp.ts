import { madd, nmadd, storeFirst } from './simd';

// The constants lie in memory because V8 builds a v128.const anew in every turn of a loop, while a load is one
// cheap instruction. Each is stored once per lane.
const C: usize = memory.data<f32>([
  // 0: lower and upper end; e^x rounds to 0 below -103.98 and to Infinity above 88.73.
  -105, -105, -105, -105, 90, 90, 90, 90,
  // 32: log2(e); 48: 1.5 * 2^23, whose addition rounds to an integer held in the low bits.
  1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 12582912, 12582912, 12582912, 12582912,
  // 64, 80: ln(2) in two parts; the first has 9 significant bits, so its product with |n| <= 152 is exact.
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -0.00021219444005469057, -0.00021219444005469057, -0.00021219444005469057, -0.00021219444005469057,
  // 96 to 160: (e^r - 1 - r) / r^2 as a polynomial of degree 4 in r, highest coefficient first: weighted minimax
  // on |r| <= ln(2) / 2 by Lawson's iteration, coefficients rounded to float32 one after another.
  // Relative error of 1 + r + r^2 p(r) in exact arithmetic: 3.2e-9, a nineteenth of the rounding unit 2^-24.
  0.00138206931296736, 0.00138206931296736, 0.00138206931296736, 0.00138206931296736,
  0.008368675597012043, 0.008368675597012043, 0.008368675597012043, 0.008368675597012043,
  0.04166826605796814, 0.04166826605796814, 0.04166826605796814, 0.04166826605796814,
  0.1666652113199234, 0.1666652113199234, 0.1666652113199234, 0.1666652113199234,
  0.4999999403953552, 0.4999999403953552, 0.4999999403953552, 0.4999999403953552,
  // 176: 1
  1, 1, 1, 1,
], 16);

/**
 * e^x per lane for every float32, NaN kept: at most 1.02 ulp off, the subnormal grid included (1.0115 is the largest
 * error over all float32 in either build), so Infinity above 88.7229 and 0 below -103.98.
 */
// @ts-ignore: decorator
@inline
export function expOf(x: v128): v128 {
  // x comes first: pmax and pmin keep their first operand where a comparison with NaN fails.
  x = f32x4.pmin(f32x4.pmax(x, v128.load(C)), v128.load(C, 16));
  const magic = v128.load(C, 48);
  const z = madd(x, v128.load(C, 32), magic);
  const n = f32x4.sub(z, magic);
  // x = n ln(2) + r with |r| <= ln(2) / 2 up to rounding.
  const r = nmadd(n, v128.load(C, 80), nmadd(n, v128.load(C, 64), x));
  let p = madd(v128.load(C, 96), r, v128.load(C, 112));
  p = madd(p, r, v128.load(C, 128));
  p = madd(p, r, v128.load(C, 144));
  p = madd(p, r, v128.load(C, 160));
  const one = v128.load(C, 176);
  p = f32x4.add(madd(f32x4.mul(r, r), p, r), one);
  // 2^n in two factors, because n reaches from -152 to 130 and an exponent field only from -126 to 127: the low
  // bits of z hold n, and adding h << 23 to the bits of 1 gives 2^h.
  const whole = i32x4.sub(z, magic);
  const half = i32x4.shr_s(whole, 1);
  p = f32x4.mul(p, i32x4.add(one, i32x4.shl(half, 23)));
  return f32x4.mul(p, i32x4.add(one, i32x4.shl(i32x4.sub(whole, half), 23)));
}

/** y_i = e^{x_i}; y may be x. */
export function exp(length: usize, x: usize, y: usize): void {
  const end = x + (length << 2);
  const pairs = x + ((length & ~7) << 2);
  for (; x < pairs; x += 32, y += 32) {
    const a = expOf(v128.load(x));
    const b = expOf(v128.load(x, 16));
    v128.store(y, a);
    v128.store(y, b, 16);
  }
  if (x + 16 <= end) {
    v128.store(y, expOf(v128.load(x)));
    x += 16;
    y += 16;
  }
  if (x < end) storeFirst(y, expOf(v128.load(x)), (end - x) >> 2);
}
