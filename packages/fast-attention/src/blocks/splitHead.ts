import type { FloatArray } from '@prompt-limits/core-linalg';
import type { BesideKeys } from '../attend/besideKeys.ts';
import { centredHead, type CentredHead } from '../attend/centredHead.ts';
import { planHead, type HeadPlan, type PlanQuestion, type PolynomialPlan } from '../attend/planHead.ts';
import type { CheckedProblem } from '../attend/problem.ts';
import { kernelRanges, startOf, type Vectors } from '../attend/views.ts';
import type { CostModel, TimedSizes } from '../plan/costModel.ts';
import { margin, rankFor, winningRank } from '../plan/firstLook.ts';
import { glance } from '../plan/glance.ts';
import { weightTolerance } from '../polynomial/weightTolerance.ts';
import { besideTime, chooseSplit, mostFar, type Reaches, type Split } from './chooseSplit.ts';
import { allDistances, gathered, medianCentre, sampledDistances } from './farTokens.ts';

/** A head in blocks: near queries on near keys by a polynomial; far keys for all near queries, and all keys for far queries, exactly. */
export interface SplitHead {
  /** Near queries and keys, centred. */
  readonly head: CentredHead;
  readonly run: PolynomialPlan;
  readonly plan: HeadPlan;
  /** Vectors of the near and of the far queries, token by token, head by head; near ones are null if all are. */
  readonly nearQueries: Int32Array | null;
  readonly farQueries: Int32Array;
  /** Values of the near keys, dv each; null if all keys are near. */
  readonly nearValues: FloatArray | null;
  readonly beside: BesideKeys | null;
}

/** What a split is planned from: the question about the whole head, and what it has been answered. */
export interface SplitHeadQuestion {
  readonly vectors: { readonly queries: Vectors; readonly keys: Vectors };
  readonly values: Vectors;
  readonly checked: CheckedProblem;
  readonly question: Omit<PlanQuestion, 'head'>;
  readonly sizes: Omit<TimedSizes, 'rank'>;
  readonly costs: CostModel;
  readonly tolerance: number;
  /** Milliseconds that the plan of the whole head is predicted to take. */
  readonly whole: number;
}

/** Vectors of each side that are looked at before all are. */
const looked = 128;

/** What centring may leave of the half-width: where hoping for much has led to no plan, less is hoped for. */
const hopes = [0.8, 1, 1.3] as const;

/** A look takes some 30 microseconds at d = 8, a glance 5: a small part of the time at stake, in milliseconds. */
export const worthLooking = 2;

const descending = (x: Float64Array): Reaches => ({ largest: x.sort().reverse(), count: x.length });

/** Places of near and of far vectors, in order. */
interface Parts {
  readonly near: Int32Array;
  readonly far: Int32Array;
}

/** The largest of all distances, about half as many again as may be far: sorting all would take longer than the polynomial. */
function largestOf(distances: Float64Array, sample: Reaches): Reaches {
  const floor = sample.largest[Math.ceil(sample.count * mostFar * 1.5)] ?? -1;
  return { largest: descending(distances.filter((x) => x > floor)).largest, count: distances.length };
}

/** The places with distances above and at most `reach`. */
function parted(distances: Float64Array, reach: number): Parts {
  const places = new Int32Array(distances.length);
  let [near, far] = [0, distances.length];
  for (let i = 0; i < distances.length; i++) places[distances[i]! > reach ? --far : near++] = i;
  return { near: places.subarray(0, near), far: places.subarray(far).reverse() };
}

/**
 * Plans a head in blocks where that is predicted to beat the plan of the whole head by the margin: a few tokens that reach further than
 * the others set the half-width of a head, and with it degree and rank, although exact attention to them alone takes little time.
 *
 * @returns null if it is not
 */
export function splitHead(asked: SplitHeadQuestion): SplitHead | null {
  const { vectors, checked, question, sizes, costs, tolerance, whole } = asked;
  const { queries, keys } = vectors;
  const { scale } = checked.shape;
  const wanted = { scale, tolerance, costs, sizes, farQueries: question.exactBound <= tolerance };
  const most = whole * margin(costs);
  // A glance at nine tokens says where not even the nearest eighths of all have a polynomial that wins.
  const least = Math.abs(scale) * glance(queries).most * glance(keys).most;
  if (rankFor(sizes.d, least, weightTolerance(tolerance)) > (question.method === 'auto' ? winningRank(costs, sizes) : Infinity)) return null;
  const centres = { queries: medianCentre(queries), keys: medianCentre(keys) };
  const sample = (v: Vectors, centre: Float64Array): Reaches => descending(sampledDistances(v, centre, Math.max(1, Math.floor((v.n * v.per) / looked))));
  const samples = { queries: sample(queries, centres.queries), keys: sample(keys, centres.keys) };
  if (chooseSplit(samples.queries, samples.keys, { ...wanted, centred: hopes[0] }).milliseconds >= most) return null;

  const distances = { queries: allDistances(queries, centres.queries, question.kernels), keys: allDistances(keys, centres.keys, question.kernels) };
  const sorted = { queries: largestOf(distances.queries, samples.queries), keys: largestOf(distances.keys, samples.keys) };
  let last: Split | null = null;
  for (const centred of hopes) {
    const split = chooseSplit(sorted.queries, sorted.keys, { ...wanted, centred });
    if (split.queries + split.keys === 0 || split.milliseconds >= most) return null;
    if (split.queries === last?.queries && split.keys === last.keys) continue;
    const found = planned(asked, parted(distances.queries, sorted.queries.largest[split.queries]!), parted(distances.keys, sorted.keys.largest[split.keys]!));
    if (found !== null) return found;
    last = split;
  }
  return null;
}

