import type { AttentionProblem } from '@prompt-limits/attention';
import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { largestTerms } from '../certificate/certificate.ts';
import { part } from '../attend/exactHeads.ts';
import { aPosterioriBounds, type HeadBounds } from '../attend/headBounds.ts';
import { logPartitions } from '../attend/logPartitions.ts';
import { polynomialHead, type HeadRun } from '../attend/polynomialHead.ts';
import { headVectors, type CheckedProblem } from '../attend/problem.ts';
import type { ValueColumns } from '../attend/valueColumns.ts';
import { gathered } from './farTokens.ts';
import type { SplitHead } from './splitHead.ts';

/** Where a split head's results go. */
export interface SplitRun {
  readonly problem: AttentionProblem;
  readonly checked: CheckedProblem;
  readonly head: number;
  readonly split: SplitHead;
  readonly kernels: Kernels;
  readonly columns: ValueColumns;
  /** What exact attention certifies for the head. */
  readonly exactly: HeadBounds;
  readonly perQuery: boolean;
  readonly output: FloatArray;
  /** All log partitions, or null. */
  readonly logs: FloatArray | null;
}

/** Attention of one key head in blocks, written to the output, and its bounds. */
export function attendSplit(run: SplitRun): { bounds: HeadBounds; logError: number } {
  const { checked: { shape, group }, head, split, perQuery, exactly } = run;
  const { heads, dv, queries } = shape;
  const near = nearQueries(run);
  if (split.farQueries.length === 0) return near;
  const logError = Math.max(near.logError, farQueries(run));
  const { bounds } = near;
  let each: Float64Array | null = null;
  if (perQuery && bounds.perQuery !== null && exactly.perQuery !== null) {
    each = exactly.perQuery.slice();
    split.nearQueries!.forEach((q, i) => (each![q] = bounds.perQuery![i]!));
  }
  return {
    bounds: { terms: largestTerms(bounds.terms, exactly.terms), perColumn: bounds.perColumn.map((x, c) => Math.max(x, exactly.perColumn[c]!)), perQuery: each },
    logError,
  };

  /** The queries by the polynomial and the keys beside. */
  function nearQueries({ problem, kernels, columns, output, logs }: SplitRun): { bounds: HeadBounds; logError: number } {
    const { nearQueries: list, nearValues, beside } = split;
    const target = { output, stride: heads * dv, offset: head * group * dv };
    const compact = list === null ? target : { output: like(output, list.length * dv), stride: dv, offset: 0 };
    const one: HeadRun = {
      kernels, head: split.head, plan: split.run, scale: shape.scale, beside, causal: null, target: compact, norms: perQuery, totals: logs !== null,
      ...(nearValues === null ? { values: problem.values.data, columns } : { values: nearValues, columns: { ...columns, stride: dv, offset: 0 } }),
    };
    const sums = polynomialHead(one);
    const found = aPosterioriBounds(split.run, split.head, sums, columns, kernels, perQuery);
    if (list !== null) scatter(list, compact.output, dv, target.output, target.stride, target.offset);
    if (logs === null) return { bounds: found, logError: 0 };
    const own = list === null ? logs : like(logs, list.length);
    const error = logPartitions.polynomial(one, sums, list === null ? queries : list.length, list === null ? head * group : 0, own);
    if (list !== null) scatterLogs(list, own, logs);
    return { bounds: found, logError: error };
  }

  /** The queries by exact attention to all keys; a bound on the error of their log partitions, 0 if none are wanted. */
  function farQueries({ problem, checked, kernels, columns, output, logs }: SplitRun): number {
    const list = split.farQueries;
    const q = gathered(headVectors(problem, checked, head).queries, list).data;
    const [k, v] = [part(problem.keys, head * shape.d, shape.d), part(problem.values, head * dv, dv)];
    const z = like(output, list.length * dv);
    const found = like(output, list.length);
    kernels.attention({ ...shape, queries: list.length, heads: 1, keyHeads: 1, causal: null }, q, k, v, z, found);
    kernels.holdTokens(list.length, dv, z, columns.low, columns.high);
    scatter(list, z, dv, output, heads * dv, head * group * dv);
    if (logs === null) return 0;
    scatterLogs(list, found, logs);
    return logPartitions.exact(checked, head, kernels);
  }

  /** Rows of vectors to their tokens and heads. */
  function scatter(list: Int32Array, rows: FloatArray, width: number, into: FloatArray, stride: number, offset: number): void {
    for (let i = 0, at = 0; i < list.length; i++) {
      const v = list[i]!;
      for (let c = 0, o = Math.floor(v / group) * stride + offset + (v % group) * width; c < width; c++, o++, at++) into[o] = rows[at]!;
    }
  }

  function scatterLogs(list: Int32Array, from: FloatArray, into: FloatArray): void {
    for (let i = 0; i < list.length; i++) into[(head * group + (list[i]! % group)) * queries + Math.floor(list[i]! / group)] = from[i]!;
  }
}

const like = (x: FloatArray, length: number): FloatArray => new (x.constructor as new (length: number) => FloatArray)(length);
