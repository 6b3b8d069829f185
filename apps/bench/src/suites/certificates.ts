import { readFile } from 'node:fs/promises';
import type { AttentionProblem } from '@prompt-limits/attention';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, createPlainKernels, randomSource, tokens, type FloatArray, type Kernels, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { attend } from '@prompt-limits/fast-attention';
import type { Row } from '../cli/table.ts';
import { exactRows } from '../peers/exactRows.ts';
import { families } from './certificateCases.ts';
import { attackAttend, attackCompiled, attackEdge, checkAttend, checkCompiled, checkSampled, rounded, type Check } from './certificateChecks.ts';
import { attackGradients, checkGradients } from './certificateGradients.ts';
import { Looseness } from './looseness.ts';
import { modelHeads } from './modelHeads.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** Rows that each family is checked on, in each method and build; all of them together are above a million, a sixth of that with --quick. */
const ROWS = 30_000;
const QUICK_ROWS = 5_000;
const SEED = 1;

/** Certificates against exact attention in float64. */
export const certificates: Suite = {
  name: 'certificates',
  claim: 'No deterministic certificate of near-linear attention, of its gradient or of a compiled prompt is ever violated; on values chosen against the weights the bounds are within 3 times the error.',
  columns: {
    method: 'attend; attend adaptive: the same in balanced coordinates; compiled: attention to a compiled prompt; merged: the same with a user\'s tokens beside it; gradient: attendVjp',
    kind: 'what the certificate rests on: a-posteriori and a-priori are proofs; sampled is a statement with confidence 0.9999 about all rows of a problem, and a violation one that is false',
    data: 'where the numbers come from; adversarial: values of two points against the weights, also at the largest half-width at which a degree meets its tolerance, looseness over the outputs attacked (elsewhere errors of random signs cancel); two-point values, queries at the ends: heads of one dimension; heads of MiniMind2-Small also with Q and K divided, since all run exactly as they are; unequal sizes, merged: the user\'s keys are the queries, so scores go up to 1e24',
    build: 'kernels: relaxed-simd (or simd128), plain Float32 or Float64',
    rows: 'outputs (a query of a head; for gradients a token of dQ, dK or dV) compared with float64',
    polynomial: 'share of the rows that were not computed exactly',
    violations: 'rows with an entry further from exact attention than its certificate says',
    medianLooseness: 'certificate over error, median over the rows with an error that float64 shows; empty where there is none',
    maxLooseness: 'largest of these',
  },
  run,
};

/** What fills one row of the table. */
export interface Job {
  readonly run: (random: RandomSource, looseness: Looseness) => void;
  readonly row: Row;
  readonly target: number;
}

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const wasm = await createKernels({ threads });
  const builds = [wasm, createPlainKernels({ precision: 'float32' }), createPlainKernels({ precision: 'float64' })];
  try {
    const target = quick ? QUICK_ROWS : ROWS;
    const jobs: Job[] = builds.flatMap((kernels) => certificateJobs(kernels, kernels === wasm ? target : target / 4));
    onProgress(0, 'heads of MiniMind2-Small');
    const text = await readFile(new URL('../../texts/soft-prompt.txt', import.meta.url), 'utf8');
    const problems = await modelHeads(text, () => {});
    for (const divisor of [1, 16, 64, 256]) jobs.push(headJob(problems, divisor, wasm));
    const rows: Row[] = [];
    for (const [i, { run: check, row, target: wanted }] of jobs.entries()) {
      const random = randomSource(SEED);
      const looseness = new Looseness();
      do {
        signal.throwIfAborted();
        onProgress(i / jobs.length, `${String(row['method'])}, ${String(row['data'])}, ${String(row['build'])}`);
        await new Promise((resolve) => setImmediate(resolve));
        check(random, looseness);
      } while (looseness.rows < wanted);
      rows.push({ ...row, ...looseness.summary() });
    }
    return { machine: describeNodeMachine(wasm), rows };
  } finally {
    wasm.close();
  }
}

