import type { FloatArray } from '@prompt-limits/core-linalg';

/** Vectors of width d inside tokens: vector j of token t starts at t * stride + offset + j * d. */
export interface Vectors {
  readonly data: FloatArray;
  /** Tokens. */
  readonly n: number;
  /** Values of a token. */
  readonly stride: number;
  /** Where the first vector of a token starts. */
  readonly offset: number;
  /** Vectors of a token: 1 for a key head, the group for its query heads. */
  readonly per: number;
  readonly d: number;
}

/** The least and the largest value of each row. */
export interface RowRanges {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Whether all values are finite. */
  readonly finite: boolean;
}

/** Ranges of the rows of `stride` rows, in one pass that also notices what is not finite. */
export function rowRanges(data: FloatArray, stride: number): RowRanges {
  const low = new Float64Array(stride).fill(Infinity);
  const high = new Float64Array(stride).fill(-Infinity);
  let odd = 0; // x - x is 0, or NaN where x is not finite
  for (let at = 0; at < data.length; at += stride) {
    for (let c = 0; c < stride; c++) {
      const x = data[at + c]!;
      odd += x - x;
      if (x < low[c]!) low[c] = x;
      if (x > high[c]!) high[c] = x;
    }
  }
  return { low, high, finite: odd === 0 };
}

/** The largest absolute value of rows `from` to `to - 1`. */
export function largestEntry({ low, high }: RowRanges, from: number = 0, to: number = low.length): number {
  let largest = 0;
  for (let c = from; c < to; c++) largest = Math.max(largest, -low[c]!, high[c]!);
  return largest;
}
