import { madd } from './simd';

// B is read from panels of 8 columns: for every p the 8 values b[p][8j .. 8j + 7] lie together (32 bytes), zeros
// beyond column n. A is read row by row. A tile of 6 x 8 sums fills 12 of the 16 vector registers; with two for B
// and one for A every multiply-add of the inner loop works on registers.

/** Length of a sum before it is written back: a panel of 256 x 8 values takes 8 KiB. */
const DEPTH_BLOCK: usize = 256;
/** Rows of A that are worked on while they stay in the first-level cache beside a panel: 24 x 256 values = 24 KiB. */
const ROW_BLOCK: usize = 24;
/** Panels that are worked on while they stay in the second-level cache: 32 blocks of 256 x 8 values = 256 KiB. */
const PANEL_BLOCK: usize = 32;

/** Bytes that `gemmPanels` needs at `scratch`: a block of transposed A and a 6 x 8 tile. */
export const gemmScratchBytes: usize = ROW_BLOCK * DEPTH_BLOCK * 4 + 192;

/** One row of a tile: c = alpha sum + beta c, without reading c if beta = 0. */
// @ts-ignore: decorator
@inline
function put(c: usize, low: v128, high: v128, alpha: f32, beta: f32): void {
  const factor = f32x4.splat(alpha);
  low = f32x4.mul(low, factor);
  high = f32x4.mul(high, factor);
  if (beta != 0) {
    const keep = f32x4.splat(beta);
    low = madd(keep, v128.load(c), low);
    high = madd(keep, v128.load(c, 16), high);
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}

/**
 * `rows` x 8 sums over `depth` bytes of k: c = alpha a b + beta c. `rows` is a literal from 1 to 6, so that the
 * compiler drops the rows that are not there. lda and ldc are in bytes.
 */
// @ts-ignore: decorator
@inline
function tile(rows: i32, a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void {
  const a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  for (let p: usize = 0; p < depth; p += 4) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a + p);
    s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    if (rows > 1) { x = v128.load_splat<f32>(a1 + p); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); }
    if (rows > 2) { x = v128.load_splat<f32>(a2 + p); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); }
    if (rows > 3) { x = v128.load_splat<f32>(a3 + p); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31); }
    if (rows > 4) { x = v128.load_splat<f32>(a4 + p); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41); }
    if (rows > 5) { x = v128.load_splat<f32>(a5 + p); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51); }
    b += 32;
  }
  put(c, s00, s01, alpha, beta);
  if (rows > 1) { c += ldc; put(c, s10, s11, alpha, beta); }
  if (rows > 2) { c += ldc; put(c, s20, s21, alpha, beta); }
  if (rows > 3) { c += ldc; put(c, s30, s31, alpha, beta); }
  if (rows > 4) { c += ldc; put(c, s40, s41, alpha, beta); }
  if (rows > 5) { c += ldc; put(c, s50, s51, alpha, beta); }
}

