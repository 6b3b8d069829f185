import { tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { checkedShape, matchingKernels, type AttentionProblem } from './problem.ts';

/** What `attend` returns; `attendVjp` needs it again. */
export interface AttentionResult<A extends FloatArray = FloatArray> {
  /** Z, (heads dv) x queries. */
  readonly output: Tokens<A>;
  /**
   * $\ln \sum_j e^{\mathrm{scale} \cdot k_j^\top q_i}$ over the keys that query i sees, at `head * queries + i`;
   * -Infinity where it sees none.
   */
  readonly logPartition: A;
}

/**
 * Exact softmax attention $Z = V\,\mathrm{softmax}(\mathrm{scale} \cdot K^\top Q)$: per head, column i is
 * $z_i = \sum_j v_j e^{\mathrm{scale} \cdot k_j^\top q_i} / \sum_j e^{\mathrm{scale} \cdot k_j^\top q_i}$ over the keys that
 * query i sees. Self-, cross-, causal and grouped-query attention are choices of the fields of `problem`.
 *
 * @param problem - Q (heads d x queries), K (keyHeads d x keys), V (keyHeads dv x keys) and the explicit scale
 * @param kernels - where to compute; their precision is that of the tokens. Without them plain kernels compute: float64
 * sums, right but slow. Give Float32 tokens the kernels of `createKernels` for speed
 * @returns Z and the log partition, in the precision of the tokens, O(n d) memory: no queries x keys matrix is stored.
 * Every entry of Z lies in the range of its row of V up to rounding. A query that sees no key (no keys at all, or all of
 * them masked) gets the zero token and log partition -Infinity. Float64: with $S = |\mathrm{scale}|\,\max_{ij} |k_j|^\top |q_i|$
 * the error of an entry is at most about $(2 (d + 4) S + 3 n + 16)\,2^{-53}\,\max |V|$
 *
 * Paper: Eq. (1.3) with the normaliser on the side that column tokens need, so that the columns of the softmax sum to 1;
 * the paper's scale is 1.
 *
 * @throws TypeError if the tokens differ in precision among themselves or from the kernels
 * @throws RangeError if shapes disagree, heads do not divide, a value is NaN or infinite, or scores or sums could overflow
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * // Two keys whose scores differ by ln 3 share the weight 1 : 3.
 * const queries = tokens(1, Float64Array.of(Math.log(3)));
 * const keys = tokens(1, Float64Array.of(0, 1));
 * const values = tokens(2, Float64Array.of(0, 4, 8, 0));
 * const { output, logPartition } = attend({ queries, keys, values, scale: 1 });
 * output.data[0]; // => 6.00000000000
 * output.data[1]; // => 1.00000000000
 * logPartition[0]; // => 1.38629436112
 */
export function attend<A extends FloatArray>(problem: AttentionProblem<A>, kernels?: Kernels): AttentionResult<A> {
  const shape = checkedShape('attend', problem);
  const { queries, keys, values } = problem;
  const used = matchingKernels('attend', queries, kernels);
  const rows = shape.heads * shape.dv;
  const Storage = queries.data.constructor as new (length: number) => A;
  const output = tokens(rows, new Storage(rows * shape.queries));
  const logPartition = new Storage(shape.heads * shape.queries);
  used.attention(shape, queries.data, keys.data, values.data, output.data, logPartition);
  return { output, logPartition };
}
