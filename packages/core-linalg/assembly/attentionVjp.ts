// Vector-Jacobian product of softmax attention in tiles, float32: scores and probabilities of a tile are computed
// again from logPartition, so nothing of size queries x keys is stored.
//
//   plan = attentionVjpBytes(queries, keys, heads, keyHeads, d, dv, segments) bytes, 16-byte aligned, shared by all threads
//   planAttentionVjp(plan, q, k, v, z, logPartition, dz, dq, dk, dvalues,
//                    queries, keys, heads, keyHeads, d, dv, scale, causal, segments), then three phases, each of
//   which starts when the phase before it is done:
//   attentionVjpPack(plan, from, to)             for the tasks 0 to attentionVjpPackTasks(plan) - 1
//   attentionVjpTiles(plan, scratch, from, to)   for the tasks 0 to keyHeads * segments - 1
//   attentionVjpReduce(plan, from, to)           for the tasks 0 to attentionVjpPackTasks(plan) - 1
//
// Arguments as in attention.ts; dz, dq like z, q and dk, dvalues like k, v. The product is added to dq, dk and dvalues.
// `scratch` is attentionVjpScratchBytes(d, dv) bytes for each thread, 16-byte aligned.
//
// A tile task owns the keys of one key head whose tile number is its segment modulo `segments`, for all queries: no
// other task writes their dk and dvalues. What the keys of a segment add to dq goes to sums of that segment, which the
// last phase adds in the order of the segments. So the result depends on `segments` and not on the threads; enough
// work for t threads is segments = ceil(t / keyHeads), and one segment needs the least memory. Segments take
// tiles in turn because with a causal bound early keys have more queries.
//
// With p_ij = e^{s_ij - logPartition_i} and D_i = dz_i . z_i:
// dv_j += sum_i p_ij dz_i, e_ij = scale p_ij (dz_i . v_j - D_i), dq_i += sum_j e_ij k_j, dk_j += sum_i e_ij q_i.
// logPartition is a float32, so p has a relative error of about |logPartition| 2^-24 beside that of the forward pass.

import { roundUp, rowsPerBlock } from './attention';
import { addSums, packColumnBlock, packKeyPanels, packRowPanels, rowAddress } from './attentionPack';
import { accumulateColumns, accumulateRows, hideKeys, ones, scoreTile, softmaxVjpTile, sumBytes, tileRows, weightStride } from './attentionTiles';
import { madd } from './simd';

/** Keys of a tile: 16 panels of 6 and 12 panels of 8. */
const keysPerVjpTile: i32 = 96;

/** Bytes of the fields of a plan, rounded up. */
const headerBytes: usize = 160;

/** What planAttentionVjp fills in. */
@unmanaged
class AttentionVjpPlan {
  q: usize;
  k: usize;
  v: usize;
  z: usize;
  logPartition: usize;
  dz: usize;
  dq: usize;
  dk: usize;
  dvalues: usize;
  queries: i32;
  keys: i32;
  heads: i32;
  keyHeads: i32;
  d: i32;
  dv: i32;
  scale: f32;
  causal: i32;
  segments: i32;
  /** Query heads of one key head; rows (queries * group) and blocks of rows of one key head. */
  group: i32;
  rows: i32;
  blocks: i32;
  /** Rows of one key head rounded up to whole tiles. */
  paddedRows: i32;
  /** Bytes of d and dv values rounded up to groups of 8. */
  wideD: usize;
  wideDv: usize;
  /** scale q and q, scale dz and dz, of all rows: panels for the scores, columns for the sums over rows. */
  queryPanels: usize;
  queryColumns: usize;
  gradientPanels: usize;
  gradientColumns: usize;
  /** logPartition and scale D of all rows; Infinity for rows that only fill a tile, which makes their p zero. */
  logs: usize;
  offsets: usize;
  /** For each segment and key head: sums of dq. */
  sums: usize;
}

/** Bytes of a plan with its packed rows and sums; a float64, so that a size beyond the memory stays visible. */
export function attentionVjpBytes(queries: i32, keys: i32, heads: i32, keyHeads: i32, d: i32, dv: i32, segments: i32): f64 {
  const paddedRows = <f64>keyHeads * <f64>roundUp(queries * (heads / keyHeads), tileRows);
  const width = <f64>(roundUp(d, 4) + roundUp(dv, 4) + 8) + <f64>roundUp(d, 8) * <f64>(1 + segments) + <f64>roundUp(dv, 8);
  return <f64>headerBytes + 128 + 4 * paddedRows * width;
}

