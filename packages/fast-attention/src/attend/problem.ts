import type { AttentionProblem } from '@prompt-limits/attention';
import { assertFinite, assertFiniteNumber, assertInteger, describe, type AttentionShape, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { kernelRanges, largestEntry, rowRanges, type RowRanges, type Vectors } from './views.ts';

/** A checked problem: its shape and the ranges of its rows, found in the same pass. */
export interface CheckedProblem {
  readonly shape: AttentionShape;
  /** Query heads of a key head. */
  readonly group: number;
  readonly queries: RowRanges;
  readonly keys: RowRanges;
  readonly values: RowRanges;
}

function assertTokens(fn: string, name: string, t: Tokens, like: Tokens): void {
  const data: unknown = (t as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`${fn}: ${name} must be Tokens over a Float32Array or a Float64Array, got ${describe(t)}`);
  }
  assertInteger(fn, `${name}.d`, t.d, 1);
  assertInteger(fn, `${name}.n`, t.n, 1);
  if (data.length !== t.d * t.n) throw new RangeError(`${fn}: ${name}.data must have length d * n = ${t.d * t.n}, got ${data.length}`);
  if (data.constructor !== like.data.constructor) {
    throw new TypeError(`${fn}: ${name} must be stored like queries in a ${like.data.constructor.name}, got ${describe(data)}`);
  }
}

/** So few values take less time than a call of a kernel. */
const fewValues = 1024;

function ranged(fn: string, name: string, { data, d }: Tokens, kernels: Kernels | undefined): RowRanges {
  const ranges = kernels === undefined || data.length < fewValues ? rowRanges(data, d) : kernelRanges(data, d, kernels);
  if (!ranges.finite) assertFinite(fn, name, data);
  return ranges;
}

/** The largest finite value of an array's precision. */
const largestFinite = (data: FloatArray): number => (data instanceof Float64Array ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127);

/** The requirements of `attend` on the kinds and shapes of its problem: at least one query and one key. */
export function checkedShape(fn: string, problem: AttentionProblem): AttentionShape {
  const { queries, keys, values, scale, heads = 1, keyHeads = heads, causal = false } = problem;
  assertTokens(fn, 'queries', queries, queries);
  assertTokens(fn, 'keys', keys, queries);
  assertTokens(fn, 'values', values, queries);
  assertFiniteNumber(fn, 'scale', scale);
  assertInteger(fn, 'heads', heads, 1);
  assertInteger(fn, 'keyHeads', keyHeads, 1);
  if (heads % keyHeads !== 0) throw new RangeError(`${fn}: keyHeads must divide heads = ${heads}, got ${keyHeads}`);
  if (queries.d % heads !== 0) throw new RangeError(`${fn}: heads must divide the rows of queries (${queries.d}), got ${heads}`);
  if (values.d % keyHeads !== 0) throw new RangeError(`${fn}: keyHeads must divide the rows of values (${values.d}), got ${keyHeads}`);
  const d = queries.d / heads;
  if (keys.d !== keyHeads * d) {
    throw new RangeError(`${fn}: keys must have keyHeads * d / heads rows (${keyHeads} * ${queries.d} / ${heads} = ${keyHeads * d}), got d = ${keys.d}`);
  }
  if (values.n !== keys.n) throw new RangeError(`${fn}: values must have as many tokens as keys (n = ${keys.n}), got n = ${values.n}`);
  if (typeof causal !== 'boolean') assertInteger(fn, 'causal', causal, Number.MIN_SAFE_INTEGER);
  return {
    queries: queries.n, keys: keys.n, heads, keyHeads, d, dv: values.d / keyHeads, scale,
    causal: causal === false ? null : causal === true ? keys.n - queries.n : causal,
  };
}

/**
 * Every requirement of `attend` on its problem, those of exact attention included.
 *
 * @param kernels - of the precision of the tokens; they find the ranges if given
 */
export function checkedProblem(fn: string, problem: AttentionProblem, kernels?: Kernels): CheckedProblem {
  const shape = checkedShape(fn, problem);
  const { queries, keys, values } = problem;
  const { d, scale } = shape;
  const ranges = { queries: ranged(fn, 'queries', queries, kernels), keys: ranged(fn, 'keys', keys, kernels), values: ranged(fn, 'values', values, kernels) };

  // As in exact attention, which a head may need: no score, nor a difference of two in base 2, overflows, and no sum of values.
  const limit = largestFinite(queries.data);
  const scores = d * Math.max(1, Math.abs(scale)) * Math.max(1, largestEntry(ranges.queries)) * Math.max(1, largestEntry(ranges.keys));
  if (!(4 * scores <= limit)) {
    throw new RangeError(`${fn}: d * scale * |Q| * |K|, each factor at least 1, must be at most ${limit / 4} so that no score overflows, got ${scores}`);
  }
  const largest = largestEntry(ranges.values);
  if (!(largest <= limit / keys.n)) {
    throw new RangeError(`${fn}: values must be at most ${limit / keys.n} in absolute value so that no sum of ${keys.n} overflows, got ${largest}`);
  }
  return { shape, group: shape.heads / shape.keyHeads, ...ranges };
}

/** The queries of the heads that read key head `head`, and its keys. */
export function headVectors(problem: AttentionProblem, { shape, group }: CheckedProblem, head: number): { queries: Vectors; keys: Vectors } {
  const { d, heads, keyHeads } = shape;
  return {
    queries: { data: problem.queries.data, n: shape.queries, stride: heads * d, offset: head * group * d, per: group, d },
    keys: { data: problem.keys.data, n: shape.keys, stride: keyHeads * d, offset: head * d, per: 1, d },
  };
}
