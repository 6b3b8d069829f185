import { madd, storeFirst } from './simd';

// Work goes by blocks of 128 tokens, stored by rows: row a holds monomial a of every token of the block, so that lanes
// are tokens, no set of monomials wastes any, and each monomial is one multiplication by a row of x. Monomials come in
// segments of 32 rows that stay in the first-level cache from their making to their use.

/** Tokens of a block. */
export const BLOCK: usize = 128;
/** Bytes from one row to the next: 128 values and a cache line, since rows a power of two apart share few cache sets. */
export const ROW: usize = 576;
/** Monomials of a segment. */
export const SEGMENT: usize = 32;

/** The least multiple of 4 that is not below `count`. */
// @ts-ignore: decorator
@inline
export function fours(count: usize): usize {
  return (count + 3) & ~3;
}

/** Bytes of the tokens of a block of `count` tokens, rounded up to 8 tokens. */
// @ts-ignore: decorator
@inline
export function widthOf(count: usize): usize {
  return ((count + 7) & ~7) << 2;
}

/**
 * Turns `count` tokens of `values` values each into rows, zeros up to a multiple of 8 tokens. Rows come in fours:
 * there has to be room for the rounded number of rows, and up to 12 bytes behind the tokens are read.
 */
export function turn(from: usize, values: usize, count: usize, to: usize): void {
  const ld = values << 2, width = widthOf(count);
  for (let c: usize = 0; c < values; c += 4, from += 16, to += 4 * ROW) {
    let t: usize = 0, at = from, out = to;
    for (; t + 4 <= count; t += 4, at += 4 * ld, out += 16) {
      const r0 = v128.load(at), r1 = v128.load(at + ld), r2 = v128.load(at + 2 * ld), r3 = v128.load(at + 3 * ld);
      const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const e = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), f = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<f64>(a, e, 0, 2));
      v128.store(out, v128.shuffle<f64>(a, e, 1, 3), ROW);
      v128.store(out, v128.shuffle<f64>(b, f, 0, 2), 2 * ROW);
      v128.store(out, v128.shuffle<f64>(b, f, 1, 3), 3 * ROW);
    }
    for (let zero = out, end = to + width; zero < end; zero += 16) {
      const none = f32x4.splat(0);
      v128.store(zero, none);
      v128.store(zero, none, ROW);
      v128.store(zero, none, 2 * ROW);
      v128.store(zero, none, 3 * ROW);
    }
    for (; t < count; t++, at += ld, out += 4) {
      const r = v128.load(at);
      v128.store32_lane(out, r, 0);
      v128.store32_lane(out, r, 1, ROW);
      v128.store32_lane(out, r, 2, 2 * ROW);
      v128.store32_lane(out, r, 3, 3 * ROW);
    }
  }
}

/** `to` = or, with `add`, += the first `count` lanes of `value`. */
// @ts-ignore: decorator
@inline
function putFirst(add: bool, to: usize, value: v128, count: usize): void {
  if (add) value = f32x4.add(v128.load(to), value);
  if (count >= 4) v128.store(to, value);
  else storeFirst(to, value, count);
}

/** Turns `values` rows back into `count` tokens, stored or (with `add`) added. Rows come in fours as in `turn`. */
// @ts-ignore: decorator
@inline
function back(add: bool, from: usize, values: usize, count: usize, to: usize): void {
  const ld = values << 2;
  for (let c: usize = 0; c < values; c += 4, from += 4 * ROW, to += 16) {
    const some = values - c;
    let t: usize = 0, at = from, out = to;
    for (; t < count; t += 4, at += 16, out += 4 * ld) {
      const r0 = v128.load(at), r1 = v128.load(at, ROW), r2 = v128.load(at, 2 * ROW), r3 = v128.load(at, 3 * ROW);
      const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const e = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), f = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      putFirst(add, out, v128.shuffle<f64>(a, e, 0, 2), some);
      if (t + 1 < count) putFirst(add, out + ld, v128.shuffle<f64>(a, e, 1, 3), some);
      if (t + 2 < count) putFirst(add, out + 2 * ld, v128.shuffle<f64>(b, f, 0, 2), some);
      if (t + 3 < count) putFirst(add, out + 3 * ld, v128.shuffle<f64>(b, f, 1, 3), some);
    }
  }
}