/** Bytes of scratch that a thread needs in attentionVjpTiles. */
export function attentionVjpScratchBytes(d: i32, dv: i32): usize {
  const keyValues = roundUp(d, 4) + roundUp(dv, 4) + 2 * roundUp(d, 8) + roundUp(dv, 8);
  return <usize>keysPerVjpTile * <usize>keyValues * 4 + 2 * <usize>rowsPerBlock * weightStride + 64;
}

// @ts-ignore: decorator
@inline
function align(address: usize): usize {
  return (address + 15) & ~15;
}

export function planAttentionVjp(
  plan: usize, q: usize, k: usize, v: usize, z: usize, logPartition: usize, dz: usize, dq: usize, dk: usize, dvalues: usize,
  queries: i32, keys: i32, heads: i32, keyHeads: i32, d: i32, dv: i32, scale: f32, causal: f64, segments: i32,
): void {
  const p = changetype<AttentionVjpPlan>(plan);
  p.q = q, p.k = k, p.v = v, p.z = z, p.logPartition = logPartition, p.dz = dz, p.dq = dq, p.dk = dk, p.dvalues = dvalues;
  p.queries = queries, p.keys = keys, p.heads = heads, p.keyHeads = keyHeads, p.d = d, p.dv = dv;
  p.scale = scale, p.segments = segments;
  p.causal = <i32>max(-<f64>queries, min(causal, <f64>keys));
  p.group = heads / keyHeads;
  p.rows = queries * p.group;
  p.blocks = (p.rows + rowsPerBlock - 1) / rowsPerBlock;
  p.paddedRows = roundUp(p.rows, tileRows);
  p.wideD = <usize>roundUp(d, 8) * 4;
  p.wideDv = <usize>roundUp(dv, 8) * 4;
  const allRows = <usize>keyHeads * <usize>p.paddedRows;
  p.queryPanels = plan + headerBytes;
  p.queryColumns = align(p.queryPanels + allRows * <usize>d * 4);
  p.gradientPanels = p.queryColumns + allRows * p.wideD;
  p.gradientColumns = align(p.gradientPanels + allRows * <usize>dv * 4);
  p.logs = p.gradientColumns + allRows * p.wideDv;
  p.offsets = p.logs + allRows * 4;
  p.sums = align(p.offsets + allRows * 4);
}

/** Tasks of the first and the last phase: one for each block of rows of each key head. */
export function attentionVjpPackTasks(plan: usize): i32 {
  const p = changetype<AttentionVjpPlan>(plan);
  return p.keyHeads * p.blocks;
}

/**
 * D of a panel of 6 rows, dz from its packed panel and z from 6 rows of `count` values. Terms are added in the order of
 * scoreTile: where z is the value of one key, that key's dz . v - D is 0 and not the rounding of two different sums.
 */
function offsetTile(panel: usize, z0: usize, z1: usize, z2: usize, z3: usize, z4: usize, z5: usize, count: i32, out: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  for (let c: usize = 0, end = <usize>count << 2; c < end; c += 4, panel += 24) {
    s0 = madd(v128.load_splat<f32>(panel), v128.load_splat<f32>(z0 + c), s0);
    s1 = madd(v128.load_splat<f32>(panel, 4), v128.load_splat<f32>(z1 + c), s1);
    s2 = madd(v128.load_splat<f32>(panel, 8), v128.load_splat<f32>(z2 + c), s2);
    s3 = madd(v128.load_splat<f32>(panel, 12), v128.load_splat<f32>(z3 + c), s3);
    s4 = madd(v128.load_splat<f32>(panel, 16), v128.load_splat<f32>(z4 + c), s4);
    s5 = madd(v128.load_splat<f32>(panel, 20), v128.load_splat<f32>(z5 + c), s5);
  }
  v128.store32_lane(out, s0, 0), v128.store32_lane(out, s1, 0, 4), v128.store32_lane(out, s2, 0, 8);
  v128.store32_lane(out, s3, 0, 12), v128.store32_lane(out, s4, 0, 16), v128.store32_lane(out, s5, 0, 20);
}

/** Address of row r, or of the last row where there is no row r. */
// @ts-ignore: decorator
@inline
function rowOrLast(base: usize, r: i32, end: i32, group: i32, tokenBytes: usize, rowBytes: usize): usize {
  return rowAddress(base, min(r, end - 1), group, tokenBytes, rowBytes);
}

