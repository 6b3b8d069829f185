import { attend, attendVjp, type AttentionGradient, type AttentionProblem } from '@prompt-limits/attention';
import { normalTokens, randomSource, tokens, uniformTokens, type FloatArray, type Tokens } from '@prompt-limits/core-linalg';
import type { FastGradient } from '../../src/index.ts';

export const inputs = ['queries', 'keys', 'values'] as const;

export interface Dimensions {
  readonly queries: number;
  readonly keys: number;
  readonly d: number;
  readonly dv: number;
  readonly heads?: number;
  readonly keyHeads?: number;
}

/** Entries of Q and K uniform within `half`, moved by `shift` times a pattern; V uniform; dZ normal. */
export function randomGradient(
  seed: number, { queries, keys, d, dv, heads = 1, keyHeads = heads }: Dimensions,
  { half, scale, causal = false, shift = 0 }: { half: number; scale: number; causal?: boolean | number; shift?: number },
): { problem: AttentionProblem<Float64Array>; dZ: Tokens<Float64Array> } {
  const random = randomSource(seed);
  const moved = (t: Tokens<Float64Array>): Tokens<Float64Array> => tokens(t.d, t.data.map((x, at) => x + shift * (((at % t.d) % 3) - 0.6)));
  return {
    problem: {
      queries: moved(uniformTokens(random, heads * d, queries, -half, half)), keys: moved(uniformTokens(random, keyHeads * d, keys, -half, half)),
      values: uniformTokens(random, keyHeads * dv, keys, -1, 2), scale, heads, keyHeads, causal,
    },
    dZ: normalTokens(random, heads * dv, queries),
  };
}

const narrow = (t: Tokens): Tokens<Float32Array> => tokens(t.d, Float32Array.from(t.data));
const wide = (t: Tokens): Tokens<Float64Array> => tokens(t.d, Float64Array.from(t.data));

export function toFloat32(p: AttentionProblem): AttentionProblem<Float32Array> {
  return { ...p, queries: narrow(p.queries), keys: narrow(p.keys), values: narrow(p.values) };
}

/** The exact gradient in Float64 of the numbers as they are stored. */
export function exactGradient(p: AttentionProblem<FloatArray>, dZ: Tokens): AttentionGradient<Float64Array> {
  const same = { ...p, queries: wide(p.queries), keys: wide(p.keys), values: wide(p.values) };
  return attendVjp(same, attend(same), wide(dZ));
}

export const maxAbs = (x: ArrayLike<number>): number => Array.from(x).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/**
 * What the exact gradient in Float64 may itself be off by, from the attention package's test of it: relative error
 * 2 (d + 4) S + 3 n + dv + terms of each of the terms, at most 2 dv |dZ| |V| max(1, |scale| max(|Q|, |K|)).
 */
export function exactError(p: AttentionProblem, dZ: Tokens): number {
  const terms = Math.max(p.keys.n, p.queries.n * (p.heads ?? 1));
  const S = Math.abs(p.scale) * p.queries.d * maxAbs(p.queries.data) * maxAbs(p.keys.data);
  const relative = 2 * (p.queries.d + 4) * S + 3 * p.keys.n + 24 + p.values.d + terms;
  const factor = 2 * p.values.d * Math.max(1, maxAbs(p.values.data)) * Math.max(1, Math.abs(p.scale) * Math.max(maxAbs(p.queries.data), maxAbs(p.keys.data)));
  return 2 * relative * 2 ** -53 * terms * factor * maxAbs(dZ.data);
}

/** The largest (error - what the reference may be off by) / bound over all tokens and heads: at most 1 if the certificate holds. */
export function largestShare(p: AttentionProblem<FloatArray>, dZ: Tokens, fast: FastGradient<FloatArray>, exact: AttentionGradient = exactGradient(p, dZ)): Record<typeof inputs[number], number> {
  const { heads = 1, keyHeads = heads } = p;
  const slack = exactError(p, dZ);
  const share = (name: typeof inputs[number]): number => {
    const [a, b, bounds] = [fast[name], exact[name], fast.certificate.perToken![name]];
    const per = name === 'queries' ? heads : keyHeads;
    const width = a.d / per;
    let largest = 0;
    for (let t = 0; t < a.n; t++) {
      for (let r = 0; r < a.d; r++) {
        const error = Math.abs(a.data[t * a.d + r]! - b.data[t * b.d + r]!) - slack;
        const bound = bounds[Math.floor(r / width) * a.n + t]!;
        if (!(error <= 0)) largest = Math.max(largest, bound > 0 ? error / bound : Infinity);
        if (Number.isNaN(error)) return Infinity;
      }
    }
    return largest;
  };
  return { queries: share('queries'), keys: share('keys'), values: share('values') };
}
