import {
  assertFinite,
  assertFiniteNumber,
  assertInteger,
  createPlainKernels,
  describe,
  type AttentionShape,
  type FloatArray,
  type Kernels,
  type Tokens,
} from '@prompt-limits/core-linalg';

/**
 * A softmax attention problem $Z = V\,\mathrm{softmax}(\mathrm{scale} \cdot K^\top Q)$; tokens are columns.
 *
 * With several heads a token holds its heads one after another, each `queries.d / heads` rows high.
 *
 * @typeParam A - the storage of all three, Float32Array or Float64Array
 */
export interface AttentionProblem<A extends FloatArray = FloatArray> {
  /** Q, (heads d) x queries. */
  readonly queries: Tokens<A>;
  /** K, (keyHeads d) x keys; for self-attention as many tokens as Q, for cross-attention any number, 0 included. */
  readonly keys: Tokens<A>;
  /** V, (keyHeads dv) x keys. */
  readonly values: Tokens<A>;
  /** Factor on the scores, finite; 1 / sqrt(d) in most models, 1 in the paper, 1 / d in Alman and Song. */
  readonly scale: number;
  /** Query heads, >= 1; 1 unless given. */
  readonly heads?: number;
  /** Key heads, a divisor of heads; `heads` unless given. Query head a reads key head floor(a keyHeads / heads). */
  readonly keyHeads?: number;
  /**
   * false or absent: every query sees every key. An integer c: query i sees keys 0 to i + c.
   * true: c = keys - queries, which aligns the last query with the last key.
   */
  readonly causal?: boolean | number;
}

/** The largest absolute entry, or 0 if there is none. */
export function maxAbs(values: FloatArray): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/** `maxAbs` of values that are all finite, in the one pass that also sees to that. */
function finiteSize(fn: string, name: string, values: FloatArray): number {
  let [largest, bad] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest) largest = size;
    bad += size - size; // 0, or NaN from the first value that is not finite
  }
  if (bad !== 0) assertFinite(fn, name, values);
  return largest;
}

/** The largest finite value of an array's precision. */
export function largestFinite(values: FloatArray): number {
  return values instanceof Float64Array ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127;
}

/** Throws TypeError unless `t` is Tokens stored like `like` (any precision if `like` is absent), RangeError unless its length fits. */
export function assertTokens(fn: string, name: string, t: Tokens, like?: Tokens): void {
  const data: unknown = (t as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`${fn}: ${name} must be Tokens over a Float32Array or a Float64Array, got ${describe(t)}`);
  }
  assertInteger(fn, `${name}.d`, t.d, 1);
  assertInteger(fn, `${name}.n`, t.n);
  if (data.length !== t.d * t.n) {
    throw new RangeError(`${fn}: ${name}.data must have length d * n = ${t.d * t.n}, got ${data.length}`);
  }
  if (like !== undefined && data.constructor !== like.data.constructor) {
    throw new TypeError(`${fn}: ${name} must be stored like queries in a ${like.data.constructor.name}, got ${describe(data)}`);
  }
}

/** The shape of a problem, after every requirement of `attend` but those on the kernels has been checked. */
export function checkedShape(fn: string, problem: AttentionProblem): AttentionShape {
  const { queries, keys, values, scale, heads = 1, keyHeads = heads, causal = false } = problem;
  assertTokens(fn, 'queries', queries);
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
    const rows = heads === keyHeads
      ? `as many rows as queries (d = ${queries.d})`
      : `keyHeads * d / heads rows (${keyHeads} * ${queries.d} / ${heads} = ${keyHeads * d})`;
    throw new RangeError(`${fn}: keys must have ${rows}, got d = ${keys.d}`);
  }
  if (values.n !== keys.n) throw new RangeError(`${fn}: values must have as many tokens as keys (n = ${keys.n}), got n = ${values.n}`);
  if (typeof causal !== 'boolean') assertInteger(fn, 'causal', causal, Number.MIN_SAFE_INTEGER);
  const size = {
    queries: finiteSize(fn, 'queries', queries.data),
    keys: finiteSize(fn, 'keys', keys.data),
    values: finiteSize(fn, 'values', values.data),
  };

  const limit = largestFinite(queries.data);
  // Every partial sum of a score, scaled early or late, is at most d max(1,|scale|) max(1,|Q|) max(1,|K|); a difference of
  // two scores is twice that, and kernels that work in base 2 multiply by log2(e) < 2. The factor 4 covers both.
  const scores = d * Math.max(1, Math.abs(scale)) * Math.max(1, size.queries) * Math.max(1, size.keys);
  if (!(4 * scores <= limit)) {
    throw new RangeError(`${fn}: d * scale * |Q| * |K|, each factor at least 1, must be at most ${limit / 4} so that no score overflows, got ${scores}`);
  }
  // Weights are at most 1 before they are normalised, so a sum of n weighted values is at most n |V|.
  if (!(size.values <= limit / Math.max(1, keys.n))) {
    throw new RangeError(`${fn}: values must be at most ${limit / keys.n} in absolute value so that no sum of ${keys.n} overflows, got ${size.values}`);
  }
  return {
    queries: queries.n,
    keys: keys.n,
    heads,
    keyHeads,
    d,
    dv: values.d / keyHeads,
    scale,
    causal: causal === false ? null : causal === true ? keys.n - queries.n : causal,
  };
}

/** The given kernels if their precision is that of the tokens; plain kernels of that precision if none are given. */
export function matchingKernels(fn: string, tokens: Tokens, kernels: Kernels | undefined): Kernels {
  const precision = tokens.data instanceof Float64Array ? 'float64' : 'float32';
  if (kernels === undefined) return createPlainKernels({ precision });
  if (kernels.precision !== precision) {
    throw new TypeError(`${fn}: kernels must compute in the precision of the tokens (${precision}), got ${describe(kernels.precision)}`);
  }
  return kernels;
}
