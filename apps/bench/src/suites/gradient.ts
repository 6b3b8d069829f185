import { attend as attendExact, attendVjp as exactVjp, type AttentionProblem } from '@prompt-limits/attention';
import { geometricMeanRatio, interleave, median } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, randomSource, tokens, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend, attendVjp } from '@prompt-limits/fast-attention';
import type { Row } from '../cli/table.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** Self-attention of uniform entries, scale 1 / sqrt(d). */
interface Case {
  readonly d: number;
  readonly entries: number;
  readonly causal: boolean;
}

const CASES: readonly Case[] = [{ d: 8, entries: 0.5, causal: false }, { d: 8, entries: 0.5, causal: true }, { d: 16, entries: 0.35, causal: false }];
const LENGTHS = [4096, 16384, 65536, 131072];
const QUICK_LENGTHS = [4096, 16384];

/** The exact gradient is timed up to this many tokens. */
const EXACT_LIMIT = 16384;

/** Tokens with a gradient of their output where errors are measured: the exact gradient in float64 then takes a pass over the keys for each. */
const SAMPLED = 32;
const TOLERANCE = 3e-3;
const SEED = 1;

/** The gradient in near-linear time. */
export const gradient: Suite = {
  name: 'gradient',
  claim: 'The near-linear gradient, its own forward pass included, takes at most 4 times the near-linear forward pass of the same degree, and no entry leaves its certificate.',
  columns: {
    n: 'tokens, queries and keys',
    d: 'width of a token',
    mask: 'none, or causal: a query sees the keys up to its own token',
    degree: 'degree of the polynomial, of p for the forward pass and p\' for the gradient',
    rank: 'monomials up to that degree',
    halfWidth: 'bound on the centred scores',
    threads: 'threads that share the work',
    ms: 'median milliseconds of dQ, dK and dV, planning, certificate and forward pass included',
    forwardMs: 'median milliseconds of the near-linear forward pass of the same degree, in turn with it',
    ratioToForward: 'time over that of the forward pass, geometric mean over the rounds',
    exactMs: `milliseconds of exact attention and its gradient in WASM on as many threads, best of two, up to n = ${EXACT_LIMIT}`,
    speedup: 'exactMs over ms',
    maxError: `largest difference of any entry of dQ, dK and dV from the exact gradient in float64, where ${SAMPLED} outputs have a gradient`,
    certified: 'the bound of the certificate on it',
    certifiedRelative: `the same in the natural sizes in which the tolerance of ${TOLERANCE} is asked for, largest of dQ, dK and dV`,
  },
  run,
};

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const kernels = await createKernels({ threads });
  try {
    const rows: Row[] = [];
    const list = CASES.flatMap((c) => (quick ? QUICK_LENGTHS : LENGTHS).map((n) => Object.assign({ n }, c)));
    for (const [i, c] of list.entries()) {
      signal.throwIfAborted();
      const step = (f: number): void => onProgress((i + f) / list.length, `n = ${c.n}, d = ${c.d}${c.causal ? ', causal' : ''}`);
      rows.push(await measure(c, kernels, { quick, threads, signal, onProgress: step }));
    }
    return { machine: describeNodeMachine(kernels), rows };
  } finally {
    kernels.close();
  }
}

type Problem = AttentionProblem<Float32Array>;

async function measure({ n, d, entries, causal }: Case & { n: number }, kernels: Kernels, { quick, signal, onProgress }: Omit<SuiteOptions, 'onProgress'> & { onProgress: (f: number) => void }): Promise<Row> {
  const random = randomSource(SEED);
  const uniform = (): Tokens<Float32Array> => uniformTokens(random, d, n, -entries, entries, 'float32') as Tokens<Float32Array>;
  const problem: Problem = { queries: uniform(), keys: uniform(), values: uniform(), scale: 1 / Math.sqrt(d), causal };
  const dZ = uniform();
  const options = { tolerance: TOLERANCE, method: 'polynomial', kernels } as const;
  const plan = attendVjp(problem, null, dZ, options).plan[0]!;
  const degree = plan.degree!;
  const [ours, forward] = await interleave(
    [
      { name: 'gradient', run: () => attendVjp(problem, null, dZ, options) },
      { name: 'forward', run: () => attend(problem, { degree, method: 'polynomial', kernels }) },
    ],
    { rounds: quick ? 5 : 11, minMilliseconds: quick ? 20 : 100, signal, onProgress },
  );
  const ms = median(ours!.milliseconds);
  const exactMs = n > EXACT_LIMIT ? null : Math.min(...[0, 1].map(() => {
    const start = performance.now();
    exactVjp(problem, attendExact(problem, kernels), dZ, kernels);
    return performance.now() - start;
  }));
  return {
    n, d, mask: causal ? 'causal' : 'none', degree, rank: plan.rank, halfWidth: plan.halfWidth, threads: kernels.threads,
    ms,
    forwardMs: median(forward!.milliseconds),
    ratioToForward: geometricMeanRatio(ours!.milliseconds, forward!.milliseconds),
    exactMs,
    speedup: exactMs === null ? null : exactMs / ms,
    ...errorOf(problem, dZ, kernels),
  };
}

/** Against the exact gradient in float64 of the same problem with the sampled queries only: the others have no gradient to pass on. */
function errorOf(problem: Problem, dZ: Tokens<Float32Array>, kernels: Kernels): { maxError: number; certified: number; certifiedRelative: number } {
  const { n, d } = dZ;
  const chosen = Array.from({ length: SAMPLED }, (_, i) => Math.round((i * (n - 1)) / (SAMPLED - 1)));
  const sparse = tokens(d, new Float32Array(n * d));
  for (const t of chosen) sparse.data.set(dZ.data.subarray(t * d, (t + 1) * d), t * d);
  const fast = attendVjp(problem, null, sparse, { tolerance: TOLERANCE, method: 'polynomial', kernels });
  const wide = (t: Tokens, from: number = 0, to: number = t.n): Tokens<Float64Array> => tokens(t.d, Float64Array.from(t.data.subarray(from * t.d, to * t.d)));
  const rest = { keys: Float64Array.from(fast.keys.data), values: Float64Array.from(fast.values.data) };
  const [keys, values] = [wide(problem.keys), wide(problem.values)];
  let maxError = 0;
  for (const t of chosen) {
    const one = { queries: wide(problem.queries, t, t + 1), keys, values, scale: problem.scale, causal: problem.causal === true ? t : false };
    const exact = exactVjp(one, attendExact(one), wide(sparse, t, t + 1));
    for (const part of ['keys', 'values'] as const) exact[part].data.forEach((x, i) => (rest[part][i]! -= x));
    exact.queries.data.forEach((x, c) => (maxError = Math.max(maxError, Math.abs(x - fast.queries.data[t * d + c]!))));
  }
  for (const part of [rest.keys, rest.values]) part.forEach((x) => (maxError = Math.max(maxError, Math.abs(x))));
  const { bound, relative } = fast.certificate;
  const largest = (x: typeof relative): number => Math.max(x.queries, x.keys, x.values);
  return { maxError, certified: largest(bound), certifiedRelative: largest(relative) };
}
