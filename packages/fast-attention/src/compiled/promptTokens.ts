import { assertInteger, assertPositive, describe, type FloatArray, type Precision, type Tokens } from '@prompt-limits/core-linalg';
import { rowRanges } from '../attend/views.ts';
import { slack, type CompiledHead } from './compiledHead.ts';

/** Keys and values of some tokens of a prompt, as in `AttentionProblem`. */
export interface PromptBlock {
  /** (keyHeads d) x n. */
  readonly keys: Tokens;
  /** (keyHeads dv) x n. */
  readonly values: Tokens;
}

/** Beyond this, products of keys, queries and the scale could overflow. */
const largestEntry = 2 ** 400;

/** Throws unless `t` is Tokens of finite values of at most 2^400. */
export function assertPromptTokens(fn: string, name: string, t: Tokens): void {
  const data: unknown = (t as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`${fn}: ${name} must be Tokens over a Float32Array or a Float64Array, got ${describe(t)}`);
  }
  assertInteger(fn, `${name}.d`, t.d, 1);
  assertInteger(fn, `${name}.n`, t.n);
  if (data.length !== t.d * t.n) throw new RangeError(`${fn}: ${name}.data must have length d * n = ${t.d * t.n}, got ${data.length}`);
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]!);
    if (!(size <= largestEntry)) {
      throw new RangeError(`${fn}: ${name} must be ${size < Infinity ? 'at most 2^400 in absolute value' : 'finite'}, got ${data[i]} at index ${i}`);
    }
  }
}

/** Throws unless the block has keyHeads keys and values a token, like the blocks before it. */
export function assertBlock(fn: string, { keys, values }: PromptBlock, keyHeads: number, like?: { readonly d: number; readonly dv: number }): void {
  assertPromptTokens(fn, 'keys', keys);
  assertPromptTokens(fn, 'values', values);
  for (const [name, rows] of [['keys', keys.d], ['values', values.d]] as const) {
    if (rows % keyHeads !== 0) throw new RangeError(`${fn}: keyHeads must divide the rows of ${name} (${rows}), got ${keyHeads}`);
  }
  if (values.n !== keys.n) throw new RangeError(`${fn}: values must have as many tokens as keys (n = ${keys.n}), got n = ${values.n}`);
  if (like === undefined) return;
  if (keys.d !== keyHeads * like.d) throw new RangeError(`${fn}: keys must have keyHeads d = ${keyHeads * like.d} rows, got ${keys.d}`);
  if (values.d !== keyHeads * like.dv) throw new RangeError(`${fn}: values must have keyHeads dv = ${keyHeads * like.dv} rows, got ${values.d}`);
}

/** What one pass over a prompt finds. */
export interface PromptSurvey {
  readonly tokens: number;
  /** Of the keys of the first block. */
  readonly precision: Precision;
  readonly d: number;
  readonly dv: number;
  /** Ranges of the rows of the keys and of the values. */
  readonly keyLow: Float64Array;
  readonly keyHigh: Float64Array;
  readonly valueLow: Float64Array;
  readonly valueHigh: Float64Array;
  /** Some hundred tokens spread over the prompt. */
  readonly sample: Float64Array;
}

/** Most tokens of the sample. */
const sampleSize = 1024;

/** Checks every block, and finds ranges and a sample of the keys. */
export function surveyPrompt(fn: string, blocks: Iterable<PromptBlock>, keyHeads: number): PromptSurvey {
  let survey: { precision: Precision; keyLow: Float64Array; keyHigh: Float64Array; valueLow: Float64Array; valueHigh: Float64Array; d: number; dv: number } | undefined;
  let count = 0;
  let skip = 1;
  let sample: Float64Array[] = [];
  const widen = (low: Float64Array, high: Float64Array, data: FloatArray): void => {
    const found = rowRanges(data, low.length);
    for (let c = 0; c < low.length; c++) {
      low[c] = Math.min(low[c]!, found.low[c]!);
      high[c] = Math.max(high[c]!, found.high[c]!);
    }
  };
  for (const block of blocks) {
    assertBlock(fn, block, keyHeads, survey);
    const { keys, values } = block;
    survey ??= {
      precision: keys.data instanceof Float64Array ? 'float64' : 'float32',
      d: keys.d / keyHeads, dv: values.d / keyHeads,
      keyLow: new Float64Array(keys.d).fill(Infinity), keyHigh: new Float64Array(keys.d).fill(-Infinity),
      valueLow: new Float64Array(values.d).fill(Infinity), valueHigh: new Float64Array(values.d).fill(-Infinity),
    };
    widen(survey.keyLow, survey.keyHigh, keys.data);
    widen(survey.valueLow, survey.valueHigh, values.data);
    for (let j = 0; j < keys.n; j++) {
      if ((count + j) % skip !== 0) continue;
      sample.push(Float64Array.from(keys.data.subarray(j * keys.d, (j + 1) * keys.d)));
      if (sample.length < sampleSize) continue;
      // Every other one of the multiples of skip goes: what stays are the multiples of 2 skip.
      sample = sample.filter((_, i) => i % 2 === 0);
      skip *= 2;
    }
    count += keys.n;
  }
  if (survey === undefined || count === 0) throw new RangeError(`${fn}: the prompt must hold at least one token, got none`);
  const rows = survey.keyLow.length;
  const flat = new Float64Array(sample.length * rows);
  sample.forEach((k, i) => flat.set(k, i * rows));
  return { ...survey, tokens: count, sample: flat };
}

