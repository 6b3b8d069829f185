import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { addBeside, packBeside, type BesideKeys } from './besideKeys.ts';
import { causalParts } from './causalParts.ts';
import type { CentredHead } from './centredHead.ts';
import { addMoments, centreValues, centreVectors, divideOutputs, squaredNorms, weighMoments, writeOutputs, type Target } from './pack.ts';
import { tokenBlock, type PolynomialPlan } from './planHead.ts';
import type { ValueColumns } from './valueColumns.ts';

/** One key head and all that its run needs. */
export interface HeadRun {
  readonly kernels: Kernels;
  readonly head: CentredHead;
  readonly plan: PolynomialPlan;
  /** The problem's scale. */
  readonly scale: number;
  readonly values: FloatArray;
  readonly columns: ValueColumns;
  /** null, or c: query i sees keys 0 to i + c. */
  readonly causal: number | null;
  /** Keys that all queries attend to exactly; only without a mask. */
  readonly beside: BesideKeys | null;
  readonly target: Target;
  /** Whether the norms of the queries are wanted, for bounds of each; the denominators then are as well. */
  readonly norms: boolean;
  /** Whether the denominators are wanted. */
  readonly totals: boolean;
}

/** What a run leaves behind: a value for each query of the group, token by token, head by head. */
export interface HeadSums {
  /** Denominators sum omega e^x, with a mask the exact part included; 0 where no key is seen. null unless wanted or causal. */
  readonly totals: Float64Array | null;
  /** ln sum omega e^x over the keys beside; null if there are none. */
  readonly masses: Float64Array | null;
  /** The least quotient of a denominator and the weight of the keys that the polynomial summed for it. */
  readonly least: number;
  /** Weight of the keys that the polynomial summed; the same for all queries without a mask. */
  readonly weight: Float64Array | number;
  /** At least the norm of each stored query, if wanted. */
  readonly norms: Float64Array | null;
}

/** Adds the moments of keys `from` to `to - 1` to `moments`. */
export function addKeys(run: HeadRun, from: number, to: number, moments: Float64Array): void {
  const { kernels, head, plan, values, columns } = run;
  const { keys, keyCentre, keyFactor } = plan.vectors;
  const { d } = keys;
  const width = columns.dv + 1;
  for (let at = from; at < to; at += tokenBlock) {
    const end = Math.min(to, at + tokenBlock);
    kernels.scratch(() => {
      const x = kernels.allocate((end - at) * d);
      const y = kernels.allocate((end - at) * width);
      const block = kernels.allocate(moments.length);
      centreVectors(kernels, keys, at, end, keyCentre, keyFactor, x);
      centreValues(kernels, values, columns, at, end, head.omega, y);
      kernels.monomialMoments(plan.set, end - at, x, width, y, block);
      addMoments(moments, block);
    });
  }
}

/** Upper bounds of the norms of packed queries. */
export function normsInto(count: number, d: number, width: number, x: FloatArray, out: Float64Array): void {
  squaredNorms(count, d, width, x, out);
  for (let q = 0; q < count; q++) out[q] = Math.sqrt(out[q]!) * (1 + (d + 4) * 2 ** -53);
}

/** Attention of one key head by its polynomial: moments of all keys, then a reading for each query. O(n d + rank dv) memory. */
export function polynomialHead(run: HeadRun): HeadSums {
  const { kernels, head, plan, columns, target } = run;
  const { queries, queryCentre, queryFactor } = plan.vectors;
  const { n, per, d } = queries;
  const width = columns.dv + 1;
  const norms = run.norms ? new Float64Array(n * per) : null;
  if (run.causal !== null) {
    const all = new Float64Array(n * per);
    const weight = causalParts(run, run.causal, all, norms);
    let least = Infinity;
    // A row without polynomial part loses nothing to it.
    for (let q = 0; q < all.length; q++) if (weight[q] !== 0) least = Math.min(least, all[q]! / weight[q]!);
    return { totals: all, masses: null, least, norms, weight };
  }
  const totals = run.totals || run.norms ? new Float64Array(n * per) : null;
  let least = Infinity;
  const masses = run.beside === null ? null : new Float64Array(n * per);
  const moments = new Float64Array(plan.set.rank * width);
  addKeys(run, 0, head.keys.n, moments);
  kernels.scratch(() => {
    const weights = kernels.allocate(moments.length);
    weighMoments(moments, plan.weights, width, weights);
    const packed = run.beside === null ? null : packBeside(kernels, head, run.beside, columns);
    const step = Math.max(1, Math.floor(tokenBlock / per));
    const x = kernels.allocate(Math.min(step, n) * per * d);
    const sums = kernels.allocate(Math.min(step, n) * per * width);
    for (let at = 0; at < n; at += step) {
      const tokens = Math.min(n, at + step) - at;
      centreVectors(kernels, queries, at, at + tokens, queryCentre, queryFactor, x);
      kernels.monomialRead(plan.set, tokens * per, x, width, weights, sums);
      if (norms !== null) normsInto(tokens * per, d, d, x, norms.subarray(at * per));
      if (packed !== null) {
        least = Math.min(least, addBeside(kernels, head, packed, columns.dv, at, at + tokens, sums, totals?.subarray(at * per) ?? null, masses!.subarray(at * per)));
        divideOutputs(kernels, columns, sums, tokens, per, at, target);
      } else if (totals === null) least = Math.min(least, divideOutputs(kernels, columns, sums, tokens, per, at, target));
      else writeOutputs(columns, sums, tokens, per, at, target, totals.subarray(at * per));
    }
  });
  if (totals !== null) for (const total of totals) least = Math.min(least, total);
  return { totals, masses, least: least / head.total, norms, weight: head.total };
}
