import { madd } from './simd';
import { BLOCK, extend, fours, ones, ROW, SEGMENT, turn, turnBackAdding, weightedSums, widthOf } from './monomialTiles';

/**
 * Bytes of scratch: rows of x, of dx, of dOut, the kept monomials and their gradients, of one segment the gradients and
 * the weights by columns.
 */
export function monomialReadVjpScratchBytes(kept: usize, d: usize, columns: usize): usize {
  return (2 * fours(d) + 2 * fours(columns) + 2 * fours(kept) + SEGMENT) * ROW;
}

/**
 * dx += the gradient of `monomialRead`. G_a = sum_c weights_ac dOut_tc is the gradient of phi_a taken alone; going back
 * from the last monomial, a monomial phi_o = phi_p x_v whose whole gradient is known passes it to phi_p and x_v.
 */
export function monomialReadVjp(
  runs: usize, runsEnd: usize, rank: usize, kept: usize, d: usize, x: usize, columns: usize, weights: usize, dOut: usize, dx: usize, n: usize, scratch: usize,
): void {
  const xRows = scratch, dxRows = xRows + fours(d) * ROW, dOutRows = dxRows + fours(d) * ROW, phi = dOutRows + fours(columns) * ROW;
  const dphi = phi + fours(kept) * ROW, segment = dphi + fours(kept) * ROW, turned = segment + SEGMENT * ROW;
  const ld = columns << 2;
  for (let t: usize = 0; t < n; t += BLOCK, x += (d * BLOCK) << 2, dx += (d * BLOCK) << 2, dOut += (columns * BLOCK) << 2) {
    const count = min(n - t, BLOCK), width = widthOf(count);
    turn(x, d, count, xRows);
    turn(dOut, columns, count, dOutRows);
    memory.fill(dxRows, 0, fours(d) * ROW);
    ones(phi, width);
    extend(runs, 1, kept, phi, phi + ROW, xRows, width);
    for (let first: usize = 0; first < kept; first += SEGMENT) {
      ownGradients(min(SEGMENT, kept - first), dOutRows, columns, weights + first * ld, turned, dphi + first * ROW, width);
    }
    let run = runsEnd - 16;
    let last = rank;
    while (last > kept) {
      const first = max(last > SEGMENT ? last - SEGMENT : 0, kept);
      ownGradients(last - first, dOutRows, columns, weights + first * ld, turned, segment, width);
      run = retreat(run, first, last, phi, dphi, segment, xRows, dxRows, width);
      last = first;
    }
    while (last > 1) {
      const first = max(last > SEGMENT ? last - SEGMENT : 1, 1);
      run = retreat(run, first, last, phi, dphi, dphi + first * ROW, xRows, dxRows, width);
      last = first;
    }
    turnBackAdding(dxRows, d, count, dx);
  }
}

/** G of `rows` monomials, at most a segment: their weights are turned first, so that those of one column lie together. */
function ownGradients(rows: usize, dOut: usize, columns: usize, weights: usize, turned: usize, to: usize, width: usize): void {
  turn(weights, columns, rows, turned);
  weightedSums(rows, dOut, columns, turned, ROW, to, false, width);
}

/** Passes the gradients of monomials `first` to `last - 1` on; the run that holds `first - 1` comes back. */
function retreat(run: usize, first: usize, last: usize, phi: usize, dphi: usize, gradients: usize, x: usize, dx: usize, width: usize): usize {
  while (last > first) {
    const o = <usize>load<u32>(run, 12), from = max(o, first);
    const v = <usize>load<u32>(run) * ROW, parent = (<usize>load<u32>(run, 4) + from - o) * ROW;
    passRows(gradients + (from - first) * ROW, phi + parent, dphi + parent, x + v, dx + v, last - from, width);
    last = from;
    if (last == o) run -= 16;
  }
  return run;
}

/** dphi_p += g_o x and dx += sum_o g_o phi_p for `rows` monomials with the variable x in common and different parents. */
function passRows(gradients: usize, phi: usize, dphi: usize, x: usize, dx: usize, rows: usize, width: usize): void {
  for (let t: usize = 0; t < width; t += 32) {
    const x0 = v128.load(x + t), x1 = v128.load(x + t, 16);
    let s0 = f32x4.splat(0), s1 = s0;
    let g = gradients + t, p = phi + t, q = dphi + t;
    for (const end = g + rows * ROW; g < end; g += ROW, p += ROW, q += ROW) {
      const g0 = v128.load(g), g1 = v128.load(g, 16);
      s0 = madd(g0, v128.load(p), s0);
      s1 = madd(g1, v128.load(p, 16), s1);
      v128.store(q, madd(g0, x0, v128.load(q)));
      v128.store(q, madd(g1, x1, v128.load(q, 16)), 16);
    }
    v128.store(dx + t, f32x4.add(v128.load(dx + t), s0));
    v128.store(dx + t, f32x4.add(v128.load(dx + t, 16), s1), 16);
  }
}
