import { attend as exactly, type AttentionProblem } from '@prompt-limits/attention';
import { interleave, median } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, randomSource, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend, efficiencyCriterion, type FastAttention } from '@prompt-limits/fast-attention';
import type { Row } from '../cli/table.ts';
import { phasePicture } from '../html/phasePicture.ts';
import { sampledError } from '../peers/exactRows.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

const RATIOS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1, 1.25, 1.5, 2];
const LENGTHS = [1024, 4096, 16384, 65536];
const QUICK_LENGTHS = [1024, 4096, 16384];

/** Width of a token; the theorems take d of the order of ln n. */
const WIDTH = 8;
const TOLERANCE = 1e-3;
/** Exact attention is timed up to this n; beyond, its time grows with n^2. */
const EXACT_LIMIT = 16384;
const SAMPLED = 8;
const SEED = 1;

/** The transition of Theorem 3.1 at sizes that are run. */
export const phase: Suite = {
  name: 'phase',
  claim:
    'Theorems 3.1 and 3.2 at sizes that run: up to B = 0.5 sqrt(ln n) the polynomial is faster than exact attention, by more the larger n is; towards sqrt(ln n) the rank that it needs explodes at every n, and exact attention takes over.',
  columns: {
    n: 'tokens, queries and keys',
    d: 'width of a token; scores are q . k / d, the scale of the theorems',
    ratio: 'B / sqrt(ln n)',
    B: 'Q, K and V are uniform in [-B, B)',
    halfWidth: 'bound on the centred scores of all pairs, from norms',
    degree: `least degree of a polynomial that is within ${TOLERANCE} of the range of V on it, rounding aside`,
    rank: 'its monomials, C(d + degree, degree)',
    method: 'what auto chose',
    ms: 'median milliseconds of auto, plan and certificate included',
    exactMs: 'median milliseconds of exact attention on as many threads, in turn with it',
    exactScaledFrom: 'n at which exactMs was timed, if another: scaled by n^2',
    speedup: 'exactMs over ms',
    maxError: `largest difference from exact attention in float64 over ${SAMPLED} queries, as a fraction of the range of V`,
    certified: 'the bound on it for all queries',
    threads: 'threads that share the work',
  },
  picture: phasePicture,
  run,
};

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const kernels = await createKernels({ threads });
  try {
    warmUp(kernels);
    const rows: Row[] = [];
    const list = (quick ? QUICK_LENGTHS : LENGTHS).flatMap((n) => RATIOS.map((ratio) => ({ n, ratio })));
    let known: { n: number; ms: number } | null = null;
    for (const [i, { n, ratio }] of list.entries()) {
      signal.throwIfAborted();
      const step = (f: number): void => onProgress((i + f) / list.length, `n = ${n}, B = ${ratio} sqrt(ln n)`);
      const row = await measure(n, ratio, kernels, known, { quick, signal, onProgress: step });
      if (row['exactScaledFrom'] === null) known = { n, ms: row['exactMs'] as number };
      rows.push(row);
    }
    return { machine: describeNodeMachine(kernels), rows };
  } finally {
    kernels.close();
  }
}

function draw(n: number, B: number): AttentionProblem<Float32Array> {
  const random = randomSource(SEED);
  const uniform = (): Tokens<Float32Array> => uniformTokens(random, WIDTH, n, -B, B, 'float32');
  return { queries: uniform(), keys: uniform(), values: uniform(), scale: 1 / WIDTH };
}

/** Half a second of calls on either side, until the engine has compiled what they run through. */
function warmUp(kernels: Kernels): void {
  const problems = [0.5, 1.5].map((B) => draw(1024, B));
  for (const start = performance.now(); performance.now() - start < 500; ) for (const problem of problems) attend(problem, { tolerance: TOLERANCE, truncation: 'isotropic', kernels });
}

async function measure(n: number, ratio: number, kernels: Kernels, known: { n: number; ms: number } | null, { quick, signal, onProgress }: Pick<SuiteOptions, 'quick' | 'signal'> & { onProgress: (f: number) => void }): Promise<Row> {
  const B = ratio * Math.sqrt(Math.log(n));
  const problem = draw(n, B);
  const { scores, polynomial } = efficiencyCriterion({ ...problem, causal: false, tolerance: TOLERANCE }, { method: 'radius' });
  let result: FastAttention | null = null;
  const timed = known === null || n <= EXACT_LIMIT;
  const [ours, exact] = await interleave(
    [
      { name: 'auto', run: () => (result = attend(problem, { tolerance: TOLERANCE, truncation: 'isotropic', kernels })) },
      ...(timed ? [{ name: 'exact', run: () => exactly(problem, kernels) }] : []),
    ],
    { rounds: quick ? 3 : 5, warmUpRounds: n > 4096 ? 0 : 1, minMilliseconds: n > 4096 ? 1 : 20, signal, onProgress },
  );
  const { plan, certificate, output } = result! as FastAttention;
  const ms = median(ours!.milliseconds);
  const exactMs = exact === undefined ? known!.ms * (n / known!.n) ** 2 : median(exact.milliseconds);
  return {
    n, d: WIDTH, ratio, B, halfWidth: scores.halfWidth, degree: polynomial?.degree ?? null, rank: polynomial === null ? null : Number(polynomial.rank),
    method: plan[0]!.method, ms, exactMs, exactScaledFrom: exact === undefined ? known!.n : null, speedup: exactMs / ms,
    maxError: sampledError(problem, output.data, SAMPLED), certified: certificate.relative, threads: kernels.threads,
  };
}