/** One value for every key head: a number stands for all of them. */
export function perHead(fn: string, name: string, given: number | ArrayLike<number>, keyHeads: number): Float64Array {
  if (typeof given !== 'number' && (typeof given !== 'object' || given?.length !== keyHeads)) {
    throw new RangeError(`${fn}: ${name} must be a number or hold one for each of ${keyHeads} key heads, got ${describe(given)}`);
  }
  const values = Float64Array.from({ length: keyHeads }, (_, a) => (typeof given === 'number' ? given : given[a]!));
  values.forEach((x) => assertPositive(fn, name, x));
  return values;
}

/** d values for every key head, finite; zeros unless given. */
export function perHeadVectors(fn: string, name: string, given: ArrayLike<number> | undefined, length: number): Float64Array {
  if (given === undefined) return new Float64Array(length);
  if (typeof given !== 'object' || given?.length !== length) throw new RangeError(`${fn}: ${name} must have length keyHeads d = ${length}, got ${describe(given)}`);
  const values = Float64Array.from(given);
  values.forEach((x, i) => {
    if (!(Math.abs(x) <= largestEntry)) throw new RangeError(`${fn}: ${name} must be finite and at most 2^400, got ${x} at index ${i}`);
  });
  return values;
}

const unit = 2 ** -53;

/**
 * At least |x - centre| over d values from `at`: the largest difference is factored out, so squares neither overflow nor vanish; d + 8
 * roundings, half of them under the root, and 2^-1070 for those of subnormal numbers.
 */
export function distanceUp(data: FloatArray, at: number, centre: Float64Array): number {
  let largest = 0;
  for (let c = 0; c < centre.length; c++) largest = Math.max(largest, Math.abs(data[at + c]! - centre[c]!));
  if (largest === 0) return 0;
  let sum = 0;
  for (let c = 0; c < centre.length; c++) {
    const x = (data[at + c]! - centre[c]!) / largest;
    sum += x * x;
  }
  return largest * Math.sqrt(sum) * (1 + (centre.length + 8) * unit) + 2 ** -1070;
}

/**
 * Throws unless every key lies within the radius of its head and every value within the ranges, as the pass before found them: then the
 * certificate covers what is folded, whatever the iterable gives.
 */
export function assertInside(fn: string, block: PromptBlock, parts: readonly Pick<CompiledHead, 'keyCentre' | 'keyRadius' | 'low' | 'high'>[]): void {
  assertBlock(fn, block, parts.length, { d: parts[0]!.keyCentre.length, dv: parts[0]!.low.length });
  const { keys, values } = block;
  for (const [a, { keyCentre, keyRadius, low, high }] of parts.entries()) {
    for (let j = 0; j < keys.n; j++) {
      const reach = distanceUp(keys.data, j * keys.d + a * keyCentre.length, keyCentre);
      if (!(reach <= keyRadius * slack(keyCentre.length))) throw new RangeError(`${fn}: every key must lie within the key radius ${keyRadius} of the centre, got ${reach} for token ${j}`);
      for (let c = 0; c < low.length; c++) {
        const v = values.data[j * values.d + a * low.length + c]!;
        if (v < low[c]! || v > high[c]!) throw new RangeError(`${fn}: values must lie in [${low[c]}, ${high[c]}] as in the first pass, got ${v} for token ${j}`);
      }
    }
  }
}
