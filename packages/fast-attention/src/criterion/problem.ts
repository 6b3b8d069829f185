import { assertFinite, assertFiniteNumber, assertInteger, describe, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';

/** The queries and keys of one head, and the scale of its scores. */
export interface ScoreProblem {
  /** Q, d x queries, at least one token. */
  readonly queries: Tokens;
  /** K, d x n, at least one token. */
  readonly keys: Tokens;
  /** Factor on the scores, finite; it may be negative. */
  readonly scale: number;
  /** As in `attend`: false or absent, true (last query on last key), or an offset c: query i sees keys 0 to i + c. */
  readonly causal?: boolean | number;
}

/** The largest absolute entry. */
export function maxAbs(values: FloatArray): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/** Throws unless `t` is finite Tokens with at least one token. */
export function assertHead(fn: string, name: string, t: Tokens): void {
  const data: unknown = (t as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`${fn}: ${name} must be Tokens over a Float32Array or a Float64Array, got ${describe(t)}`);
  }
  assertInteger(fn, `${name}.d`, t.d, 1);
  assertInteger(fn, `${name}.n`, t.n, 1);
  if (data.length !== t.d * t.n) throw new RangeError(`${fn}: ${name}.data must have length d * n = ${t.d * t.n}, got ${data.length}`);
  assertFinite(fn, name, data);
}

/** Throws unless the problem can be scored without overflow. */
export function assertScores(fn: string, { queries, keys, scale, causal = false }: ScoreProblem): void {
  assertHead(fn, 'queries', queries);
  assertHead(fn, 'keys', keys);
  if (keys.d !== queries.d) throw new RangeError(`${fn}: keys must have as many rows as queries (d = ${queries.d}), got d = ${keys.d}`);
  assertFiniteNumber(fn, 'scale', scale);
  if (typeof causal !== 'boolean') assertInteger(fn, 'causal', causal, Number.MIN_SAFE_INTEGER);
  // Scores of centred keys are at most d |scale| |Q| 2 |K|, differences of two twice that; factors below 1 are taken as 1 so that
  // every partial product is covered.
  const largest = 4 * queries.d * [scale, maxAbs(queries.data), maxAbs(keys.data)].reduce((x, y) => x * Math.max(1, Math.abs(y)), 1);
  if (!Number.isFinite(largest)) {
    throw new RangeError(`${fn}: 4 d * scale * |Q| * |K|, each factor at least 1, must be at most ${Number.MAX_VALUE} so that no score overflows, got ${largest}`);
  }
}

/** The offset c of `causal`: query i sees keys 0 to i + c. */
export function causalOffset({ queries, keys, causal = false }: ScoreProblem): number {
  if (typeof causal === 'number') return causal;
  return causal ? keys.n - queries.n : keys.n;
}

/** How many keys query i sees under an offset. */
export function visibleKeys(keys: number, offset: number, i: number): number {
  return Math.min(keys, Math.max(0, i + offset + 1));
}
