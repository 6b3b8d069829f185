import { assertFiniteNumber, concatTokens, tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { attend, type AttentionResult } from '../exact/attend.ts';
import { assertTokens } from '../exact/problem.ts';
import { assertHead, type AttentionHead } from '../transformer/attentionHead.ts';
import { linearMap } from '../transformer/linearMap.ts';
import { combined } from './mergeAttention.ts';

/** Attention over the prompt alone or over the context alone, and its share. */
export interface AttentionShare<A extends FloatArray = FloatArray> extends AttentionResult<A> {
  /** $\Psi(A, x) / \Psi([P, X], x)$ for each query; the two shares sum to 1 up to rounding, and are 0 where there is no key at all. */
  readonly weights: A;
}

/** Both sides of Eq. (I.2). */
export interface PromptDecomposition<A extends FloatArray = FloatArray> extends AttentionResult<A> {
  /** Attention over P, with $\ln \Psi(P, x)$ and its share. */
  readonly prompt: AttentionShare<A>;
  /** Attention over X, with $\ln \Psi(X, x)$ and its share. */
  readonly context: AttentionShare<A>;
}

/**
 * Attention over [P, X] as the mean of attention over the prompt P and over the context X,
 * $f(x, [P, X]) = \frac{\Psi(P, x)}{\Psi([P, X], x)} f(x, P) + \frac{\Psi(X, x)}{\Psi([P, X], x)} f(x, X)$ with
 * $\Psi(A, x) = \sum_i e^{\mathrm{scale} \cdot (W_K A_{:,i})^\top (W_Q x)}$.
 *
 * A prompt acts on a query only through the direction f(x, P) and its share; it scales f(x, X) and cannot turn it.
 *
 * @param queries - the tokens x, d x m
 * @param prompt - P, d x Lp; may be empty
 * @param context - X, d x L; may be empty. An empty part has the zero token, log partition -Infinity and share 0
 * @param how - a head, whose outputs are multiplied by $W_O$ as in the paper; or `{ scale }` alone for tokens that are their own keys and
 * values, without projections
 * @param kernels - as for `attend`
 * @returns the mean, the log partition over [P, X], and both parts with their shares, in the precision of the tokens. Shares come from
 * attention over [P, X] itself with the values 1 on one part and 0 on the other: no score overflows, and ties of scores of any size
 * are shared exactly. Entry by entry the mean lies between the two parts. Without a head it differs from `attend` on the
 * concatenation by at most four times the bound stated there (the parts one, their shares two, `attend` itself one)
 *
 * Paper: Eq. (I.2); the left side of Eq. (I.3).
 *
 * @throws TypeError if tokens differ in precision or a weight is not an ml-matrix
 * @throws RangeError if widths disagree, a value is NaN or infinite, or scores or sums could overflow
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * // Scores 0 and ln 3: the prompt token gets a quarter.
 * const [x, P, X] = [Math.log(3), 0, 1].map((value) => tokens(1, Float64Array.of(value)));
 * const { output, prompt, context } = promptDecomposition(x, P, X, { scale: 1 });
 * output.data[0]; // => 0.75000000000
 * prompt.weights[0]; // => 0.25000000000
 * context.logPartition[0]; // => 1.09861228867
 */
export function promptDecomposition<A extends FloatArray>(
  queries: Tokens<A>, prompt: Tokens<A>, context: Tokens<A>, how: AttentionHead | { readonly scale: number }, kernels?: Kernels,
): PromptDecomposition<A> {
  const fn = 'promptDecomposition';
  assertTokens(fn, 'queries', queries);
  for (const [name, part] of Object.entries({ prompt, context })) {
    assertTokens(fn, name, part, queries);
    if (part.d !== queries.d) throw new RangeError(`${fn}: ${name} must have d = ${queries.d} like queries, got d = ${part.d}`);
  }
  const head = 'wQ' in how ? how : undefined;
  if (head) assertHead(fn, 'head', head, queries.d);
  const { scale = 1 } = how;
  assertFiniteNumber(fn, 'scale', scale);
  const Q = head ? linearMap(head.wQ, queries) : queries;
  const keysOf = (part: Tokens<A>): Tokens<A> => (head ? linearMap(head.wK, part) : part);
  const valuesOf = (part: Tokens<A>): Tokens<A> => (head ? linearMap(head.wV, part) : part);
  const over = (part: Tokens<A>): AttentionResult<A> => {
    const { output, logPartition } = attend({ queries: Q, keys: keysOf(part), values: valuesOf(part), scale }, kernels);
    return { output: head ? linearMap(head.wO, output) : output, logPartition };
  };

  const indicators = tokens(2, new (queries.data.constructor as new (length: number) => A)(2 * (prompt.n + context.n)));
  for (let j = 0; j < indicators.n; j++) indicators.data[2 * j + (j < prompt.n ? 0 : 1)] = 1;
  const whole = concatTokens(keysOf(prompt), keysOf(context)) as Tokens<A>;
  const shares = attend({ queries: Q, keys: whole, values: indicators, scale }, kernels);
  const [overPrompt, overContext] = [over(prompt), over(context)];
  const sharesOf = (row: number): A => shares.output.data.filter((_, at) => at % 2 === row) as A;
  const weights = [sharesOf(0), sharesOf(1)] as const;
  return {
    output: combined([overPrompt.output, overContext.output], weights, queries.n),
    logPartition: shares.logPartition,
    prompt: { ...overPrompt, weights: weights[0] },
    context: { ...overContext, weights: weights[1] },
  };
}