/** What is checked on the families, on which share of the rows (for a statement, a number of them), and where not. */
const CHECKS: readonly { readonly method: string; readonly kind: string; readonly rows: (target: number) => number; readonly check: Check; readonly without: readonly string[] }[] = [
  { method: 'attend', kind: 'a-posteriori', rows: (target) => target, check: checkAttend('a-posteriori'), without: [] },
  { method: 'attend adaptive', kind: 'a-posteriori', rows: (target) => target / 2, check: checkAttend('a-posteriori', 'adaptive'), without: [] },
  // An a-priori fraction is of twice the largest value of its head: one head is enough.
  { method: 'attend', kind: 'a-priori', rows: (target) => target / 2, check: checkAttend('a-priori'), without: ['grouped heads'] },
  { method: 'attend', kind: 'sampled', rows: () => 10, check: checkSampled, without: [] },
  // A prompt of subnormal values is refused: no tolerance below 1 could be certified.
  { method: 'compiled', kind: 'a-posteriori', rows: (target) => target / 2, check: checkCompiled(false), without: ['causal', 'scores to the edge of 8', 'subnormal values', 'a few tokens far out'] },
  { method: 'merged', kind: 'a-posteriori', rows: (target) => target / 2, check: checkCompiled(true), without: ['scores to the edge of 8', 'subnormal values', 'a few tokens far out'] },
  { method: 'gradient', kind: 'a-posteriori', rows: (target) => target / 2, check: checkGradients, without: ['20,000 keys'] },
];

/** Everything that is checked with one build, on at least `target` rows where rows are cheap. */
export function certificateJobs(kernels: Kernels, target: number): Job[] {
  const build = `${kernels.build} ${kernels.precision}`;
  const against = { kind: 'a-posteriori', data: 'adversarial two-point values', build };
  const jobs: Job[] = [
    { row: { method: 'attend', ...against }, target, run: (random, looseness) => attackAttend(random, kernels, looseness) },
    { row: { method: 'compiled', ...against }, target, run: (random, looseness) => attackCompiled(random, kernels, looseness) },
    { row: { method: 'gradient', ...against, data: 'two-point values, queries at the ends' }, target: target / 2, run: (random, looseness) => attackGradients(random, kernels, looseness) },
    { row: { method: 'attend', ...against, data: 'adversarial, at the edge of a degree' }, target: target / 4, run: (random, looseness) => attackEdge(random, kernels, looseness) },
  ];
  for (const { name: data, draw } of families) {
    for (const { method, kind, rows, check, without } of CHECKS) {
      if (without.includes(data)) continue;
      jobs.push({ row: { method, kind, data, build }, target: rows(target), run: (random, looseness) => check(rounded(draw(random), kernels), random, kernels, looseness) });
    }
  }
  return jobs;
}

function headJob(problems: readonly AttentionProblem<Float32Array>[], divisor: number, kernels: Kernels): Job {
  const root = Math.sqrt(divisor);
  const divided = (t: Tokens<Float32Array>): Tokens<Float32Array> => tokens(t.d, t.data.map((x) => x / root));
  const data = divisor === 1 ? 'heads of MiniMind2-Small' : `heads of MiniMind2-Small, scores / ${divisor}`;
  return {
    row: { method: 'attend', kind: 'a-posteriori', data, build: `${kernels.build} ${kernels.precision}` },
    target: 1,
    run: (random, looseness) => {
      for (const p of problems) {
        // Tokens of the model's width in polynomials of degree 1 and 2: rank 65 and 2145.
        const problem = { ...p, queries: divided(p.queries), keys: divided(p.keys) };
        const { output, certificate, plan } = attend<FloatArray>(problem, { degree: 1 + random.integer(2), method: 'polynomial', perQuery: true, kernels });
        const rows = exactRows(problem);
        for (let a = 0; a < p.heads!; a++) {
          for (let i = 0; i < p.queries.n; i++) looseness.add(rows.error(output.data, i, a), certificate.perQuery![a * p.queries.n + i]!, plan[a]!.method === 'polynomial');
        }
      }
    },
  };
}