function tile1(a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void { tile(1, a, lda, b, depth, c, ldc, alpha, beta); }
function tile2(a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void { tile(2, a, lda, b, depth, c, ldc, alpha, beta); }
function tile3(a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void { tile(3, a, lda, b, depth, c, ldc, alpha, beta); }
function tile4(a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void { tile(4, a, lda, b, depth, c, ldc, alpha, beta); }
function tile5(a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void { tile(5, a, lda, b, depth, c, ldc, alpha, beta); }
function tile6(a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void { tile(6, a, lda, b, depth, c, ldc, alpha, beta); }

/**
 * One row against four panels, 8 independent sums: with one panel two sums wait for each other and a decoding step
 * would not reach the speed of memory. `stride` is the bytes from one panel to the next.
 */
function row32(a: usize, b: usize, stride: usize, depth: usize, c: usize, alpha: f32, beta: f32): void {
  let b1 = b + stride, b2 = b1 + stride, b3 = b2 + stride;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (const end = a + depth; a < end; a += 4) {
    const x = v128.load_splat<f32>(a);
    s0 = madd(x, v128.load(b), s0); s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(b1), s2); s3 = madd(x, v128.load(b1, 16), s3);
    s4 = madd(x, v128.load(b2), s4); s5 = madd(x, v128.load(b2, 16), s5);
    s6 = madd(x, v128.load(b3), s6); s7 = madd(x, v128.load(b3, 16), s7);
    b += 32; b1 += 32; b2 += 32; b3 += 32;
  }
  put(c, s0, s1, alpha, beta);
  put(c + 32, s2, s3, alpha, beta);
  put(c + 64, s4, s5, alpha, beta);
  put(c + 96, s6, s7, alpha, beta);
}

/** `rows` rows against one panel in tiles of 6, 5, 4 and 3, which keep both multiply-add units busy. */
function rowsOfPanel(rows: usize, a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32): void {
  // Remainders of 1, 2 and 3 borrow a tile of 6: 7 = 4 + 3, 8 = 4 + 4, 9 = 5 + 4.
  while (rows >= 10 || rows == 6) {
    tile6(a, lda, b, depth, c, ldc, alpha, beta);
    a += 6 * lda; c += 6 * ldc; rows -= 6;
  }
  if (rows == 9) { tile5(a, lda, b, depth, c, ldc, alpha, beta); a += 5 * lda; c += 5 * ldc; rows = 4; }
  else if (rows > 6) { tile4(a, lda, b, depth, c, ldc, alpha, beta); a += 4 * lda; c += 4 * ldc; rows -= 4; }
  if (rows == 5) tile5(a, lda, b, depth, c, ldc, alpha, beta);
  else if (rows == 4) tile4(a, lda, b, depth, c, ldc, alpha, beta);
  else if (rows == 3) tile3(a, lda, b, depth, c, ldc, alpha, beta);
  else if (rows == 2) tile2(a, lda, b, depth, c, ldc, alpha, beta);
  else if (rows == 1) tile1(a, lda, b, depth, c, ldc, alpha, beta);
}

/** The last, narrow panel: tiles go to scratch, and only the first `columns` values of each row are stored. */
function rowsOfEdge(rows: usize, columns: usize, a: usize, lda: usize, b: usize, depth: usize, c: usize, ldc: usize, alpha: f32, beta: f32, scratch: usize): void {
  while (rows > 0) {
    const some = min(rows, 6);
    rowsOfPanel(some, a, lda, b, depth, scratch, 32, alpha, 0);
    for (let i: usize = 0; i < some; i++, c += ldc) {
      for (let j: usize = 0; j < columns; j++) {
        const sum = load<f32>(scratch + (i << 5) + (j << 2)), at = c + (j << 2);
        store<f32>(at, beta == 0 ? sum : sum + beta * load<f32>(at));
      }
    }
    a += some * lda; rows -= some;
  }
}

/** Transposes `depth` x `rows` values (row stride `ld` bytes) to rows of `depth` values, 4 x 4 at a time. */
function transpose(rows: usize, depth: usize, a: usize, ld: usize, to: usize): void {
  const line = depth << 2;
  for (let p: usize = 0; p < depth; p += 4) {
    const deep = min(depth - p, 4);
    for (let i: usize = 0; i < rows; i += 4) {
      const from = a + p * ld + (i << 2), at = to + i * line + (p << 2);
      const wide = min(rows - i, 4);
      if (deep == 4 && wide == 4) {
        const r0 = v128.load(from), r1 = v128.load(from + ld), r2 = v128.load(from + 2 * ld), r3 = v128.load(from + 3 * ld);
        const x = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), y = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const z = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), w = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        v128.store(at, v128.shuffle<f64>(x, z, 0, 2));
        v128.store(at + line, v128.shuffle<f64>(x, z, 1, 3));
        v128.store(at + 2 * line, v128.shuffle<f64>(y, w, 0, 2));
        v128.store(at + 3 * line, v128.shuffle<f64>(y, w, 1, 3));
      } else {
        for (let u: usize = 0; u < deep; u++) {
          for (let s: usize = 0; s < wide; s++) store<f32>(at + s * line + (u << 2), load<f32>(from + u * ld + (s << 2)));
        }
      }
    }
  }
}

/**
 * C = alpha A B + beta C for the column panels `first` to `last - 1` of a packed B with k x n values.
 * A has m rows with stride lda; with `turned` it is stored k x m with stride lda. Strides in bytes.
 */
export function gemmPanels(
  turned: i32, m: usize, n: usize, k: usize, alpha: f32, a: usize, lda: usize, packed: usize, beta: f32, c: usize, ldc: usize,
  first: usize, last: usize, scratch: usize,
): void {
  const panel = k << 5;
  const edge = scratch + ROW_BLOCK * DEPTH_BLOCK * 4;
  // k = 0 still runs once, so that C becomes beta C.
  for (let p: usize = 0; p == 0 || p < k; p += DEPTH_BLOCK) {
    const deep = min(k - p, DEPTH_BLOCK), depth = deep << 2;
    const keep: f32 = p == 0 ? beta : 1;
    for (let from = first; from < last; from += PANEL_BLOCK) {
      const to = min(from + PANEL_BLOCK, last);
      for (let i: usize = 0; i < m; i += ROW_BLOCK) {
        const rows = min(m - i, ROW_BLOCK);
        let rowsA = a + i * lda + (p << 2), line = lda;
        if (turned) {
          transpose(rows, deep, a + p * lda + (i << 2), lda, scratch);
          rowsA = scratch;
          line = depth;
        }
        let j = from;
        let at = c + i * ldc + (from << 5), b = packed + from * panel + (p << 5);
        if (rows == 1) {
          for (; j + 4 <= to && (j + 4) << 3 <= n; j += 4, b += 4 * panel, at += 128) row32(rowsA, b, panel, depth, at, alpha, keep);
        }
        for (; j < to; j++, b += panel, at += 32) {
          if ((j + 1) << 3 <= n) rowsOfPanel(rows, rowsA, line, b, depth, at, ldc, alpha, keep);
          else rowsOfEdge(rows, n - (j << 3), rowsA, line, b, depth, at, ldc, alpha, keep, edge);
        }
      }
    }
  }
}

/** Packs the panels `first` to `last - 1` of B, stored k x n. */
export function packN(k: usize, n: usize, b: usize, packed: usize, first: usize, last: usize): void {
  const ld = n << 2, panel = k << 5, whole = min(last, n >> 3);
  let j = first;
  packed += first * panel;
  b += first << 5;
  // Four panels at a time use whole cache lines of B: with a row stride of a power of two a line does not stay for long.
  for (; j + 4 <= whole; j += 4, b += 128, packed += 4 * panel) {
    let from = b, to = packed;
    for (const end = packed + panel; to < end; to += 32, from += ld) {
      const to1 = to + panel, to2 = to1 + panel, to3 = to2 + panel;
      v128.store(to, v128.load(from)); v128.store(to, v128.load(from, 16), 16);
      v128.store(to1, v128.load(from, 32)); v128.store(to1, v128.load(from, 48), 16);
      v128.store(to2, v128.load(from, 64)); v128.store(to2, v128.load(from, 80), 16);
      v128.store(to3, v128.load(from, 96)); v128.store(to3, v128.load(from, 112), 16);
    }
  }
  for (; j < last; j++, b += 32, packed += panel) {
    const wide = min(n - (j << 3), 8) << 2;
    let from = b;
    for (let to = packed; to < packed + panel; to += 32, from += ld) {
      if (wide < 32) memory.fill(to, 0, 32);
      memory.copy(to, from, wide);
    }
  }
}

/** Packs the panels `first` to `last - 1` of B, stored n x k: 4 x 4 values are turned at a time. */
export function packT(k: usize, n: usize, b: usize, packed: usize, first: usize, last: usize): void {
  const ld = k << 2;
  packed += first * (k << 5);
  for (let j = first; j < last; j++) {
    const from = b + (j << 3) * ld, wide = min(n - (j << 3), 8);
    if (wide < 8) memory.fill(packed, 0, k << 5);
    for (let s: usize = 0; s < wide; s += 4) {
      const to = packed + (s << 2);
      let p: usize = 0;
      if (wide - s >= 4) {
        for (; p + 4 <= k; p += 4) {
          const at = from + s * ld + (p << 2), out = to + (p << 5);
          const r0 = v128.load(at), r1 = v128.load(at + ld), r2 = v128.load(at + 2 * ld), r3 = v128.load(at + 3 * ld);
          const x = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), y = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
          const z = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), w = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
          v128.store(out, v128.shuffle<f64>(x, z, 0, 2));
          v128.store(out, v128.shuffle<f64>(x, z, 1, 3), 32);
          v128.store(out, v128.shuffle<f64>(y, w, 0, 2), 64);
          v128.store(out, v128.shuffle<f64>(y, w, 1, 3), 96);
        }
      }
      for (; p < k; p++) {
        for (let t: usize = 0; t < min(wide - s, 4); t++) store<f32>(to + (p << 5) + (t << 2), load<f32>(from + (s + t) * ld + (p << 2)));
      }
    }
    packed += k << 5;
  }
}

/**
 * Packs the panels `first` to `last - 1` of B into `packed` and multiplies by them. form: 0 is NN (A m x k, B k x n),
 * 1 is NT (B stored n x k), 2 is TN (A stored k x m).
 */
export function gemm(
  form: i32, m: usize, n: usize, k: usize, alpha: f32, a: usize, b: usize, beta: f32, c: usize, packed: usize,
  first: usize, last: usize, scratch: usize,
): void {
  if (form == 1) packT(k, n, b, packed, first, last);
  else packN(k, n, b, packed, first, last);
  gemmPanels(form == 2, m, n, k, alpha, a, (form == 2 ? m : k) << 2, packed, beta, c, n << 2, first, last, scratch);
}
