import type { Kernels } from '@prompt-limits/core-linalg';
import { outputBound } from '../certificate/outputBound.ts';
import { exactRounding, unitRoundoff } from '../certificate/rounding.ts';
import { noTerms, type ErrorTerms } from '../certificate/certificate.ts';
import type { CentredHead } from './centredHead.ts';
import { errorTerms, totalOf, type PolynomialPlan } from './planHead.ts';
import type { HeadSums } from './polynomialHead.ts';
import type { CheckedProblem } from './problem.ts';
import { leastRounding, storageFraction, storedError, type ValueColumns } from './valueColumns.ts';
import { largestEntry } from './views.ts';

/** Bounds of one key head: fractions of the range of each column of V. */
export interface HeadBounds {
  readonly terms: ErrorTerms;
  /** For each column; 0 where all its values are equal. */
  readonly perColumn: Float64Array;
  /** For each query of the group, token by token, over all columns; null unless asked for. */
  readonly perQuery: Float64Array | null;
}

/** The bound of each column: all terms, its own storage instead of the largest. */
function columnsOf(columns: ValueColumns, terms: ErrorTerms, unit: number): Float64Array {
  return columns.range.map((range, c) =>
    range === 0 ? 0 : totalOf({ ...terms, storage: storedError(columns.largest[c]!, unit) / range }));
}

/** A head whose columns of V hold equal values each is returned exactly. */
function flatBounds({ range }: ValueColumns, queries: number, perQuery: boolean): HeadBounds | null {
  if (range.some((x) => x > 0)) return null;
  return { terms: noTerms, perColumn: new Float64Array(range.length), perQuery: perQuery ? new Float64Array(queries) : null };
}

/** What norms and the sums of the run prove. */
export function aPosterioriBounds(plan: PolynomialPlan, head: CentredHead, sums: HeadSums, columns: ValueColumns, kernels: Kernels, perQuery: boolean): HeadBounds {
  const { totals, weight, norms, least } = sums;
  const flat = flatBounds(columns, head.queries.n * head.queries.per, perQuery);
  if (flat !== null) return flat;
  const unit = unitRoundoff(kernels);
  const storage = storageFraction(columns, unit);
  // kappa = lost * weight / total, largest where total / weight is least.
  const terms = errorTerms(plan, head, unit, plan.vectors.halfWidth, least > 0 ? least : Number.MIN_VALUE, storage);
  let each: Float64Array | null = null;
  if (perQuery && norms !== null && totals !== null) {
    each = new Float64Array(totals.length);
    for (let q = 0; q < each.length; q++) {
      const w = typeof weight === 'number' ? weight : weight[q]!;
      const r = Math.min(plan.vectors.halfWidth, norms[q]! * plan.vectors.keyNorm * (1 + 2 ** -51));
      const share = w === 0 ? Infinity : totals[q]! / w;
      each[q] = totals[q] === 0 ? 0 : totalOf(errorTerms(plan, head, unit, r, share > 0 ? share : Number.MIN_VALUE, storage));
    }
  }
  return { terms, perColumn: columnsOf(columns, terms, unit), perQuery: each };
}

/** What was proven before the run. */
export function aPrioriBounds(plan: PolynomialPlan, columns: ValueColumns, kernels: Kernels, queries: number, perQuery: boolean): HeadBounds {
  const flat = flatBounds(columns, queries, perQuery);
  if (flat !== null) return flat;
  const perColumn = columnsOf(columns, plan.terms, unitRoundoff(kernels));
  return { terms: plan.terms, perColumn, perQuery: perQuery ? new Float64Array(queries).fill(Math.max(0, ...perColumn)) : null };
}

/** What the rounding of exact attention costs one key head, from the box of its queries and keys. */
export function exactBounds(checked: CheckedProblem, head: number, columns: ValueColumns, kernels: Kernels, perQuery: boolean): HeadBounds {
  const { shape, group } = checked;
  const { d, keys, queries } = shape;
  const flat = flatBounds(columns, queries * group, perQuery);
  if (flat !== null) return flat;
  const unit = unitRoundoff(kernels);
  // sum_c |q_c| |k_c| over the boxes.
  let S = 0;
  for (let j = 0; j < group; j++) {
    let sum = 0;
    for (let c = 0; c < d; c++) {
      const [q, k] = [(head * group + j) * d + c, head * d + c];
      sum += largestEntry(checked.queries, q, q + 1) * largestEntry(checked.keys, k, k + 1);
    }
    S = Math.max(S, sum * Math.abs(shape.scale));
  }
  const { eta, sums } = exactRounding(kernels, keys, d, S);
  const base = { ...noTerms, input: Math.min(1, outputBound(Math.exp(-2 * Math.min(eta, 300)), 1)) };
  // Sums of the values as they are: numerator and denominator err by `sums` of sum w |v| each. A product and a change of the running maximum lose
  // an absolute part where they underflow, at most two for each key; the weights sum to at least 1.
  const lost = (2 * keys + 16) * leastRounding(unit);
  const ofSums = columns.range.map((range, c) => (range === 0 ? 0 : (2 * sums * columns.largest[c]! + lost) / range));
  const perColumn = columns.range.map((range, c) => (range === 0 ? 0 : totalOf({ ...base, sums: ofSums[c]!, storage: storedError(columns.largest[c]!, unit) / range })));
  const terms = { ...base, sums: Math.min(1, Math.max(...ofSums)), storage: storageFraction(columns, unit) };
  return { terms, perColumn, perQuery: perQuery ? new Float64Array(queries * group).fill(Math.max(0, ...perColumn)) : null };
}
