// Register tiles of the attention kernels. 16 vector registers hold 6 x 8 sums (12), 8 values of one operand (2) and
// one broadcast value of the other (1); every product of attention and of its gradient runs on such a tile.
//
// Three layouts feed them (numbers are float32):
// - a panel of w rows is [column][w]: the rows' values of one column lie together (w = 8 keys, w = 6 queries);
// - a column block is [group of 8 columns][row][8]: rows padded with zeros to a multiple of 8 columns;
// - sums of 6 rows are [group of 8 columns][6][8].
// Weights (scores, probabilities) are row-major with `weightStride` bytes a row.
//
// The tiles are functions of their own and not inlined into the loops around them: V8 replaces baseline code by
// optimised code only when a function is called again, so one long call still runs optimised tiles.

import { madd, sumOf } from './simd';

/** Rows of a register tile. */
export const tileRows: i32 = 6;

/** Keys of one tile of the forward pass: 256 weights a row are summed from 0, then added to the running sums. */
export const keysPerTile: i32 = 256;

/** Bytes between rows of weights: one tile and a cache line more, so that rows do not fall on the same cache sets. */
export const weightStride: usize = 1088;

/** Bytes of the sums of 6 rows and 8 columns. */
export const sumBytes: usize = 192;

/**
 * Constants of `expShifted`, read from memory before each loop: V8 rebuilds literal vectors in every iteration.
 * -88, log2 e, 1.5 * 2^23 + 127, then c5 to c1 and 1: 2^f = 1 + c1 f + ... + c5 f^5 with relative error at most 9.4e-8
 * on [-1/2, 1/2], the best polynomial with constant term 1 (linear programme on 4001 Chebyshev points, coefficients
 * rounded to float32 one after another from c1 on).
 */
const expTable: usize = memory.data<f32>([
  -88, 1.4426950408889634, 12583039,
  0.0013269521296024323, 0.009671291336417198, 0.0555071085691452, 0.24022246897220612, 0.6931470036506653, 1,
]);

/** Eight ones: the factor of sums that only grow. */
export const ones: usize = memory.data<f32>([1, 1, 1, 1, 1, 1, 1, 1]);

/**
 * e^x for x <= 0, relative error at most 2^-22 + |x| 2^-23 down to 2^-126, and exactly 1 at 0; exactly 0 from -88
 * down, at -Infinity and at NaN, so hidden keys weigh nothing. With x log2 e = n + f, |f| <= 1/2: adding 1.5 * 2^23 + 127
 * rounds to an integer and leaves n + 127 in the low bits, which are the exponent of the factor 2^n; n = -127 is the
 * factor 0. pmax(lo, x) is lo where x is NaN: -Infinity - -Infinity, a row that has seen no key.
 * The accurate `expOf` for all x takes 21 operations, this one 12.
 */
// @ts-ignore: decorator
@inline
function expShifted(x: v128, lo: v128, log2e: v128, magic: v128, c5: v128, c4: v128, c3: v128, c2: v128, c1: v128, one: v128): v128 {
  x = f32x4.pmax(lo, x);
  const n = madd(x, log2e, magic);
  const f = madd(x, log2e, f32x4.sub(magic, n));
  let p = madd(c5, f, c4);
  p = madd(p, f, c3);
  p = madd(p, f, c2);
  p = madd(p, f, c1);
  p = madd(p, f, one);
  return f32x4.mul(p, i32x4.shl(n, 23));
}

