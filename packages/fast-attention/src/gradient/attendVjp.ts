import type { AttentionGradient, AttentionProblem, AttentionResult } from '@prompt-limits/attention';
import {
  assertFinite, assertInRange, assertOneOf, describe, tokens, type FloatArray, type Kernels, type Tokens,
} from '@prompt-limits/core-linalg';
import { usedKernels, whereKernelsReach } from '../attend/kernelMemory.ts';
import { checkedProblem, checkedShape } from '../attend/problem.ts';
import { kernelRanges } from '../attend/views.ts';
import { gradientOf, type HeadResult } from './gradientOf.ts';
import type { RelativeErrors } from './rowErrors.ts';

/** Options of `attendVjp` and `promptGradient`. */
export interface GradientOptions {
  /**
   * The error that is allowed, as a fraction of the natural sizes that `GradientCertificate.relative` names; above 0 and below 1. Unless given,
   * $2^{-10}$ where the polynomial certifies that, and else what the exact gradient certifies.
   */
  readonly tolerance?: number;
  /** 'auto' (unless given) decides for each head; 'polynomial' takes the polynomial wherever one exists; 'exact' never. */
  readonly method?: 'exact' | 'polynomial' | 'auto';
  /** Whether the certificate has a bound for each token; false unless given. */
  readonly perToken?: boolean;
  /** As for exact attention: of the precision of the tokens; plain kernels of that precision unless given. */
  readonly kernels?: Kernels;
}

/** How one head's gradient was computed, and why. */
export interface GradientPlan {
  /** How the head was computed. */
  readonly method: 'exact' | 'polynomial';
  /** Degree of the polynomial, null with 'exact'. */
  readonly degree: number | null;
  /** Its number of monomials, null with 'exact'. */
  readonly rank: number | null;
  /** R: no score of the head leaves [-R, R] after centring; null where it was not looked for. */
  readonly halfWidth: number | null;
  /** Why, in words. */
  readonly reason: string;
}

/** One number for each input. */
export interface PerInput<T> {
  /** For Q. */
  readonly queries: T;
  /** For K. */
  readonly keys: T;
  /** For V. */
  readonly values: T;
}

/** How far a gradient can be from the exact gradient of softmax attention at the given numbers. */
export interface GradientCertificate {
  /** From the norms of this input. */
  readonly kind: 'a-posteriori';
  /** No entry of dQ, dK, dV is further off than this; Infinity where scores are so large that their rounding leaves nothing known. */
  readonly bound: PerInput<number>;
  /** The same for each token and head: at `head * queries + i`, `keyHead * keys + j`; where it was asked for. */
  readonly perToken?: PerInput<Float64Array>;
  /**
   * What `tolerance` is compared with, over the heads that are not exact (0 if there is none). The error of dq_i is at most
   * `queries` times $|scale| \max_j |k_j - c|_\infty G_i$, of dv_j `values` times $\sum_i P_{ij} \max_c |g_{ic}|$, of dk_j `keys` times
   * $|scale| \sum_i P_{ij} G_i (|q_i - q_0|_\infty + |q_0|_\infty)$, with $G_i = \sum_c |g_{ic}| (\max_j v_{jc} - \min_j v_{jc})$, P the exact
   * softmax, c and q_0 the centres in use; plus the storage of the result.
   */
  readonly relative: RelativeErrors;
  /** All of it in words. */
  readonly says: readonly string[];
}

/** What `attendVjp` returns. */
export interface FastGradient<A extends FloatArray = FloatArray> extends AttentionGradient<A> {
  /** How far it can be from the exact gradient. */
  readonly certificate: GradientCertificate;
  /** For each query head. */
  readonly plan: readonly GradientPlan[];
}

/** The checked arguments of both functions, and the gradient for the first `wanted` tokens. */
export function checkedGradient<A extends FloatArray>(
  fn: string, problem: AttentionProblem<A>, forward: AttentionResult<A> | null, outputGradient: Tokens<A>, wanted: { queries: number; keys: number } | null,
  options: GradientOptions,
): FastGradient<A> {
  const { tolerance = 2 ** -10, method = 'auto', perToken = false } = options;
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  assertOneOf(fn, 'method', method, ['exact', 'polynomial', 'auto']);
  const shape = checkedShape(fn, problem);
  const { data } = problem.queries;
  const kernels = usedKernels(fn, data, options.kernels);
  const rows = shape.heads * shape.dv;
  const like = (name: string, t: Tokens): void => {
    if (t?.data?.constructor !== data.constructor) throw new TypeError(`${fn}: ${name} must be Tokens stored like queries in a ${data.constructor.name}, got ${describe(t?.data ?? t)}`);
    if (t.d !== rows || t.n !== shape.queries || t.data.length !== rows * shape.queries) {
      throw new RangeError(`${fn}: ${name} must be heads * dv x queries (${rows} x ${shape.queries}), got ${t.d} x ${t.n}`);
    }
    if (!kernelRanges(t.data, t.d, kernels).finite) assertFinite(fn, name, t.data);
  };
  like('outputGradient', outputGradient);
  if (forward !== null) {
    like('forward.output', forward.output);
    if (forward.logPartition?.constructor !== data.constructor || forward.logPartition.length !== shape.heads * shape.queries) {
      throw new TypeError(`${fn}: forward.logPartition must be a ${data.constructor.name} of length ${shape.heads * shape.queries} (heads * queries), got ${describe(forward.logPartition)}`);
    }
    for (const value of forward.logPartition) {
      if (!(value < Infinity)) throw new RangeError(`${fn}: forward.logPartition must be finite or -Infinity, got ${value}`);
    }
  }
  const first = wanted ?? shape;
  const result = whereKernelsReach(problem, kernels, (placed) => {
    const checked = checkedProblem(fn, placed, kernels);
    return gradientOf<A>(fn, {
      shape,
      inputs: {
        shape, q: placed.queries.data, k: placed.keys.data, v: placed.values.data, dz: outputGradient.data,
        ranges: { q: checked.queries, k: checked.keys, v: checked.values },
      },
      forward: forward === null ? null : { output: forward.output.data, logPartition: forward.logPartition },
      wanted: { queries: first.queries, keys: first.keys }, tolerance, asked: options.tolerance !== undefined, method, kernels,
    });
  });
  return {
    queries: tokens(shape.heads * shape.d, result.queries),
    keys: tokens(shape.keyHeads * shape.d, result.keys),
    values: tokens(shape.keyHeads * shape.dv, result.values),
    certificate: certificateOf(result, perToken, kernels.precision),
    plan: result.plan,
  };
}

