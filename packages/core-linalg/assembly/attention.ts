// Softmax attention with online softmax (Milakov and Gimelshein 2018) in tiles, float32.
//
//   plan = attentionBytes(queries, keys, heads, keyHeads, d, dv) bytes, 16-byte aligned, shared by all threads
//   planAttention(plan, q, k, v, z, logPartition, queries, keys, heads, keyHeads, d, dv, scale, causal)
//   attentionPack(plan, from, to)              for the tasks 0 to attentionPackTasks(plan) - 1, then, when all are done,
//   attentionForward(plan, scratch, from, to)  for the tasks 0 to attentionTasks(plan) - 1
//
// Arguments are byte addresses of float32 arrays (aligned to 4; 16 is faster), counts (i32), scale (f32) and causal
// (f64: query i sees keys j <= i + causal; Infinity: all). q: queries x heads d, k: keys x keyHeads d,
// v: keys x keyHeads dv, z: queries x heads dv, logPartition: heads x queries, row-major; z and logPartition are
// overwritten. All that is needed later is in the plan, so the arguments are passed once.
// Both task ranges may be split among threads in any way: a task writes what no other task writes or, in its phase,
// reads, and its result does not depend on the split. A task is a block of query rows of one key head; with a causal
// bound later tasks take longer. `scratch` is attentionScratchBytes(d, dv) bytes for each thread, 16-byte aligned.
//
// Rounding: scores are sums of d products in float32, of k and of scale q rounded; weights e^{s - max} have a relative
// error of at most 2^-22 + |s - max| 2^-23, and are 0 where s - max <= -88. Inputs have to be finite, and so have
// scores in float32: a score of Infinity gives NaN. A query that sees no key gets z = 0 and logPartition -Infinity.

import { packColumnBlock, packKeyPanels, packRowPanels, rowAddress, storeSums } from './attentionPack';
import { accumulateRows, hideKeys, keysPerTile, largestScore, scoreTile, softmaxTile, sumBytes, tileRows, weightStride } from './attentionTiles';

/** Rows of a task: 16 register tiles share each tile of keys while it is in the cache. */
export const rowsPerBlock: i32 = 96;

/** Running maxima, sums, factors and tile maxima of 6 rows, each padded to 8 values. */
const stateBytes: usize = 128;

/** What planAttention fills in: the arguments, and what follows from them. */
@unmanaged
export class AttentionPlan {
  q: usize;
  k: usize;
  v: usize;
  z: usize;
  logPartition: usize;
  queries: i32;
  keys: i32;
  heads: i32;
  keyHeads: i32;
  d: i32;
  dv: i32;
  scale: f32;
  /** The causal offset, clamped: -queries hides all keys from all queries, keys hides none. */
  causal: i32;
  /** Query heads of one key head. */
  group: i32;
  /** Rows of one key head: queries * group. */
  rows: i32;
  /** Blocks of rows of one key head. */
  blocks: i32;
  /** The two packed operands; keys are padded to a multiple of 8, columns of values too. */
  packedKeys: usize;
  packedValues: usize;
}

// @ts-ignore: decorator
@inline
export function roundUp(value: i32, step: i32): i32 {
  return (value + step - 1) / step * step;
}

/** Bytes of a plan with its packed keys and values; a float64, so that a size beyond the memory stays visible. */
export function attentionBytes(queries: i32, keys: i32, heads: i32, keyHeads: i32, d: i32, dv: i32): f64 {
  return 128 + 4 * <f64>keyHeads * <f64>roundUp(keys, 8) * (<f64>roundUp(d, 4) + <f64>roundUp(dv, 8));
}

/** Bytes of scratch that a thread needs in attentionForward. */
export function attentionScratchBytes(d: i32, dv: i32): usize {
  return <usize>rowsPerBlock * (<usize>roundUp(d, 4) + <usize>roundUp(dv, 8)) * 4 + <usize>(rowsPerBlock / tileRows) * stateBytes + <usize>tileRows * weightStride;
}

export function planAttention(
  plan: usize, q: usize, k: usize, v: usize, z: usize, logPartition: usize,
  queries: i32, keys: i32, heads: i32, keyHeads: i32, d: i32, dv: i32, scale: f32, causal: f64,
): void {
  const p = changetype<AttentionPlan>(plan);
  p.q = q, p.k = k, p.v = v, p.z = z, p.logPartition = logPartition;
  p.queries = queries, p.keys = keys, p.heads = heads, p.keyHeads = keyHeads, p.d = d, p.dv = dv;
  p.scale = scale;
  p.causal = <i32>max(-<f64>queries, min(causal, <f64>keys));
  p.group = heads / keyHeads;
  p.rows = queries * p.group;
  p.blocks = (p.rows + rowsPerBlock - 1) / rowsPerBlock;
  p.packedKeys = plan + 128;
  p.packedValues = p.packedKeys + ((<usize>keyHeads * <usize>roundUp(keys, 8) * <usize>d * 4 + 15) & ~15);
}

/** Number of keys that row r sees. */
// @ts-ignore: decorator
@inline
export function seenKeys(p: AttentionPlan, r: i32): i32 {
  return max(0, min(p.keys, r / p.group + p.causal + 1));
}

/** Packing tasks: one for each tile of keys of each key head. */
export function attentionPackTasks(plan: usize): i32 {
  const p = changetype<AttentionPlan>(plan);
  return p.keyHeads * ((p.keys + keysPerTile - 1) / keysPerTile);
}

