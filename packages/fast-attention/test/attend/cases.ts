import { attendReference, type AttentionProblem } from '@prompt-limits/attention';
import { createKernels, createPlainKernels, normalTokens, randomSource, tokens, uniformTokens, type FloatArray, type Kernels, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';

/** The kernels that a certificate has to hold for. */
export const builds: [string, () => Promise<Kernels>][] = [
  ['Float32 WASM', () => createKernels({ threads: 1, memoryMiB: 64 })],
  ['Float32 plain', () => Promise.resolve(createPlainKernels({ precision: 'float32' }))],
  ['Float64 plain', () => Promise.resolve(createPlainKernels({ precision: 'float64' }))],
];

export interface Sizes {
  readonly queries: number;
  readonly keys: number;
  readonly d: number;
  readonly dv: number;
  readonly heads?: number;
  readonly keyHeads?: number;
}

/** Tokens in the precision of the kernels. */
export function stored(kernels: Kernels, t: Tokens): Tokens {
  return kernels.precision === 'float32' ? tokens(t.d, Float32Array.from(t.data)) : tokens(t.d, Float64Array.from(t.data));
}

const same = (d: number, n: number, x: number): Tokens => tokens(d, new Float64Array(d * n).fill(x));
const shifted = (t: Tokens, by: number): Tokens => tokens(t.d, Float64Array.from(t.data, (x, i) => x + by * (1 + (i % t.d))));
const twoPoint = (random: RandomSource, d: number, n: number): Tokens => tokens(d, Float64Array.from({ length: d * n }, () => (random.uniform() < 0.5 ? -1 : 1)));
/** Rows decay by a factor of 2 each: keys of small effective dimension. */
const decaying = (t: Tokens): Tokens => tokens(t.d, Float64Array.from(t.data, (x, i) => x * 0.5 ** (i % t.d)));

/** Inputs by name: Q, K and V, tokens as columns. */
export const data: Record<string, (random: RandomSource, s: { n: number; keys: number; q: number; k: number; v: number }) => [Tokens, Tokens, Tokens]> = {
  uniform: (r, s) => [uniformTokens(r, s.q, s.n, -0.5, 0.5), uniformTokens(r, s.k, s.keys, -0.5, 0.5), uniformTokens(r, s.v, s.keys, -0.5, 0.5)],
  'normal, wide': (r, s) => [normalTokens(r, s.q, s.n, 0.8), normalTokens(r, s.k, s.keys, 0.8), normalTokens(r, s.v, s.keys)],
  'two-point values': (r, s) => [normalTokens(r, s.q, s.n, 0.5), normalTokens(r, s.k, s.keys, 0.5), twoPoint(r, s.v, s.keys)],
  'far from the origin': (r, s) => [shifted(normalTokens(r, s.q, s.n, 0.4), 0.5), shifted(normalTokens(r, s.k, s.keys, 0.4), -2), shifted(normalTokens(r, s.v, s.keys, 1e-3), 40)],
  'decaying rows': (r, s) => [normalTokens(r, s.q, s.n), decaying(normalTokens(r, s.k, s.keys)), normalTokens(r, s.v, s.keys)],
  'equal keys': (r, s) => [normalTokens(r, s.q, s.n), same(s.k, s.keys, 0.3), normalTokens(r, s.v, s.keys)],
  'zero queries': (r, s) => [same(s.q, s.n, 0), normalTokens(r, s.k, s.keys), normalTokens(r, s.v, s.keys)],
  'equal values': (r, s) => [normalTokens(r, s.q, s.n, 0.3), normalTokens(r, s.k, s.keys, 0.3), same(s.v, s.keys, -7.25)],
  'tiny entries': (r, s) => [normalTokens(r, s.q, s.n, 1e-12), normalTokens(r, s.k, s.keys, 1e-9), normalTokens(r, s.v, s.keys, 1e-20)],
  'large keys, small queries': (r, s) => [normalTokens(r, s.q, s.n, 1e-6), normalTokens(r, s.k, s.keys, 4e5), normalTokens(r, s.v, s.keys, 1e9)],
};

/** A problem of the given kind and sizes in the precision of the kernels. */
export function makeProblem(kernels: Kernels, name: string, seed: number, { queries, keys, d, dv, heads = 1, keyHeads = heads }: Sizes, rest: { scale: number; causal?: boolean | number }): AttentionProblem {
  const [Q, K, V] = data[name]!(randomSource(seed), { n: queries, keys, q: heads * d, k: keyHeads * d, v: keyHeads * dv });
  return { queries: stored(kernels, Q), keys: stored(kernels, K), values: stored(kernels, V), heads, keyHeads, ...rest };
}

/** What exact attention in Float64, straight from the definition, says about an output. */
export interface Exact {
  /** Log partitions, and what they may err. */
  readonly logPartition: Float64Array;
  readonly logError: number;
  /** Largest error of each row of an output, beyond what the reference may err. */
  perRow(output: FloatArray): Float64Array;
  /** The same for each query at head * queries + i, as a fraction of the range of V; 0 where the range is. */
  perQuery(output: FloatArray): Float64Array;
}

const largest = (x: FloatArray): number => {
  let most = 0;
  for (const v of x) most = Math.max(most, Math.abs(v));
  return most;
};

export function exactly(problem: AttentionProblem): Exact {
  const { output: exact, logPartition } = attendReference(problem);
  const { heads = 1, keyHeads = heads, values, keys, queries } = problem;
  const dv = values.d / keyHeads;
  const S = (Math.abs(problem.scale) * queries.d * largest(queries.data) * largest(keys.data)) / heads;
  const rows = Array.from({ length: heads * dv }, (_, row) => {
    const at = Math.floor((Math.floor(row / dv) * keyHeads) / heads) * dv + (row % dv);
    const column = Array.from({ length: values.n }, (_v, j) => values.data[j * values.d + at]!);
    const [low, high] = [Math.min(...column), Math.max(...column)];
    // The bound that exact attention documents for Float64.
    return { range: high - low, slack: (2 * (queries.d / heads + 4) * S + 3 * keys.n + 16) * 2 ** -53 * Math.max(high, -low) };
  });
  const error = (output: FloatArray, i: number, row: number): number => {
    const excess = Math.abs(output[i * heads * dv + row]! - exact.data[i * heads * dv + row]!) - rows[row]!.slack;
    return Number.isNaN(excess) ? Infinity : Math.max(0, excess);
  };
  return {
    logPartition, logError: ((queries.d / heads + 4) * S + 2 * keys.n + 16) * 2 ** -53,
    perRow(output) {
      return Float64Array.from({ length: heads * dv }, (_, row) => Math.max(...Array.from({ length: queries.n }, (_q, i) => error(output, i, row))));
    },
    perQuery(output) {
      const result = new Float64Array(heads * queries.n);
      for (let i = 0; i < queries.n; i++) {
        for (let row = 0; row < heads * dv; row++) {
          const at = Math.floor(row / dv) * queries.n + i;
          if (rows[row]!.range > 0) result[at] = Math.max(result[at]!, error(output, i, row) / rows[row]!.range);
        }
      }
      return result;
    },
  };
}

/** The largest of found / bound; Infinity where something is found against a bound of 0. At most 1: nothing violates. */
export function worst(found: ArrayLike<number>, bounds: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < found.length; i++) if (found[i] !== 0) most = Math.max(most, found[i]! / bounds[i]!);
  return most;
}