function certificateOf(result: HeadResult, perToken: boolean, precision: string): GradientCertificate {
  const { bounds, relative, plan } = result;
  const largest = (x: Float64Array): number => {
    let most = 0;
    for (let i = 0; i < x.length; i++) {
      if (Number.isNaN(x[i]!)) return Number.NaN;
      if (x[i]! > most) most = x[i]!;
    }
    return most;
  };
  const bound = { queries: largest(bounds.queries), keys: largest(bounds.keys), values: largest(bounds.values) };
  const polynomial = plan.filter((p) => p.method === 'polynomial').length;
  const short = (x: number): string => String(Number(x.toPrecision(3)));
  return {
    kind: 'a-posteriori',
    bound,
    ...(perToken ? { perToken: bounds } : {}),
    relative,
    says: [
      `No entry of dQ, dK, dV is further than ${short(bound.queries)}, ${short(bound.keys)}, ${short(bound.values)} from the exact gradient at the given numbers, ${precision} rounding included.`,
      `${polynomial} of ${plan.length} heads by sums of features; the others exact, with the worst case of their rounding.`,
    ],
  };
}

/**
 * The vector-Jacobian product of softmax attention in near-linear time with a proven error: dQ, dK and dV of $\langle dZ, Z(Q, K, V) \rangle$.
 *
 * **Method.** $e^x$ is replaced by a polynomial p on the centred scores, as in `attend`, and by p' where the gradient multiplies it with k or
 * q or v: $p'(x)\,k$ is the gradient in q of p at $x = q^\top k$, so the moments that give the output give dQ as well. p is chosen so that
 * p and p' both stay close to $e^x$. Passes over tokens and features: moments of K with V; read at Q for the normaliser and
 * $\delta_i = dz_i \cdot z_i$; differentiated there for dQ; moments of Q with dZ; read at K for dV; differentiated there for dK.
 * O(n rank dv) time and O(n d + rank dv) memory. With a mask, chunks of queries use the moments of the keys before them and are exact inside.
 *
 * **Guarantee.** No entry is further than `certificate.bound` from the exact gradient of exact attention at the given numbers: the errors of
 * p and p', of stored inputs and of every sum are bounded from this input's norms and this run's sums. Wherever the plan says
 * 'polynomial' they meet the tolerance, relative to the sizes that the certificate names. Elsewhere the exact gradient ran.
 *
 * @param problem - as for exact attention, at least one query and one key
 * @param forward - what exact attention returned for the problem, or null. Only exact heads use it: the others need their own sums
 * @param outputGradient - dZ, (heads dv) x queries
 * @param options - tolerance, method, kernels
 *
 * Paper: the gradient beside Theorem 3.2, which cites Alman and Song (2024) for almost linear time in the same regime as inference
 *
 * @throws TypeError if tokens or kernels are of the wrong kind or differ in precision
 * @throws RangeError if shapes disagree, n = 0, a value is not finite, scores or sums could overflow, or method is 'polynomial' and the
 * given tolerance is below what the precision can certify for this input (the message says the smallest)
 * @example
 * import { randomSource, uniformTokens } from '@prompt-limits/core-linalg';
 * const X = uniformTokens(randomSource(1), 3, 500, -0.5, 0.5);
 * const { plan, certificate } = attendVjp({ queries: X, keys: X, values: X, scale: 1 / 3 }, null, X, { tolerance: 1e-2, method: 'polynomial' });
 * [plan[0].method, plan[0].degree]; // => ['polynomial', 3]
 * certificate.relative.queries < 1e-2; // => true
 */
export function attendVjp<A extends FloatArray>(
  problem: AttentionProblem<A>, forward: AttentionResult<A> | null, outputGradient: Tokens<A>, options: GradientOptions = {},
): FastGradient<A> {
  return checkedGradient('attendVjp', problem, forward, outputGradient, null, options);
}
