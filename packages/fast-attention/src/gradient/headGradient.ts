import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { chunksOf, type Chunk } from './chunks.ts';
import { exactChunk } from './exactChunk.ts';
import { addMoments, tokenBlock, weighted } from './featureSums.ts';
import { finishRows, rowFacts } from './finishRows.ts';
import { headData, type GradientInputs, type HeadData } from './headInputs.ts';
import { headPack, type HeadPack } from './headPack.ts';
import type { HeadPlan } from './headPlan.ts';
import type { HeadGradient, Rows, Sizes, Units } from './headRows.ts';
import { storeKeys, storeRows } from './storeTokens.ts';

const maxAbs = (x: Float64Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * The gradient of one query head through sums of features, and its error bounds. With g_i = dz_i, values centred by `middle`,
 * $\tilde k_j = k_j - c$, $q_i' = \mathrm{scale}(q_i - q_0)$, $\omega_j = e^{\mathrm{scale}\,q_0 \cdot \tilde k_j - top}$,
 * $x_{ij} = q_i' \cdot \tilde k_j$ and $D_i = \sum_j \omega_j p(x_{ij})$, $\delta_i = g_i \cdot z_i$ from the same p:
 *
 * - $dv_j = \omega_j \sum_i p'(x_{ij})\,g_i / D_i$,
 * - $dq_i = \mathrm{scale} \sum_j \omega_j p'(x_{ij}) (g_i \cdot v_j - \delta_i)\,\tilde k_j / D_i$; c is free because
 *   $\sum_j P_{ij} (g_i \cdot v_j - \delta_i) = 0$,
 * - $dk_j = \omega_j \sum_i p'(x_{ij})\,[q_i' + \mathrm{scale}\,q_0]\,(g_i \cdot v_j - \delta_i) / D_i$.
 *
 * Sums over j of p(x_ij) times anything are `monomialMoments` of the keys read at q_i'. Those of p' with $\tilde k_j$ as one more factor are
 * the gradient of that reading, $p'(x)\,\tilde k = \nabla_{q'} p(q' \cdot \tilde k)$, which `monomialReadVjp` gives from the same moments at about
 * the cost of a reading; those of p' alone need the monomials below the highest degree only. Sums over i are the same with the roles
 * exchanged. With a causal bound the moments of the keys grow along the queries and the moments of the queries grow from the last
 * query back; pairs inside a chunk are exact.
 *
 * @returns false if some row has no bound, which no plan that was proven before allows short of an overflow: `into` is then useless
 */
export function headGradient(inputs: GradientInputs, plan: HeadPlan, kernels: Kernels, into: HeadGradient): boolean {
  const { shape } = inputs;
  const data = headData(inputs, plan.frame);
  const pack = headPack(inputs, plan.frame, data, kernels);
  const sizes: Sizes = {
    columns: shape.dv + 1,
    scale: Math.abs(shape.scale),
    key: data.keyReach * (1 + 8 * plan.rounding.u),
    centre: Math.abs(shape.scale) * maxAbs(plan.frame.queryCentre),
    floor: maxAbs(plan.frame.range) === 0 ? 0 : data.size * 2 ** -40,
  };
  const chunks = chunksOf(shape.queries, shape.keys, shape.causal, plan.chunk?.length ?? 1);
  const rows: Rows = {
    inverse: new Float64Array(shape.queries), delta: new Float64Array(shape.queries), value: new Float64Array(shape.queries),
    key: new Float64Array(shape.queries), valueSums: new Float64Array(chunks.length), keySums: new Float64Array(chunks.length),
  };
  const units = passOverQueries(inputs, plan, kernels, data, pack, sizes, chunks, rows, into);
  if (!(units.value < Infinity && units.key < Infinity)) return false;
  passOverKeys(inputs, plan, kernels, data, pack, sizes, chunks, rows, units, into);
  return true;
}

/** Moments of the keys, read at the queries: D, delta, dQ, and the pairs inside chunks. */
function passOverQueries(
  inputs: GradientInputs, plan: HeadPlan, kernels: Kernels, data: HeadData, pack: HeadPack, sizes: Sizes, chunks: readonly Chunk[], rows: Rows, into: HeadGradient,
): Units {
  const { d } = inputs.shape;
  const { set, weights } = plan;
  const { columns } = sizes;
  const moments = new Float64Array(set.rank * columns);
  let [done, omega] = [0, 0];
  const most: Units = { cotangent: 0, value: 0, key: 0 };
  const facts = rowFacts(Math.min(tokenBlock, chunks.reduce((length, { from, to }) => Math.max(length, to - from), 0)));
  for (const [number, chunk] of chunks.entries()) {
    if (chunk.prefix > done) {
      for (let from = done; from < chunk.prefix; from += tokenBlock) {
        const to = Math.min(chunk.prefix, from + tokenBlock);
        kernels.scratch(() => addMoments(kernels, set, to - from, pack.keys(from, to), columns, pack.values(from, to, true), moments));
      }
      for (; done < chunk.prefix; done++) omega += data.weights === null ? 1 : data.weights[done]!;
    }
    const exact = chunk.seen > chunk.prefix;
    kernels.scratch(() => {
      const W = chunk.prefix > 0 ? weighted(kernels, weights, moments, columns, columns) : null;
      for (let from = chunk.from; from < chunk.to; from += tokenBlock) {
        const to = Math.min(chunk.to, from + tokenBlock);
        kernels.scratch(() => {
          const queries = pack.queries(from, to);
          const sums = kernels.allocate((to - from) * columns);
          if (W !== null) kernels.monomialRead(set, to - from, queries, columns, W, sums);
          const inside = exact ? exactChunk(inputs, plan, data, kernels, chunk) : null;
          // sums becomes the cotangent of the reading, each row divided by its largest entry.
          const factors = finishRows(inputs, plan, data, kernels, sizes, { number, chunk, from, to, omega }, queries, sums, inside, rows, most, facts, into);
          const wanted = Math.min(to, into.queries.bounds.length);
          if (W !== null && wanted > from) {
            const dx = kernels.allocate((wanted - from) * d);
            kernels.monomialReadVjp(set, wanted - from, queries, columns, W, sums, dx);
            storeRows(kernels, into.queries, d, from, dx, d, wanted === to ? factors : factors.subarray(0, wanted - from), into.u);
          }
          if (inside !== null) inside.gradient(rows, into);
        });
      }
    });
  }
  return { cotangent: most.cotangent || 1, value: most.value || 1, key: most.key || 1 };
}

/** Moments of the queries, from the last chunk back, read at the keys that only they see through sums: dK and dV. */
function passOverKeys(
  inputs: GradientInputs, plan: HeadPlan, kernels: Kernels, data: HeadData, pack: HeadPack, sizes: Sizes, chunks: readonly Chunk[], rows: Rows, units: Units, into: HeadGradient,
): void {
  const { set, frame } = plan;
  const wide = sizes.columns + 2;
  const moments = new Float64Array(set.rank * wide);
  let [valueSums, keySums] = [0, 0];
  const wanted = into.keys.bounds.length;
  for (let b = chunks.length - 1; b >= 0; b--) {
    const chunk = chunks[b]!;
    // Keys read below are seen through sums by this chunk and all later ones. Chunks without such keys add nothing.
    if (chunk.prefix > 0) [valueSums, keySums] = [valueSums + rows.valueSums[b]!, keySums + rows.keySums[b]!];
    const before = b === 0 ? 0 : Math.min(wanted, chunks[b - 1]!.prefix);
    for (let from = chunk.from; from < chunk.to && chunk.prefix > 0; from += tokenBlock) {
      const to = Math.min(chunk.to, from + tokenBlock);
      kernels.scratch(() => {
        const y = cotangents(inputs, frame.head, kernels, data, rows, units, from, to);
        addMoments(kernels, set, to - from, pack.queries(from, to), wide, y, moments);
      });
    }
    for (let from = before; from < Math.min(wanted, chunk.prefix); from += tokenBlock) {
      const to = Math.min(wanted, chunk.prefix, from + tokenBlock);
      readKeys(inputs, plan, kernels, data, pack, sizes, moments, units, { from, to, valueSums, keySums }, into);
    }
  }
}

/** What the moments of queries `from` to `to` - 1 are taken of: (size g, -delta) / D and the factors of both bounds over D, each over its unit. */
function cotangents({ shape: { heads, dv }, dz }: GradientInputs, head: number, kernels: Kernels, { size }: HeadData, rows: Rows, units: Units, from: number, to: number): FloatArray {
  const wide = dv + 3;
  const y = kernels.allocate((to - from) * wide);
  const { inverse, delta, value, key } = rows;
  const [ofG, ofDelta, ofValue, ofKey] = [size / units.cotangent, -1 / units.cotangent, 1 / units.value, 1 / units.key];
  const factor = new Float64Array(to - from);
  for (let i = from, at = dv; i < to; i++, at += wide) {
    const over = inverse[i]!;
    factor[i - from] = over * ofG;
    y[at] = delta[i]! * over * ofDelta;
    y[at + 1] = value[i]! * over * ofValue;
    y[at + 2] = key[i]! * over * ofKey;
  }
  const stride = heads * dv;
  kernels.addTokens(to - from, dv, stride, dz.subarray(from * stride + head * dv, (to - 1) * stride + (head + 1) * dv), factor, wide, y, new Float64Array(to - from));
  return y;
}

interface KeyRange {
  readonly from: number;
  readonly to: number;
  readonly valueSums: number;
  readonly keySums: number;
}

/** dK, dV and their bounds for keys `from` to `to` - 1. */
function readKeys(
  inputs: GradientInputs, plan: HeadPlan, kernels: Kernels, data: HeadData, pack: HeadPack, sizes: Sizes, moments: Float64Array,
  units: Units, { from, to, valueSums, keySums }: KeyRange, into: HeadGradient,
): void {
  const { d, dv, scale } = inputs.shape;
  const { set, weights, lower, lowerWeights, frame, rounding } = plan;
  const { columns } = sizes;
  const wide = columns + 2;
  kernels.scratch(() => {
    const count = to - from;
    const keys = pack.keys(from, to);
    // The monomials of p' come first among those of p.
    const sums = kernels.allocate(count * wide);
    kernels.monomialRead(lower, count, keys, wide, weighted(kernels, lowerWeights, moments, wide, wide), sums);
    const y = pack.values(from, to, false);
    const dx = kernels.allocate(count * d);
    kernels.monomialReadVjp(set, count, keys, columns, weighted(kernels, weights, moments, wide, columns), y, dx);
    const U = rounding.queryUnderflow;
    const floors = {
      value: valueSums + U * (units.cotangent / data.size + units.value),
      key: keySums + U * (units.key + 2 * columns * sizes.centre * units.cotangent) + (rounding.vjpFactor * U * units.cotangent) / frame.balance,
    };
    const factors = { value: units.cotangent / data.size, key: units.cotangent, unbalanced: 1 / frame.balance, ofValue: units.value, ofKey: units.key };
    const omega = data.weights?.subarray(from, to) ?? null;
    storeKeys(kernels, { count, from, d, dv, sums, y, dx, omega, slope: frame.queryCentre.map((x) => x * scale), factors, floors }, into);
  });
}
