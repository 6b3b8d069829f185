import { assertPositive, assertFiniteNumber, describe, type Kernels } from '@prompt-limits/core-linalg';

/** A cost in nanoseconds that grows linearly: base + each * count. */
export interface LinearCost {
  /** Whatever the count. */
  readonly base: number;
  /** For each one counted. */
  readonly each: number;
}

/** How fast kernels are: what `calibrate` measures and `predictedTimes` reads. All in nanoseconds. */
export interface CostModel {
  /** Exact attention, per pair of a query and a key it sees; counted: d + dv. */
  readonly exactPair: LinearCost;
  /** The polynomial, per token (a query or a key) and monomial; counted: dv + 1 columns. */
  readonly monomial: LinearCost;
  /** Centring, packing and writing, per token; counted: d + dv. */
  readonly token: LinearCost;
  /** A call, whatever its size. */
  readonly call: number;
  /** Whether it was measured here, or is what `nominalCosts` knows of another machine. */
  readonly measured: boolean;
}

/** The sizes that decide the time of one head. */
export interface TimedSizes {
  /** Query tokens, those of all heads that share the keys. */
  readonly queries: number;
  /** Key tokens. */
  readonly keys: number;
  /** Pairs of a query and a key that it sees. */
  readonly pairs: number;
  /** Width of a query and a key. */
  readonly d: number;
  /** Width of a value. */
  readonly dv: number;
  /** Monomials. */
  readonly rank: number;
  /** Width of the coordinates of another basis, 0 where there is none. */
  readonly changed?: number;
  /** A causal head: queries of a chunk, each of which sees half of it exactly; 0 without a mask. */
  readonly chunk?: number;
}

/** Predicted times in milliseconds. */
export interface PredictedTimes {
  /** Exact attention. */
  readonly exact: number;
  /** Attention by monomials. */
  readonly polynomial: number;
}

const at = ({ base, each }: LinearCost, count: number): number => base + each * count;

/** A change of coordinates: d * width products a token at the speed of dense products, a fifth of that of exact attention's. */
const changedShare = 1 / 5;

/** Milliseconds that the search for blocks of coordinates takes: a few for sampling and polynomials, and decompositions of d x d matrices. */
export const adaptivePlanning = (d: number): number => 4 + 2 * (d / 16) ** 3;

/** Milliseconds that a monomial costs before any token is read: its place in the set, its weight. */
const adaptiveMonomial = 0.01;

/** Multiplying and storing a moment as a weight, once a chunk and column, against adding one token to it. */
const weighing = 2;

/**
 * Times of exact attention and of the polynomial of a given rank on one head, from a model of the machine:
 * exact pairs (base + each (d + dv)), polynomial (queries + keys) (rank (base + each (dv + 1)) + token costs), for a causal head also the
 * exact part of each chunk and the weighing of its moments, in other coordinates also the search for them.
 *
 * @returns milliseconds; a prediction, not a bound
 *
 * @throws TypeError if the model is not one
 * @throws RangeError if one of its figures is negative or not finite
 * @example
 * const model = nominalCosts({ build: 'relaxed-simd', precision: 'float32' });
 * const { exact, polynomial } = predictedTimes(model, { queries: 16384, keys: 16384, pairs: 16384 ** 2, d: 16, dv: 16, rank: 969 });
 * exact / polynomial > 8; // => true
 */
export function predictedTimes(model: CostModel, sizes: TimedSizes): PredictedTimes {
  assertCosts('predictedTimes', model);
  return timesOf(model, sizes);
}

/** `predictedTimes` from a model known to be one. */
export function timesOf(model: CostModel, sizes: TimedSizes): PredictedTimes {
  const { queries, keys, pairs, d, dv, rank, changed = 0, chunk = 0 } = sizes;
  const tokens = queries + keys;
  const pair = at(model.exactPair, d + dv);
  const exact = model.call + pairs * pair;
  const monomial = at(model.monomial, dv + 1);
  let polynomial = model.call + tokens * (rank * monomial + at(model.token, d + dv) + d * changed * model.exactPair.each * changedShare);
  if (chunk > 0) polynomial += queries * (chunk / 2) * pair + Math.ceil(queries / chunk) * (weighing * rank * monomial + 2 * model.call);
  const search = changed > 0 ? adaptivePlanning(d) + adaptiveMonomial * rank : 0;
  return { exact: exact / 1e6, polynomial: polynomial / 1e6 + search };
}

/** Throws unless `model` is a cost model with figures that can be reckoned with. */
export function assertCosts(fn: string, model: CostModel): void {
  if (typeof model !== 'object' || model === null) throw new TypeError(`${fn}: costs must be a cost model, got ${describe(model)}`);
  for (const name of ['exactPair', 'monomial', 'token'] as const) {
    const cost: LinearCost | undefined = model[name];
    if (typeof cost !== 'object' || cost === null) throw new TypeError(`${fn}: costs.${name} must hold base and each, got ${describe(cost)}`);
    for (const part of ['base', 'each'] as const) {
      assertFiniteNumber(fn, `costs.${name}.${part}`, cost[part]);
      if (cost[part] < 0) throw new RangeError(`${fn}: costs.${name}.${part} must not be negative, got ${cost[part]}`);
    }
    assertPositive(fn, `costs.${name}.base + each`, cost.base + cost.each);
  }
  assertFiniteNumber(fn, 'costs.call', model.call);
  if (model.call < 0) throw new RangeError(`${fn}: costs.call must not be negative, got ${model.call}`);
}

/**
 * Costs of one thread of a server processor of 2023, from `calibrate` there: what decides before anything was measured here. Machines
 * differ far more in speed than in the ratio of the two methods, which is all that a decision needs.
 *
 * @example
 * nominalCosts({ build: 'plain', precision: 'float64' }).measured; // => false
 */
export function nominalCosts({ build, precision }: Pick<Kernels, 'build' | 'precision'>): CostModel {
  if (build === 'plain') {
    const slow = precision === 'float64' ? 1.3 : 1;
    return { exactPair: { base: 20 * slow, each: slow }, monomial: { base: 5 * slow, each: 1.1 * slow }, token: { base: 40, each: 12 }, call: 1e5, measured: false };
  }
  const slow = build === 'simd128' ? 1.4 : 1;
  return { exactPair: { base: 0.5 * slow, each: 0.036 * slow }, monomial: { base: 0.1 * slow, each: 0.04 * slow }, token: { base: 10, each: 2 }, call: 1e5, measured: false };
}
