import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
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

/** Room for what the kernels say of the queries of one range. */
export interface RowFacts {
  readonly quotients: Float64Array;
  readonly squares: Float64Array;
  readonly entries: Float64Array;
}

/** Room for ranges of up to `count` queries. */
export const rowFacts = (count: number): RowFacts =>
  ({ quotients: new Float64Array(count * 5), squares: new Float64Array(count), entries: new Float64Array(count) });

/**
 * D, delta and bounds of queries `from` to `to` - 1 from the sums read; overwrites those with cotangents (g, -delta) / unit. Returns
 * scale beta unit / D for each: what the gradient for such a cotangent at beta scale (q_i - q_0) has to be multiplied by.
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
  inputs: GradientInputs, plan: HeadPlan, data: HeadData, kernels: Kernels, sizes: Sizes, { number, chunk, from, to, omega }: Range,
  queries: FloatArray, sums: FloatArray, inside: ChunkOutput | null, rows: Rows, most: Units, facts: RowFacts, into: HeadGradient,
): Float64Array {
  const { d, dv, heads } = inputs.shape;
  const { table, rounding, frame, rows: { low, high, forward } } = plan;
  const { longestKey, size } = data;
  const { inverse, delta: deltas, value: valueFactors, key: keyFactors } = rows;
  const { bounds } = into.queries;
  const count = to - from;
  const grown = 1 + (d + 4) * 2 ** -53;
  const half = frame.range.map((x) => ((x + sizes.floor) / 2) * (1 + 2 ** -50));
  if (inside !== null) addInside(sums, dv, inside);
  const { quotients, squares, entries } = facts;
  const dz = inputs.dz.subarray((from * heads + frame.head) * dv, ((to - 1) * heads + frame.head + 1) * dv);
  kernels.tokenQuotientsVjp(count, dv, sums, heads * dv, dz, half, size, quotients);
  const weights = new Float64Array(count);
  const outer = inputs.shape.scale * frame.balance;
  kernels.tokenSizes(count, d, queries, squares, entries);
  const [underflow, vjp] = [rounding.keyUnderflow * underflowFactor, rounding.vjpFactor * rounding.keyUnderflow * frame.balance];
  // Sums over features and over a chunk are rounded once more when they are added.
  const [chunkSums, added] = inside === null ? [0, 0] : [plan.chunk!.rounding.sums, 4 * rounding.u];
  const { stored } = rounding;
  // |scale| |q_i - q_0|_inf from a stored entry
  const unbalanced = (1 / frame.balance) * (1 + 8 * rounding.u);
  let [valueSum, keySum] = [0, 0];
  let { cotangent, value: mostValue, key: mostKey } = most;
  const { sums: relativeSums, derivativeSums: relativeDerivative } = rounding;
  const { absolute: absoluteSums, derivativeAbsolute } = table;
  for (let i = from, f = 0; i < to; i++, f += 5) {
    const [D, delta, spread, largest, unit] = [quotients[f]!, quotients[f + 1]!, quotients[f + 2]!, quotients[f + 3]!, quotients[f + 4]!];
    const extra = inside === null ? 0 : inside.weight[i - from]!;
    const over = 1 / D;
    const seesNone = chunk.prefix === 0 && !(inside?.sees(i - from) ?? false);
    if (seesNone || largest === 0) continue;
    const longest = entries[i - from]!;
    // Entries whose squares vanish are below 2^-530: they add less than 2^-500.
    const R = (Math.sqrt(squares[i - from]!) * grown + 2 ** -500) * longestKey * (1 + 2 ** -50);
    const k = radiusIndex(table, R);
    const a = relativeSums * absoluteSums[k]! * omega + underflow + extra * chunkSums + added * D;
    const t = a * over;
    if (!(D > 0 && D < Infinity && R <= table.halfWidth && t < largestRounding && high[k]! < Infinity)) {
      // Nothing is known of this row, so of no key that it sees.
      inverse[i] = 1;
      mostValue = mostKey = Infinity;
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

    const weight = unit * over;
    weights[i - from] = weight * outer;
    if (weight > cotangent) cotangent = weight;
    if (value * over > mostValue) mostValue = value * over;
    if (key * over > mostKey) mostKey = key * over;
    if (i < bounds.length) {
      const error = (r * G) / 2 + (1 + r) * fG + (derivativeSums * omega * over + stored * (1 + r)) * H;
      bounds[i]! += sizes.scale * (sizes.key * error + vjp * weight) * (1 + 2 ** -40);
    }
  }
  rows.valueSums[number]! += valueSum;
  rows.keySums[number]! += keySum;
  most.cotangent = cotangent;
  most.value = mostValue;
  most.key = mostKey;
  return weights;
}

/** What each row adds up inside its chunk joins what it read. */
function addInside(sums: FloatArray, dv: number, { weight, output }: ChunkOutput): void {
  for (let i = 0, s = 0, o = 0; i < weight.length; i++, s++) {
    for (let c = 0; c < dv; c++, s++, o++) sums[s]! += weight[i]! * output[o]!;
    sums[s]! += weight[i]!;
  }
}