export function attentionVjpPack(plan: usize, from: i32, to: i32): void {
  const p = changetype<AttentionVjpPlan>(plan), group = p.group;
  const rowBytes = <usize>p.d * 4, valueBytes = <usize>p.dv * 4, tokenBytes = <usize>p.heads * rowBytes, valueTokenBytes = <usize>p.heads * valueBytes;
  for (let task = from; task < to; ++task) {
    const head = task / p.blocks, first = (task - head * p.blocks) * rowsPerBlock, end = min(first + rowsPerBlock, p.rows);
    const padded = roundUp(end - first, tileRows), at = <usize>(head * p.paddedRows + first);
    const q = p.q + <usize>(head * group) * rowBytes, dz = p.dz + <usize>(head * group) * valueBytes, z = p.z + <usize>(head * group) * valueBytes;
    packRowPanels(q, group, tokenBytes, first, end, p.d, p.scale, p.queryPanels + at * rowBytes);
    packColumnBlock(q, group, tokenBytes, first, end, padded, p.d, p.queryColumns + at * p.wideD);
    packRowPanels(dz, group, valueTokenBytes, first, end, p.dv, p.scale, p.gradientPanels + at * valueBytes);
    packColumnBlock(dz, group, valueTokenBytes, first, end, padded, p.dv, p.gradientColumns + at * p.wideDv);
    for (let r = first; r < end; r += tileRows) {
      const stat = (at + <usize>(r - first)) * 4;
      offsetTile(
        p.gradientPanels + (at + <usize>(r - first)) * valueBytes,
        rowOrLast(z, r, end, group, valueTokenBytes, valueBytes), rowOrLast(z, r + 1, end, group, valueTokenBytes, valueBytes),
        rowOrLast(z, r + 2, end, group, valueTokenBytes, valueBytes), rowOrLast(z, r + 3, end, group, valueTokenBytes, valueBytes),
        rowOrLast(z, r + 4, end, group, valueTokenBytes, valueBytes), rowOrLast(z, r + 5, end, group, valueTokenBytes, valueBytes),
        p.dv, p.offsets + stat,
      );
      for (let i = 0; i < tileRows; ++i) {
        const query = (r + i) / group, row = head * group + r + i - query * group;
        const log = r + i < end ? load<f32>(p.logPartition + (<usize>row * <usize>p.queries + <usize>query) * 4) : <f32>Infinity;
        store<f32>(p.logs + stat + (<usize>i << 2), log);
      }
    }
  }
}

export function attentionVjpTiles(plan: usize, scratch: usize, from: i32, to: i32): void {
  const p = changetype<AttentionVjpPlan>(plan), sumsBytes = <usize>p.paddedRows * p.wideD;
  for (let task = from; task < to; ++task) {
    const segment = task / p.keyHeads, head = task - segment * p.keyHeads, sums = p.sums + <usize>task * sumsBytes;
    memory.fill(sums, 0, sumsBytes);
    for (let j = segment * keysPerVjpTile; j < p.keys; j += p.segments * keysPerVjpTile) keyTile(p, head, j, sums, scratch);
  }
}

/** Keys `first` to `first + keysPerVjpTile - 1` (as far as there are) of one key head, against all its rows. */
function keyTile(p: AttentionVjpPlan, head: i32, first: i32, sums: usize, scratch: usize): void {
  const group = p.group, end = min(first + keysPerVjpTile, p.keys), width = end - first, paddedWidth = roundUp(width, 8);
  const groupsD = <i32>(p.wideD >> 5), groupsDv = <i32>(p.wideDv >> 5);
  const rowBytes = <usize>p.d * 4, valueBytes = <usize>p.dv * 4, keyPanels = (width + tileRows - 1) / tileRows;
  const keys = scratch, keyColumns = align(keys + <usize>keysPerVjpTile * rowBytes);
  const values = keyColumns + <usize>keysPerVjpTile * p.wideD, dk = align(values + <usize>keysPerVjpTile * valueBytes);
  const dv = dk + <usize>keysPerVjpTile * p.wideD, weights = dv + <usize>keysPerVjpTile * p.wideDv;
  const products = weights + <usize>rowsPerBlock * weightStride;
  const k = p.k + <usize>head * rowBytes, v = p.v + <usize>head * valueBytes;
  const tokenBytes = <usize>p.keyHeads * rowBytes, valueTokenBytes = <usize>p.keyHeads * valueBytes;

  packKeyPanels(k, tokenBytes, first, end, p.d, keys);
  packKeyPanels(v, valueTokenBytes, first, end, p.dv, values);
  packColumnBlock(k, 1, tokenBytes, first, end, paddedWidth, p.d, keyColumns);
  memory.fill(dk, 0, <usize>(keyPanels * tileRows) * p.wideD);
  memory.fill(dv, 0, <usize>(keyPanels * tileRows) * p.wideDv);

  // Row r sees key j from r = (j - causal) group on.
  const firstRow = max(0, (first - p.causal) * group);
  for (let block = firstRow / rowsPerBlock * rowsPerBlock; block < p.rows; block += rowsPerBlock) {
    const rows = min(rowsPerBlock, p.paddedRows - block), at = <usize>(head * p.paddedRows + block);
    for (let panel = max(0, firstRow - block) / tileRows; panel * tileRows < rows; ++panel) {
      rowPanel(p, at + <usize>(panel * tileRows), block + panel * tileRows, first, width, panel, sums, weights, products, keys, values, keyColumns);
    }
    for (let panel = 0; panel < keyPanels; ++panel) {
      // Whole row panels from the one on that holds the first row to see this key panel.
      const start = max(0, (first + panel * tileRows - p.causal) * group - block) / tileRows * tileRows;
      if (start >= rows) break;
      const tile = <usize>start * weightStride + <usize>(panel * tileRows) * 4, groupBytes = <usize>rows << 5, skip = <usize>start << 5;
      accumulateColumns(
        weights + tile, p.gradientColumns + at * p.wideDv + skip, groupBytes, groupsDv, rows - start, dv + <usize>(panel * tileRows) * p.wideDv,
      );
      accumulateColumns(
        products + tile, p.queryColumns + at * p.wideD + skip, groupBytes, groupsD, rows - start, dk + <usize>(panel * tileRows) * p.wideD,
      );
    }
  }
  for (let j = 0; j < width; ++j) {
    const panel = <usize>(j / tileRows * tileRows), token = <usize>(first + j);
    addSums(dk + panel * p.wideD, j % tileRows, p.d, p.dk + <usize>head * rowBytes + token * tokenBytes);
    addSums(dv + panel * p.wideDv, j % tileRows, p.dv, p.dvalues + <usize>head * valueBytes + token * valueTokenBytes);
  }
}

