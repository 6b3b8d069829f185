import { expOf } from './exp';
import { firstLanes, madd, maxOf, storeFirst, sumOf } from './simd';

/** Whether one of `count` values is NaN. */
function holdsNaN(x: usize, count: usize): bool {
  for (const end = x + (count << 2); x < end; x += 4) if (isNaN(load<f32>(x))) return true;
  return false;
}

/** Softmax of each row, shifted by its maximum; y may be x. A row of -Infinity (or without columns) gives zeros. */
export function softmaxRows(rows: usize, columns: usize, x: usize, y: usize): void {
  const rest = columns & 3, line = columns << 2, whole = line & ~15;
  const mask = firstLanes(rest);
  const lowest = f32x4.splat(-Infinity);
  for (const end = x + rows * line; x < end; x += line, y += line) {
    // pmax is one instruction where max takes eight. It skips NaN, which the weights bring back: e^{NaN - largest}.
    let top = lowest;
    for (let j: usize = 0; j < whole; j += 16) top = f32x4.pmax(top, v128.load(x + j));
    if (rest) top = f32x4.pmax(top, v128.bitselect(v128.load(x + whole), lowest, mask));
    const largest = maxOf(top);
    if (largest == -Infinity && !holdsNaN(x, columns)) {
      memory.fill(y, 0, line);
      continue;
    }
    const shift = f32x4.splat(largest);
    let sum0 = f32x4.splat(0), sum1 = sum0;
    let j: usize = 0;
    for (; j + 32 <= line; j += 32) {
      const a = expOf(f32x4.sub(v128.load(x + j), shift));
      const b = expOf(f32x4.sub(v128.load(x + j, 16), shift));
      v128.store(y + j, a);
      v128.store(y + j, b, 16);
      sum0 = f32x4.add(sum0, a);
      sum1 = f32x4.add(sum1, b);
    }
    if (j < whole) {
      const a = expOf(f32x4.sub(v128.load(x + j), shift));
      v128.store(y + j, a);
      sum0 = f32x4.add(sum0, a);
    }
    if (rest) {
      const a = v128.and(expOf(f32x4.sub(v128.load(x + whole), shift)), mask);
      storeFirst(y + whole, a, rest);
      sum1 = f32x4.add(sum1, a);
    }
    const factor = f32x4.splat(1 / sumOf(f32x4.add(sum0, sum1)));
    for (j = 0; j < whole; j += 16) v128.store(y + j, f32x4.mul(v128.load(y + j), factor));
    if (rest) storeFirst(y + whole, f32x4.mul(v128.load(y + whole), factor), rest);
  }
}

/** dx += y (dy - y . dy) for each row. */
export function softmaxRowsVjp(rows: usize, columns: usize, y: usize, dy: usize, dx: usize): void {
  const rest = columns & 3, line = columns << 2, whole = line & ~15;
  const mask = firstLanes(rest);
  for (const end = y + rows * line; y < end; y += line, dy += line, dx += line) {
    let sum = f32x4.splat(0);
    for (let j: usize = 0; j < whole; j += 16) sum = madd(v128.load(y + j), v128.load(dy + j), sum);
    // The mask covers both factors: what lies behind the row may be an infinity.
    if (rest) sum = madd(v128.and(v128.load(y + whole), mask), v128.and(v128.load(dy + whole), mask), sum);
    const dot = f32x4.splat(sumOf(sum));
    for (let j: usize = 0; j < whole; j += 16) {
      v128.store(dx + j, madd(v128.load(y + j), f32x4.sub(v128.load(dy + j), dot), v128.load(dx + j)));
    }
    if (rest) storeFirst(dx + whole, madd(v128.load(y + whole), f32x4.sub(v128.load(dy + whole), dot), v128.load(dx + whole)), rest);
  }
}
