import { BLOCK, extend, fours, ones, pairMoments, ROW, SEGMENT, tokenSums, turn, turnBack, weightedSums, widthOf } from './monomialTiles';

// `runs` are those of a MonomialSet. The first `kept` monomials hold all parents, a whole number of segments or all:
// they stay for the block; the others live in one segment of memory until they are used.

/** Segments whose sums are added in float32 before they go to float64. */
const GROUP: usize = 8;

/** Up to this many tokens are read one by one: a tile takes as long for one as for eight. */
const FEW: usize = 2;

/** Bytes of scratch for `monomialMoments`: rows of x, of y, of the kept monomials, one segment. */
export function monomialMomentsScratchBytes(kept: usize, d: usize, columns: usize): usize {
  return (fours(d) + fours(columns) + fours(kept) + SEGMENT) * ROW;
}

/** Bytes of float64 sums: for each column one for every monomial, rounded up to 4. */
export function monomialSumBytes(rank: usize, columns: usize): usize {
  return (fours(rank) * columns) << 3;
}

/** sums[c][a] += sum_t phi_a(x_t) y_tc over `n` tokens. Each sum runs in float32 over at most 32 tokens a lane, 4 lanes. */
export function monomialMoments(runs: usize, rank: usize, kept: usize, d: usize, x: usize, columns: usize, y: usize, sums: usize, n: usize, scratch: usize): void {
  const xRows = scratch, yRows = xRows + fours(d) * ROW, phi = yRows + fours(columns) * ROW, segment = phi + fours(kept) * ROW;
  const line = fours(rank) << 3;
  for (let t: usize = 0; t < n; t += BLOCK, x += (d * BLOCK) << 2, y += (columns * BLOCK) << 2) {
    const count = min(n - t, BLOCK), width = widthOf(count);
    turn(x, d, count, xRows);
    turn(y, columns, count, yRows);
    ones(phi, width);
    let run = runs;
    for (let first: usize = 0; first < rank; first += SEGMENT) {
      const last = min(first + SEGMENT, rank), at = first < kept ? phi + first * ROW : segment;
      run = first == 0 ? extend(run, 1, last, phi, at + ROW, xRows, width) : extend(run, first, last, phi, at, xRows, width);
      // With the last pair a row may come that is no monomial: whatever it holds is summed into a spare place of `sums`.
      for (let a: usize = first; a < last; a += 2) pairMoments(columns, at + (a - first) * ROW, yRows, sums + (a << 3), line, width);
    }
  }
}

/** moments[a][c] += the sums of `parts` blocks of float64 sums, for monomials `from` to `to - 1`; rounded once. */
export function monomialReduce(rank: usize, columns: usize, sums: usize, parts: usize, moments: usize, from: usize, to: usize): void {
  const line = fours(rank) << 3, bytes = line * columns;
  let at = moments + ((from * columns) << 2);
  for (let a = from; a < to; a++) {
    let m = sums + (a << 3);
    for (let c: usize = 0; c < columns; c++, m += line, at += 4) {
      let sum: f64 = <f64>load<f32>(at);
      for (let p: usize = 0; p < parts; p++) sum += load<f64>(m + p * bytes);
      store<f32>(at, <f32>sum);
    }
  }
}

/** Bytes of scratch for `monomialRead`: rows of x and of the sums in both precisions, the kept monomials, one segment. */
export function monomialReadScratchBytes(kept: usize, d: usize, columns: usize): usize {
  return (fours(d) + fours(columns) + fours(kept) + SEGMENT) * ROW + fours(columns) * BLOCK * 8;
}

/** out_tc = sum_a phi_a(x_t) weights_ac over `n` tokens. */
export function monomialRead(runs: usize, rank: usize, kept: usize, d: usize, x: usize, columns: usize, weights: usize, out: usize, n: usize, scratch: usize): void {
  const xRows = scratch, totals = xRows + fours(d) * ROW, phi = totals + fours(columns) * ROW, segment = phi + fours(kept) * ROW;
  const wide = segment + SEGMENT * ROW, ld = columns << 2;
  for (let t: usize = 0; t < n; t += BLOCK, x += (d * BLOCK) << 2, out += (columns * BLOCK) << 2) {
    const count = min(n - t, BLOCK), few = count <= FEW, width = few ? <usize>16 : widthOf(count);
    // Sums lie row by row, one for each column; for few tokens in one row, token after token.
    const lines = few ? <usize>1 : columns, line = few ? count * (fours(columns) << 2) : width;
    turn(x, d, count, xRows);
    ones(phi, width);
    if (rank > GROUP * SEGMENT) memory.fill(wide, 0, lines * (line << 1));
    let run = runs, group: usize = 0;
    for (let first: usize = 0; first < rank; first += SEGMENT, group++) {
      const last = min(first + SEGMENT, rank), at = first < kept ? phi + first * ROW : segment;
      run = first == 0 ? extend(run, 1, last, phi, at + ROW, xRows, width) : extend(run, first, last, phi, at, xRows, width);
      if (group == GROUP) {
        for (let c: usize = 0; c < lines; c++) widen(totals + c * ROW, wide + c * (line << 1), line);
        group = 0;
      }
      if (few) {
        for (let i: usize = 0; i < count; i++) tokenSums(columns, at + (i << 2), last - first, weights + first * ld, ld, totals + i * (fours(columns) << 2), group > 0);
      } else {
        weightedSums(columns, at, last - first, weights + first * ld, ld, totals, group > 0, width);
      }
    }
    if (rank > GROUP * SEGMENT) for (let c: usize = 0; c < lines; c++) narrow(totals + c * ROW, wide + c * (line << 1), line);
    if (few) for (let i: usize = 0; i < count; i++) memory.copy(out + i * ld, totals + i * (fours(columns) << 2), ld);
    else turnBack(totals, columns, count, out);
  }
}

/** wide += the float32 sums. */
function widen(from: usize, wide: usize, width: usize): void {
  for (const end = from + width; from < end; from += 16, wide += 32) {
    const x = v128.load(from);
    v128.store(wide, f64x2.add(v128.load(wide), f64x2.promote_low_f32x4(x)));
    v128.store(wide, f64x2.add(v128.load(wide, 16), f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1))), 16);
  }
}

/** The float32 sums become those of wide and themselves, rounded once. */
function narrow(to: usize, wide: usize, width: usize): void {
  widen(to, wide, width);
  for (const end = to + width; to < end; to += 16, wide += 32) {
    const low = f32x4.demote_f64x2_zero(v128.load(wide)), high = f32x4.demote_f64x2_zero(v128.load(wide, 16));
    v128.store(to, v128.shuffle<f64>(low, high, 0, 2));
  }
}
