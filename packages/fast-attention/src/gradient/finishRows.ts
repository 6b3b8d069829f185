import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { Chunk } from './chunks.ts';
import type { ChunkOutput } from './exactChunk.ts';
import type { GradientInputs, HeadData } from './headInputs.ts';
import { chunkRounding, type HeadPlan } from './headPlan.ts';
import type { HeadGradient, Rows, Sizes, Units } from './headRows.ts';
import { radiusIndex, rowErrors, unknownRow } from './rowErrors.ts';

/** A range of queries of one chunk. */
interface Range {
  readonly chunk: Chunk;
  readonly from: number;
  readonly to: number;
  /** Sum of omega over the keys before the chunk, at most. */
  readonly omega: number;
}

/**
 * D, delta and bounds of queries `from` to `to` - 1 from the sums read; overwrites those with cotangents (g, -delta) / unit.
 *
 * The errors of one row, in the notation of `rowErrors` (r: weight, f: forward):
 *
 * - dq_i: $|scale| \max_j |\tilde k_j|_\infty\,[r\,G/2 + (1 + r) f G + (\Gamma' p'_{abs} \Omega / D + stored (1 + r)) H]$, where
 *   $H = \sum_c |g_c| range_c / 2 + |\hat\delta| \ge |g \cdot (v_j - mid)| + |\hat\delta|$ is the size of the cotangent on any row of values,
 *   Gamma' the rounding of moments, reading and its gradient, $p'_{abs}(R) = \sum_m m |c_m| R^{m-1}$, $\Omega = \sum_j \omega_j$.
 * - dv_j gets $\hat P_{ij} e_1 + \omega_j a_1$: $|P - \hat P| \le \hat P\,r / low$, so $e_1 = \gamma (r / low + stored)$, $\gamma = \max_c |g_c|$;
 *   and $a_1 = \Gamma p'_{abs} (\gamma + e_1) / D$ for the reading, of g and of e_1 itself.
 * - dk_j gets $\hat P_{ij} e_2 + \omega_j a_2$: with $|u_{ij}| \le U = \min(G, H + f G)$,
 *   $e_2 = |scale|\,(|q - q_0|_\infty + |q_0|_\infty)\,[(r / low)\,U + f G + stored\,H]$, and a_2 with the rounding of both readings.
 */
export function finishRows(
  inputs: GradientInputs, plan: HeadPlan, kernels: Kernels, data: HeadData, sizes: Sizes, { chunk, from, to, omega }: Range,
  sums: FloatArray, inside: ChunkOutput | null, rows: Rows, most: Units, into: HeadGradient,
): Float64Array {
  const { shape, dz } = inputs;
  const { d, dv, heads } = shape;
  const { table, rounding, frame } = plan;
  const { columns } = sizes;
  const e = unknownRow();
  const units = new Float64Array(to - from);
  const half = frame.range.map((x) => ((x + sizes.floor) / 2) * (1 + 2 ** -50));
  for (let i = from; i < to; i++) {
    const at = (i - from) * columns;
    const gAt = (i * heads + frame.head) * dv;
    const extra = inside === null ? 0 : inside.weight[i - from]!;
    const D = sums[at + dv]! + extra;
    const seesNone = chunk.prefix === 0 && !(inside?.sees(i - from) ?? false);
    let [delta, spread, largest] = [0, 0, 0];
    for (let c = 0; c < dv; c++) {
      const g = dz[gAt + c]!;
      const size = Math.abs(g);
      const numerator = sums[at + c]! + (inside === null ? 0 : extra * inside.output[(i - from) * dv + c]!);
      delta += g * data.size * (numerator / D);
      spread += size * half[c]!;
      if (size > largest) largest = size;
    }
    if (seesNone || largest === 0) {
      sums.fill(0, at, at + columns);
      continue;
    }
    const R = data.queryLengths[i]! * data.longestKey * (1 + 2 ** -50);
    const k = radiusIndex(table, R);
    const part = inside === null ? null : chunkRounding(kernels, chunk.to - chunk.from, chunk.seen - chunk.prefix, d, dv, inside.score, Math.abs(data.top + Math.log(D)));
    const a = rounding.sums * table.absolute[k]! * omega + rounding.keyUnderflow * 2 ** 41 + (part === null ? 0 : extra * part.sums);
    let mu = data.scoreError * R + data.scoreUnderflow + data.weightError;
    if (part !== null) mu = Math.max(mu, (mu + part.eta) / 2);
    rowErrors(table, k, R <= table.halfWidth && D > 0 ? a / D : Infinity, mu, part !== null, e);
    if (e.high === Infinity) {
      // Nothing is known of this row, so of no key that it sees.
      rows.inverse[i] = 1;
      most.value = most.key = Infinity;
      sums.fill(0, at, at + columns);
      continue;
    }

    const G = 2 * spread;
    const H = spread + Math.abs(delta) * (1 + 2 ** -40);
    const r = e.weight;
    const fG = e.forward * G;
    const stored = rounding.stored + (part === null ? 0 : part.products);
    rows.inverse[i] = 1 / D;
    rows.delta[i] = delta;
    let longest = 0;
    for (let c = 0; c < d; c++) longest = Math.max(longest, Math.abs(data.queries[i * d + c]!));
    // |scale| |q_i - q_0|_inf
    const reach = (longest / frame.balance) * (1 + 8 * rounding.u);
    const U = Math.min(G, H + fG) * (1 + 2 ** -40);
    const valueSums = rounding.sums * table.derivativeAbsolute[k]!;
    const derivativeSums = rounding.derivativeSums * table.derivativeAbsolute[k]!;
    rows.value[i] = largest * (r / e.low + stored);
    rows.key[i] = (reach + sizes.centre) * ((r / e.low) * U + fG + stored * H);
    rows.valueSums[i] = (valueSums * (largest + rows.value[i]!)) / D;
    rows.keySums[i] = (derivativeSums * reach * H + valueSums * (sizes.centre * H + rows.key[i]!)) / D;

    // Divided by its largest entry a cotangent neither overflows nor vanishes in float32.
    const unit = Math.max(largest * data.size, Math.abs(delta));
    units[i - from] = unit;
    most.cotangent = Math.max(most.cotangent, unit / D);
    most.value = Math.max(most.value, rows.value[i]! / D);
    most.key = Math.max(most.key, rows.key[i]! / D);
    for (let c = 0; c < dv; c++) sums[at + c] = (dz[gAt + c]! * data.size) / unit;
    sums[at + dv] = -delta / unit;
    if (i < into.queries.bounds.length) {
      const vjp = plan.rounding.vjpFactor * rounding.keyUnderflow * frame.balance * (unit / D);
      into.queries.bounds[i]! += sizes.scale * (sizes.key * ((r * G) / 2 + (1 + r) * fG + ((derivativeSums * omega) / D + stored * (1 + r)) * H) + vjp) * (1 + 2 ** -40);
    }
  }
  return units;
}
