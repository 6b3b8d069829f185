// Moves rows of q, k, v and dz into the layouts that the tiles of attentionTiles.ts read, and sums back out of them.
//
// Query heads that share a key head are rows of one problem: row r is query floor(r / group), its head r mod group
// within the group. A token holds its heads one after another, so these rows lie together, and a tile of 6 rows is
// full even where there is only one query (decoding). Keys and values have group = 1.

import { sumBytes } from './attentionTiles';

/** Address of row r: token floor(r / group), head r mod group from `base` on. */
// @ts-ignore: decorator
@inline
export function rowAddress(base: usize, r: i32, group: i32, tokenBytes: usize, rowBytes: usize): usize {
  const token = r / group;
  return base + <usize>token * tokenBytes + <usize>(r - token * group) * rowBytes;
}

/** Writes the transpose of 4 rows of 4 values: column c goes to `to + c step`. */
// @ts-ignore: decorator
@inline
function storeTransposed(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7));
}

/** Packs keys `from` to `to - 1` (from a multiple of 8) of one head in panels of 8; the last panel repeats the last key. */
export function packKeyPanels(base: usize, tokenBytes: usize, from: i32, to: i32, d: i32, out: usize): void {
  const rowBytes = <usize>d << 2, vectorBytes = rowBytes & ~15;
  for (let j = from; j < to; j += 8) {
    const last = to - 1;
    const k0 = base + <usize>j * tokenBytes, k1 = base + <usize>min(j + 1, last) * tokenBytes;
    const k2 = base + <usize>min(j + 2, last) * tokenBytes, k3 = base + <usize>min(j + 3, last) * tokenBytes;
    const k4 = base + <usize>min(j + 4, last) * tokenBytes, k5 = base + <usize>min(j + 5, last) * tokenBytes;
    const k6 = base + <usize>min(j + 6, last) * tokenBytes, k7 = base + <usize>min(j + 7, last) * tokenBytes;
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      storeTransposed(v128.load(k0 + c), v128.load(k1 + c), v128.load(k2 + c), v128.load(k3 + c), out, 32);
      storeTransposed(v128.load(k4 + c), v128.load(k5 + c), v128.load(k6 + c), v128.load(k7 + c), out + 16, 32);
      out += 128;
    }
    for (; c < rowBytes; c += 4) {
      store<f32>(out, load<f32>(k0 + c)), store<f32>(out, load<f32>(k1 + c), 4);
      store<f32>(out, load<f32>(k2 + c), 8), store<f32>(out, load<f32>(k3 + c), 12);
      store<f32>(out, load<f32>(k4 + c), 16), store<f32>(out, load<f32>(k5 + c), 20);
      store<f32>(out, load<f32>(k6 + c), 24), store<f32>(out, load<f32>(k7 + c), 28);
      out += 32;
    }
  }
}

/** Packs `factor` times rows `from` to `to - 1` in panels of 6; the last panel repeats the last row. */
export function packRowPanels(base: usize, group: i32, tokenBytes: usize, from: i32, to: i32, d: i32, factor: f32, out: usize): void {
  const rowBytes = <usize>d << 2, vectorBytes = rowBytes & ~15, f = f32x4.splat(factor);
  for (let r = from; r < to; r += 6) {
    const last = to - 1;
    const r0 = rowAddress(base, r, group, tokenBytes, rowBytes), r1 = rowAddress(base, min(r + 1, last), group, tokenBytes, rowBytes);
    const r2 = rowAddress(base, min(r + 2, last), group, tokenBytes, rowBytes), r3 = rowAddress(base, min(r + 3, last), group, tokenBytes, rowBytes);
    const r4 = rowAddress(base, min(r + 4, last), group, tokenBytes, rowBytes), r5 = rowAddress(base, min(r + 5, last), group, tokenBytes, rowBytes);
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      storeTransposed(
        f32x4.mul(f, v128.load(r0 + c)), f32x4.mul(f, v128.load(r1 + c)), f32x4.mul(f, v128.load(r2 + c)), f32x4.mul(f, v128.load(r3 + c)), out, 24,
      );
      const a = f32x4.mul(f, v128.load(r4 + c)), b = f32x4.mul(f, v128.load(r5 + c));
      const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5), high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      v128.store64_lane(out, low, 0, 16), v128.store64_lane(out, low, 1, 40);
      v128.store64_lane(out, high, 0, 64), v128.store64_lane(out, high, 1, 88);
      out += 96;
    }
    for (; c < rowBytes; c += 4) {
      store<f32>(out, factor * load<f32>(r0 + c)), store<f32>(out, factor * load<f32>(r1 + c), 4);
      store<f32>(out, factor * load<f32>(r2 + c), 8), store<f32>(out, factor * load<f32>(r3 + c), 12);
      store<f32>(out, factor * load<f32>(r4 + c), 16), store<f32>(out, factor * load<f32>(r5 + c), 20);
      out += 24;
    }
  }
}

/**
 * Packs rows `from` to `to - 1` as one column block of `padded` >= to - from rows; added columns are 0 and added rows
 * repeat the last one (their weights are 0).
 */
export function packColumnBlock(base: usize, group: i32, tokenBytes: usize, from: i32, to: i32, padded: i32, d: i32, out: usize): void {
  const rowBytes = <usize>d << 2, vectorBytes = rowBytes & ~15, groupBytes = <usize>padded << 5;
  for (let r = 0; r < padded; ++r) {
    const row = rowAddress(base, min(from + r, to - 1), group, tokenBytes, rowBytes);
    const first = out + (<usize>r << 5);
    if ((rowBytes & 31) != 0) {
      const end = first + (rowBytes >> 5) * groupBytes;
      v128.store(end, f32x4.splat(0)), v128.store(end, f32x4.splat(0), 16);
    }
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) v128.store(first + (c >> 5) * groupBytes + (c & 31), v128.load(row + c));
    for (; c < rowBytes; c += 4) store<f32>(first + (c >> 5) * groupBytes + (c & 31), load<f32>(row + c));
  }
}

/** out = factor times row r of sums, d values. */
export function storeSums(sums: usize, r: i32, d: i32, factor: f32, out: usize): void {
  const rowBytes = <usize>d << 2, vectorBytes = rowBytes & ~15, f = f32x4.splat(factor);
  sums += <usize>r << 5;
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) v128.store(out + c, f32x4.mul(f, v128.load(sums + (c >> 5) * sumBytes + (c & 31))));
  for (; c < rowBytes; c += 4) store<f32>(out + c, factor * load<f32>(sums + (c >> 5) * sumBytes + (c & 31)));
}

/** out += row r of sums, d values. */
export function addSums(sums: usize, r: i32, d: i32, out: usize): void {
  const rowBytes = <usize>d << 2, vectorBytes = rowBytes & ~15;
  sums += <usize>r << 5;
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) v128.store(out + c, f32x4.add(v128.load(out + c), v128.load(sums + (c >> 5) * sumBytes + (c & 31))));
  for (; c < rowBytes; c += 4) store<f32>(out + c, load<f32>(out + c) + load<f32>(sums + (c >> 5) * sumBytes + (c & 31)));
}
