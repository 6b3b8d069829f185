import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { exactRounding, unitRoundoff } from '../certificate/rounding.ts';
import { largestEntry } from '../attend/views.ts';
import type { HeadGradient, HeadRows } from './headRows.ts';
import { storeRows } from './storeTokens.ts';
import type { GradientInputs } from './headInputs.ts';
import { chunkRounding } from './headPlan.ts';

/** One head's values of all tokens, without those of other heads. */
function gathered(x: FloatArray, tokens: number, width: number, per: number, head: number): FloatArray {
  if (per === 1) return x;
  const out = x instanceof Float32Array ? new Float32Array(tokens * width) : new Float64Array(tokens * width);
  for (let t = 0; t < tokens; t++) for (let c = 0; c < width; c++) out[t * width + c] = x[(t * per + head) * width + c]!;
  return out;
}

/** Z and log partition of all heads, as `attend` of the attention package returns them. */
export interface ExactForward {
  readonly output: FloatArray;
  readonly logPartition: FloatArray;
}

/**
 * One query head by exact attention, and bounds of its rounding in the worst case. Probabilities are right up to $e^{\pm\eta}$, eta from
 * the scores and the log partition (`chunkRounding`, and `exactRounding` for the forward pass); with $H_i = 2 \sum_c |g_{ic}| \max_j |v_{jc}|$ every
 * term of dq_i and dk_j is at most $P_{ij} |scale| H_i$ times an entry of K or Q, and P <= 1.
 */
export function exactHead(inputs: GradientInputs, head: number, kernels: Kernels, forward: ExactForward | null, into: HeadGradient): void {
  const { shape, ranges } = inputs;
  const { queries: m, keys: n, heads, keyHeads, d, dv, scale, causal } = shape;
  const keyHead = Math.floor((head * keyHeads) / heads);
  const q = gathered(inputs.q, m, d, heads, head);
  const k = gathered(inputs.k, n, d, keyHeads, keyHead);
  const v = gathered(inputs.v, n, dv, keyHeads, keyHead);
  const dz = gathered(inputs.dz, m, dv, heads, head);
  const make = (length: number): FloatArray => (q instanceof Float32Array ? new Float32Array(length) : new Float64Array(length));
  const one = { queries: m, keys: n, heads: 1, keyHeads: 1, d, dv, scale, causal };
  let z: FloatArray;
  let logs: FloatArray;
  if (forward === null) {
    [z, logs] = [make(m * dv), make(m)];
    kernels.attention(one, q, k, v, z, logs);
  } else {
    z = gathered(forward.output, m, dv, heads, head);
    logs = forward.logPartition.subarray(head * m, (head + 1) * m);
  }
  const [wantedQueries, wantedKeys] = [into.queries.bounds.length, into.keys.bounds.length];
  const pass = (queries: number, keys: number, targets: readonly [HeadRows | null, HeadRows | null, HeadRows | null]): void => {
    const parts = [make(queries * d), make(keys * d), make(keys * dv)] as const;
    kernels.attentionVjp({ ...one, queries, keys }, q, k, v, z, logs, dz, ...parts);
    for (const [which, target] of targets.entries()) {
      if (target === null) continue;
      const width = which === 2 ? dv : d;
      storeRows(kernels, target, width, 0, parts[which]!, width, new Float64Array(target.bounds.length).fill(1), into.u);
    }
  };
  // Keys before `wantedKeys` and queries before `wantedQueries` are seen as in the whole problem: both count from the first token.
  if (wantedQueries === m && wantedKeys === n) pass(m, n, [into.queries, into.keys, into.values]);
  else {
    if (wantedKeys > 0) pass(m, wantedKeys, [null, into.keys, into.values]);
    if (wantedQueries > 0) pass(wantedQueries, n, [into.queries, null, null]);
  }

  const entries = (r: typeof ranges.q, width: number, at: number): number => largestEntry(r, at * width, (at + 1) * width);
  const [largestQ, largestK] = [entries(ranges.q, d, head), entries(ranges.k, d, keyHead)];
  const S = Math.abs(scale) * d * largestQ * largestK * (1 + 2 ** -40);
  const u = unitRoundoff(kernels);
  const part = chunkRounding(kernels, m, n, d, dv, S, S + Math.log(n + 1));
  // The log partition's own error counts once more; ln(1 + x) <= 2 |x| for the relative error x > -1/2 of its sum. delta errs by that of
  // the output, which is a mean of values and so never off by more than 2 max |v|.
  const first = exactRounding(kernels, n, d, S);
  const ofLogs = first.sums < 0.25 ? first.eta + 2 * first.sums + first.log : Infinity;
  const eta = Math.expm1(part.eta + ofLogs) + Math.min(part.sums, 3) + part.products + 8 * u;
  const largestV = Float64Array.from({ length: dv }, (_, c) => largestEntry(ranges.v, keyHead * dv + c, keyHead * dv + c + 1));
  let [all, allKeys] = [0, 0];
  for (let i = 0; i < m; i++) {
    let [H, largest] = [0, 0];
    for (let c = 0; c < dv; c++) {
      const g = Math.abs(dz[i * dv + c]!);
      H += 2 * g * largestV[c]!;
      largest = Math.max(largest, g);
    }
    all += largest;
    allKeys += H;
    if (i < wantedQueries) into.queries.bounds[i]! += 3 * eta * Math.abs(scale) * largestK * H;
  }
  for (let j = 0; j < wantedKeys; j++) {
    into.values.bounds[j]! += 3 * eta * all;
    into.keys.bounds[j]! += 3 * eta * Math.abs(scale) * largestQ * allKeys;
  }
}
