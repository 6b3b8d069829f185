import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import type { CentredHead } from './centredHead.ts';
import { packPlainValues, packVectors } from './pack.ts';
import type { ValueColumns } from './valueColumns.ts';
import type { Vectors } from './views.ts';

/** Keys that the polynomial leaves out and every query attends to exactly. */
export interface BesideKeys {
  readonly keys: Vectors;
  /** Their values, dv a key. */
  readonly values: FloatArray;
  /** ln omega = scale q0 . (k - c) - top of each. */
  readonly logs: Float64Array;
}

/** `BesideKeys` in the centred coordinates of a head, stored in the enclosing scratch. */
export interface PackedBeside {
  readonly count: number;
  /** Coordinates: those of the head, and ln omega where queries have a centre. */
  readonly width: number;
  readonly k: FloatArray;
  readonly v: FloatArray;
}

/** Centres and stores keys and values once for all queries. */
export function packBeside(kernels: Kernels, head: CentredHead, { keys, values, logs }: BesideKeys, columns: ValueColumns): PackedBeside {
  const { n, d } = keys;
  const width = head.omega === null ? d : d + 1;
  const k = kernels.allocate(n * width);
  packVectors(keys, 0, n, head.keyCentre, head.keyFactor, width, k);
  if (width > d) for (let j = 0; j < n; j++) k[j * width + d] = logs[j]!;
  const v = kernels.allocate(n * columns.dv);
  packPlainValues(values, { ...columns, stride: columns.dv, offset: 0 }, 0, n, v);
  return { count: n, width, k, v };
}

/** Centres and stores queries of tokens `from` to `to` - 1 for exact attention in these coordinates: a last coordinate takes ln omega of a key as it is. */
export function packQueries({ queries, queryCentre, queryFactor }: CentredHead, from: number, to: number, width: number, out: FloatArray): void {
  const { d, per } = queries;
  packVectors(queries, from, to, queryCentre, queryFactor, width, out);
  if (width > d) for (let i = d, end = (to - from) * per * width; i < end; i += width) out[i] = 1;
}

/**
 * Adds the exact part of query tokens `from` to `to` - 1 to their sums N and D: with E the sum of e^x over the keys beside and z' their mean
 * value, the sums become $e^{-m} (N + E z')$ and $e^{-m} (D + E)$, m = max(0, ln E), which no large E overflows.
 *
 * @param totals - receives D, if given
 * @param masses - receives ln E
 * @returns the least D
 */
export function addBeside(kernels: Kernels, head: CentredHead, packed: PackedBeside, dv: number, from: number, to: number, sums: FloatArray, totals: Float64Array | null, masses: Float64Array): number {
  const { per } = head.queries;
  const { width, count } = packed;
  const tokens = to - from;
  let least = Infinity;
  kernels.scratch(() => {
    const q = kernels.allocate(tokens * per * width);
    packQueries(head, from, to, width, q);
    const z = kernels.allocate(tokens * per * dv);
    const logs = kernels.allocate(tokens * per);
    kernels.attention({ queries: tokens, keys: count, heads: per, keyHeads: 1, d: width, dv, scale: 1, causal: null }, q, packed.k, packed.v, z, logs);
    for (let t = 0, i = 0, s = 0, e = 0; t < tokens; t++) {
      for (let j = 0; j < per; j++, i++, s++) {
        const log = logs[j * tokens + t]!;
        const D = sums[s + dv]!;
        if (D < least) least = D;
        masses[i] = log;
        if (totals !== null) totals[i] = D;
        const shrink = log > 0 ? Math.exp(-log) : 1;
        const E = log > 0 ? 1 : Math.exp(log);
        for (let c = 0; c < dv; c++, s++, e++) sums[s] = sums[s]! * shrink + E * z[e]!;
        sums[s] = D * shrink + E;
      }
    }
  });
  return least;
}
