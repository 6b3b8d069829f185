import { storeFirst } from './simd';
import { upper } from './tokens';

// What the gradient of sums over monomials does to every token of a head, in float64 and rounded once when stored.

/** Largest of the two lanes. */
// @ts-ignore: decorator
@inline
function largerOf(a: v128): f64 {
  return max(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1));
}

// @ts-ignore: decorator
@inline
function sumOfTwo(a: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** square_t = |x_t|^2 and largest_t = max_c |x_tc| of n tokens of d values; both are float64. */
export function tokenSizes(n: usize, d: usize, x: usize, square: usize, largest: usize): void {
  const whole = d & ~3;
  for (let t: usize = 0; t < n; t++, square += 8, largest += 8) {
    let s = f64x2.splat(0), m = s;
    let at = x;
    x += d << 2;
    for (const end = at + (whole << 2); at < end; at += 16) {
      const y = v128.load(at);
      const p = f64x2.promote_low_f32x4(y), q = upper(y);
      s = f64x2.add(s, f64x2.add(f64x2.mul(p, p), f64x2.mul(q, q)));
      m = f64x2.pmax(m, f64x2.pmax(f64x2.abs(p), f64x2.abs(q)));
    }
    let sum = sumOfTwo(s), most = largerOf(m);
    for (; at < x; at += 4) {
      const y = <f64>load<f32>(at);
      sum += y * y;
      most = max(most, abs(y));
    }
    store<f64>(square, sum);
    store<f64>(largest, most);
  }
}

/** out_tc += factor_t x_tc and largest_t = max_c |out_tc|: x lies `stride` values apart, out `outStride`; factor and largest are float64. */
export function addTokens(n: usize, d: usize, stride: usize, x: usize, factor: usize, outStride: usize, out: usize, largest: usize): void {
  const whole = (d & ~3) << 2;
  for (let t: usize = 0; t < n; t++, x += stride << 2, out += outStride << 2, factor += 8, largest += 8) {
    const u = f64x2.splat(load<f64>(factor));
    let m = f64x2.splat(0);
    let c: usize = 0;
    for (; c < whole; c += 16) {
      const y = v128.load(x + c), o = v128.load(out + c);
      const p = f64x2.add(f64x2.promote_low_f32x4(o), f64x2.mul(u, f64x2.promote_low_f32x4(y)));
      const q = f64x2.add(upper(o), f64x2.mul(u, upper(y)));
      m = f64x2.pmax(m, f64x2.pmax(f64x2.abs(p), f64x2.abs(q)));
      v128.store(out + c, v128.shuffle<f64>(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(q), 0, 2));
    }
    let most = largerOf(m);
    for (const end = d << 2; c < end; c += 4) {
      const sum = <f64>load<f32>(out + c) + f64x2.extract_lane(u, 0) * <f64>load<f32>(x + c);
      most = max(most, abs(sum));
      store<f32>(out + c, <f32>sum);
    }
    store<f64>(largest, most);
  }
}

/** Values that `tokenQuotientsVjp` says of a token. */
const FACTS: usize = 5;

/**
 * With sums N and D, d + 1 values a token, and g = dz_t: delta = size g . N / D, unit = max(size |g|_inf, |delta|), and the sums become
 * (size g, -delta) / unit, zeros where D or g is 0. facts_t = (D, delta, sum_c |g_c| half_c, |g|_inf, unit). dz lies `stride` values apart;
 * half and facts are float64.
 */
export function tokenQuotientsVjp(n: usize, d: usize, sums: usize, stride: usize, dz: usize, half: usize, size: f64, facts: usize): void {
  const whole = (d & ~3) << 2, rest = d & 3, end = d << 2;
  for (let t: usize = 0; t < n; t++, sums += end + 4, dz += stride << 2, facts += FACTS << 3) {
    const total = <f64>load<f32>(sums + end);
    let dot = f64x2.splat(0), spread = dot, m = dot;
    let c: usize = 0;
    for (; c < whole; c += 16) {
      const g = v128.load(dz + c), s = v128.load(sums + c);
      const p = f64x2.promote_low_f32x4(g), q = upper(g);
      const a = f64x2.abs(p), b = f64x2.abs(q);
      dot = f64x2.add(dot, f64x2.add(f64x2.mul(p, f64x2.promote_low_f32x4(s)), f64x2.mul(q, upper(s))));
      spread = f64x2.add(spread, f64x2.add(f64x2.mul(a, v128.load(half + (c << 1))), f64x2.mul(b, v128.load(half + (c << 1), 16))));
      m = f64x2.pmax(m, f64x2.pmax(a, b));
    }
    let product = sumOfTwo(dot), wide = sumOfTwo(spread), most = largerOf(m);
    for (; c < end; c += 4) {
      const g = <f64>load<f32>(dz + c);
      product += g * <f64>load<f32>(sums + c);
      wide += abs(g) * load<f64>(half + (c << 1));
      most = max(most, abs(g));
    }
    const none = total == 0 || most == 0;
    const delta = none ? 0 : product * size * (1 / total);
    const unit = max(most * size, abs(delta));
    store<f64>(facts, total);
    store<f64>(facts, delta, 8);
    store<f64>(facts, wide, 16);
    store<f64>(facts, most, 24);
    store<f64>(facts, unit, 32);
    if (none) {
      memory.fill(sums, 0, end + 4);
      continue;
    }
    const factor = f64x2.splat(size / unit);
    for (c = 0; c < whole; c += 16) v128.store(sums + c, scaled(v128.load(dz + c), factor));
    if (rest) storeFirst(sums + c, scaled(v128.load(dz + c), factor), rest);
    store<f32>(sums + end, <f32>(-delta / unit));
  }
}

// @ts-ignore: decorator
@inline
function scaled(x: v128, factor: v128): v128 {
  const p = f64x2.mul(f64x2.promote_low_f32x4(x), factor), q = f64x2.mul(upper(x), factor);
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(q), 0, 2);
}