export function attentionPack(plan: usize, from: i32, to: i32): void {
  const p = changetype<AttentionPlan>(plan);
  const tiles = (p.keys + keysPerTile - 1) / keysPerTile, paddedKeys = roundUp(p.keys, 8);
  const keyBytes = <usize>p.d * 4, valueBytes = <usize>p.dv * 4, paddedValueBytes = <usize>roundUp(p.dv, 8) * 4;
  for (let task = from; task < to; ++task) {
    const head = task / tiles, first = (task - head * tiles) * keysPerTile, last = min(first + keysPerTile, p.keys);
    const at = <usize>(head * paddedKeys + first);
    packKeyPanels(p.k + <usize>head * keyBytes, <usize>p.keyHeads * keyBytes, first, last, p.d, p.packedKeys + at * keyBytes);
    packColumnBlock(
      p.v + <usize>head * valueBytes, 1, <usize>p.keyHeads * valueBytes, first, last, roundUp(last - first, 8), p.dv,
      p.packedValues + at * paddedValueBytes,
    );
  }
}

/** Attention tasks: one for each block of rows of each key head. */
export function attentionTasks(plan: usize): i32 {
  const p = changetype<AttentionPlan>(plan);
  return p.keyHeads * p.blocks;
}

export function attentionForward(plan: usize, scratch: usize, from: i32, to: i32): void {
  const p = changetype<AttentionPlan>(plan);
  for (let task = from; task < to; ++task) {
    const head = task / p.blocks;
    attendBlock(p, head, (task - head * p.blocks) * rowsPerBlock, scratch);
  }
}

/** Rows `first` to `first + rowsPerBlock - 1` (as far as there are) of one key head. */
function attendBlock(p: AttentionPlan, head: i32, first: i32, scratch: usize): void {
  const d = p.d, group = p.group, end = min(first + rowsPerBlock, p.rows);
  const panels = (end - first + tileRows - 1) / tileRows, valueGroups = (p.dv + 7) >> 3;
  const keyBytes = <usize>d * 4, panelBytes = keyBytes * tileRows, panelSums = <usize>valueGroups * sumBytes;
  const queries = scratch, sums = queries + ((<usize>rowsPerBlock * keyBytes + 15) & ~15);
  const states = sums + <usize>(rowsPerBlock / tileRows) * panelSums, weights = states + <usize>(rowsPerBlock / tileRows) * stateBytes;
  const packed = <usize>(head * roundUp(p.keys, 8));

  packRowPanels(p.q + <usize>(head * group) * keyBytes, group, <usize>p.heads * keyBytes, first, end, d, p.scale, queries);
  memory.fill(sums, 0, <usize>panels * panelSums);
  for (let state = states, stop = states + <usize>panels * stateBytes; state < stop; state += stateBytes) {
    v128.store(state, f32x4.splat(-Infinity)), v128.store(state, f32x4.splat(-Infinity), 16);
    v128.store(state, f32x4.splat(0), 32), v128.store(state, f32x4.splat(0), 48);
  }

  // Later rows see at least the keys of earlier ones, so the last row bounds the tiles and the first row says
  // which tiles need no hiding.
  const seen = seenKeys(p, end - 1), seenByAll = seenKeys(p, first);
  for (let j = 0; j < seen; j += keysPerTile) {
    const width = min(keysPerTile, p.keys - j), open = j + width <= seenByAll && (width & 7) == 0;
    const keys = p.packedKeys + (packed + <usize>j) * keyBytes;
    const values = p.packedValues + (packed + <usize>j) * <usize>valueGroups * 32, groupBytes = <usize>roundUp(width, 8) << 5;
    for (let panel = 0; panel < panels; ++panel) {
      const row = first + panel * tileRows, state = states + <usize>panel * stateBytes;
      const count = open ? width : roundUp(min(width, seenKeys(p, min(row + tileRows, end) - 1) - j), 8);
      if (count <= 0) continue;
      scoreTile(queries + <usize>panel * panelBytes, keys, weights, d, count, state + 96);
      if (!open && seenKeys(p, row) - j < count) {
        for (let r = 0; r < tileRows; ++r) {
          const line = weights + <usize>r * weightStride;
          hideKeys(line, seenKeys(p, min(row + r, end - 1)) - j, count);
          store<f32>(state + (<usize>r << 2), largestScore(line, count), 96);
        }
      }
      softmaxTile(weights, count, state);
      accumulateRows(weights, values, groupBytes, valueGroups, count, state + 64, sums + <usize>panel * panelSums);
    }
  }

  const rowBytes = <usize>p.dv * 4;
  for (let r = first; r < end; ++r) {
    const panel = <usize>((r - first) / tileRows), inPanel = (r - first) % tileRows;
    const state = states + panel * stateBytes + (<usize>inPanel << 2), m = load<f32>(state), l = load<f32>(state, 32);
    const z = rowAddress(p.z + <usize>(head * group) * rowBytes, r, group, <usize>p.heads * rowBytes, rowBytes);
    storeSums(sums + panel * panelSums, inPanel, p.dv, m == -Infinity ? 0 : 1 / l, z);
    const query = r / group, logPartition = p.logPartition + (<usize>(head * group + r - query * group) * <usize>p.queries + <usize>query) * 4;
    store<f32>(logPartition, m == -Infinity ? m : m + Mathf.log(l));
  }
}
