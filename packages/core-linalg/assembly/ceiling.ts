import { madd, sumOf } from './simd';

/**
 * `rounds` times twelve multiply-adds a = a x + y on sums that never leave the registers: 96 operations a round, as
 * many as one thread can do with 128-bit vectors. Twelve sums hide the latency; with x and y they fill 14 of 16
 * registers. The total is returned, so that no work is dropped.
 */
export function multiplyAdds(rounds: i32, x: f32, y: f32): f32 {
  const s = f32x4.splat(x), t = f32x4.splat(y);
  let a = t, b = t, c = t, d = t, e = t, f = t, g = t, h = t, i = t, j = t, k = t, l = t;
  for (let r = 0; r < rounds; r++) {
    a = madd(a, s, t);
    b = madd(b, s, t);
    c = madd(c, s, t);
    d = madd(d, s, t);
    e = madd(e, s, t);
    f = madd(f, s, t);
    g = madd(g, s, t);
    h = madd(h, s, t);
    i = madd(i, s, t);
    j = madd(j, s, t);
    k = madd(k, s, t);
    l = madd(l, s, t);
  }
  const left = f32x4.add(f32x4.add(a, b), f32x4.add(f32x4.add(c, d), f32x4.add(e, f)));
  const right = f32x4.add(f32x4.add(g, h), f32x4.add(f32x4.add(i, j), f32x4.add(k, l)));
  return sumOf(f32x4.add(left, right));
}