export function turnBack(from: usize, values: usize, count: usize, to: usize): void { back(false, from, values, count, to); }
export function turnBackAdding(from: usize, values: usize, count: usize, to: usize): void { back(true, from, values, count, to); }

/** A row of ones: the monomial 1. */
export function ones(to: usize, width: usize): void {
  const one = f32x4.splat(1);
  for (const end = to + width; to < end; to += 16) v128.store(to, one);
}

/** `rows` rows times the one row x. */
function timesRow(from: usize, x: usize, to: usize, rows: usize, width: usize): void {
  let t: usize = 0;
  for (; t + 64 <= width; t += 64, x += 64) {
    const x0 = v128.load(x), x1 = v128.load(x, 16), x2 = v128.load(x, 32), x3 = v128.load(x, 48);
    let at = from + t, out = to + t;
    for (const end = at + rows * ROW; at < end; at += ROW, out += ROW) {
      v128.store(out, f32x4.mul(v128.load(at), x0));
      v128.store(out, f32x4.mul(v128.load(at, 16), x1), 16);
      v128.store(out, f32x4.mul(v128.load(at, 32), x2), 32);
      v128.store(out, f32x4.mul(v128.load(at, 48), x3), 48);
    }
  }
  for (; t < width; t += 16, x += 16) {
    const x0 = v128.load(x);
    let at = from + t, out = to + t;
    for (const end = at + rows * ROW; at < end; at += ROW, out += ROW) v128.store(out, f32x4.mul(v128.load(at), x0));
  }
}

/**
 * Monomials `first` to `last - 1`, the first of them at `to`, from their parents in phi. `run` is the run that holds
 * monomial `first`; the one that holds `last` comes back.
 */
export function extend(run: usize, first: usize, last: usize, phi: usize, to: usize, x: usize, width: usize): usize {
  while (first < last) {
    const o = <usize>load<u32>(run, 12), end = o + <usize>load<u32>(run, 8);
    const rows = min(last, end) - first;
    const parent = phi + (<usize>load<u32>(run, 4) + first - o) * ROW;
    timesRow(parent, x + <usize>load<u32>(run) * ROW, to, rows, width);
    first += rows;
    to += rows * ROW;
    if (first == end) run += 16;
  }
  return run;
}

/**
 * Two float64 sums each at `m` and `next` += the sums of the lanes of a, b and of c, d. With `both` false the latter are
 * left out.
 */
// @ts-ignore: decorator
@inline
function addSums(both: bool, m: usize, next: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  const sums = f32x4.add(v128.shuffle<f64>(ab, cd, 0, 2), v128.shuffle<f64>(ab, cd, 1, 3));
  v128.store(m, f64x2.add(v128.load(m), f64x2.promote_low_f32x4(sums)));
  if (both) v128.store(next, f64x2.add(v128.load(next), f64x2.promote_low_f32x4(v128.shuffle<f64>(sums, sums, 1, 1))));
}

/**
 * Moments of two monomials with `columns` (a literal, 1 to 6) rows of y: m[c][a] += sum_t phi_a(t) y_c(t), lane by lane in
 * float32 over the block. Twelve sums, two rows of phi and one of y: 15 registers, all that V8 has beside its own.
 */
// @ts-ignore: decorator
@inline
function momentTile(columns: i32, phi: usize, y: usize, m: usize, line: usize, width: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0, e0 = a0, e1 = a0, f0 = a0, f1 = a0;
  for (const end = phi + width; phi < end; phi += 16, y += 16) {
    const p = v128.load(phi), q = v128.load(phi, ROW);
    let u = v128.load(y);
    a0 = madd(u, p, a0), a1 = madd(u, q, a1);
    if (columns > 1) u = v128.load(y, ROW), b0 = madd(u, p, b0), b1 = madd(u, q, b1);
    if (columns > 2) u = v128.load(y, 2 * ROW), c0 = madd(u, p, c0), c1 = madd(u, q, c1);
    if (columns > 3) u = v128.load(y, 3 * ROW), d0 = madd(u, p, d0), d1 = madd(u, q, d1);
    if (columns > 4) u = v128.load(y, 4 * ROW), e0 = madd(u, p, e0), e1 = madd(u, q, e1);
    if (columns > 5) u = v128.load(y, 5 * ROW), f0 = madd(u, p, f0), f1 = madd(u, q, f1);
  }
  addSums(columns > 1, m, m + line, a0, a1, b0, b1);
  if (columns > 2) addSums(columns > 3, m + 2 * line, m + 3 * line, c0, c1, d0, d1);
  if (columns > 4) addSums(columns > 5, m + 4 * line, m + 5 * line, e0, e1, f0, f1);
}

