import type { AttentionProblem } from '@prompt-limits/attention';
import { concatTokens, tokens, type FloatArray, type Kernels, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { attend, attendWithCompiled, compilePrompt, type FastAttention, type FastAttentionOptions } from '@prompt-limits/fast-attention';
import { exactRows } from '../peers/exactRows.ts';
import { attack } from './certificateAttack.ts';
import { unlessRefused } from './certificateGradients.ts';
import type { Looseness } from './looseness.ts';

/** Runs a method on a problem in the precision of the kernels and adds its rows. */
export type Check = (problem: AttentionProblem, random: RandomSource, kernels: Kernels, looseness: Looseness) => void;

/** The same with problems of its own making. */
export type Attacker = (random: RandomSource, kernels: Kernels, looseness: Looseness) => void;

const TOLERANCES = [1e-2, 1e-3, 1e-4];

const between = (random: RandomSource, low: number, high: number): number => low + (high - low) * random.uniform();
const pick = <T>(random: RandomSource, list: readonly T[]): T => list[random.integer(list.length)]!;

/** Values against the weights of a degree. */
export function attackAttend(random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const options = { degree: 1 + random.integer(4), method: 'polynomial' } as const;
  const { problem, targets } = attack(random, 1 + random.integer(4), between(random, 0.3, 2), (p) => attend<FloatArray>(p, options).output.data);
  const stored = rounded(problem, kernels);
  const { output, certificate, plan } = attend<FloatArray>(stored, { ...options, perQuery: true, kernels });
  const rows = exactRows(stored);
  for (let i = 0; i < stored.queries.n; i++) {
    looseness.add(rows.error(output.data, i, 0), Math.min(certificate.perQuery![i]!, certificate.relative), plan[0]!.method === 'polynomial', i < targets);
  }
}

/** Values against the weights of a compiled prompt. */
export function attackCompiled(random: RandomSource, kernels: Kernels, looseness: Looseness): void {
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
export function rounded(problem: AttentionProblem<Float64Array>, kernels: Kernels): AttentionProblem {
  const stored = (t: Tokens<Float64Array>): Tokens => (kernels.precision === 'float64' ? t : tokens(t.d, Float32Array.from(t.data)));
  return { ...problem, queries: stored(problem.queries), keys: stored(problem.keys), values: stored(problem.values) };
}

/**
 * Outputs of `attend`. Where a polynomial ran for a tolerance, errors are held to the tolerance as well: that is the promise whatever the certificate says.
 */
export function checkAttend(certificate: 'a-posteriori' | 'a-priori', truncation: 'auto' | 'adaptive' = 'auto'): Check {
  return (problem, random, kernels, looseness) => {
    // Degrees instead of tolerances in half of the problems: they take the bounds where no tolerance would.
    const wanted = truncation === 'adaptive' || random.integer(2) ? { tolerance: pick(random, TOLERANCES) } : { degree: 1 + random.integer(4) };
    const options = { method: 'polynomial', truncation, certificate, perQuery: true, kernels } as const;
    const { result, tolerance } = unlessRefused<Asked>(
      () => ({ result: attend<FloatArray>(problem, { ...options, ...wanted }), tolerance: wanted.tolerance ?? Infinity }),
      () => ({ result: attend<FloatArray>(problem, options), tolerance: Infinity }),
    );
    const { heads = 1, queries: { n } } = problem;
    const { bound, relative } = result.certificate;
    const rows = exactRows(problem, certificate === 'a-priori' && relative > 0 ? bound / relative : undefined);
    for (let a = 0; a < heads; a++) {
      const approximate = result.plan[a]!.method === 'polynomial';
      for (let i = 0; i < n; i++) {
        const error = rows.error(result.output.data, i, a);
        looseness.add(error, Math.min(result.certificate.perQuery![a * n + i]!, relative, approximate ? tolerance : Infinity), approximate);
      }
    }
  };
}

interface Asked {
  readonly result: FastAttention<FloatArray>;
  readonly tolerance: number;
}

/** Values against the weights at the largest half-width at which a degree still meets a tolerance: no slack is left between the certificate and what was asked for. */
export function attackEdge(random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const [d, degree, tolerance] = [1 + random.integer(4), 1 + random.integer(4), pick(random, [1e-2, 1e-3])];
  const byDegree: FastAttentionOptions = { degree, method: 'polynomial' };
  const byTolerance: FastAttentionOptions = { tolerance, method: 'polynomial', truncation: 'isotropic', perQuery: true, kernels };
  const trial = attack(random, d, 1, (p) => attend<FloatArray>(p, byDegree).output.data).problem;
  const meets = (halfWidth: number): boolean => attend<FloatArray>(rounded({ ...trial, scale: halfWidth }, kernels), byTolerance).plan[0]!.degree! <= degree;
  let [below, above] = [0, 4];
  for (let step = 0; step < 14; step++) {
    const middle = (below + above) / 2;
    if (meets(middle)) below = middle;
    else above = middle;
  }
  const { problem, targets } = attack(random, d, below, (p) => attend<FloatArray>(p, byDegree).output.data);
  const stored = rounded(problem, kernels);
  const { output, certificate, plan } = attend<FloatArray>(stored, byTolerance);
  const rows = exactRows(stored);
  for (let i = 0; i < stored.queries.n; i++) {
    const bound = Math.min(certificate.perQuery![i]!, certificate.relative, tolerance);
    looseness.add(rows.error(output.data, i, 0), bound, plan[0]!.method === 'polynomial', i < targets);
  }
}

/** The statement about all rows of a problem. */
export function checkSampled(problem: AttentionProblem, random: RandomSource, kernels: Kernels, looseness: Looseness): void {
  const options = { method: 'polynomial', certificate: 'sampled', sample: { rows: 32, confidence: 0.9999, random }, kernels } as const;
  const { output, certificate, plan } = unlessRefused(() => attend<FloatArray>(problem, { ...options, tolerance: 1e-2 }), () => attend<FloatArray>(problem, options));
  const { heads = 1, queries: { n } } = problem;
  const rows = exactRows(problem);
  let within = 0;
  for (let a = 0; a < heads; a++) for (let i = 0; i < n; i++) within += rows.error(output.data, i, a) <= certificate.relative ? 1 : 0;
  looseness.statement(within / (heads * n) >= certificate.sample!.fraction, plan[0]!.method === 'polynomial');
}

/** Outputs of a compiled prompt, alone or merged with tokens beside it, among which the problem's mask holds. */
export function checkCompiled(merged: boolean): Check {
  return ({ queries, keys, values, scale, heads = 1, keyHeads = heads, causal = false }, random, kernels, looseness) => {
    const d = queries.d / heads;
    let queryRadius = 0;
    for (let at = 0; at < queries.data.length; at += d) queryRadius = Math.max(queryRadius, Math.hypot(...queries.data.subarray(at, at + d)));
    const compiled = compilePrompt({ keys, values, scale, heads, keyHeads, queryRadius: queryRadius * (1 + 2 ** -20), degree: 1 + random.integer(4), tolerance: 0.999, kernels });
    const add = (problem: AttentionProblem, output: ArrayLike<number>, perQuery: Float64Array): void => {
      const rows = exactRows(problem);
      for (let a = 0; a < heads; a++) for (let i = 0; i < queries.n; i++) looseness.add(rows.error(output, i, a), perQuery[a * queries.n + i]!, true);
    };
    if (!merged) {
      const { output, certificate } = compiled.attend(queries, kernels);
      add({ queries, keys, values, scale, heads, keyHeads }, output.data, certificate.perQuery!);
      return;
    }
    // Of as many tokens as there are queries; with one head the keys are the queries themselves.
    const Storage = queries.data.constructor as Float64ArrayConstructor;
    const drawn = (rows: number, size: number): Tokens => tokens(rows, new Storage(rows * queries.n).map(() => size * (2 * random.uniform() - 1)));
    const own = { keys: heads === 1 ? queries : drawn(keys.d, queryRadius / Math.sqrt(d)), values: drawn(values.d, 1) };
    // Every query sees the whole prompt, which a mask on both together says as long as the first query misses no key but the user's.
    const mask = typeof causal === 'number' ? Math.max(-1, causal) : causal;
    const { output, certificate } = attendWithCompiled(compiled, { queries, ...own, causal: mask }, kernels);
    add({ queries, keys: concatTokens(keys, own.keys), values: concatTokens(values, own.values), scale, heads, keyHeads, causal: mask === false ? false : keys.n + Number(mask === true ? 0 : mask) }, output.data, certificate.perQuery!);
  };
}
