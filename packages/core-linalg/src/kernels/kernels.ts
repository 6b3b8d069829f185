import type { MonomialSet } from '../monomials/monomialSet.ts';
import type { FloatArray, Precision } from '../tokens/tokens.ts';

/** Which code computes: WASM with relaxed SIMD (fused multiply-add), WASM with simd128, or plain TypeScript. */
export type KernelBuild = 'relaxed-simd' | 'simd128' | 'plain';

/**
 * Which operand of a product is stored transposed. All matrices are row-major; a row is a token.
 * 'NN': A is m x k, B is k x n. 'NT': B is stored n x k (a weight W of shape out x in, applied to tokens).
 * 'TN': A is stored k x m.
 */
export type GemmForm = 'NN' | 'NT' | 'TN';

/** A right operand laid out once for many products; made by `kernels.pack`, read by `kernels.gemmPacked`. */
export interface PackedMatrix {
  /** Inner dimension. */
  readonly k: number;
  /** Columns of the product. */
  readonly n: number;
  /** Storage private to the kernels that packed it. */
  readonly data: FloatArray;
}

/**
 * A softmax attention problem over several heads: for head a, query i,
 * $z_i = \sum_j v_j e^{scale \cdot k_j \cdot q_i} / \sum_j e^{scale \cdot k_j \cdot q_i}$.
 * A token holds its heads one after another; query head a reads key head floor(a * keyHeads / heads).
 */
export interface AttentionShape {
  /** Query tokens, >= 0. */
  readonly queries: number;
  /** Key and value tokens, >= 0. */
  readonly keys: number;
  /** Query heads, >= 1. */
  readonly heads: number;
  /** Key heads, a divisor of heads. */
  readonly keyHeads: number;
  /** Width of a query and key per head, >= 1. */
  readonly d: number;
  /** Width of a value per head, >= 1. */
  readonly dv: number;
  /** Factor on the scores, finite. */
  readonly scale: number;
  /**
   * null: every query sees every key. A number c: query i sees keys j <= i + c
   * (c = keys - queries aligns the last query with the last key, as decoding needs).
   */
  readonly causal: number | null;
}

/**
 * Numeric kernels over one memory. Every array argument has the kernels' precision; an array from `allocate`
 * is used in place, any other is copied in and out. Lengths may exceed what the shape needs, never fall short.
 * Outputs may not overlap inputs unless a method says so. All calls are synchronous.
 */
export interface Kernels {
  /** The code that runs. */
  readonly build: KernelBuild;
  /** Precision of every array. */
  readonly precision: Precision;
  /** Threads that share the work, the caller's included. */
  readonly threads: number;

  /**
   * `length` zeros in kernel memory, 16-byte aligned; freed by the enclosing `scratch`, or never.
   *
   * @throws RangeError if the memory cannot hold them; the message says how much there is
   */
  allocate(length: number): FloatArray;
  /** Runs `body`, then frees all that it allocated. Calls nest. */
  scratch<T>(body: () => T): T;

  /** C = alpha op(A) op(B) + beta C; C is m x n. With beta = 0 the old C is not read. */
  gemm(form: GemmForm, m: number, n: number, k: number, alpha: number, a: FloatArray, b: FloatArray, beta: number, c: FloatArray): void;
  /** Lays out B for `gemmPacked`: 'N' reads b as k x n, 'T' as n x k. The result is allocated in kernel memory. */
  pack(form: 'N' | 'T', k: number, n: number, b: FloatArray): PackedMatrix;
  /** C = A B (+ C if `accumulate`), A m x k, C m x n. */
  gemmPacked(m: number, a: FloatArray, b: PackedMatrix, c: FloatArray, accumulate?: boolean): void;

  /** y_i = e^{x_i}; y may be x. */
  exp(length: number, x: FloatArray, y: FloatArray): void;
  /** Softmax of each row, shifted by the row's maximum; y may be x. A row of -Infinity gives zeros. */
  softmaxRows(rows: number, columns: number, x: FloatArray, y: FloatArray): void;
  /** dx += y (dy - y . dy), row by row, with y = softmax(x). */
  softmaxRowsVjp(rows: number, columns: number, y: FloatArray, dy: FloatArray, dx: FloatArray): void;
  /** y = x / sqrt(mean(x^2) + epsilon) * gain, per token of width d; y may be x. */
  rmsNorm(n: number, d: number, epsilon: number, x: FloatArray, gain: FloatArray, y: FloatArray): void;
  /** dx += gradient of rmsNorm at x for dy; dgain += its gradient for the gain where given. */
  rmsNormVjp(n: number, d: number, epsilon: number, x: FloatArray, gain: FloatArray, dy: FloatArray, dx: FloatArray, dgain?: FloatArray): void;
  /** y = x sigmoid(x); y may be x. */
  silu(length: number, x: FloatArray, y: FloatArray): void;
  /** dx += gradient of silu at x for dy. */
  siluVjp(length: number, x: FloatArray, dy: FloatArray, dx: FloatArray): void;
  /** y = silu(gate) up; y may be gate or up. */
  swiglu(length: number, gate: FloatArray, up: FloatArray, y: FloatArray): void;
  /** dgate = and dup = the gradients of swiglu for dy (overwritten; dgate may be gate and dup may be up). */
  swigluVjp(length: number, gate: FloatArray, up: FloatArray, dy: FloatArray, dgate: FloatArray, dup: FloatArray): void;

