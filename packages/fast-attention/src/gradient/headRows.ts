import type { FloatArray } from '@prompt-limits/core-linalg';

/** Rows of one head, one after another. */
export interface HeadRows {
  readonly data: FloatArray;
  /** Bounds for each token, in the maximum over the row's entries. */
  readonly bounds: Float64Array;
}

/** Where a head's gradient goes: all is added to, and every addition's rounding to the bounds. */
export interface HeadGradient {
  /** dQ of the wanted queries. */
  readonly queries: HeadRows;
  /** dK and dV of the wanted keys. */
  readonly keys: HeadRows;
  readonly values: HeadRows;
  /** Half an ulp of 1 in the arrays' precision. */
  readonly u: number;
}

/** What is kept of each query between the pass over queries and the pass over keys. */
export interface Rows {
  /** 1 / D_i, 0 where query i sees no key, and delta_i = g_i . (z_i - mid). */
  readonly inverse: Float64Array;
  readonly delta: Float64Array;
  /** e1, e2: what P_ij is multiplied by in the bounds of dv_j and dk_j. */
  readonly value: Float64Array;
  readonly key: Float64Array;
  /** What the rounding of readings adds to the same bounds, times omega_j: for each chunk, summed over its queries. */
  readonly valueSums: Float64Array;
  readonly keySums: Float64Array;
}

/** Products of norms that every bound has. */
export interface Sizes {
  readonly columns: number;
  readonly scale: number;
  /** max_j |k_j - c|_inf and |scale| |q_0|_inf. */
  readonly key: number;
  readonly centre: number;
  /** What range_c is widened by, so that underflow has something to be relative to. */
  readonly floor: number;
}

/** The largest value of a column of bounds and of a cotangent, divided by D: what the sums over queries are divided by. */
export interface Units {
  cotangent: number;
  value: number;
  key: number;
}

/** What a stored sum may lose to underflow. */
export const leastStored = (u: number): number => (u === 2 ** -24 ? 2 ** -149 : 2 ** -1000);
