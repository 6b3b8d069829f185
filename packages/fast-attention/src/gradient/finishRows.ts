import type { FloatArray } from '@prompt-limits/core-linalg';
import type { Chunk } from './chunks.ts';
import type { ChunkOutput } from './exactChunk.ts';
import type { GradientInputs, HeadData } from './headInputs.ts';
import { underflowFactor, type HeadPlan } from './headPlan.ts';
import type { HeadGradient, Rows, Sizes, Units } from './headRows.ts';
import { largestRounding, radiusIndex } from './rowErrors.ts';

/** A range of queries of one chunk. */
interface Range {
  /** Which chunk. */
  readonly number: number;
  readonly chunk: Chunk;
  readonly from: number;
  readonly to: number;
  /** Sum of omega over the keys before the chunk, at most. */
  readonly omega: number;
}

/**
 * D, delta and bounds of queries `from` to `to` - 1 from the sums read; overwrites those with cotangents (g, -delta) / unit.
 *
 * The errors of one row, r the largest |P^ / P - 1| and f as in `rowTable`:
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
  inputs: GradientInputs, plan: HeadPlan, data: HeadData, sizes: Sizes, { number, chunk, from, to, omega }: Range,
  queries: FloatArray, sums: FloatArray, inside: ChunkOutput | null, rows: Rows, most: Units, into: HeadGradient,
): Float64Array {
  const { shape, dz } = inputs;
  const { d, dv, heads } = shape;
  const { table, rounding, frame, rows: { low, high, forward } } = plan;
  const { columns } = sizes;
  const { longestKey, size } = data;
  const { inverse, delta: deltas, value: valueFactors, key: keyFactors } = rows;
  const { bounds } = into.queries;
  const grown = 1 + (d + 4) * 2 ** -53;
  const units = new Float64Array(to - from);
  const half = frame.range.map((x) => ((x + sizes.floor) / 2) * (1 + 2 ** -50));
  const [underflow, vjp] = [rounding.keyUnderflow * underflowFactor, rounding.vjpFactor * rounding.keyUnderflow * frame.balance];
  // |scale| |q_i - q_0|_inf from a stored entry
  const chunkSums = plan.chunk?.rounding.sums ?? 0;
  const { stored } = rounding;
  const unbalanced = (1 / frame.balance) * (1 + 8 * rounding.u);
  let [valueSum, keySum] = [0, 0];
  let { cotangent, value: mostValue, key: mostKey } = most;
  const { sums: relativeSums, derivativeSums: relativeDerivative } = rounding;
  const { absolute: absoluteSums, derivativeAbsolute } = table;
  for (let i = from; i < to; i++) {
    const at = (i - from) * columns;
    const gAt = (i * heads + frame.head) * dv;
    const extra = inside === null ? 0 : inside.weight[i - from]!;
    const D = sums[at + dv]! + extra;
    const over = 1 / D;
    let [delta, spread, largest] = [0, 0, 0];
    for (let c = 0; c < dv; c++) {
      const g = dz[gAt + c]!;
      const absolute = Math.abs(g);
      delta += g * (inside === null ? sums[at + c]! : sums[at + c]! + extra * inside.output[(i - from) * dv + c]!);
      spread += absolute * half[c]!;
      if (absolute > largest) largest = absolute;
    }
    delta *= size * over;
    const seesNone = chunk.prefix === 0 && !(inside?.sees(i - from) ?? false);
    if (seesNone || largest === 0) {
      sums.fill(0, at, at + columns);
      continue;
    }
    let [square, longest] = [0, 0];
    for (let c = (i - from) * d; c < (i - from + 1) * d; c++) {
      const entry = Math.abs(queries[c]!);
      square += entry * entry;
      if (entry > longest) longest = entry;
    }
    // Entries whose squares vanish are below 2^-530: they add less than 2^-500.
    const R = (Math.sqrt(square) * grown + 2 ** -500) * longestKey * (1 + 2 ** -50);
    const k = radiusIndex(table, R);
    const a = relativeSums * absoluteSums[k]! * omega + underflow + extra * chunkSums;
    const t = a * over;
    if (!(D > 0 && R <= table.halfWidth && t < largestRounding && high[k]! < Infinity)) {
      // Nothing is known of this row, so of no key that it sees.
      inverse[i] = 1;
      mostValue = mostKey = Infinity;
      sums.fill(0, at, at + columns);
      continue;
    }

    const size64 = Math.abs(delta);
    const G = 2 * spread;
    const H = spread + size64 * (1 + 2 ** -40);
    const least = low[k]! * (1 - t);
    const excess = high[k]! * (1 + t) - 1;
    const r = excess > 1 - least ? excess : 1 - least;
    const fG = (forward[k]! + t) * (1 + 2 ** -50) * G;
    const relative = r / least;
    const reach = longest * unbalanced;
    const U = (H + fG < G ? H + fG : G) * (1 + 2 ** -40);
    const absolute = derivativeAbsolute[k]!;
    const derivativeSums = relativeDerivative * absolute;
    const value = largest * (relative + stored);
    const key = (reach + sizes.centre) * (relative * U + fG + stored * H);
    inverse[i] = over;
    deltas[i] = delta;
    valueFactors[i] = value;
    keyFactors[i] = key;
    valueSum += relativeSums * absolute * (largest + value) * over;
    keySum += (derivativeSums * reach * H + relativeSums * absolute * (sizes.centre * H + key)) * over;

    // Divided by its largest entry a cotangent neither overflows nor vanishes in float32.
    const unit = largest * size > size64 ? largest * size : size64;
    units[i - from] = unit;
    cotangent = Math.max(cotangent, unit * over);
    mostValue = Math.max(mostValue, value * over);
    mostKey = Math.max(mostKey, key * over);
    const factor = size / unit;
    for (let c = 0; c < dv; c++) sums[at + c] = dz[gAt + c]! * factor;
    sums[at + dv] = -delta / unit;
    if (i < bounds.length) {
      const error = (r * G) / 2 + (1 + r) * fG + (derivativeSums * omega * over + stored * (1 + r)) * H;
      bounds[i]! += sizes.scale * (sizes.key * error + vjp * unit * over) * (1 + 2 ** -40);
    }
  }
  rows.valueSums[number]! += valueSum;
  rows.keySums[number]! += keySum;
  most.cotangent = cotangent;
  most.value = mostValue;
  most.key = mostKey;
  return units;
}