  /**
   * Softmax attention in tiles, O(queries d) memory beyond the arguments.
   * q: queries x heads*d, k: keys x keyHeads*d, v: keys x keyHeads*dv, z: queries x heads*dv (overwritten),
   * logPartition: heads x queries (overwritten), ln sum_j e^{scale k_j . q_i}.
   * A query that sees no key gets z = 0 and logPartition = -Infinity.
   */
  attention(shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray, z: FloatArray, logPartition: FloatArray): void;
  /**
   * Adds the vector-Jacobian product of `attention` for dz to dq, dk and dv; scores are recomputed in tiles
   * from logPartition, no queries x keys matrix is stored.
   */
  attentionVjp(shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray, z: FloatArray, logPartition: FloatArray, dz: FloatArray, dq: FloatArray, dk: FloatArray, dv: FloatArray): void;

  /**
   * moments_ac += sum_t phi_a(x_t) y_tc over the monomials phi_a of `set`; x: n x d, y: n x columns,
   * moments: rank x columns. `monomialRounding` bounds the error.
   */
  monomialMoments(set: MonomialSet, n: number, x: FloatArray, columns: number, y: FloatArray, moments: FloatArray): void;
  /** out_tc = sum_a phi_a(x_t) weights_ac; weights: rank x columns, out: n x columns. `monomialRounding` bounds the error. */
  monomialRead(set: MonomialSet, n: number, x: FloatArray, columns: number, weights: FloatArray, out: FloatArray): void;
  /** dx += gradient of monomialRead at x for dOut (n x columns); phi is computed again. */
  monomialReadVjp(set: MonomialSet, n: number, x: FloatArray, columns: number, weights: FloatArray, dOut: FloatArray, dx: FloatArray): void;

  /** low_c = min_t x_tc and high_c = max_t x_tc over n >= 1 tokens of d values; returns whether all values are finite, without which low and high say nothing. */
  tokenRanges(n: number, d: number, x: FloatArray, low: Float64Array, high: Float64Array): boolean;
  /** max_t |(x_t - centre) factor|^2 over n vectors of d values that start `stride` values apart, in float64; 0 if n is 0. */
  furthestSquare(n: number, d: number, stride: number, x: FloatArray, centre: Float64Array, factor: number): number;
  /**
   * out_tc = (x_tc - centre_c) factor_c w_t for c < d, three float64 operations and one rounding to the kernels' precision; with `width` d + 1
   * also out_td = w_t. x: n vectors `stride` values apart; w: n values or null, all 1; out: n x width, width d or d + 1.
   */
  centreTokens(n: number, d: number, stride: number, x: FloatArray, centre: Float64Array, factor: Float64Array, w: FloatArray | null, width: number, out: FloatArray): void;
  /**
   * z_tc = centre_c + factor_c N_tc / D_t, held in [low_c, high_c], four float64 operations and one rounding; sums: n x (d + 1), N and then D;
   * z: n x d, 0 where D_t = 0. Returns the least D_t: Infinity if n is 0, NaN if one is.
   */
  tokenQuotients(n: number, d: number, sums: FloatArray, centre: Float64Array, factor: Float64Array, low: Float64Array, high: Float64Array, z: FloatArray): number;

  /** x_tc is held in [low_c, high_c], both rounded to the kernels' precision; x: n x d. */
  holdTokens(n: number, d: number, x: FloatArray, low: Float64Array, high: Float64Array): void;
  /**
   * The gradient of N / D: with g = dz_t and sums as for `tokenQuotients`, $\delta = \mathrm{size}\,g \cdot N / D$ and
   * $u = \max(\mathrm{size}\,|g|_\infty, |\delta|)$, the sums become (size g, -delta) / u, zeros where D or g is 0. dz: n vectors `stride` values
   * apart. facts: n x 5, all float64: D, delta, $\sum_c |g_c|\,\mathrm{half}_c$, $|g|_\infty$, u.
   */
  tokenQuotientsVjp(n: number, d: number, sums: FloatArray, stride: number, dz: FloatArray, half: Float64Array, size: number, facts: Float64Array): void;
  /** square_t = |x_t|^2 and largest_t = max_c |x_tc| over n tokens of d values, in float64. */
  tokenSizes(n: number, d: number, x: FloatArray, square: Float64Array, largest: Float64Array): void;
  /**
   * out_tc += factor_t x_tc, two float64 operations and one rounding, and largest_t = max_c |out_tc| before that rounding. x: n vectors
   * `stride` values apart; out: n vectors `outStride` values apart.
   */
  addTokens(n: number, d: number, stride: number, x: FloatArray, factor: Float64Array, outStride: number, out: FloatArray, largest: Float64Array): void;

  /** Ends the worker threads; the kernels go on with one thread. */
  close(): void;
}
