import { svd, tokens } from '@prompt-limits/core-linalg';

/** Coordinates in which queries and keys have the same, diagonal second moments; made by `balance`. */
export interface Balance {
  /** Width d. */
  readonly d: number;
  /** T^T, d x d row-major: row a holds what makes coordinate a of a query. */
  readonly queries: Float64Array;
  /** M, d x d row-major: row a holds what makes coordinate a of a key. */
  readonly keys: Float64Array;
  /** sigma_a, decreasing: the second moment of coordinate a of both in the sample. */
  readonly moments: Float64Array;
  /** At least the Frobenius norm of I - T M, rounding of its computation included. */
  readonly residual: number;
}

const unit = 2 ** -53;

/** Relative to the largest: smaller second moments count as this, so that no direction is scaled by more than 2^10. */
const floor = 2 ** -20;

/** Most tokens of which a second moment is taken. */
const sampled = 2048;

/** The largest magnitude, or 1 if all are 0. */
function size(x: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!));
  return largest === 0 ? 1 : largest;
}

/** L (column-major) with L L^T = the second moments of x / size, its small eigenvalues raised to `floor`. */
function root(d: number, x: Float64Array, largest: number): Float64Array {
  const n = x.length / d;
  const step = Math.max(1, Math.floor(n / sampled));
  const moment = new Float64Array(d * d);
  const token = new Float64Array(d);
  for (let t = 0; t < n; t += step) {
    for (let c = 0; c < d; c++) token[c] = x[t * d + c]! / largest;
    for (let c = 0; c < d; c++) for (let r = 0; r <= c; r++) moment[c * d + r]! += token[c]! * token[r]!;
  }
  for (let c = 0; c < d; c++) for (let r = 0; r < c; r++) moment[r * d + c] = moment[c * d + r]!;
  const { u, values } = svd(tokens(d, moment));
  const L = new Float64Array(d * d);
  for (let c = 0; c < d; c++) {
    // A sample of zeros has no direction to prefer.
    const length = Math.sqrt(values[0] === 0 ? 1 : Math.max(values[c]!, values[0]! * floor) / Math.ceil(n / step));
    for (let r = 0; r < d; r++) L[c * d + r] = u.get(r, c) * length;
  }
  return L;
}

/** A^T B of column-major d x d matrices, column-major. */
function transposedTimes(d: number, A: Float64Array, B: Float64Array): Float64Array {
  const C = new Float64Array(d * d);
  for (let c = 0; c < d; c++) {
    for (let r = 0; r < d; r++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += A[r * d + i]! * B[c * d + i]!;
      C[c * d + r] = sum;
    }
  }
  return C;
}

const frobenius = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

/**
 * A change of coordinates $q \to T^\top q$, $k \to M k$ with $T M = I$, so that no scalar product changes, after which the second
 * moments of queries and keys are the same diagonal matrix $\sigma_1 \ge \sigma_2 \ge \ldots$ (balancing, as in model reduction):
 * with roots $\Sigma_q = L_q L_q^\top$, $\Sigma_k = L_k L_k^\top$ and $L_q^\top L_k = U \sigma W^\top$,
 * $T = L_k W \sigma^{-1/2}$ and $M = \sigma^{-1/2} U^\top L_q^\top$. The first coordinates then hold what the scores depend on.
 *
 * @param d - width
 * @param queries - q, queries x d
 * @param keys - k, keys x d
 * @returns both matrices and a bound on what T M misses of I. At most about 2048 tokens of each side are looked at: they decide how
 * good the coordinates are, not whether they are right
 */
export function balance(d: number, queries: Float64Array, keys: Float64Array): Balance {
  const [sizeQ, sizeK] = [size(queries), size(keys)];
  const Lq = root(d, queries, sizeQ);
  const Lk = root(d, keys, sizeK);
  const { u, values, v } = svd(tokens(d, transposedTimes(d, Lq, Lk)));
  const T = new Float64Array(d * d);
  const M = new Float64Array(d * d);
  for (let a = 0; a < d; a++) {
    const weight = 1 / Math.sqrt(values[a]!);
    for (let c = 0; c < d; c++) {
      let [t, m] = [0, 0];
      for (let i = 0; i < d; i++) {
        t += Lk[i * d + c]! * v.get(i, a);
        m += Lq[i * d + c]! * u.get(i, a);
      }
      T[a * d + c] = t * weight;
      M[a * d + c] = m * weight;
    }
  }
  const missing = transposedTimes(d, transpose(d, M), transpose(d, T));
  for (let c = 0; c < d; c++) missing[c * d + c]! -= 1;
  // d products and sums an entry, all below (d + 1) u of the absolute values, whose norm is at most |T| |M|; two more roundings below.
  const residual = (frobenius(missing) + (d + 4) * unit * frobenius(T) * frobenius(M)) * (1 + 2 ** -40);
  // Sizes were taken out and are given back half to each side, so that no product of a large and a small side overflows.
  const ratio = Math.sqrt(sizeK) / Math.sqrt(sizeQ);
  return { d, queries: T.map((x) => x * ratio), keys: M.map((x) => x / ratio), moments: values.map((s) => s * sizeQ * sizeK), residual };
}

function transpose(d: number, A: Float64Array): Float64Array {
  return A.map((_, i) => A[(i % d) * d + Math.floor(i / d)]!);
}
