import type { AttentionProblem, AttentionResult } from '@prompt-limits/attention';
import { assertInteger, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';
import { checkedGradient, type FastGradient, type GradientOptions } from './attendVjp.ts';

/** Options of `promptGradient`. */
export interface PromptGradientOptions extends GradientOptions {
  /** Lp: the first Lp keys, values and queries are the prompt's; from 0 to the number of keys. */
  readonly promptLength: number;
  /** Queries of the prompt: Lp if queries and keys are the same tokens (unless given), 0 if the prompt is a prefix of keys and values only. */
  readonly promptQueries?: number;
}

/**
 * The gradient that prompt tuning needs: dQ, dK and dV for the first Lp tokens alone, given dZ for all queries. The sums over all
 * tokens are those of `attendVjp`; they are read at Lp keys and queries only.
 *
 * @param problem - as for `attendVjp`; the prompt's tokens come first
 * @param forward - as for `attendVjp`
 * @param outputGradient - dZ, (heads dv) x queries, of all queries
 * @returns tokens of the prompt only: dQ (heads d) x promptQueries, dK (keyHeads d) x Lp, dV (keyHeads dv) x Lp, with their certificate
 *
 * Paper: the gradient of Definition 1.1's minimisation over P
 *
 * @throws TypeError as `attendVjp`
 * @throws RangeError as `attendVjp`, or if Lp exceeds the tokens there are
 * @example
 * import { randomSource, uniformTokens } from '@prompt-limits/core-linalg';
 * const X = uniformTokens(randomSource(1), 3, 500, -0.5, 0.5);
 * const { keys, values } = promptGradient({ queries: X, keys: X, values: X, scale: 1 / 3 }, null, X, { promptLength: 7 });
 * [keys.n, values.n]; // => [7, 7]
 */
export function promptGradient<A extends FloatArray>(
  problem: AttentionProblem<A>, forward: AttentionResult<A> | null, outputGradient: Tokens<A>, options: PromptGradientOptions,
): FastGradient<A> {
  const fn = 'promptGradient';
  const { promptLength, promptQueries = promptLength } = options;
  assertInteger(fn, 'promptLength', promptLength, 0, problem.keys.n);
  assertInteger(fn, 'promptQueries', promptQueries, 0, problem.queries.n);
  return checkedGradient(fn, problem, forward, outputGradient, { queries: promptQueries, keys: promptLength }, options);
}