function momentTile1(phi: usize, y: usize, m: usize, line: usize, width: usize): void { momentTile(1, phi, y, m, line, width); }
function momentTile2(phi: usize, y: usize, m: usize, line: usize, width: usize): void { momentTile(2, phi, y, m, line, width); }
function momentTile3(phi: usize, y: usize, m: usize, line: usize, width: usize): void { momentTile(3, phi, y, m, line, width); }
function momentTile4(phi: usize, y: usize, m: usize, line: usize, width: usize): void { momentTile(4, phi, y, m, line, width); }
function momentTile5(phi: usize, y: usize, m: usize, line: usize, width: usize): void { momentTile(5, phi, y, m, line, width); }
function momentTile6(phi: usize, y: usize, m: usize, line: usize, width: usize): void { momentTile(6, phi, y, m, line, width); }

/** How many of `left` rows the next tile takes: 6, or fewer where that makes the last tile wider. */
// @ts-ignore: decorator
@inline
function tileOf(left: usize): usize {
  return left > 10 ? 6 : left > 6 ? (left + 1) >> 1 : left;
}

/** Moments of two monomials with all columns: m[c][a] += sum_t phi_a(t) y_c(t), with `line` bytes from one c to the next. */
export function pairMoments(columns: usize, phi: usize, y: usize, m: usize, line: usize, width: usize): void {
  let some: usize = 0;
  for (let left = columns; left > 0; left -= some, y += some * ROW, m += some * line) {
    some = tileOf(left);
    if (some == 6) momentTile6(phi, y, m, line, width);
    else if (some == 5) momentTile5(phi, y, m, line, width);
    else if (some == 4) momentTile4(phi, y, m, line, width);
    else if (some == 3) momentTile3(phi, y, m, line, width);
    else if (some == 2) momentTile2(phi, y, m, line, width);
    else momentTile1(phi, y, m, line, width);
  }
}

/** Two vectors, stored or (with `add`) added. */
// @ts-ignore: decorator
@inline
function put(add: bool, out: usize, a: v128, b: v128): void {
  if (add) a = f32x4.add(v128.load(out), a), b = f32x4.add(v128.load(out, 16), b);
  v128.store(out, a);
  v128.store(out, b, 16);
}

/**
 * Sums over `rows` rows for 8 tokens: out[i] = or, with `add`, += sum_r w_i(r) row_r for i < `count` (a literal, 1 to 6),
 * where w_i(r) lies at w + 4 i + r * down. The sum starts at 0 even when it is added.
 */
// @ts-ignore: decorator
@inline
function weightedTile(count: i32, row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0, e0 = a0, e1 = a0, f0 = a0, f1 = a0;
  for (const end = row + rows * ROW; row < end; row += ROW, w += down) {
    const p = v128.load(row), q = v128.load(row, 16);
    let u = v128.load_splat<f32>(w);
    a0 = madd(u, p, a0), a1 = madd(u, q, a1);
    if (count > 1) u = v128.load_splat<f32>(w, 4), b0 = madd(u, p, b0), b1 = madd(u, q, b1);
    if (count > 2) u = v128.load_splat<f32>(w, 8), c0 = madd(u, p, c0), c1 = madd(u, q, c1);
    if (count > 3) u = v128.load_splat<f32>(w, 12), d0 = madd(u, p, d0), d1 = madd(u, q, d1);
    if (count > 4) u = v128.load_splat<f32>(w, 16), e0 = madd(u, p, e0), e1 = madd(u, q, e1);
    if (count > 5) u = v128.load_splat<f32>(w, 20), f0 = madd(u, p, f0), f1 = madd(u, q, f1);
  }
  put(add, out, a0, a1);
  if (count > 1) put(add, out + ROW, b0, b1);
  if (count > 2) put(add, out + 2 * ROW, c0, c1);
  if (count > 3) put(add, out + 3 * ROW, d0, d1);
  if (count > 4) put(add, out + 4 * ROW, e0, e1);
  if (count > 5) put(add, out + 5 * ROW, f0, f1);
}