/** p and e of the 6 rows from `row` on (packed at index `at`) with a tile of keys, and what e adds to their dq. */
function rowPanel(
  p: AttentionVjpPlan, at: usize, row: i32, first: i32, width: i32, panel: i32,
  sums: usize, weights: usize, products: usize, keys: usize, values: usize, keyColumns: usize,
): void {
  const last = min(row + tileRows, p.rows) - 1, group = p.group;
  // The last row sees the most keys, the first row the fewest.
  const seen = min(width, last / group + p.causal + 1 - first), count = roundUp(seen, 8);
  weights += <usize>(panel * tileRows) * weightStride, products += <usize>(panel * tileRows) * weightStride;
  // The maxima that scoreTile stores are not needed; they go beyond the last weight of the first row.
  scoreTile(p.queryPanels + at * <usize>p.d * 4, keys, weights, p.d, count, weights + keysPerVjpTile * 4);
  scoreTile(p.gradientPanels + at * <usize>p.dv * 4, values, products, p.dv, count, products + keysPerVjpTile * 4);
  if (min(width, row / group + p.causal + 1 - first) < count) {
    for (let r = 0; r < tileRows; ++r) {
      hideKeys(weights + <usize>r * weightStride, min(width, min(row + r, last) / group + p.causal + 1 - first), count);
    }
  }
  softmaxVjpTile(weights, products, count, p.logs + at * 4, p.offsets + at * 4);
  // The sums over rows read whole panels of 6 keys.
  const rest = <usize>(roundUp(width, 24) - count) << 2;
  if (rest > 0) {
    for (let r: usize = 0; r < <usize>tileRows; ++r) {
      const line = r * weightStride + (<usize>count << 2);
      memory.fill(weights + line, 0, rest), memory.fill(products + line, 0, rest);
    }
  }
  accumulateRows(products, keyColumns, <usize>roundUp(width, 8) << 5, <i32>(p.wideD >> 5), count, ones, sums + <usize>row * p.wideD);
}

export function attentionVjpReduce(plan: usize, from: i32, to: i32): void {
  const p = changetype<AttentionVjpPlan>(plan), group = p.group, rowBytes = <usize>p.d * 4;
  for (let task = from; task < to; ++task) {
    const head = task / p.blocks, first = (task - head * p.blocks) * rowsPerBlock, end = min(first + rowsPerBlock, p.rows);
    for (let r = first; r < end; ++r) {
      const dq = rowAddress(p.dq + <usize>(head * group) * rowBytes, r, group, <usize>p.heads * rowBytes, rowBytes);
      for (let segment = 0; segment < p.segments; ++segment) {
        const sums = p.sums + <usize>((segment * p.keyHeads + head) * p.paddedRows + r / tileRows * tileRows) * p.wideD;
        addSums(sums, r % tileRows, p.d, dq);
      }
    }
  }
}
