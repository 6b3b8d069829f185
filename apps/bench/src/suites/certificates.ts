import { readFile } from 'node:fs/promises';
import type { AttentionProblem } from '@prompt-limits/attention';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { concatTokens, createKernels, createPlainKernels, randomSource, tokens, type FloatArray, type Kernels, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { attend, attendWithCompiled, compilePrompt } from '@prompt-limits/fast-attention';
import type { Row } from '../cli/table.ts';
import { exactRows } from '../peers/exactRows.ts';
import { attack } from './certificateAttack.ts';
import { families } from './certificateCases.ts';
import { checkGradients, unlessRefused } from './certificateGradients.ts';
import { Looseness } from './looseness.ts';
import { modelHeads } from './modelHeads.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** Rows that each family is checked on, in each method and build; all of them together are above a million, a sixth of that with --quick. */
const ROWS = 30_000;
const QUICK_ROWS = 5_000;
const SEED = 1;
const TOLERANCES = [1e-2, 1e-3, 1e-4];

/** Certificates against exact attention in float64. */
export const certificates: Suite = {
  name: 'certificates',
  claim: 'No deterministic certificate of near-linear attention, of its gradient or of a compiled prompt is ever violated; on values chosen against the weights the bounds are within 3 times the error.',
  columns: {
    method: 'attend; compiled: attention to a compiled prompt; merged: the same with a user\'s tokens beside it; gradient: attendVjp',
    kind: 'what the certificate rests on: a-posteriori and a-priori are proofs; sampled is a statement with confidence 0.9999 about all rows of a problem, and a violation one that is false',
    data: 'where the numbers come from; adversarial: values of two points against the weights, looseness over the outputs attacked (elsewhere errors of random signs cancel); heads of MiniMind2-Small also with Q and K divided, since all run exactly as they are',
    build: 'kernels: relaxed-simd (or simd128), plain Float32 or Float64',
    rows: 'outputs (a query of a head; for gradients a token of dQ, dK or dV) compared with float64',
    polynomial: 'share of the rows that were not computed exactly',
    violations: 'rows with an entry further from exact attention than its certificate says',
    medianLooseness: 'certificate over error, median over the rows with an error that float64 shows; empty where there is none',
    maxLooseness: 'largest of these',
  },
  run,
};

interface Job {
  readonly run: (random: RandomSource, looseness: Looseness) => void;
  readonly row: Row;
  readonly target: number;
}

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const wasm = await createKernels({ threads });
  const builds = [wasm, createPlainKernels({ precision: 'float32' }), createPlainKernels({ precision: 'float64' })];
  try {
    const target = quick ? QUICK_ROWS : ROWS;
    const jobs: Job[] = builds.flatMap((kernels) => jobsOf(kernels, kernels === wasm ? target : target / 4));
    onProgress(0, 'heads of MiniMind2-Small');
    const text = await readFile(new URL('../../texts/soft-prompt.txt', import.meta.url), 'utf8');
    const problems = await modelHeads(text, () => {});
    for (const divisor of [1, 16, 64]) jobs.push(headJob(problems, divisor, wasm));
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

type Check = (problem: AttentionProblem, random: RandomSource, kernels: Kernels, looseness: Looseness) => void;

/** What is checked on the families, on which share of the rows (for a statement, a number of them), and where not. */
const CHECKS: readonly { readonly method: string; readonly kind: string; readonly rows: (target: number) => number; readonly check: Check; readonly without: readonly string[] }[] = [
  { method: 'attend', kind: 'a-posteriori', rows: (target) => target, check: checkAttend('a-posteriori'), without: [] },
  // An a-priori fraction is of twice the largest value of its head: one head is enough.
  { method: 'attend', kind: 'a-priori', rows: (target) => target / 2, check: checkAttend('a-priori'), without: ['grouped heads'] },
  { method: 'attend', kind: 'sampled', rows: () => 10, check: checkSampled, without: [] },
  { method: 'compiled', kind: 'a-posteriori', rows: (target) => target / 2, check: checkCompiled(false), without: ['causal', 'grouped heads', 'scores to the edge of 8'] },
  { method: 'merged', kind: 'a-posteriori', rows: (target) => target / 2, check: checkCompiled(true), without: ['causal', 'grouped heads', 'scores to the edge of 8'] },
  { method: 'gradient', kind: 'a-posteriori', rows: (target) => target / 2, check: checkGradients, without: ['20,000 keys'] },
];

function jobsOf(kernels: Kernels, target: number): Job[] {
  const build = `${kernels.build} ${kernels.precision}`;
  const against = { kind: 'a-posteriori', data: 'adversarial two-point values', build };
  const jobs: Job[] = [
    { row: { method: 'attend', ...against }, target, run: (random, looseness) => attackAttend(random, kernels, looseness) },
    { row: { method: 'compiled', ...against }, target, run: (random, looseness) => attackCompiled(random, kernels, looseness) },
  ];
  for (const { name: data, draw } of families) {
    for (const { method, kind, rows, check, without } of CHECKS) {
      if (without.includes(data)) continue;
      jobs.push({ row: { method, kind, data, build }, target: rows(target), run: (random, looseness) => check(rounded(draw(random), kernels), random, kernels, looseness) });
    }
  }
  return jobs;
}

const between = (random: RandomSource, low: number, high: number): number => low + (high - low) * random.uniform();

function attackAttend(random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const options = { degree: 1 + random.integer(4), method: 'polynomial' } as const;
  const { problem, targets } = attack(random, 1 + random.integer(4), between(random, 0.3, 2), (p) => attend<FloatArray>(p, options).output.data);
  const stored = rounded(problem, kernels);
  const { output, certificate, plan } = attend<FloatArray>(stored, { ...options, perQuery: true, kernels });
  const rows = exactRows(stored);
  for (let i = 0; i < stored.queries.n; i++) {
    looseness.add(rows.error(output.data, i, 0), Math.min(certificate.perQuery![i]!, certificate.relative), plan[0]!.method === 'polynomial', i < targets);
  }
}

function attackCompiled(random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const degree = 1 + random.integer(4);
  const halfWidth = between(random, 0.3, 2);
  const options = { queryRadius: halfWidth * (1 + 2 ** -12), degree, tolerance: 0.999 };
  const { problem, targets } = attack(random, 1 + random.integer(4), halfWidth, ({ queries, ...rest }) => compilePrompt({ ...rest, ...options }).attend(queries).output.data);
  const stored = rounded(problem, kernels);
  const { output, certificate } = compilePrompt({ keys: stored.keys, values: stored.values, scale: 1, ...options, kernels }).attend(stored.queries, kernels);
  const rows = exactRows(stored);
  for (let i = 0; i < stored.queries.n; i++) looseness.add(rows.error(output.data, i, 0), certificate.perQuery![i]!, true, i < targets);
}

/** The problem in the precision of the kernels. */
function rounded(problem: AttentionProblem<Float64Array>, kernels: Kernels): AttentionProblem {
  const stored = (t: Tokens<Float64Array>): Tokens => (kernels.precision === 'float64' ? t : tokens(t.d, Float32Array.from(t.data)));
  return { ...problem, queries: stored(problem.queries), keys: stored(problem.keys), values: stored(problem.values) };
}

const pick = <T>(random: RandomSource, list: readonly T[]): T => list[random.integer(list.length)]!;

function checkAttend(certificate: 'a-posteriori' | 'a-priori'): Check {
  return (problem, random, kernels, looseness) => {
    // Degrees instead of tolerances in half of the problems: they take the bounds where no tolerance would.
    const wanted = random.integer(2) ? { tolerance: pick(random, TOLERANCES) } : { degree: 1 + random.integer(4) };
    const options = { method: 'polynomial', certificate, perQuery: true, kernels } as const;
    const result = unlessRefused(() => attend<FloatArray>(problem, { ...options, ...wanted }), () => attend<FloatArray>(problem, options));
    const { heads = 1, queries: { n } } = problem;
    const { bound, relative } = result.certificate;
    const rows = exactRows(problem, certificate === 'a-priori' && relative > 0 ? bound / relative : undefined);
    for (let a = 0; a < heads; a++) {
      const approximate = result.plan[a]!.method === 'polynomial';
      for (let i = 0; i < n; i++) {
        const error = rows.error(result.output.data, i, a);
        looseness.add(error, Math.min(result.certificate.perQuery![a * n + i]!, relative), approximate);
      }
    }
  };
}

function checkSampled(problem: AttentionProblem, random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const options = { method: 'polynomial', certificate: 'sampled', sample: { rows: 32, confidence: 0.9999, random }, kernels } as const;
  const { output, certificate, plan } = unlessRefused(() => attend<FloatArray>(problem, { ...options, tolerance: 1e-2 }), () => attend<FloatArray>(problem, options));
  const { heads = 1, queries: { n } } = problem;
  const rows = exactRows(problem);
  let within = 0;
  for (let a = 0; a < heads; a++) for (let i = 0; i < n; i++) within += rows.error(output.data, i, a) <= certificate.relative ? 1 : 0;
  looseness.statement(within / (heads * n) >= certificate.sample!.fraction, plan[0]!.method === 'polynomial');
}

function checkCompiled(merged: boolean): Check {
  return ({ queries, keys, values, scale }, random, kernels, looseness) => {
    let queryRadius = 0;
    for (let i = 0; i < queries.n; i++) queryRadius = Math.max(queryRadius, Math.hypot(...queries.data.subarray(i * queries.d, (i + 1) * queries.d)));
    const compiled = compilePrompt({ keys, values, scale, queryRadius: queryRadius * (1 + 2 ** -20) + 2 ** -20, degree: 1 + random.integer(4), tolerance: 0.999, kernels });
    if (!merged) {
      const { output, certificate } = compiled.attend(queries, kernels);
      const rows = exactRows({ queries, keys, values, scale });
      for (let i = 0; i < queries.n; i++) looseness.add(rows.error(output.data, i, 0), certificate.perQuery![i]!, true);
      return;
    }
    const own = { keys: queries, values: tokens(values.d, queries.data.constructor === Float32Array ? new Float32Array(values.d * queries.n) : new Float64Array(values.d * queries.n)) };
    for (let at = 0; at < own.values.data.length; at++) own.values.data[at] = 2 * random.uniform() - 1;
    const { output, certificate } = attendWithCompiled(compiled, { queries, ...own }, kernels);
    const rows = exactRows({ queries, keys: concatTokens(keys, own.keys), values: concatTokens(values, own.values), scale });
    for (let i = 0; i < queries.n; i++) looseness.add(rows.error(output.data, i, 0), certificate.perQuery![i]!, true);
  };
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
