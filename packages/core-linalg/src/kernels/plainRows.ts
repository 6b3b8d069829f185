import type { Kernels } from './kernels.ts';

/** The logistic function; with t = e^{-|x|} at most 1 neither tail overflows or loses digits. */
function sigmoid(x: number): number {
  const t = Math.exp(-Math.abs(x));
  return (x < 0 ? t : 1) / (1 + t);
}

/** x sigmoid(x); at -Infinity the limit -0 replaces the product -Infinity * 0. */
const siluOf = (x: number): number => (x === -Infinity ? -0 : x * sigmoid(x));

/**
 * d/dx x sigmoid(x) = sigmoid(x) (1 + x (1 - sigmoid(x))), with 1 - sigmoid(x) = sigmoid(-x) free of
 * cancellation; the limits at the infinities are 0 and 1.
 */
const siluSlope = (x: number): number => (Math.abs(x) === Infinity ? (x > 0 ? 1 : 0) : sigmoid(x) * (1 + x * sigmoid(-x)));

/** The kernels that work value by value or row by row, in float64 between load and store. */
export const plainRows: Pick<
  Kernels,
  'exp' | 'softmaxRows' | 'softmaxRowsVjp' | 'rmsNorm' | 'rmsNormVjp' | 'silu' | 'siluVjp' | 'swiglu' | 'swigluVjp'
> = {
  exp(length, x, y) {
    for (let i = 0; i < length; i++) y[i] = Math.exp(x[i]!);
  },

  softmaxRows(rows, columns, x, y) {
    const weights = new Float64Array(columns);
    for (let from = 0; from < rows * columns; from += columns) {
      let top = -Infinity;
      for (let j = 0; j < columns; j++) top = Math.max(top, x[from + j]!);
      if (top === -Infinity) {
        y.fill(0, from, from + columns);
        continue;
      }
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += weights[j] = Math.exp(x[from + j]! - top);
      for (let j = 0; j < columns; j++) y[from + j] = weights[j]! / sum;
    }
  },

  softmaxRowsVjp(rows, columns, y, dy, dx) {
    for (let from = 0; from < rows * columns; from += columns) {
      let dot = 0;
      for (let i = from; i < from + columns; i++) dot += y[i]! * dy[i]!;
      for (let i = from; i < from + columns; i++) dx[i] = dx[i]! + y[i]! * (dy[i]! - dot);
    }
  },

  rmsNorm(n, d, epsilon, x, gain, y) {
    for (let from = 0; from < n * d; from += d) {
      let squares = 0;
      for (let i = 0; i < d; i++) squares += x[from + i]! * x[from + i]!;
      const factor = 1 / Math.sqrt(squares / d + epsilon);
      for (let i = 0; i < d; i++) y[from + i] = x[from + i]! * factor * gain[i]!;
    }
  },

  // y_i = f g_i x_i with f = (mean(x^2) + epsilon)^(-1/2) and df/dx_j = -f^3 x_j / d, so
  // dx_j = f g_j dy_j - (f^3 / d) x_j sum_i g_i x_i dy_i and dg_i = f x_i dy_i.
  rmsNormVjp(n, d, epsilon, x, gain, dy, dx, dgain) {
    const gains = new Float64Array(d);
    for (let from = 0; from < n * d; from += d) {
      let squares = 0;
      let dot = 0;
      for (let i = 0; i < d; i++) {
        squares += x[from + i]! * x[from + i]!;
        dot += gain[i]! * x[from + i]! * dy[from + i]!;
      }
      const factor = 1 / Math.sqrt(squares / d + epsilon);
      const slope = (factor * factor * factor * dot) / d;
      for (let i = 0; i < d; i++) {
        gains[i]! += factor * x[from + i]! * dy[from + i]!;
        dx[from + i] = dx[from + i]! + factor * gain[i]! * dy[from + i]! - slope * x[from + i]!;
      }
    }
    if (dgain !== undefined) for (let i = 0; i < d; i++) dgain[i] = dgain[i]! + gains[i]!;
  },

  silu(length, x, y) {
    for (let i = 0; i < length; i++) y[i] = siluOf(x[i]!);
  },

  siluVjp(length, x, dy, dx) {
    for (let i = 0; i < length; i++) dx[i] = dx[i]! + dy[i]! * siluSlope(x[i]!);
  },

  swiglu(length, gate, up, y) {
    for (let i = 0; i < length; i++) y[i] = siluOf(gate[i]!) * up[i]!;
  },

  swigluVjp(length, gate, up, dy, dgate, dup) {
    for (let i = 0; i < length; i++) {
      const g = gate[i]!;
      const u = up[i]!;
      const t = dy[i]!;
      dgate[i] = t * u * siluSlope(g);
      dup[i] = t * siluOf(g);
    }
  },
};
