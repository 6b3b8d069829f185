import { assertFiniteNumber, assertInRange, assertInteger, type RandomSource } from '@prompt-limits/core-linalg';

/** How the next token is drawn from logits. */
export interface SampleOptions {
  /** 0 takes the likeliest token; above 0 the logits are divided by it before the softmax. 0 unless given. */
  readonly temperature?: number;
  /** Draw among this many likeliest tokens only; all unless given. */
  readonly topK?: number;
  /** Draw among the fewest likeliest tokens whose probabilities add up to at least this; 1 unless given. */
  readonly topP?: number;
  /** Where the draws come from; needed for a temperature above 0. */
  readonly random?: RandomSource;
}

/** Index of the largest logit, the first of equals. */
export function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** Throws unless the options can be sampled with. */
export function assertSampleOptions(fn: string, { temperature = 0, topK = 1, topP = 1, random }: SampleOptions): void {
  assertFiniteNumber(fn, 'temperature', temperature);
  if (temperature < 0) throw new RangeError(`${fn}: temperature must be at least 0, got ${temperature}`);
  assertInteger(fn, 'topK', topK, 1);
  assertInRange(fn, 'topP', topP, Number.MIN_VALUE, 1);
  if (temperature > 0 && !random) throw new TypeError(`${fn}: random must be given for a temperature above 0, got undefined`);
}

/** Draws a token; the options must have been checked. */
export function sampleToken(logits: ArrayLike<number>, { temperature = 0, topK = logits.length, topP = 1, random }: SampleOptions): number {
  if (temperature === 0 || !random) return likeliest(logits);
  const order = Array.from({ length: logits.length }, (_, i) => i);
  order.sort((a, b) => logits[b]! - logits[a]! || a - b);
  const top = logits[order[0]!]!;
  const weights = order.map((i) => Math.exp((logits[i]! - top) / temperature));
  let kept = Math.min(topK, order.length);
  if (topP < 1) {
    let rest = topP * sum(weights, kept);
    let count = 0;
    while (count < kept && rest > 0) rest -= weights[count++]!;
    kept = count;
  }
  let point = random.uniform() * sum(weights, kept);
  for (let i = 0; i < kept - 1; i++) {
    point -= weights[i]!;
    if (point < 0) return order[i]!;
  }
  return order[kept - 1]!;
}

function sum(values: readonly number[], count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i]!;
  return total;
}
