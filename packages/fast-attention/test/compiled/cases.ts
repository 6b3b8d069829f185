import { attend } from '@prompt-limits/attention';
import { concatTokens, spherePoint, tokens, type FloatArray, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import type { CompiledPrompt, PromptBlock } from '../../src/index.ts';

export const toFloat64 = (t: Tokens<FloatArray>): Tokens<Float64Array> => tokens(t.d, Float64Array.from(t.data));
export const toFloat32 = (t: Tokens<FloatArray>): Tokens<Float32Array> => tokens(t.d, Float32Array.from(t.data));

/** The sizes of a prompt and of the queries that meet it. */
export interface Sizes {
  readonly tokens: number;
  readonly d: number;
  readonly dv: number;
  readonly heads: number;
  readonly keyHeads: number;
}

/** Keys in a ball of radius `spread` about `centre`, values of several kinds. */
export function prompt(random: RandomSource, { tokens: n, d, dv, keyHeads }: Sizes, spread: number, centre: number, kind: 'uniform' | 'signs' | 'offset' | 'constant'): PromptBlock {
  const keys = new Float64Array(n * keyHeads * d);
  for (let j = 0; j < n * keyHeads; j++) {
    const direction = spherePoint(random, d);
    const length = spread * (random.uniform() < 0.3 ? 1 : random.uniform());
    for (let c = 0; c < d; c++) keys[j * d + c] = centre + length * direction[c]!;
  }
  const value = { uniform: () => random.uniform() - 0.5, signs: () => (random.uniform() < 0.5 ? -1 : 1), offset: () => 300 + random.normal(), constant: () => 0.3 }[kind];
  return { keys: tokens(keyHeads * d, keys), values: tokens(keyHeads * dv, Float64Array.from({ length: n * keyHeads * dv }, value)) };
}

/** Queries on the sphere of radius `radius` about `centre` and inside it, the centre among them; some along keys. */
export function queriesWithin(random: RandomSource, count: number, { heads, keyHeads, d }: Sizes, radius: number, centre: number, keys: Tokens): Tokens<Float64Array> {
  const data = new Float64Array(count * heads * d);
  for (let i = 0; i < count; i++) {
    for (let a = 0; a < heads; a++) {
      let direction = spherePoint(random, d);
      if (i % 3 === 1) {
        const [j, head] = [random.integer(keys.n), Math.floor((a * keyHeads) / heads)];
        const along = keys.data.slice(j * keys.d + head * d, j * keys.d + (head + 1) * d);
        const length = Math.hypot(...along);
        if (length > 0) direction = Float64Array.from(along, (x) => x / length);
      }
      // A hair inside, so that rounding of q0 + rho u stays within the radius.
      const length = i === 0 ? 0 : radius * (1 - 1e-6) * (i % 2 === 0 ? random.uniform() : 1);
      for (let c = 0; c < d; c++) data[i * heads * d + a * d + c] = centre + length * direction[c]!;
    }
  }
  return tokens(heads * d, data);
}

/** What exact attention in Float64 gives, and how far it may be off itself: the bound that `attend` documents. */
export function exactly(queries: Tokens<FloatArray>, { keys, values }: PromptBlock, scale: number, heads: number, keyHeads: number, causal: boolean | number = false): {
  output: Float64Array; logPartition: Float64Array; outputSlack: number; logSlack: number;
} {
  const { output, logPartition } = attend({ queries: toFloat64(queries), keys: toFloat64(keys), values: toFloat64(values), scale, heads, keyHeads, causal });
  const d = queries.d / heads;
  const S = Math.abs(scale) * d * largestOf(queries.data) * largestOf(keys.data);
  const unit = 2 ** -53;
  return {
    output: output.data, logPartition,
    outputSlack: (2 * (d + 4) * S + 3 * keys.n + 16) * unit * largestOf(values.data),
    logSlack: 2 * ((d + 6) * S + 3 * keys.n + 8) * unit,
  };
}

/** Range of each row of V. */
export function rangesOf(values: Tokens): Float64Array {
  return Float64Array.from({ length: values.d }, (_, c) => {
    let [low, high] = [Infinity, -Infinity];
    for (let at = c; at < values.data.length; at += values.d) [low, high] = [Math.min(low, values.data[at]!), Math.max(high, values.data[at]!)];
    return high - low;
  });
}

export const largestOf = (x: ArrayLike<number>): number => Array.from(x).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

export const concatenated = (a: PromptBlock, b: PromptBlock): PromptBlock => ({ keys: concatTokens(a.keys, b.keys), values: concatTokens(a.values, b.values) });

/**
 * A prompt and a query for which the polynomial of `compiled` errs as much as its certificate allows, nearly: keys on one line at the two
 * scores where p(x) / e^x is largest and smallest, so often that the two ends of the line do not count, values 0 and 1.
 */
export function adversarialPrompt(compiled: CompiledPrompt, direction: Float64Array): { block: PromptBlock; query: Tokens<Float64Array> } {
  const { coefficients, queryRadius, keyRadius } = compiled.parts[0]!;
  const R = compiled.scale * queryRadius * keyRadius;
  const p = (x: number): number => coefficients.reduceRight((sum, c) => sum * x + c, 0) * Math.exp(-x);
  let [highest, lowest] = [0, 0];
  for (let k = -1000; k <= 1000; k++) {
    const x = (R * k) / 1000;
    if (p(x) > p(highest)) highest = x;
    if (p(x) < p(lowest)) lowest = x;
  }
  // The two sets get equal weights.
  const more = Math.round(5000 / (1 + Math.exp(highest - lowest)));
  const scores = [-R, R, ...Array.from({ length: more }, () => highest), ...Array.from({ length: 5000 - more }, () => lowest)];
  const keys = Float64Array.from(scores.flatMap((x) => [...direction].map((u) => (x / R) * keyRadius * (1 - 1e-12) * u)));
  const values = Float64Array.from(scores, (x) => (x === highest ? 1 : 0));
  return {
    block: { keys: tokens(direction.length, keys), values: tokens(1, values) },
    query: tokens(direction.length, direction.map((u) => u * queryRadius * (1 - 1e-6))),
  };
}
