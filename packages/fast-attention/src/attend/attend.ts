import type { AttentionProblem } from '@prompt-limits/attention';
import {
  assertInRange, assertInteger, assertOneOf, randomSource, tokens,
  type FloatArray, type Kernels, type RandomSource, type Tokens,
} from '@prompt-limits/core-linalg';
import { attendSplit } from '../blocks/attendSplit.ts';
import type { Certificate, CertificateKind } from '../certificate/certificate.ts';
import { assertCosts, type CostModel } from '../plan/costModel.ts';
import { certified } from './certified.ts';
import { exactHeads } from './exactHeads.ts';
import { aPosterioriBounds, aPrioriBounds, type HeadBounds } from './headBounds.ts';
import { ifRoom, usedKernels, whereKernelsReach } from './kernelMemory.ts';
import { logPartitions } from './logPartitions.ts';
import type { HeadPlan, Planned } from './planHead.ts';
import { plannedHead } from './plannedHead.ts';
import { polynomialHead, type HeadSums } from './polynomialHead.ts';
import { checkedProblem, checkedShape } from './problem.ts';
import type { ValueColumns } from './valueColumns.ts';

/** How a 'sampled' certificate samples. */
export interface SampleOptions {
  /** Rows to check exactly, 64 unless given. */
  readonly rows?: number;
  /** Confidence of the statement, 0.99 unless given. */
  readonly confidence?: number;
  /** Where the rows are drawn from; a source of its own with seed 1 unless given. */
  readonly random?: RandomSource;
}

/** Options of `attend`. */
export interface FastAttentionOptions {
  /**
   * The error of an output entry that is allowed, as a fraction of the range of its row of V; above 0 and below 1. Unless given, $2^{-10}$
   * where a method certifies that, and else what exact attention certifies.
   */
  readonly tolerance?: number;
  /** 'auto' (unless given) decides for each key head; 'polynomial' takes the polynomial wherever one exists; 'exact' never. */
  readonly method?: 'exact' | 'polynomial' | 'auto';
  /**
   * Which monomials: all of a degree ('isotropic'); those that this head needs in coordinates of its own ('adaptive', few where the spectrum
   * of queries or keys decays); 'auto' (unless given) looks for the second where the search takes a small part of the time at stake.
   */
  readonly truncation?: 'isotropic' | 'adaptive' | 'auto';
  /** What 'auto' decides from; measured by `calibrate` where there is a lot at stake, else nominal, unless given. */
  readonly costs?: CostModel;
  /** Degree of the isotropic polynomial; the tolerance is then not asked for, and the certificate says what that degree gives. */
  readonly degree?: number;
  /** What the certificate rests on; 'a-posteriori' unless given. 'a-priori' centres nothing: it may use the largest entries only. */
  readonly certificate?: CertificateKind;
  /** Whether the certificate has a bound for each query; false unless given. */
  readonly perQuery?: boolean;
  /** For 'sampled'. */
  readonly sample?: SampleOptions;
  /** Whether to return log partitions; false unless given. */
  readonly logPartition?: boolean;
  /** As for exact attention: of the precision of the tokens; plain kernels of that precision unless given. */
  readonly kernels?: Kernels;
}

/** What `attend` returns. */
export interface FastAttention<A extends FloatArray = FloatArray> {
  /** Z, (heads dv) x queries. */
  readonly output: Tokens<A>;
  /** How far Z can be from exact attention on the given numbers. */
  readonly certificate: Certificate;
  /** How each query head was computed; heads of one key head share their plan. */
  readonly plan: readonly HeadPlan[];
  /** As in exact attention, at `head * queries + i`, where it was asked for; no entry is off by more than `logPartitionError`. */
  readonly logPartition?: A;
  /** Largest error of a log partition; absent with them. */
  readonly logPartitionError?: number;
}

/** One key head: how it is computed, what came out, how good it is. */
interface HeadResult {
  readonly planned: Planned;
  readonly bounds: HeadBounds;
  readonly columns: ValueColumns;
}

/**
 * Softmax attention in near-linear time with a proven error: per head, column i of Z is
 * $z_i = \sum_j v_j e^{\mathrm{scale}\,k_j^\top q_i} / \sum_j e^{\mathrm{scale}\,k_j^\top q_i}$ up to the error that the certificate states.
 *
 * **Method.** Softmax does not change when one vector is subtracted from all keys, and a vector subtracted from all queries only multiplies
 * each key by a number; after both the scores lie in [-R, R]. There a polynomial p of least degree g has p = e^x up to a relative error,
 * and $p(q^\top k) = \sum_a w_a q^a k^a$ over the C(d + g, g) monomials of degree at most g. So the sums over keys are read from rank x (dv + 1)
 * moments. Time O(n rank dv), memory O(n d + rank dv), against O(n^2 d) time. With a mask, chunks of queries read the moments of the
 * keys before them and attend exactly to the rest. Without a mask a few queries and keys far from the others may be left to exact attention.
 *
 * **Guarantee.** With 'polynomial' and 'auto' no output entry is further from exact attention on the given numbers than the tolerance times the
 * range of its row of V, rounding of the kernels included, wherever the plan says 'polynomial'; the certificate states the bound of this
 * run. Where the plan says 'exact', exact attention ran (the plan says why), and the certificate states the worst case of its rounding. Every entry lies in the
 * range of its row of V. A query that sees no key gets the zero token.
 *
 * @param problem - as for exact attention, at least one query and one key; the scale is explicit: 1 in the paper, 1/d in the theorems' source,
 * 1/sqrt(d) in most models
 * @param options - tolerance, method, certificate, kernels
 *
 * Paper: Theorem 3.2 (its n^{1+o(1)} needs scores q . k / d and entries of o(sqrt(log n)); no n is asymptotic, so the plan counts)
 *
 * @throws TypeError if tokens or kernels are of the wrong kind or differ in precision
 * @throws RangeError if shapes disagree, n = 0, a value is not finite, scores or sums could overflow, or the given tolerance is below what
 * either method can certify in this precision for this input (the message says the smallest)
 * @example
 * import { randomSource, uniformTokens } from '@prompt-limits/core-linalg';
 * const X = uniformTokens(randomSource(1), 3, 500, -0.5, 0.5);
 * const { plan, certificate } = attend({ queries: X, keys: X, values: X, scale: 1 / 3 }, { tolerance: 1e-3, method: 'polynomial' });
 * [plan[0].method, plan[0].degree, plan[0].rank]; // => ['polynomial', 2, 10]
 * certificate.relative < 1e-3; // => true
 */
