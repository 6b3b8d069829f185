import { expOf } from './exp';
import { madd, storeFirst } from './simd';

// With t = e^{-|x|} <= 1: sigmoid(x) = 1 / (1 + t) for x >= 0 and t / (1 + t) below, so nothing overflows or cancels.
// Values are clamped to [-200, 200] where an infinity would meet a factor 0; e^{-200} is 0 in float32 already.
const C: usize = memory.data<f32>([1, 1, 1, 1, -200, -200, -200, -200, 200, 200, 200, 200], 16);

// @ts-ignore: decorator
@inline
function siluOf(x: v128): v128 {
  const one = v128.load(C);
  const t = expOf(f32x4.neg(f32x4.abs(x)));
  // The sign of x says which numerator to take; a NaN stays NaN through t.
  const numerator = v128.bitselect(t, one, i32x4.shr_s(x, 31));
  return f32x4.div(f32x4.mul(f32x4.pmax(x, v128.load(C, 16)), numerator), f32x4.add(one, t));
}

/** sigmoid(x) (1 + x sigmoid(-x)). */
// @ts-ignore: decorator
@inline
function slopeOf(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, v128.load(C, 16)), v128.load(C, 32));
  const one = v128.load(C);
  const t = expOf(f32x4.neg(f32x4.abs(x)));
  const large = f32x4.div(one, f32x4.add(one, t)), small = f32x4.mul(t, large);
  const below = i32x4.shr_s(x, 31);
  return f32x4.mul(v128.bitselect(small, large, below), madd(x, v128.bitselect(large, small, below), one));
}

/** y = x sigmoid(x); y may be x. */
export function silu(length: usize, x: usize, y: usize): void {
  let left = length;
  for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, siluOf(v128.load(x)));
  if (left) storeFirst(y, siluOf(v128.load(x)), left);
}

/** dx += dy silu'(x). */
export function siluVjp(length: usize, x: usize, dy: usize, dx: usize): void {
  let left = length;
  for (; left >= 4; left -= 4, x += 16, dy += 16, dx += 16) {
    v128.store(dx, madd(v128.load(dy), slopeOf(v128.load(x)), v128.load(dx)));
  }
  if (left) storeFirst(dx, madd(v128.load(dy), slopeOf(v128.load(x)), v128.load(dx)), left);
}

/** y = silu(gate) up; y may be gate or up. */
export function swiglu(length: usize, gate: usize, up: usize, y: usize): void {
  let left = length;
  for (; left >= 4; left -= 4, gate += 16, up += 16, y += 16) v128.store(y, f32x4.mul(siluOf(v128.load(gate)), v128.load(up)));
  if (left) storeFirst(y, f32x4.mul(siluOf(v128.load(gate)), v128.load(up)), left);
}

/** dgate = dy up silu'(gate), dup = dy silu(gate); dgate may be gate, dup may be up. */
export function swigluVjp(length: usize, gate: usize, up: usize, dy: usize, dgate: usize, dup: usize): void {
  const one = v128.load(C);
  let left = length;
  for (; left > 0; left -= 4, gate += 16, up += 16, dy += 16, dgate += 16, dup += 16) {
    // Both gradients from one exponential and one quotient; siluOf and slopeOf say why it is right.
    const g = v128.load(gate), inside = f32x4.pmin(f32x4.pmax(g, v128.load(C, 16)), v128.load(C, 32));
    const e = expOf(f32x4.neg(f32x4.abs(g))), below = i32x4.shr_s(g, 31);
    const large = f32x4.div(one, f32x4.add(one, e)), small = f32x4.mul(e, large);
    const s = v128.bitselect(small, large, below), slope = f32x4.mul(s, madd(inside, v128.bitselect(large, small, below), one));
    const t = v128.load(dy);
    const a = f32x4.mul(f32x4.mul(t, v128.load(up)), slope), b = f32x4.mul(t, f32x4.mul(f32x4.pmax(g, v128.load(C, 16)), s));
    if (left < 4) {
      storeFirst(dgate, a, left);
      storeFirst(dup, b, left);
      break;
    }
    v128.store(dgate, a);
    v128.store(dup, b);
  }
}
