import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';

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

/** Where vector `v` (token by token, head by head) starts. */
export const startOf = ({ stride, offset, per, d }: Vectors, v: number): number => Math.floor(v / per) * stride + offset + (v % per) * d;

/** The least and the largest value of each row. */
export interface RowRanges {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Whether all values are finite. */
  readonly finite: boolean;
}

/** Values looked at row by row while they are in the first-level cache. */
const cached = 4096;

/** Ranges of the rows of `stride` rows, in one pass that also notices what is not finite. */
export function rowRanges(data: FloatArray, stride: number): RowRanges {
  const low = new Float64Array(stride).fill(Infinity);
  const high = new Float64Array(stride).fill(-Infinity);
  const block = Math.max(1, Math.floor(cached / stride)) * stride;
  let finite = true;
  for (let from = 0; from < data.length; from += block) {
    const to = Math.min(data.length, from + block);
    for (let c = 0; c < stride; c++) {
      let [least, most] = [low[c]!, high[c]!];
      for (let at = from + c; at < to; at += stride) {
        const x = data[at]!;
        if (x < least) least = x;
        // NaN is neither above nor at most anything.
        if (!(x <= most)) {
          if (x > most) most = x;
          else finite = false;
        }
      }
      [low[c], high[c]] = [least, most];
    }
  }
  for (let c = 0; c < stride; c++) if (low[c] === -Infinity || high[c] === Infinity) finite = false;
  return { low, high, finite };
}

/** Most values of a foreign array that one kernel call sees, because they are copied for it: they stay in the second-level cache. */
const foreignValues = 1 << 16;

/** Whether kernels use the array where it lies. */
export const inPlace = (kernels: Kernels, data: FloatArray): boolean =>
  kernels.build === 'plain' || kernels.scratch(() => kernels.allocate(0).buffer === data.buffer);

/** Tokens of `stride` values that one kernel call should see. */
export const callTokens = (kernels: Kernels, { data, stride }: Pick<Vectors, 'data' | 'stride'>): number =>
  (inPlace(kernels, data) ? Infinity : Math.max(1, Math.floor(foreignValues / stride)));

/** `rowRanges` by the kernels, on all their threads. */
export function kernelRanges(data: FloatArray, stride: number, kernels: Kernels): RowRanges {
  const ranges = { low: new Float64Array(stride).fill(Infinity), high: new Float64Array(stride).fill(-Infinity) };
  const [low, high] = [new Float64Array(stride), new Float64Array(stride)];
  const block = callTokens(kernels, { data, stride }) * stride;
  let finite = true;
  for (let from = 0; from < data.length; from += block) {
    const part = data.length <= block ? data : data.subarray(from, from + block);
    if (!kernels.tokenRanges(part.length / stride, stride, part, low, high)) finite = false;
    for (let c = 0; c < stride; c++) {
      ranges.low[c] = Math.min(ranges.low[c]!, low[c]!);
      ranges.high[c] = Math.max(ranges.high[c]!, high[c]!);
    }
  }
  return { ...ranges, finite };
}

/** The largest absolute value of rows `from` to `to - 1`. */
export function largestEntry({ low, high }: RowRanges, from: number = 0, to: number = low.length): number {
  let largest = 0;
  for (let c = from; c < to; c++) largest = Math.max(largest, -low[c]!, high[c]!);
  return largest;
}
