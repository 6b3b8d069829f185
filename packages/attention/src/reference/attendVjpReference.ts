import { column, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { checkedShape, type AttentionProblem } from '../exact/problem.ts';
import type { AttentionGradient } from '../gradient/attendVjp.ts';
import { attendReference, dot, headOf } from './attendReference.ts';

/** Adds `factor` times `x` to the rows of token k that start at `row`. */
function add(t: Tokens<Float64Array>, k: number, row: number, factor: number, x: Float64Array): void {
  x.forEach((value, c) => {
    t.data[k * t.d + row + c]! += factor * value;
  });
}

/**
 * The gradients of $\langle dZ, Z \rangle$ straight from the chain rule, to check others by. Per head, with the stored
 * weights A (keys x queries): $dV = dZ\,A^\top$, $dA = V^\top dZ$, the softmax's
 * $dS_{ji} = A_{ji} (dA_{ji} - \sum_k A_{ki}\,dA_{ki})$, and $dQ = \mathrm{scale}\,K\,dS$, $dK = \mathrm{scale}\,Q\,dS^\top$.
 * It uses neither the output nor the log partition of a forward pass.
 *
 * **O(queries x keys) memory** per head, and slow: meant for tests and small cases.
 *
 * @param problem - as for `attendVjp`, of either precision; computed in Float64
 * @param outputGradient - dZ, (heads dv) x queries
 *
 * @throws TypeError, RangeError as `attend`; RangeError if outputGradient has another shape
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const x = tokens(1, Float64Array.of(1, 2));
 * const gradient = attendVjpReference({ queries: x, keys: x, values: x, scale: 0 }, x);
 * gradient.values.data[0]; // => 1.5
 */
export function attendVjpReference(problem: AttentionProblem, outputGradient: Tokens): AttentionGradient<Float64Array> {
  const { queries, keys, heads, keyHeads, d, dv, scale } = checkedShape('attendVjpReference', problem);
  if (outputGradient.d !== heads * dv || outputGradient.n !== queries) {
    throw new RangeError(`attendVjpReference: outputGradient must be heads * dv x queries (${heads * dv} x ${queries}), got ${outputGradient.d} x ${outputGradient.n}`);
  }
  const { weights } = attendReference(problem);
  const gradient = { queries: zeroTokens(heads * d, queries), keys: zeroTokens(keyHeads * d, keys), values: zeroTokens(keyHeads * dv, keys) };
  for (let a = 0; a < heads; a++) {
    const group = Math.floor((a * keyHeads) / heads);
    const Q = headOf(problem.queries, a, d);
    const K = headOf(problem.keys, group, d);
    const V = headOf(problem.values, group, dv);
    const dZ = headOf(outputGradient, a, dv);
    for (let i = 0; i < (keys === 0 ? 0 : queries); i++) {
      const A = column(weights[a]!, i);
      const dA = A.map((_, j) => dot(column(V, j), column(dZ, i)));
      const mean = dot(A, dA);
      for (let j = 0; j < keys; j++) {
        const dS = scale * A[j]! * (dA[j]! - mean);
        add(gradient.values, j, group * dv, A[j]!, column(dZ, i));
        add(gradient.queries, i, a * d, dS, column(K, j));
        add(gradient.keys, j, group * d, dS, column(Q, i));
      }
    }
  }
  return gradient;
}