/** Lane i is the largest lane of the i-th argument. */
// @ts-ignore: decorator
@inline
function maxOfEach(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.pmax(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.pmax(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.pmax(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * Scores of 6 rows (a panel of 6, width d) with `count` keys (panels of 8, count a multiple of 8):
 * weights[r][j] = a_r . b_j, and top[r] = max_j of them (8 values are written, those of rows 6 and 7 repeat row 5).
 */
export function scoreTile(a: usize, b: usize, weights: usize, d: i32, count: i32, top: usize): void {
  const aEnd = a + <usize>d * 24;
  const end = weights + (<usize>count << 2);
  let m0 = f32x4.splat(-Infinity), m1 = m0, m2 = m0, m3 = m0, m4 = m0, m5 = m0;
  while (weights < end) {
    const zero = f32x4.splat(0);
    let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero;
    let s30 = zero, s31 = zero, s40 = zero, s41 = zero, s50 = zero, s51 = zero;
    for (let at = a; at < aEnd; at += 24) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let x = v128.load_splat<f32>(at);
      s00 = madd(x, b0, s00), s01 = madd(x, b1, s01);
      x = v128.load_splat<f32>(at, 4);
      s10 = madd(x, b0, s10), s11 = madd(x, b1, s11);
      x = v128.load_splat<f32>(at, 8);
      s20 = madd(x, b0, s20), s21 = madd(x, b1, s21);
      x = v128.load_splat<f32>(at, 12);
      s30 = madd(x, b0, s30), s31 = madd(x, b1, s31);
      x = v128.load_splat<f32>(at, 16);
      s40 = madd(x, b0, s40), s41 = madd(x, b1, s41);
      x = v128.load_splat<f32>(at, 20);
      s50 = madd(x, b0, s50), s51 = madd(x, b1, s51);
      b += 32;
    }
    v128.store(weights, s00), v128.store(weights, s01, 16), m0 = f32x4.pmax(m0, f32x4.pmax(s00, s01));
    v128.store(weights, s10, weightStride), v128.store(weights, s11, weightStride + 16), m1 = f32x4.pmax(m1, f32x4.pmax(s10, s11));
    v128.store(weights, s20, 2 * weightStride), v128.store(weights, s21, 2 * weightStride + 16), m2 = f32x4.pmax(m2, f32x4.pmax(s20, s21));
    v128.store(weights, s30, 3 * weightStride), v128.store(weights, s31, 3 * weightStride + 16), m3 = f32x4.pmax(m3, f32x4.pmax(s30, s31));
    v128.store(weights, s40, 4 * weightStride), v128.store(weights, s41, 4 * weightStride + 16), m4 = f32x4.pmax(m4, f32x4.pmax(s40, s41));
    v128.store(weights, s50, 5 * weightStride), v128.store(weights, s51, 5 * weightStride + 16), m5 = f32x4.pmax(m5, f32x4.pmax(s50, s51));
    weights += 32;
  }
  v128.store(top, maxOfEach(m0, m1, m2, m3));
  v128.store(top, maxOfEach(m4, m5, m5, m5), 16);
}

/** Hides keys `from` to `to - 1` from one row of scores. */
export function hideKeys(weights: usize, from: i32, to: i32): void {
  for (let j = max(from, 0); j < to; ++j) store<f32>(weights + (<usize>j << 2), -Infinity);
}

/** The largest of `count` scores, count a multiple of 4. */
export function largestScore(weights: usize, count: i32): f32 {
  let m = f32x4.splat(-Infinity);
  for (const end = weights + (<usize>count << 2); weights < end; weights += 16) m = f32x4.pmax(m, v128.load(weights));
  return f32x4.extract_lane(maxOfEach(m, m, m, m), 0);
}

/**
 * Online softmax of 6 rows over one tile. state holds 8 values each of: running maxima m (-Infinity at first), sums l
 * (0 at first), factors, maxima of this tile. With m' = max(m, tile maximum): weights become e^{s - m'},
 * the factor is e^{m - m'} and l becomes l factor + sum of the weights.
 */
export function softmaxTile(weights: usize, count: i32, state: usize): void {
  const lo = v128.load_splat<f32>(expTable), log2e = v128.load_splat<f32>(expTable, 4), magic = v128.load_splat<f32>(expTable, 8);
  const c5 = v128.load_splat<f32>(expTable, 12), c4 = v128.load_splat<f32>(expTable, 16), c3 = v128.load_splat<f32>(expTable, 20);
  const c2 = v128.load_splat<f32>(expTable, 24), c1 = v128.load_splat<f32>(expTable, 28), one = v128.load_splat<f32>(expTable, 32);
  for (let half = state, end = state + 32; half < end; half += 16) {
    const before = v128.load(half), after = f32x4.pmax(before, v128.load(half, 96));
    v128.store(half, after);
    v128.store(half, expShifted(f32x4.sub(before, after), lo, log2e, magic, c5, c4, c3, c2, c1, one), 64);
  }
  for (let row: i32 = 0; row < tileRows; ++row) {
    const m = v128.load_splat<f32>(state);
    let sum = f32x4.splat(0);
    for (let at = weights, end = weights + (<usize>count << 2); at < end; at += 32) {
      const p0 = expShifted(f32x4.sub(v128.load(at), m), lo, log2e, magic, c5, c4, c3, c2, c1, one);
      const p1 = expShifted(f32x4.sub(v128.load(at, 16), m), lo, log2e, magic, c5, c4, c3, c2, c1, one);
      v128.store(at, p0), v128.store(at, p1, 16);
      sum = f32x4.add(sum, f32x4.add(p0, p1));
    }
    store<f32>(state, load<f32>(state, 32) * load<f32>(state, 64) + sumOf(sum), 32);
    weights += weightStride;
    state += 4;
  }
}

/**
 * Probabilities of 6 rows and their gradient: with logPartition and offset one value a row,
 * weights become p = e^{min(s - logPartition, 0)} and products become p (products - offset).
 * The minimum acts only where logPartition is rounded: p never exceeds 1. pmin(x, 0) keeps x where it is NaN: a hidden
 * key of a row that sees no key, -Infinity - -Infinity, whose p is 0.
 */
export function softmaxVjpTile(weights: usize, products: usize, count: i32, logPartition: usize, offset: usize): void {
  const lo = v128.load_splat<f32>(expTable), log2e = v128.load_splat<f32>(expTable, 4), magic = v128.load_splat<f32>(expTable, 8);
  const c5 = v128.load_splat<f32>(expTable, 12), c4 = v128.load_splat<f32>(expTable, 16), c3 = v128.load_splat<f32>(expTable, 20);
  const c2 = v128.load_splat<f32>(expTable, 24), c1 = v128.load_splat<f32>(expTable, 28), one = v128.load_splat<f32>(expTable, 32);
  for (let row: i32 = 0; row < tileRows; ++row) {
    const log = v128.load_splat<f32>(logPartition), mean = v128.load_splat<f32>(offset), zero = f32x4.splat(0);
    for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) {
      const x = f32x4.pmin(f32x4.sub(v128.load(weights + at), log), zero);
      const p = expShifted(x, lo, log2e, magic, c5, c4, c3, c2, c1, one);
      v128.store(weights + at, p);
      v128.store(products + at, f32x4.mul(p, f32x4.sub(v128.load(products + at), mean)));
    }
    weights += weightStride, products += weightStride;
    logPartition += 4, offset += 4;
  }
}

/**
 * sums[r] = factor[r] sums[r] + sum_j weight(r, j) row_j over `count` rows of a column block, for 6 rows r and
 * `groups` groups of 8 columns. weight(r, j) is weights[r][j], or weights[j][r] if Along is an integer type (a type,
 * because the offsets in memory instructions must be literals). The new terms are summed from 0 first: adding each
 * to the large running sum would round `count` times at its size.
 */
// @ts-ignore: decorator
@inline
function accumulate<Along>(weights: usize, rows: usize, groupBytes: usize, groups: i32, count: i32, factor: usize, sums: usize): void {
  const rowStep: usize = isFloat<Along>() ? weightStride : 4, step: usize = isFloat<Along>() ? 4 : weightStride;
  for (; groups > 0; --groups) {
    const zero = f32x4.splat(0);
    let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero;
    let s30 = zero, s31 = zero, s40 = zero, s41 = zero, s50 = zero, s51 = zero;
    let at = weights;
    for (let b = rows, end = rows + (<usize>count << 5); b < end; b += 32) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let x = v128.load_splat<f32>(at);
      s00 = madd(x, b0, s00), s01 = madd(x, b1, s01);
      x = v128.load_splat<f32>(at, rowStep);
      s10 = madd(x, b0, s10), s11 = madd(x, b1, s11);
      x = v128.load_splat<f32>(at, 2 * rowStep);
      s20 = madd(x, b0, s20), s21 = madd(x, b1, s21);
      x = v128.load_splat<f32>(at, 3 * rowStep);
      s30 = madd(x, b0, s30), s31 = madd(x, b1, s31);
      x = v128.load_splat<f32>(at, 4 * rowStep);
      s40 = madd(x, b0, s40), s41 = madd(x, b1, s41);
      x = v128.load_splat<f32>(at, 5 * rowStep);
      s50 = madd(x, b0, s50), s51 = madd(x, b1, s51);
      at += step;
    }
    let x = v128.load_splat<f32>(factor);
    v128.store(sums, madd(x, v128.load(sums), s00)), v128.store(sums, madd(x, v128.load(sums, 16), s01), 16);
    x = v128.load_splat<f32>(factor, 4);
    v128.store(sums, madd(x, v128.load(sums, 32), s10), 32), v128.store(sums, madd(x, v128.load(sums, 48), s11), 48);
    x = v128.load_splat<f32>(factor, 8);
    v128.store(sums, madd(x, v128.load(sums, 64), s20), 64), v128.store(sums, madd(x, v128.load(sums, 80), s21), 80);
    x = v128.load_splat<f32>(factor, 12);
    v128.store(sums, madd(x, v128.load(sums, 96), s30), 96), v128.store(sums, madd(x, v128.load(sums, 112), s31), 112);
    x = v128.load_splat<f32>(factor, 16);
    v128.store(sums, madd(x, v128.load(sums, 128), s40), 128), v128.store(sums, madd(x, v128.load(sums, 144), s41), 144);
    x = v128.load_splat<f32>(factor, 20);
    v128.store(sums, madd(x, v128.load(sums, 160), s50), 160), v128.store(sums, madd(x, v128.load(sums, 176), s51), 176);
    sums += sumBytes;
    rows += groupBytes;
  }
}

/** 6 rows of weights times `count` rows: sums[r] = factor[r] sums[r] + sum_j weights[r][j] row_j. */
export function accumulateRows(weights: usize, rows: usize, groupBytes: usize, groups: i32, count: i32, factor: usize, sums: usize): void {
  accumulate<f32>(weights, rows, groupBytes, groups, count, factor, sums);
}

/** 6 columns of weights times `count` rows: sums[r] += sum_i weights[i][r] row_i. */
export function accumulateColumns(weights: usize, rows: usize, groupBytes: usize, groups: i32, count: i32, sums: usize): void {
  accumulate<i32>(weights, rows, groupBytes, groups, count, ones, sums);
}
