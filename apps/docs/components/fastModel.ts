/** What the demo of near-linear attention shows, computed by the packages; the page and its test call the same functions. */
import { attend as exactly, type AttentionProblem } from '@prompt-limits/attention';
import { randomSource, tokens, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend, compilePrompt, monomialCount, nominalCosts, polynomialDegree, predictedTimes, weightTolerance, type FastAttention, type HeadPlan } from '@prompt-limits/fast-attention';

/** One head of self-attention with uniform entries. */
export interface FastState {
  /** n = 2^log2n tokens. */
  readonly log2n: number;
  readonly d: number;
  /** Entries of Q, K and V lie within it. */
  readonly entries: number;
  /** The tolerance is 10^-digits of the range of V. */
  readonly digits: number;
  /** Queries and keys that are 20 times as long. */
  readonly far: number;
}

/** What the page shows first. */
export const initialFastState: FastState = { log2n: 12, d: 8, entries: 0.5, digits: 3, far: 0 };

/** Queries whose outputs are compared with exact attention in Float64. */
const SAMPLED = 8;

/** Everything that the page prints but times. */
export interface FastView {
  readonly n: number;
  /** B / sqrt(ln n) of the entries without the far ones. */
  readonly ratio: number;
  readonly plan: HeadPlan;
  /** The certificate, and the largest error among the sampled queries, as fractions of the range of V. */
  readonly certified: number;
  readonly error: number;
  /** The keys as a compiled prompt for these queries, or why there is none. */
  readonly compiled: { readonly rank: number; readonly stateBytes: number; readonly kvBytes: number; readonly certified: number } | string;
}

/** Queries, keys and values of a state, in Float32. */
export function fastProblem({ log2n, d, entries, far }: FastState): AttentionProblem<Float32Array> {
  const n = 2 ** log2n;
  const random = randomSource(1);
  const [queries, keys, values] = [0, 1, 2].map(() => uniformTokens(random, d, n, -entries, entries, 'float32')) as [Tokens<Float32Array>, Tokens<Float32Array>, Tokens<Float32Array>];
  for (const { data } of [queries, keys]) {
    for (let i = 0; i < far; i++) {
      const at = Math.floor(((i + 0.5) * n) / far) * d;
      for (let c = 0; c < d; c++) data[at + c]! *= 20;
    }
  }
  return { queries, keys, values, scale: 1 / Math.sqrt(d) };
}

const costs = nominalCosts({ build: 'relaxed-simd', precision: 'float32' });

/** The call that is timed: `attend` as a user calls it, decisions from fixed costs so that they do not depend on the machine. */
export const attendFast = (state: FastState, problem: AttentionProblem<Float32Array>, kernels: Kernels): FastAttention<Float32Array> =>
  attend(problem, { tolerance: 10 ** -state.digits, costs, kernels });

/** The demo's figures for one state. */
export function fastView(state: FastState, problem: AttentionProblem<Float32Array>, kernels: Kernels): FastView {
  const { output, plan, certificate } = attendFast(state, problem, kernels);
  const n = problem.queries.n;
  return {
    n,
    ratio: state.entries / Math.sqrt(Math.log(n)),
    plan: plan[0]!,
    certified: certificate.relative,
    error: sampledError(problem, output),
    compiled: compiledView(state, problem, kernels),
  };
}

const wide = (t: Tokens<Float32Array>): Tokens<Float64Array> => tokens(t.d, Float64Array.from(t.data));

function sampledError(problem: AttentionProblem<Float32Array>, output: Tokens<Float32Array>): number {
  const { queries, keys, values, scale } = problem;
  const { d, n } = queries;
  const chosen = Array.from({ length: SAMPLED }, (_, i) => Math.floor(((i + 0.5) * n) / SAMPLED));
  const some = tokens(d, Float64Array.from(chosen.flatMap((i) => [...queries.data.subarray(i * d, (i + 1) * d)])));
  const exact = exactly({ queries: some, keys: wide(keys), values: wide(values), scale }).output.data;
  let worst = 0;
  for (let c = 0; c < d; c++) {
    let [low, high] = [Infinity, -Infinity];
    for (let at = c; at < values.data.length; at += d) [low, high] = [Math.min(low, values.data[at]!), Math.max(high, values.data[at]!)];
    chosen.forEach((i, row) => (worst = Math.max(worst, Math.abs(output.data[i * d + c]! - exact[row * d + c]!) / (high - low))));
  }
  return worst;
}

function compiledView(state: FastState, { queries, keys, values, scale }: AttentionProblem<Float32Array>, kernels: Kernels): FastView['compiled'] {
  const { d, n } = queries;
  let queryRadius = 0;
  for (let i = 0; i < n; i++) queryRadius = Math.max(queryRadius, Math.hypot(...queries.data.subarray(i * d, (i + 1) * d)));
  try {
    const { rank, stateBytes, certificate } = compilePrompt({ keys, values, scale, queryRadius: queryRadius * (1 + 2 ** -20), tolerance: 10 ** -state.digits, kernels });
    return { rank, stateBytes, kvBytes: 4 * n * 2 * d, certified: certificate.relative };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message.replace(/^compilePrompt: /, '');
  }
}

/** Rank that the largest entries alone ask for, at ratios B / sqrt(ln n). */
export function worstRanks({ log2n, d, digits }: FastState, ratios: readonly number[]): readonly number[] {
  const epsilon = weightTolerance(10 ** -digits);
  return ratios.map((ratio) => {
    const B = ratio * Math.sqrt(Math.log(2 ** log2n));
    // |scale q . k| <= sqrt(d) B^2 for entries within B.
    return Number(monomialCount(d, polynomialDegree({ halfWidth: Math.sqrt(d) * B * B, tolerance: epsilon })));
  });
}

/** The rank beyond which exact attention is predicted to be faster at this n and d. */
export function breakEvenRank({ log2n, d }: FastState): number {
  const n = 2 ** log2n;
  const times = (rank: number): { exact: number; polynomial: number } => predictedTimes(costs, { queries: n, keys: n, pairs: n * n, d, dv: d, rank });
  const [none, some] = [times(0), times(1000)];
  return Math.max(0, (1000 * (none.exact - none.polynomial)) / (some.polynomial - none.polynomial));
}
