import { largestEntry, type RowRanges } from './views.ts';

/** The columns of V of one key head, each to be stored as (v - mid) / unit in [-1, 1]; unit is a power of two. */
export interface ValueColumns {
  readonly dv: number;
  /** Where the head's values start in a token, and the values of a token. */
  readonly offset: number;
  readonly stride: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly mid: Float64Array;
  /** 0 for a column of equal values, which needs none. */
  readonly unit: Float64Array;
  readonly inverse: Float64Array;
  /** The range each error is a fraction of: high - low, or 2 B where only the box counts. */
  readonly range: Float64Array;
  /** Largest absolute value of each column. */
  readonly largest: Float64Array;
}

/** The middle, unit and range of each column; with `box` those of [-B, B] for the largest entry B of the head. */
export function valueColumns(ranges: RowRanges, stride: number, offset: number, dv: number, box: boolean): ValueColumns {
  const low = ranges.low.slice(offset, offset + dv);
  const high = ranges.high.slice(offset, offset + dv);
  const B = largestEntry(ranges, offset, offset + dv);
  const largest = low.map((x, c) => (box ? B : Math.max(-x, high[c]!)));
  const mid = low.map((x, c) => (box ? 0 : x === high[c]! ? x : x / 2 + high[c]! / 2));
  const half = low.map((x, c) => (box ? B : Math.max(high[c]! - mid[c]!, mid[c]! - x)));
  const unit = half.map((h) => (h === 0 ? 0 : 2 ** Math.max(-1000, Math.min(1023, Math.ceil(Math.log2(h))))));
  return { dv, offset, stride, low, high, mid, unit, inverse: unit.map((u) => (u === 0 ? 0 : 1 / u)), range: low.map((x, c) => (box ? 2 * B : high[c]! - x)), largest };
}

/** What one rounding loses at most where the result underflows, with room for the few operations in float64 before it. */
export const leastRounding = (unit: number): number => (unit === 2 ** -24 ? 2 ** -149 : 2 ** -1071);

/** What storing an output of at most `largest` costs: u of it, and 5 roundings in float64; below the normal range an absolute error. */
export const storedError = (largest: number, unit: number): number => (unit + 5 * 2 ** -53) * largest + leastRounding(unit);

/** The largest `storedError` over the columns, as a fraction of the range; columns of equal values cost nothing. */
export function storageFraction({ range, largest }: ValueColumns, unit: number): number {
  let most = 0;
  for (let c = 0; c < range.length; c++) if (range[c]! > 0) most = Math.max(most, storedError(largest[c]!, unit) / range[c]!);
  return most;
}
