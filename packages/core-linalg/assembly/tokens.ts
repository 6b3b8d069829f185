import { storeFirst } from './simd';

// What is done to every token of a head before and after the sums over monomials, in float64 and rounded once when stored.

/** Zeros. The engine's own fill stores shared memory value by value, and took longer than the kernel that follows. */
export function clear(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

/** Bytes of x that are looked at vector by vector while they are in the first-level cache. */
const CACHED: usize = 16384;

/** Two float64 values of the upper half of x. */
// @ts-ignore: decorator
@inline
export function upper(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
}

/** low_c and high_c: the least and the largest x_tc, as float32; NaN in low_c where a value is not finite. Both hold values to start with. */
export function tokenRanges(n: usize, d: usize, x: usize, low: usize, high: usize): void {
  // Four tokens are d vectors, whatever d is; lane l of vector v holds column (4 v + l) mod d.
  const step = d << 4, end = x + (n >> 2) * step, block = max(step, (CACHED / step) * step);
  const zero = f32x4.splat(0);
  for (let from = x; from < end; from += block) {
    const to = min(from + block, end);
    for (let v: usize = 0, c: usize = 0; v < d; v++) {
      let least = v128.load(from + (v << 4)), most = least, bad = zero;
      for (let at = from + (v << 4); at < to; at += step) {
        const y = v128.load(at);
        least = f32x4.pmin(least, y);
        most = f32x4.pmax(most, y);
        bad = f32x4.add(bad, f32x4.mul(y, zero)); // 0, or NaN from the first value that is not finite
      }
      put(low, high, c, f32x4.extract_lane(least, 0), f32x4.extract_lane(most, 0), f32x4.extract_lane(bad, 0));
      c = c + 1 == d ? 0 : c + 1;
      put(low, high, c, f32x4.extract_lane(least, 1), f32x4.extract_lane(most, 1), f32x4.extract_lane(bad, 1));
      c = c + 1 == d ? 0 : c + 1;
      put(low, high, c, f32x4.extract_lane(least, 2), f32x4.extract_lane(most, 2), f32x4.extract_lane(bad, 2));
      c = c + 1 == d ? 0 : c + 1;
      put(low, high, c, f32x4.extract_lane(least, 3), f32x4.extract_lane(most, 3), f32x4.extract_lane(bad, 3));
      c = c + 1 == d ? 0 : c + 1;
    }
  }
  for (let at = end, c: usize = 0, left = (n & 3) * d; left > 0; left--, at += 4) {
    const y = load<f32>(at);
    put(low, high, c, y, y, y * 0);
    c = c + 1 == d ? 0 : c + 1;
  }
}

/** Widens the range of a column; `bad` is NaN where it has values that are not finite. */
// @ts-ignore: decorator
@inline
function put(low: usize, high: usize, c: usize, least: f32, most: f32, bad: f32): void {
  const l = low + (c << 2), h = high + (c << 2);
  // A NaN in low stays: comparisons with it fail, and min and max keep it.
  store<f32>(l, bad == 0 ? min(load<f32>(l), least) : bad);
  store<f32>(h, max(load<f32>(h), most));
}

/** square = max_t |(x_t - centre) factor|^2 over n vectors of d values, `stride` values apart; centre and square are float64. */
export function furthestSquare(n: usize, d: usize, stride: usize, x: usize, centre: usize, factor: f64, square: usize): void {
  const f = f64x2.splat(factor), whole = d & ~3;
  let largest: f64 = 0;
  for (let t: usize = 0; t < n; t++, x += stride << 2) {
    let a = f64x2.splat(0), b = a, at = x, m = centre;
    for (const end = x + (whole << 2); at < end; at += 16, m += 32) {
      const y = v128.load(at);
      const p = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(y), v128.load(m)), f);
      const q = f64x2.mul(f64x2.sub(upper(y), v128.load(m, 16)), f);
      a = f64x2.add(a, f64x2.mul(p, p));
      b = f64x2.add(b, f64x2.mul(q, q));
    }
    a = f64x2.add(a, b);
    let sum = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
    for (const end = x + (d << 2); at < end; at += 4, m += 8) {
      const y = (<f64>load<f32>(at) - load<f64>(m)) * factor;
      sum += y * y;
    }
    if (sum > largest) largest = sum;
  }
  store<f64>(square, largest);
}