/** The plan of the near tokens, or null where it fails or is no faster than that of the whole head. */
function planned({ vectors, values, checked, question, sizes, costs, whole }: SplitHeadQuestion, ofQueries: Parts, ofKeys: Parts): SplitHead | null {
  const { kernels } = question;
  const { scale } = checked.shape;
  const ranged = (v: Vectors, { near, far }: Parts, ranges: CheckedProblem['keys']) => {
    if (far.length === 0) return { v, ranges };
    const some = gathered(v, near);
    return { v: some, ranges: kernelRanges(some.data, some.d, kernels) };
  };
  const [q, k] = [ranged(vectors.queries, ofQueries, checked.queries), ranged(vectors.keys, ofKeys, checked.keys)];
  const head = centredHead({ queries: q.v, keys: k.v }, { shape: checked.shape, queries: q.ranges, keys: k.ranges }, { box: false, reach: Infinity, kernels });
  // Near keys that are all equal are stored as zeros, and so would be the far ones.
  if (head === null || (head.keyFactor === 0 && ofKeys.far.length > 0)) return null;
  const far = gathered(vectors.keys, ofKeys.far);
  const beside = farKeys(head, far, scale);
  if (beside === null) return null;
  const { logs, reach, weighing } = beside;
  const besides = { queries: ofQueries.far.length, keys: ofKeys.far.length };
  const { plan, run } = planHead({ ...question, head, beside: { milliseconds: besideTime(costs, sizes, besides), keys: besides.keys, reach, weighing } });
  if (run === null || !(plan.predicted!.polynomial < whole * margin(costs))) return null;
  const near = { queries: ofQueries.near.length, keys: ofKeys.near.length };
  const those = [counted(besides.queries, 'query', 'queries'), counted(besides.keys, 'key', 'keys')].filter((part) => part !== '').join(' and ');
  return {
    head, run,
    plan: { ...plan, reason: `${plan.reason}; ${those} further out exactly`, blocks: blocksOf(near, besides) },
    nearQueries: besides.queries === 0 ? null : ofQueries.near,
    farQueries: ofQueries.far,
    nearValues: besides.keys === 0 ? null : gathered(values, ofKeys.near).data,
    beside: besides.keys === 0 ? null : { keys: far, values: gathered(values, ofKeys.far).data, logs },
  };
}

const counted = (count: number, one: string, more: string): string => (count === 0 ? '' : `${count} ${count === 1 ? one : more}`);

function blocksOf(near: { queries: number; keys: number }, far: { queries: number; keys: number }): NonNullable<HeadPlan['blocks']> {
  return [
    { ...near, method: 'polynomial' as const },
    ...(far.keys > 0 ? [{ queries: near.queries, keys: far.keys, method: 'exact' as const }] : []),
    ...(far.queries > 0 ? [{ queries: far.queries, keys: near.keys + far.keys, method: 'exact' as const }] : []),
  ];
}

/** ln omega of the far keys, how far scores with them reach, it included, and what its rounding is relative to; null if they are too long to be stored. */
function farKeys({ queryCentre, keyCentre, queryNorm, keyFactor, top, omega }: CentredHead, far: Vectors, scale: number): { logs: Float64Array; reach: number; weighing: number } | null {
  const logs = new Float64Array(far.n);
  let [longest, largest] = [0, 0];
  for (let j = 0; j < far.n; j++) {
    const at = startOf(far, j);
    let [sum, square] = [0, 0];
    for (let c = 0; c < far.d; c++) {
      const x = far.data[at + c]! - keyCentre[c]!;
      sum += scale * queryCentre[c]! * x;
      square += (x * keyFactor) ** 2;
    }
    if (omega !== null) logs[j] = sum - top;
    longest = Math.max(longest, Math.sqrt(square));
    largest = Math.max(largest, Math.abs(logs[j]!));
  }
  // As for the near ones: stored entries neither overflow Float32 nor lose more than `etaFixed` to underflow.
  if (!(longest < 2 ** 20)) return null;
  const up = 1 + 2 ** -20; // more than all roundings, of stored entries too
  const weighing = omega === null ? 0 : Math.abs(scale) * Math.hypot(...queryCentre) * (longest / keyFactor) * up;
  return { logs, reach: (longest * queryNorm + largest) * up, weighing };
}