function weightedTile1(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { weightedTile(1, row, rows, w, down, out, add); }
function weightedTile2(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { weightedTile(2, row, rows, w, down, out, add); }
function weightedTile3(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { weightedTile(3, row, rows, w, down, out, add); }
function weightedTile4(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { weightedTile(4, row, rows, w, down, out, add); }
function weightedTile5(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { weightedTile(5, row, rows, w, down, out, add); }
function weightedTile6(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { weightedTile(6, row, rows, w, down, out, add); }

/** `outputs` rows of weighted sums over `rows` rows, all tokens: see `weightedTile`. */
export function weightedSums(outputs: usize, row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool, width: usize): void {
  for (const end = row + width; row < end; row += 32, out += 32) {
    let weights = w, to = out, some: usize = 0;
    for (let left = outputs; left > 0; left -= some, weights += some << 2, to += some * ROW) {
      some = tileOf(left);
      if (some == 6) weightedTile6(row, rows, weights, down, to, add);
      else if (some == 5) weightedTile5(row, rows, weights, down, to, add);
      else if (some == 4) weightedTile4(row, rows, weights, down, to, add);
      else if (some == 3) weightedTile3(row, rows, weights, down, to, add);
      else if (some == 2) weightedTile2(row, rows, weights, down, to, add);
      else weightedTile1(row, rows, weights, down, to, add);
    }
  }
}

/**
 * The same sums for one token, lanes being outputs: out[i] = or, with `add`, += sum_r w_i(r) row_r for 4 `vectors` (a
 * literal, 1 to 6) outputs, term after term as in `weightedTile`, so that a token's result does not depend on which ran.
 */
// @ts-ignore: decorator
@inline
function tokenTile(vectors: i32, row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a;
  for (const end = row + rows * ROW; row < end; row += ROW, w += down) {
    const p = v128.load_splat<f32>(row);
    a = madd(v128.load(w), p, a);
    if (vectors > 1) b = madd(v128.load(w, 16), p, b);
    if (vectors > 2) c = madd(v128.load(w, 32), p, c);
    if (vectors > 3) d = madd(v128.load(w, 48), p, d);
    if (vectors > 4) e = madd(v128.load(w, 64), p, e);
    if (vectors > 5) f = madd(v128.load(w, 80), p, f);
  }
  putOne(add, out, a);
  if (vectors > 1) putOne(add, out + 16, b);
  if (vectors > 2) putOne(add, out + 32, c);
  if (vectors > 3) putOne(add, out + 48, d);
  if (vectors > 4) putOne(add, out + 64, e);
  if (vectors > 5) putOne(add, out + 80, f);
}

// @ts-ignore: decorator
@inline
function putOne(add: bool, out: usize, a: v128): void {
  v128.store(out, add ? f32x4.add(v128.load(out), a) : a);
}

function tokenTile1(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { tokenTile(1, row, rows, w, down, out, add); }
function tokenTile2(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { tokenTile(2, row, rows, w, down, out, add); }
function tokenTile3(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { tokenTile(3, row, rows, w, down, out, add); }
function tokenTile4(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { tokenTile(4, row, rows, w, down, out, add); }
function tokenTile5(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { tokenTile(5, row, rows, w, down, out, add); }
function tokenTile6(row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void { tokenTile(6, row, rows, w, down, out, add); }

/** `weightedSums` for one token, its outputs side by side, up to three of them beyond `outputs`. */
export function tokenSums(outputs: usize, row: usize, rows: usize, w: usize, down: usize, out: usize, add: bool): void {
  let some: usize = 0;
  for (let left = (outputs + 3) >> 2; left > 0; left -= some, w += some << 4, out += some << 4) {
    some = min(left, 6);
    if (some == 6) tokenTile6(row, rows, w, down, out, add);
    else if (some == 5) tokenTile5(row, rows, w, down, out, add);
    else if (some == 4) tokenTile4(row, rows, w, down, out, add);
    else if (some == 3) tokenTile3(row, rows, w, down, out, add);
    else if (some == 2) tokenTile2(row, rows, w, down, out, add);
    else tokenTile1(row, rows, w, down, out, add);
  }
}