export function attend<A extends FloatArray>(problem: AttentionProblem<A>, options: FastAttentionOptions = {}): FastAttention<A> {
  const fn = 'attend';
  const { tolerance = 2 ** -10, method = 'auto', truncation = 'auto', certificate = 'a-posteriori', degree, perQuery = false, logPartition = false } = options;
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  assertOneOf(fn, 'method', method, ['exact', 'polynomial', 'auto']);
  assertOneOf(fn, 'truncation', truncation, ['isotropic', 'adaptive', 'auto']);
  if (options.costs !== undefined) assertCosts(fn, options.costs);
  assertOneOf(fn, 'certificate', certificate, ['a-priori', 'a-posteriori', 'sampled']);
  if (degree !== undefined) assertInteger(fn, 'degree', degree, 0, 64);
  const { rows = 64, confidence = 0.99, random } = options.sample ?? {};
  assertInteger(fn, 'sample.rows', rows, 1);
  assertInRange(fn, 'sample.confidence', confidence, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  checkedShape(fn, problem);
  const kernels = usedKernels(fn, problem.queries.data, options.kernels);
  const run = (placed: AttentionProblem<A>): FastAttention<A> => {
    const checked = checkedProblem(fn, placed, kernels);
    const { shape, group } = checked;
    const Storage = problem.queries.data.constructor as new (length: number) => A;
    const output = tokens(shape.heads * shape.dv, new Storage(shape.heads * shape.dv * shape.queries));
    const logs = logPartition ? new Storage(shape.heads * shape.queries) : null;
    let logError = 0;
    const results: HeadResult[] = [];
    const exact: number[] = [];
    const planning = { tolerance, method, truncation, costs: options.costs, degree, box: certificate === 'a-priori', perQuery, kernels };
    for (let head = 0; head < shape.keyHeads; head++) {
      const { split, undivided, centred, columns, exactly, exactBound, ...found } = plannedHead(placed, checked, head, planning);
      const divided = split && ifRoom(() => attendSplit({ problem: placed, checked, head, split, kernels, columns, exactly, perQuery, output: output.data, logs }));
      const planned = divided === null ? undivided : found.planned;
      let bounds = exactly;
      if (divided !== null) {
        bounds = divided.bounds;
        logError = Math.max(logError, divided.logError);
      } else if (planned.run === null || centred === null) {
        const smallest = Math.min(exactBound, planned.least ?? Infinity);
        if (method !== 'exact' && options.tolerance !== undefined && smallest > tolerance) {
          throw new RangeError(`${fn}: tolerance must be at least ${Number((smallest * 1.001).toPrecision(3))}, the smallest that ${kernels.precision} certifies for this input, got ${tolerance}`);
        }
        exact.push(head);
        if (logs !== null) logError = Math.max(logError, logPartitions.exact(checked, head, kernels));
      } else {
        const target = { output: output.data, stride: shape.heads * shape.dv, offset: head * group * shape.dv };
        const norms = perQuery && certificate !== 'a-priori';
        const one = { kernels, head: centred, plan: planned.run, scale: shape.scale, beside: null, values: placed.values.data, columns, causal: shape.causal, target, norms, totals: logs !== null };
        const sums: HeadSums = polynomialHead(one);
        bounds = certificate === 'a-priori'
          ? aPrioriBounds(planned.run, columns, kernels, shape.queries * group, perQuery)
          : aPosterioriBounds(planned.run, centred, sums, columns, kernels, perQuery);
        if (logs !== null) logError = Math.max(logError, logPartitions.polynomial(one, sums, shape.queries, head * group, logs));
      }
      results.push({ planned, bounds, columns });
    }
    if (exact.length > 0) exactHeads(placed, checked, exact, kernels, output.data, logs ?? new Storage(shape.heads * shape.queries));
    const plan = Array.from({ length: shape.heads }, (_, a) => results[Math.floor(a / group)]!.planned.plan);
    const sample = certificate === 'sampled' ? { rows, confidence, random: random ?? randomSource(1) } : null;
    return {
      output,
      certificate: certified(placed, checked, results, plan, certificate, perQuery, output.data, sample),
      plan,
      ...(logs === null ? {} : { logPartition: logs, logPartitionError: logError }),
    };
  };
  return whereKernelsReach(problem, kernels, run);
}