/**
 * out_tc = (x_tc - centre_c) factor_c w_t for c < d, out_td = w_t if `width` is d + 1; `width` values a token. x lies `stride` values apart,
 * centre and factor are float64, w is float32 or 0 (all 1).
 */
export function centreTokens(n: usize, d: usize, stride: usize, x: usize, centre: usize, factor: usize, w: usize, width: usize, out: usize): void {
  const whole = (d & ~3) << 2, rest = d & 3;
  for (let t: usize = 0; t < n; t++, x += stride << 2, out += width << 2) {
    const weight: f32 = w ? load<f32>(w + (t << 2)) : 1;
    const u = f64x2.splat(<f64>weight);
    let c: usize = 0;
    for (; c < whole; c += 16) v128.store(out + c, centred(x + c, centre + (c << 1), factor + (c << 1), u));
    if (rest) storeFirst(out + c, centred(x + c, centre + (c << 1), factor + (c << 1), u), rest);
    if (width > d) store<f32>(out + (d << 2), weight);
  }
}

// @ts-ignore: decorator
@inline
function centred(x: usize, centre: usize, factor: usize, u: v128): v128 {
  const y = v128.load(x);
  const p = f64x2.mul(f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(y), v128.load(centre)), v128.load(factor)), u);
  const q = f64x2.mul(f64x2.mul(f64x2.sub(upper(y), v128.load(centre, 16)), v128.load(factor, 16)), u);
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(q), 0, 2);
}

/**
 * z_tc = centre_c + factor_c N_tc / D_t, held in [low_c, high_c]; sums hold N and D in d + 1 values a token, the other arguments but z are
 * float64. Where D_t is 0, z_t is. `least` becomes the least D_t, NaN if one is.
 */
export function tokenQuotients(n: usize, d: usize, sums: usize, centre: usize, factor: usize, low: usize, high: usize, z: usize, least: usize): void {
  const whole = (d & ~3) << 2, rest = d & 3;
  let smallest: f64 = Infinity;
  for (let t: usize = 0; t < n; t++, sums += (d + 1) << 2, z += d << 2) {
    const total = <f64>load<f32>(sums + (d << 2));
    smallest = min(smallest, total); // NaN stays
    if (total == 0) {
      memory.fill(z, 0, d << 2);
      continue;
    }
    const u = f64x2.splat(1 / total);
    let c: usize = 0;
    for (; c < whole; c += 16) v128.store(z + c, held(sums + c, c << 1, centre, factor, low, high, u));
    if (rest) storeFirst(z + c, held(sums + c, c << 1, centre, factor, low, high, u), rest);
  }
  store<f64>(least, smallest);
}

// @ts-ignore: decorator
@inline
function held(sums: usize, at: usize, centre: usize, factor: usize, low: usize, high: usize, u: v128): v128 {
  const s = v128.load(sums);
  let p = f64x2.add(v128.load(centre + at), f64x2.mul(f64x2.mul(f64x2.promote_low_f32x4(s), u), v128.load(factor + at)));
  let q = f64x2.add(v128.load(centre + at, 16), f64x2.mul(f64x2.mul(upper(s), u), v128.load(factor + at, 16)));
  p = f64x2.pmin(f64x2.pmax(p, v128.load(low + at)), v128.load(high + at));
  q = f64x2.pmin(f64x2.pmax(q, v128.load(low + at, 16)), v128.load(high + at, 16));
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(q), 0, 2);
}

/** x_tc is held in [low_c, high_c], all float32; d values a token. */
export function holdTokens(n: usize, d: usize, x: usize, low: usize, high: usize): void {
  const whole = (d & ~3) << 2, end = d << 2;
  for (let t: usize = 0; t < n; t++, x += end) {
    let c: usize = 0;
    for (; c < whole; c += 16) v128.store(x + c, f32x4.pmin(f32x4.pmax(v128.load(x + c), v128.load(low + c)), v128.load(high + c)));
    for (; c < end; c += 4) store<f32>(x + c, min(max(load<f32>(x + c), load<f32>(low + c)), load<f32>(high + c)));
  }
}
