import { firstLanes, madd, nmadd, storeFirst } from './simd';

/** Adds the four products a b to the two float64 sums: float32 squares would overflow from 1.9e19 on. */
// @ts-ignore: decorator
@inline
function addProducts(sum: v128, a: v128, b: v128): v128 {
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)));
  const high = f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<f64>(a, a, 1, 1)), f64x2.promote_low_f32x4(v128.shuffle<f64>(b, b, 1, 1)));
  return f64x2.add(sum, high);
}

// @ts-ignore: decorator
@inline
function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** y = x / sqrt(mean(x^2) + epsilon) gain for each of n tokens of width d; y may be x. */
export function rmsNorm(n: usize, d: usize, epsilon: f64, x: usize, gain: usize, y: usize): void {
  const rest = d & 3, line = d << 2, whole = line & ~15;
  const mask = firstLanes(rest);
  for (const end = x + n * line; x < end; x += line, y += line) {
    let squares = f64x2.splat(0);
    for (let j: usize = 0; j < whole; j += 16) squares = addProducts(squares, v128.load(x + j), v128.load(x + j));
    if (rest) {
      const a = v128.and(v128.load(x + whole), mask);
      squares = addProducts(squares, a, a);
    }
    const factor = f32x4.splat(<f32>(1 / Math.sqrt(total(squares) / <f64>d + epsilon)));
    for (let j: usize = 0; j < whole; j += 16) v128.store(y + j, f32x4.mul(f32x4.mul(v128.load(x + j), factor), v128.load(gain + j)));
    if (rest) storeFirst(y + whole, f32x4.mul(f32x4.mul(v128.load(x + whole), factor), v128.load(gain + whole)), rest);
  }
}

/**
 * With f = (mean(x^2) + epsilon)^(-1/2): dx += f gain dy - (f^3 / d) (sum gain x dy) x, and dgain += f x dy where
 * dgain is not 0. The sum over tokens for dgain runs in float32.
 */
export function rmsNormVjp(n: usize, d: usize, epsilon: f64, x: usize, gain: usize, dy: usize, dx: usize, dgain: usize): void {
  const rest = d & 3, line = d << 2, whole = line & ~15;
  const mask = firstLanes(rest);
  for (const end = x + n * line; x < end; x += line, dy += line, dx += line) {
    let squares = f64x2.splat(0), dots = f64x2.splat(0);
    for (let j: usize = 0; j < whole; j += 16) {
      const a = v128.load(x + j);
      squares = addProducts(squares, a, a);
      dots = addProducts(dots, f32x4.mul(v128.load(gain + j), v128.load(dy + j)), a);
    }
    if (rest) {
      const a = v128.and(v128.load(x + whole), mask);
      squares = addProducts(squares, a, a);
      dots = addProducts(dots, v128.and(f32x4.mul(v128.load(gain + whole), v128.load(dy + whole)), mask), a);
    }
    const f = 1 / Math.sqrt(total(squares) / <f64>d + epsilon);
    const factor = f32x4.splat(<f32>f);
    const slope = f32x4.splat(<f32>((f * f * f * total(dots)) / <f64>d));
    for (let j: usize = 0; j < whole; j += 16) {
      const a = v128.load(x + j), t = f32x4.mul(v128.load(dy + j), factor);
      v128.store(dx + j, nmadd(slope, a, madd(t, v128.load(gain + j), v128.load(dx + j))));
      if (dgain) v128.store(dgain + j, madd(t, a, v128.load(dgain + j)));
    }
    if (rest) {
      const a = v128.load(x + whole), t = f32x4.mul(v128.load(dy + whole), factor);
      storeFirst(dx + whole, nmadd(slope, a, madd(t, v128.load(gain + whole), v128.load(dx + whole))), rest);
      if (dgain) storeFirst(dgain + whole, madd(t, a, v128.load(dgain + whole)), rest);
    }
  }
}

/** `rmsNormVjp` for the input alone. */
export function rmsNormVjpInput(n: usize, d: usize, epsilon: f64, x: usize, gain: usize, dy: usize, dx: usize): void {
  rmsNormVjp(n, d, epsilon, x, gain, dy, dx, 0);
}
