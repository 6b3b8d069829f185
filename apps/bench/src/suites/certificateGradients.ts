import { attendVjpReference, type AttentionProblem } from '@prompt-limits/attention';
import { maxNorm, tokens, tokensToMatrix, type Kernels, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { attendVjp } from '@prompt-limits/fast-attention';
import type { Looseness } from './looseness.ts';

/** What `run` gives, or `other` where the tolerance is below what the precision certifies: that refusal is not what is checked here. */
export function unlessRefused<T>(run: () => T, other: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError) || !error.message.includes('tolerance must be at least')) throw error;
    return other();
  }
}

/**
 * Gradients for dZ against the chain rule with the weights stored, in float64; a row is a token of dQ, dK or dV.
 *
 * The reference's own error: every entry is a sum of at most N = queries + keys products of a weight, |scale|, an entry of Q or K, and dA of at most
 * dv |dZ| |V|, or of a weight and an entry of dZ. Weights err by (d + 8) S + N units of 2^-53, S the largest score, sums by N more; 16 covers the constants.
 */
function compare(problem: AttentionProblem, dZ: Tokens, tolerance: number, kernels: Kernels, looseness: Looseness): void {
  const { queries, keys, values, scale, heads = 1, keyHeads = heads } = problem;
  const [d, dv] = [queries.d / heads, values.d / keyHeads];
  const options = { method: 'polynomial', perToken: true, kernels } as const;
  const { certificate, plan, ...gradient } = unlessRefused(
    () => attendVjp(problem, null, dZ, { ...options, tolerance }),
    () => attendVjp(problem, null, dZ, { ...options, method: 'exact' }),
  );
  const exact = attendVjpReference(problem, dZ);
  const largest = (t: Tokens): number => maxNorm(tokensToMatrix(t));
  const N = queries.n + keys.n;
  const S = Math.abs(scale) * d * largest(queries) * largest(keys);
  const unit = 16 * ((d + 8) * S + 2 * N) * 2 ** -53 * N;
  const slack = {
    queries: unit * Math.abs(scale) * largest(keys) * dv * largest(values),
    keys: unit * Math.abs(scale) * largest(queries) * dv * largest(values),
    values: unit,
  };
  for (const part of ['queries', 'keys', 'values'] as const) {
    const [count, width, n] = part === 'queries' ? [heads, d, queries.n] : [keyHeads, part === 'keys' ? d : dv, keys.n];
    const bounds = certificate.perToken![part];
    for (let a = 0; a < count; a++) {
      const approximate = plan[Math.floor((a * heads) / count)]!.method === 'polynomial';
      for (let i = 0; i < n; i++) {
        let error = 0;
        for (let c = 0; c < width; c++) {
          const at = (i * count + a) * width + c;
          error = Math.max(error, Math.abs(gradient[part].data[at]! - exact[part].data[at]!) - slack[part]);
        }
        looseness.add(Math.max(0, error), Math.min(bounds[a * n + i]!, certificate.bound[part]), approximate);
      }
    }
  }
}

/** Gradients for a random dZ. */
export function checkGradients(problem: AttentionProblem, random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const { queries, values, heads = 1, keyHeads = heads } = problem;
  const rows = (values.d / keyHeads) * heads;
  const Storage = queries.data.constructor as Float64ArrayConstructor;
  const dZ = tokens(rows, new Storage(rows * queries.n).map(() => 2 * random.uniform() - 1));
  compare(problem, dZ, [1e-1, 1e-2, 1e-3][random.integer(3)]!, kernels, looseness);
}

/**
 * Heads of one dimension on which bounds of gradients come close to errors: queries and keys at the ends of an interval, where the polynomial errs
 * most, values of two points, the output's gradient on one query, one key repeated up to 60 times.
 */
export function attackGradients(random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const R = 0.1 + 1.5 * random.uniform();
  const few = 2 + random.integer(4);
  const keys = [1, -1, ...Array.from({ length: few }, () => 2 * random.uniform() - 1)];
  const values = [0, 1, ...Array.from({ length: few }, () => random.integer(2))];
  const which = random.integer(keys.length);
  for (let times = 1 + random.integer(60); times > 0; times--) {
    keys.push(keys[which]!);
    values.push(values[which]!);
  }
  const q = random.integer(2) === 1 ? R : R * (2 * random.uniform() - 1);
  const Storage = (kernels.precision === 'float32' ? Float32Array : Float64Array) as Float64ArrayConstructor;
  const column = (x: readonly number[]): Tokens => tokens(1, Storage.from(x));
  compare({ queries: column([R, -R, q]), keys: column(keys), values: column(values), scale: 1 }, column([0, 0, 1]), [0.5, 0.1, 0.02, 0.004][random.integer(4)]!, kernels, looseness);
}
