import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { enclosingBall } from './centre.ts';
import type { CheckedProblem } from './problem.ts';
import { largestEntry, type Vectors } from './views.ts';

/**
 * One key head with centred keys and queries. With $k = c + \tilde k$ and $q = q_0 + \tilde q$,
 * $\mathrm{scale}\,q^\top k = \mathrm{scale}\,q^\top c + \mathrm{scale}\,q_0^\top \tilde k + \mathrm{scale}\,\tilde q^\top \tilde k$: the first term
 * is common to all keys of a query, the second is a weight $\ln \omega_j$ of the key, and the third, x, is what a polynomial sees.
 */
export interface CentredHead {
  readonly queries: Vectors;
  readonly keys: Vectors;
  readonly queryCentre: Float64Array;
  readonly keyCentre: Float64Array;
  /** Stored queries are (q - q0) queryFactor = scale b (q - q0), stored keys (k - c) keyFactor; b, a power of two, makes both sides alike. */
  readonly queryFactor: number;
  readonly keyFactor: number;
  /** At least the norm of each stored query and of each stored key. */
  readonly queryNorm: number;
  readonly keyNorm: number;
  /** R = queryNorm keyNorm, rounded up: |x| <= sum_c |q_c| |k_c| <= R for the stored vectors. */
  readonly halfWidth: number;
  /** Weights e^{scale q0 . (k - c) - top}, the largest 1, as they are stored; null where q0 = 0 and all are 1. */
  readonly omega: FloatArray | null;
  /** top: the largest scale q0 . (k - c). */
  readonly top: number;
  /** Smallest ln omega, 0 without weights. */
  readonly leastLog: number;
  /** Sum of the weights. */
  readonly total: number;
  /**
   * At least |mean of x| over the keys, weighted by omega, for every query, found when first asked for: by Jensen
   * sum omega e^x >= e^{-drift} sum omega, and the mean of centred keys is short.
   */
  drift(): number;
  /** Stored weights e^x omega are right up to factors e^{+-eta} with |x| <= r: eta = etaFixed + etaSlope r. */
  readonly etaFixed: number;
  readonly etaSlope: number;
}

const unit64 = 2 ** -53;

/** How heads are centred. */
export interface CentringOptions {
  /** From the largest entries alone: no centres, radii of the box. */
  readonly box: boolean;
  /** Query centres whose weights fall further than e^{-reach} are not used: a causal row may see light keys only. */
  readonly reach: number;
  /** Of the precision of the tokens: they make the passes over all of them. */
  readonly kernels?: Kernels | undefined;
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (const v of x) sum += v * v;
  return Math.sqrt(sum);
}

/** Norm of the weighted mean of k - c. */
function meanOffset({ data, n, stride, offset, d }: Vectors, centre: Float64Array, omega: FloatArray | null, total: number): number {
  const sums = new Float64Array(d);
  for (let j = 0; j < n; j++) {
    const at = j * stride + offset;
    const w = omega === null ? 1 : omega[j]!;
    for (let c = 0; c < d; c++) sums[c]! += w * (data[at + c]! - centre[c]!);
  }
  return norm(sums) / total;
}

/** ln omega_j = scale q0 . (k_j - c), its largest and its smallest. */
function logWeights({ data, n, stride, offset, d }: Vectors, centre: Float64Array, direction: Float64Array): { logs: Float64Array; top: number; least: number } {
  const logs = new Float64Array(n);
  let [top, least] = [-Infinity, Infinity];
  for (let j = 0; j < n; j++) {
    const at = j * stride + offset;
    let sum = 0;
    for (let c = 0; c < d; c++) sum += direction[c]! * (data[at + c]! - centre[c]!);
    logs[j] = sum;
    if (sum > top) top = sum;
    if (sum < least) least = sum;
  }
  return { logs, top, least };
}

