import type { AttentionProblem } from '@prompt-limits/attention';
import { assertInRange, assertOneOf } from '@prompt-limits/core-linalg';
import type { FastAttentionOptions } from '../attend/attend.ts';
import { usedKernels } from '../attend/kernelMemory.ts';
import type { HeadPlan } from '../attend/planHead.ts';
import { plannedHead } from '../attend/plannedHead.ts';
import { checkedProblem } from '../attend/problem.ts';
import { assertCosts, timesOf } from './costModel.ts';

/** What `planAttention` returns. */
export interface AttentionPlan {
  /** How `attend` would compute each query head, and why; heads of one key head share their plan. */
  readonly heads: readonly HeadPlan[];
  /** Predicted milliseconds of exact attention on all heads. */
  readonly exact: number;
  /** Predicted milliseconds of what is planned, the centring of heads that end up exact not counted. */
  readonly planned: number;
  /** Whether the costs were measured on this machine. */
  readonly measured: boolean;
  /** All of it in words. */
  readonly verdict: string;
}

/** Options of `planAttention`: those of `attend` that decide how it computes. */
export type PlanAttentionOptions = Pick<FastAttentionOptions, 'tolerance' | 'truncation' | 'costs' | 'kernels'> & {
  /** Whether to plan for bounds from the largest entries alone; false unless given. */
  readonly aPriori?: boolean;
};

const short = (x: number): string => String(Number(x.toPrecision(3)));

/**
 * How `attend` with method 'auto' would compute each head: exact or by a polynomial, isotropic or in coordinates of its own, of what degree
 * and rank, in what predicted time, and why. Nothing is attended to. It takes a few passes over queries and keys at most, O(n d) time,
 * and less for heads of which a look at 48 tokens says that no polynomial can win.
 *
 * Prediction: `predictedTimes` from the costs given, measured (`calibrate`, or here where exact attention would take some seconds) or
 * nominal. A polynomial has to win by 20%, 35% with nominal costs. Proven, whatever is predicted: a planned polynomial meets the
 * tolerance.
 *
 * @param problem - one or more heads of a model, or raw Q, K and V, as for `attend`
 * @param options - the tolerance, and what decides
 *
 * Paper: Problem 1 and Theorems 3.1 and 3.2 with constants: what the asymptotic criterion leaves open is decided head by head.
 *
 * @throws TypeError if tokens or kernels are of the wrong kind or differ in precision
 * @throws RangeError as `attend`, but for tolerances that no method certifies
 * @example
 * import { randomSource, uniformTokens } from '@prompt-limits/core-linalg';
 * const X = uniformTokens(randomSource(1), 4, 3000, -0.5, 0.5);
 * const costs = nominalCosts({ build: 'relaxed-simd', precision: 'float32' });
 * const { heads, exact, planned } = planAttention({ queries: X, keys: X, values: X, scale: 1 / 2 }, { costs });
 * [heads[0].method, heads[0].rank, exact > 2 * planned]; // => ['polynomial', 35, true]
 * planAttention({ queries: X, keys: X, values: X, scale: 40 }, { costs }).heads[0].method; // => 'exact'
 */
export function planAttention(problem: AttentionProblem, options: PlanAttentionOptions = {}): AttentionPlan {
  const fn = 'planAttention';
  const { tolerance = 2 ** -10, truncation = 'auto', costs, aPriori = false } = options;
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  assertOneOf(fn, 'truncation', truncation, ['isotropic', 'adaptive', 'auto']);
  if (costs !== undefined) assertCosts(fn, costs);
  const checked = checkedProblem(fn, problem);
  const kernels = usedKernels(fn, problem.queries.data, options.kernels);
  const { shape, group } = checked;
  let [exact, planned, measured] = [0, 0, true];
  const heads: HeadPlan[] = [];
  for (let head = 0; head < shape.keyHeads; head++) {
    const found = plannedHead(problem, checked, head, { tolerance, method: 'auto', truncation, costs, degree: undefined, box: aPriori, perQuery: false, kernels });
    const { plan } = found.planned;
    const alone = timesOf(found.costs, { ...found.sizes, rank: 0 }).exact;
    exact += alone;
    planned += plan.method === 'exact' ? alone : plan.predicted!.polynomial;
    measured &&= found.costs.measured;
    for (let j = 0; j < group; j++) heads.push(plan);
  }
  return { heads, exact, planned, measured, verdict: verdictOf(heads, exact, planned, measured, shape.keys) };
}

/** What may be concluded, and what not. */
function verdictOf(heads: readonly HeadPlan[], exact: number, planned: number, measured: boolean, n: number): string {
  const polynomials = heads.filter(({ method }) => method === 'polynomial');
  const source = measured ? 'by costs measured on this machine' : 'by nominal costs, not measured here';
  const times = `${short(planned)} ms against ${short(exact)} ms for exact attention, ${source}`;
  const reasons = [...new Set(heads.filter(({ method }) => method === 'exact').map(({ reason }) => reason))];
  if (polynomials.length === 0) {
    return `All of ${heads.length} heads are computed exactly (${short(exact)} ms ${source}): ${reasons.join('; ')}. That is a statement about these heads at n = ${n}: `
      + 'Theorem 3.1 rules out faster methods only for the worst head, asymptotically and under SETH.';
  }
  const ranks = polynomials.map(({ rank }) => rank!);
  const range = Math.min(...ranks) === Math.max(...ranks) ? `rank ${ranks[0]}` : `ranks ${Math.min(...ranks)} to ${Math.max(...ranks)}`;
  const rest = reasons.length === 0 ? '' : ` The others are computed exactly: ${reasons.join('; ')}.`;
  return `${polynomials.length} of ${heads.length} heads by polynomial (${range}): predicted ${times}.${rest} The time grows linearly with n as long as the `
    + 'scores stay as close to their centre as they are; Theorem 3.2 says no more either.';
}
