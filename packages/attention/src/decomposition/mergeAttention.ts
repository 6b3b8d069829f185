import { assertFinite, assertLength, assertNonEmpty, describe, tokens, type FloatArray } from '@prompt-limits/core-linalg';
import type { AttentionResult } from '../exact/attend.ts';
import { assertTokens } from '../exact/problem.ts';

/** Attention over several sets of keys as a mean of attention over each. */
export interface MergedAttention<A extends FloatArray = FloatArray> extends AttentionResult<A> {
  /** `weights[p][head * queries + i]`: the share $\Psi_p / \sum_q \Psi_q$ of part p; 0 for all parts where no part sees a key. */
  readonly weights: readonly A[];
}

/**
 * Attention over the union of disjoint sets of keys from attention over each: with the log partitions $\ell_p = \ln \Psi_p$ of the parts,
 * $z = \sum_p e^{\ell_p - \ell} z_p$ and $\ell = \ln \sum_p e^{\ell_p}$, per head and query.
 *
 * @param parts - at least one result of `attend`, all for the same queries and heads: outputs of one shape, log partitions of one
 * length, one precision. A part in which a query sees no key (log partition -Infinity) has weight 0
 * @returns output, log partition and weights in the precision of the parts. Every output entry lies in the range of the
 * parts' entries. The result does not depend on how large the scores are, but a log partition rounds to its precision: parts
 * whose log partitions are off by e give weights off by a factor $e^{2e}$, so an output off by $(2e + (p + 4)\,u) \max |V|$ beside
 * the errors of the parts, u = 2^-53 or 2^-24. `promptDecomposition` has keys and needs no such allowance for ties of huge scores
 *
 * Paper: Eq. (I.2), for any number of parts; a cached prompt is one part.
 *
 * @throws TypeError if a part is not a result of `attend` or precisions differ
 * @throws RangeError if there is no part, shapes disagree, an output is NaN or infinite, or a log partition is NaN or Infinity
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const part = (value: number, log: number) => ({ output: tokens(1, Float64Array.of(value)), logPartition: Float64Array.of(log) });
 * const { output, logPartition, weights } = mergeAttention([part(8, Math.log(3)), part(0, 0)]);
 * output.data[0]; // => 6.0000000000
 * logPartition[0]; // => 1.38629436112
 * weights[1][0]; // => 0.25000000000
 */
export function mergeAttention<A extends FloatArray>(parts: readonly AttentionResult<A>[]): MergedAttention<A> {
  const fn = 'mergeAttention';
  assertNonEmpty(fn, 'parts', parts);
  const first = parts[0]!;
  parts.forEach((part, p) => assertPart(fn, `part ${p}`, part, first));
  const { output, logPartition } = first;
  const Storage = output.data.constructor as new (length: number) => A;
  const logs = new Storage(logPartition.length);
  const weights = parts.map(() => new Storage(logPartition.length));
  for (let at = 0; at < logs.length; at++) {
    let top = -Infinity;
    for (const part of parts) top = Math.max(top, part.logPartition[at]!);
    logs[at] = top;
    if (top === -Infinity) continue;
    // No exponent is above 0 and one of them is 0, so the sum lies in [1, parts].
    const shares = parts.map((part) => Math.exp(part.logPartition[at]! - top));
    const total = shares.reduce((a, b) => a + b);
    logs[at] = top + Math.log(total);
    shares.forEach((share, p) => {
      weights[p]![at] = share / total;
    });
  }
  return { output: combined(parts.map((part) => part.output), weights, logs.length), logPartition: logs, weights };
}

/**
 * Means of outputs (heads dv x queries) with weights at `head * queries + i`, held in the range of the entries that have weight.
 *
 * @internal
 */
export function combined<A extends FloatArray>(
  outputs: readonly AttentionResult<A>['output'][], weights: readonly A[], shares: number,
): AttentionResult<A>['output'] {
  const { d, n, data } = outputs[0]!;
  const dv = n === 0 ? d : (d * n) / shares;
  const result = new (data.constructor as new (length: number) => A)(data.length);
  for (let at = 0; at < data.length; at++) {
    const share = Math.floor((at % d) / dv) * n + Math.floor(at / d);
    let [sum, low, high] = [0, Infinity, -Infinity];
    for (const [p, output] of outputs.entries()) {
      const weight = weights[p]![share]!;
      if (weight === 0) continue;
      const value = output.data[at]!;
      sum += weight * value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    // Weights sum to 1 up to rounding, so the mean may leave the range by that, or overflow at its very end.
    result[at] = low <= high ? Math.min(high, Math.max(low, sum)) : 0;
  }
  return tokens(d, result);
}

function assertPart<A extends FloatArray>(fn: string, name: string, part: AttentionResult<A>, first: AttentionResult<A>): void {
  assertTokens(fn, `${name}.output`, part?.output, first.output);
  const { output, logPartition } = part;
  if (logPartition?.constructor !== output.data.constructor) {
    throw new TypeError(`${fn}: ${name}.logPartition must be a ${output.data.constructor.name}, got ${describe(logPartition)}`);
  }
  const { d, n } = first.output;
  if (output.d !== d || output.n !== n) throw new RangeError(`${fn}: ${name}.output must be ${d} x ${n} like part 0, got ${output.d} x ${output.n}`);
  assertLength(fn, `${name}.logPartition`, logPartition, first.logPartition.length, 'the length of part 0');
  // As many entries as heads times queries, with heads a divisor of the rows.
  const heads = n === 0 ? 1 : logPartition.length / n;
  if (logPartition.length !== heads * n || !Number.isInteger(heads) || heads === 0 || d % heads !== 0) {
    throw new RangeError(`${fn}: ${name}.logPartition must have length heads * queries for ${d} x ${n} outputs, got ${logPartition.length}`);
  }
  assertFinite(fn, `${name}.output`, output.data);
  for (let i = 0; i < logPartition.length; i++) {
    if (!(logPartition[i]! < Infinity)) throw new RangeError(`${fn}: ${name}.logPartition must be finite or -Infinity, got ${logPartition[i]} at index ${i}`);
  }
}
