import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { Balance } from './balance.ts';

/** Queries and keys of one head as they enter the polynomial: centred, the scale in the queries. */
export interface TruncationProblem {
  /** Width of a query and a key. */
  readonly d: number;
  /** q, queries x d. */
  readonly queries: FloatArray;
  /** k, keys x d. */
  readonly keys: FloatArray;
}

/** Vectors that are read a few tokens at a time: those of an array, or centred and packed on the way. */
export interface TokenSource {
  readonly tokens: number;
  /** Vectors of a token, one after another. */
  readonly per: number;
  /** Writes the vectors of tokens `from` to `to - 1`, of width d each. */
  copy(from: number, to: number, out: FloatArray): void;
}

/** The tokens of an array. */
export const arraySource = (d: number, x: FloatArray): TokenSource =>
  ({ tokens: x.length / d, per: 1, copy: (from, to, out) => out.set(x.subarray(from * d, to * d)) });

/** A head in other coordinates, as stored. */
export interface Coordinates {
  /** T^T q, queries x d. */
  readonly queries: FloatArray;
  /** M k, keys x d. */
  readonly keys: FloatArray;
  /** At least the change of any score q . k by the change of coordinates and its rounding. */
  readonly shift: number;
}

/** Values of the tokens that are moved at once: they stay in the second-level cache. */
const blockValues = 1 << 16;

/** Raises largest_c to max_t |x_tc| over the first `length` values. */
function raise(d: number, x: FloatArray, length: number, largest: Float64Array): void {
  for (let at = 0; at < length; at += d) {
    for (let c = 0; c < d; c++) {
      const size = Math.abs(x[at + c]!);
      if (size > largest[c]!) largest[c] = size;
    }
  }
}

const sum = (x: Float64Array): number => x.reduce((total, value) => total + value, 0);
const norm = (x: Float64Array): number => Math.sqrt(x.reduce((total, value) => total + value * value, 0));

/**
 * All tokens in balanced coordinates, computed by the kernels into their memory, with a bound on what that does to a score.
 *
 * Entry a of T^T q: d products with a rounded matrix and their sums, in any order and fused or not, err by at most
 * $\gamma \sum_c |T_{ca} q_c|$, $\gamma = (d + 2) u / (1 - (d + 2) u)$. An error meets the largest entry of the other side, and both
 * errors meet each other. $|q^\top (I - T M) k| \le |I - T M|_F |q| |k|$.
 */
export function changeCoordinates(d: number, queries: TokenSource, keys: TokenSource, { queries: T, keys: M, residual }: Balance, kernels: Kernels): Coordinates {
  const Storage: new (values: number | Float64Array) => FloatArray = kernels.precision === 'float32' ? Float32Array : Float64Array;
  const change = ({ tokens, per, copy }: TokenSource, A: Float64Array): { y: FloatArray; from: Float64Array; to: Float64Array } => {
    const [y, from, to] = [new Storage(tokens * per * d), new Float64Array(d), new Float64Array(d)];
    const step = Math.max(1, Math.floor(blockValues / (per * d)));
    kernels.scratch(() => {
      const matrix = kernels.allocate(d * d);
      matrix.set(A);
      const [x, moved] = [kernels.allocate(Math.min(step, tokens) * per * d), kernels.allocate(Math.min(step, tokens) * per * d)];
      for (let at = 0; at < tokens; at += step) {
        const end = Math.min(tokens, at + step);
        const length = (end - at) * per * d;
        copy(at, end, x);
        kernels.gemm('NT', length / d, d, d, 1, x, matrix, 0, moved);
        raise(d, x, length, from);
        raise(d, moved, length, to);
        y.set(moved.subarray(0, length), at * per * d);
      }
    });
    return { y, from, to };
  };
  const { y: q, from: fromQ, to: toQ } = change(queries, T);
  const { y: k, from: fromK, to: toK } = change(keys, M);
  const [u, tiny] = kernels.precision === 'float32' ? [2 ** -24, 2 ** -149] : [2 ** -53, 2 ** -1074];
  const gamma = ((d + 2) * u) / (1 - (d + 2) * u);
  let rounding = 0;
  for (let a = 0; a < d; a++) {
    let [sumQ, sumK] = [0, 0];
    for (let c = 0; c < d; c++) {
      sumQ += Math.abs(T[a * d + c]!) * fromQ[c]!;
      sumK += Math.abs(M[a * d + c]!) * fromK[c]!;
    }
    // `tiny` for a product that underflows, and for a matrix entry that does, times what it meets.
    const lostQ = gamma * sumQ + tiny * (d + sum(fromQ));
    const lostK = gamma * sumK + tiny * (d + sum(fromK));
    rounding += lostQ * toK[a]! + lostK * toQ[a]! + lostQ * lostK;
  }
  return { queries: q, keys: k, shift: (rounding + residual * norm(fromQ) * norm(fromK)) * (1 + 2 ** -40) };
}

/** max over tokens of the norm of each block of coordinates, rounded up; the last entry is that of all of them. */
export function blockNorms(d: number, sizes: readonly number[], x: FloatArray): Float64Array {
  const squares = new Float64Array(sizes.length + 1);
  for (let at = 0; at < x.length; ) {
    let whole = 0;
    for (let b = 0; b < sizes.length; b++) {
      let square = 0;
      for (const end = at + sizes[b]!; at < end; at++) square += x[at]! * x[at]!;
      if (square > squares[b]!) squares[b] = square;
      whole += square;
    }
    if (whole > squares[sizes.length]!) squares[sizes.length] = whole;
  }
  // d products and sums and a root, each at most half an ulp; a square that underflows loses at most 2^-1074.
  return squares.map((square) => Math.sqrt(square + d * 2 ** -1074) * (1 + (d + 4) * 2 ** -53));
}

/**
 * Tokens that reach far: those largest in a first or last run of coordinates, and evenly spread others up to about `count`. In Float64.
 */
export function farTokens(d: number, x: FloatArray, count: number): Float64Array {
  const n = x.length / d;
  const chosen = new Set<number>();
  const step = Math.max(1, Math.floor(n / count));
  for (let t = 0; t < n; t += step) chosen.add(t);
  if (step > 1) {
    const [first, last] = [new Float64Array(d).fill(-1), new Float64Array(d).fill(-1)];
    const [atFirst, atLast] = [new Float64Array(d), new Float64Array(d)];
    for (let t = 0; t < n; t++) {
      let [head, tail] = [0, 0];
      for (let c = 0; c < d; c++) {
        head += x[t * d + c]! * x[t * d + c]!;
        if (head > first[c]!) [first[c], atFirst[c]] = [head, t];
        tail += x[t * d + d - 1 - c]! * x[t * d + d - 1 - c]!;
        if (tail > last[c]!) [last[c], atLast[c]] = [tail, t];
      }
    }
    for (const t of [...atFirst, ...atLast]) chosen.add(t);
  }
  const rows = new Float64Array(chosen.size * d);
  [...chosen].forEach((t, i) => rows.set(x.subarray(t * d, (t + 1) * d), i * d));
  return rows;
}

/** The first `used` of d coordinates of every token, moved together in place. */
export function firstCoordinates(d: number, used: number, x: FloatArray): FloatArray {
  if (used === d) return x;
  const n = x.length / d;
  for (let t = 0; t < n; t++) x.copyWithin(t * used, t * d, t * d + used);
  return x.subarray(0, n * used);
}