/** Centres and scales one key head; null where factors would leave the range of float64. */
export function centredHead(
  { queries, keys }: { queries: Vectors; keys: Vectors }, checked: Pick<CheckedProblem, 'shape' | 'queries' | 'keys'>, { box, reach, kernels }: CentringOptions,
): CentredHead | null {
  const { scale, d } = checked.shape;
  const unit = queries.data instanceof Float32Array ? 2 ** -24 : unit64;
  const boxBall = (v: Vectors, largest: number) => ({ centre: new Float64Array(v.d), radius: largest * Math.sqrt(d) * (1 + 4 * unit64) });
  const keyBall = box
    ? boxBall(keys, largestEntry(checked.keys, keys.offset, keys.offset + d))
    : enclosingBall(keys, checked.keys, { kernels });
  const zeroBall = () => boxBall(queries, largestEntry(checked.queries, queries.offset, queries.offset + queries.per * d));
  // A query centre costs an exponential a key: a tenth of the half-width is worth less.
  let queryBall = box ? zeroBall() : enclosingBall(queries, checked.queries, { keepZero: 1.1, kernels });

  let weights: { logs: Float64Array; top: number; least: number } | null = null;
  if (queryBall.centre.some((x) => x !== 0) && keyBall.radius > 0 && scale !== 0) {
    weights = logWeights(keys, keyBall.centre, queryBall.centre.map((x) => x * scale));
    if (!(weights.top - weights.least <= reach)) {
      weights = null;
      queryBall = { centre: new Float64Array(d), radius: queryBall.radius + norm(queryBall.centre) * (1 + (d + 4) * unit64) };
    }
  }
  const Storage: new (length: number) => FloatArray = unit === unit64 ? Float64Array : Float32Array;
  const omega = weights === null ? null : new Storage(keys.n);
  const { top, least } = weights ?? { top: 0, least: 0 };
  let total = omega === null ? keys.n : 0;
  if (omega !== null) {
    for (let j = 0; j < omega.length; j++) {
      omega[j] = Math.exp(weights!.logs[j]! - top);
      total += omega[j]!;
    }
  }

  // b^2 = |k| / (|scale| |q|), the nearest power of two.
  const [kr, qr, size] = [keyBall.radius, queryBall.radius, Math.abs(scale)];
  const flat = kr === 0 || qr === 0 || scale === 0;
  const power = flat ? 0 : Math.round((Math.log2(kr) - Math.log2(size) - Math.log2(qr)) / 2);
  if (Math.abs(power) > 900) return null;
  const [queryFactor, keyFactor] = flat ? [0, 0] : [scale * 2 ** power, 2 ** -power];
  // Centred (1 rounding), scaled (1), stored (unit); 2^-120 stands for what underflow does to d products.
  const stored = unit + 4 * unit64;
  const keyNorm = kr * keyFactor * (1 + stored) * (1 + 4 * unit64);
  const queryNorm = qr * Math.abs(queryFactor) * (1 + stored) * (1 + 4 * unit64);
  const halfWidth = keyNorm * queryNorm * (1 + 4 * unit64);
  if (!(keyNorm < 2 ** 20 && queryNorm < 2 ** 20)) return null;
  let drift = box ? halfWidth : -1;
  const findDrift = (): number => {
    if (drift < 0) {
      const mean = meanOffset(keys, keyBall.centre, omega, total) * keyFactor;
      drift = Math.min(halfWidth, queryNorm * (mean + (2 * stored + (keys.n + d + 8) * unit64) * keyNorm));
    }
    return drift;
  };
  // The products and sums of q0 . (k - c), d + 4 roundings; e^x within 8 ulp; the stored weight.
  const omegaEta = omega === null ? 0 : (d + 4) * unit64 * size * norm(queryBall.centre) * kr * (1 + 2 ** -20) + 2 ** -50 + unit;
  return {
    queries, keys, queryCentre: queryBall.centre, keyCentre: keyBall.centre, queryFactor, keyFactor, queryNorm, keyNorm, halfWidth, omega, top,
    leastLog: least - top, total, drift: findDrift, etaFixed: omegaEta + 2 ** -120, etaSlope: 2.01 * stored,
  };
}
