import { assertFinite, assertLength, describe, tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import type { AttentionResult } from '../exact/attend.ts';
import { assertTokens, checkedShape, largestFinite, matchingKernels, maxAbs, type AttentionProblem } from '../exact/problem.ts';

/** Gradients with respect to the three inputs of attention, each of the shape of its input. */
export interface AttentionGradient<A extends FloatArray = FloatArray> {
  /** dQ, (heads d) x queries. */
  readonly queries: Tokens<A>;
  /** dK, (keyHeads d) x keys; summed over the query heads that read a key head. */
  readonly keys: Tokens<A>;
  /** dV, (keyHeads dv) x keys; summed likewise. */
  readonly values: Tokens<A>;
}

/** Throws unless `t` is Tokens like Z, finite. */
function assertOutput(name: string, t: Tokens, d: number, queries: Tokens): void {
  assertTokens('attendVjp', name, t, queries);
  if (t.d !== d || t.n !== queries.n) {
    throw new RangeError(`attendVjp: ${name} must be heads * dv x queries (${d} x ${queries.n}), got ${t.d} x ${t.n}`);
  }
  assertFinite('attendVjp', name, t.data);
}

/**
 * The vector-Jacobian product of `attend`: the gradients of $\langle dZ, Z(Q, K, V) \rangle$. Per head, with
 * $p_{ij} = e^{\mathrm{scale} \cdot k_j^\top q_i - \mathrm{logPartition}_i}$ and $s_{ij} = p_{ij}\,dz_i^\top (v_j - z_i)$:
 * $dq_i = \mathrm{scale} \sum_j s_{ij} k_j$, $dk_j = \mathrm{scale} \sum_i s_{ij} q_i$, $dv_j = \sum_i p_{ij}\,dz_i$.
 *
 * @param problem - what `attend` was given
 * @param forward - what it returned for that problem; a result of another problem gives a wrong gradient, unnoticed
 * @param outputGradient - dZ, (heads dv) x queries
 * @param kernels - as for `attend`
 * @returns dQ, dK and dV. The weights are computed again in tiles from the log partition: O(n d) memory, no queries x keys
 * matrix. A query that sees no key has a constant output and adds nothing
 *
 * @throws TypeError if tokens differ in precision among themselves or from the kernels
 * @throws RangeError if shapes disagree, a value is NaN or infinite (a log partition of -Infinity is allowed), or a sum could overflow
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * // One query, weights 1/4 and 3/4: the gradient of z with respect to the values is the weights.
 * const problem = {
 *   queries: tokens(1, Float64Array.of(Math.log(3))),
 *   keys: tokens(1, Float64Array.of(0, 1)),
 *   values: tokens(1, Float64Array.of(0, 8)),
 *   scale: 1,
 * };
 * const gradient = attendVjp(problem, attend(problem), tokens(1, Float64Array.of(1)));
 * gradient.values.data[1]; // => 0.750000000000
 * gradient.queries.data[0]; // => 1.50000000000
 */
export function attendVjp<A extends FloatArray>(
  problem: AttentionProblem<A>, forward: AttentionResult<A>, outputGradient: Tokens<A>, kernels?: Kernels,
): AttentionGradient<A> {
  const shape = checkedShape('attendVjp', problem);
  const { queries, keys, values, scale } = problem;
  const used = matchingKernels('attendVjp', queries, kernels);
  const rows = shape.heads * shape.dv;
  assertOutput('forward.output', forward.output, rows, queries);
  assertOutput('outputGradient', outputGradient, rows, queries);
  const { logPartition } = forward;
  if (logPartition?.constructor !== queries.data.constructor) {
    throw new TypeError(`attendVjp: forward.logPartition must be a ${queries.data.constructor.name}, got ${describe(logPartition)}`);
  }
  assertLength('attendVjp', 'forward.logPartition', logPartition, shape.heads * queries.n, 'heads * queries');
  for (let i = 0; i < logPartition.length; i++) {
    if (!(logPartition[i]! < Infinity)) {
      throw new RangeError(`attendVjp: forward.logPartition must be finite or -Infinity, got ${logPartition[i]} at index ${i}`);
    }
  }
  // |dz.(v - z)| <= 2 dv |dZ| |V|; a gradient sums it over at most `keys` keys or over the queries of all heads of a group,
  // times scale and an entry of K or Q. Each factor is taken at least 1, so every partial product is covered.
  const terms = Math.max(1, keys.n, (queries.n * shape.heads) / shape.keyHeads);
  const factors = [scale, maxAbs(outputGradient.data), maxAbs(values.data), Math.max(maxAbs(queries.data), maxAbs(keys.data))];
  const largest = factors.reduce((product, factor) => product * Math.max(1, Math.abs(factor)), 2 * shape.dv * terms);
  if (!(largest <= largestFinite(queries.data))) {
    throw new RangeError(`attendVjp: 2 dv n * scale * |dZ| * |V| * max(|Q|, |K|) must be at most ${largestFinite(queries.data)} so that no sum overflows, got ${largest}`);
  }
  const Storage = queries.data.constructor as new (length: number) => A;
  const zerosLike = (t: Tokens<A>): Tokens<A> => tokens(t.d, new Storage(t.data.length));
  const gradient = { queries: zerosLike(queries), keys: zerosLike(keys), values: zerosLike(values) };
  used.attentionVjp(
    shape, queries.data, keys.data, values.data, forward.output.data, logPartition, outputGradient.data,
    gradient.queries.data, gradient.keys.data, gradient.values.data,
  );
  return gradient;
}
