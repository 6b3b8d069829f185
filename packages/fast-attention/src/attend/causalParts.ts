import { packQueries } from './besideKeys.ts';
import { addExact, packPlainValues, packVectors, weighMoments, writeOutputs } from './pack.ts';
import { addKeys, normsInto, type HeadRun } from './polynomialHead.ts';

/**
 * A causal head in chunks of queries: the keys that all queries of a chunk see are in the running moments, those that only some see are
 * summed exactly by `Kernels.attention`, and both are weighed by their masses as in `mergeAttention`:
 * $z = (N + E z') / (D + E)$ with N and D the polynomial's sums and $E = \sum \omega e^x$ of the exact part. Both parts see the same centred
 * vectors, ln omega as one more coordinate, so that their masses share one factor; the polynomial may see them in other coordinates.
 *
 * @returns the weight of the keys that the polynomial summed, for each query
 */
export function causalParts(run: HeadRun, causal: number, totals: Float64Array, norms: Float64Array | null): Float64Array {
  const { kernels, head, plan, values, columns, target } = run;
  const { vectors } = plan;
  const { n, per, d } = head.queries;
  const keys = head.keys.n;
  const size = plan.chunk!;
  const width = columns.dv + 1;
  const wide = head.omega === null ? d : d + 1;
  const moments = new Float64Array(plan.set.rank * width);
  const weight = new Float64Array(n * per);
  const mass = new Float64Array(size * per);
  let [summed, total] = [0, 0];
  kernels.scratch(() => {
    const weights = kernels.allocate(moments.length);
    const x = kernels.allocate(size * per * vectors.queries.d);
    const sums = kernels.allocate(size * per * width);
    const q = kernels.allocate(size * per * wide);
    const k = kernels.allocate(size * wide);
    const v = kernels.allocate(size * columns.dv);
    const z = kernels.allocate(size * per * columns.dv);
    const logs = kernels.allocate(size * per);
    for (let at = 0; at < n; at += size) {
      const tokens = Math.min(n, at + size) - at;
      // Query `at` sees keys 0 to at + causal, and no later query sees fewer; the last sees keys up to at + tokens - 1 + causal.
      const shared = Math.min(keys, Math.max(0, at + causal + 1));
      const seen = Math.min(keys, Math.max(0, at + tokens + causal));
      if (shared > summed) {
        addKeys(run, summed, shared, moments);
        for (; summed < shared; summed++) total += head.omega === null ? 1 : head.omega[summed]!;
        weighMoments(moments, plan.weights, width, weights);
      }
      const variables = vectors.queries.d;
      packVectors(vectors.queries, at, at + tokens, vectors.queryCentre, vectors.queryFactor, variables, x);
      if (norms !== null) normsInto(tokens * per, variables, variables, x, norms.subarray(at * per));
      if (shared > 0) kernels.monomialRead(plan.set, tokens * per, x, width, weights, sums);
      else sums.fill(0);
      const rest = seen - shared;
      if (rest > 0) {
        packQueries(head, at, at + tokens, wide, q);
        packVectors(head.keys, shared, seen, head.keyCentre, head.keyFactor, wide, k);
        if (head.omega !== null) for (let j = 0; j < rest; j++) k[j * wide + d] = Math.log(head.omega[shared + j]!);
        packPlainValues(values, columns, shared, seen, v);
        const shape = { queries: tokens, keys: rest, heads: per, keyHeads: 1, d: wide, dv: columns.dv, scale: 1, causal: at + causal - shared };
        kernels.attention(shape, q, k, v, z, logs);
        for (let t = 0; t < tokens; t++) for (let j = 0; j < per; j++) mass[t * per + j] = Math.exp(logs[j * tokens + t]!);
        addExact(tokens * per, columns.dv, z, mass, sums);
      }
      weight.fill(shared > 0 ? total : 0, at * per, (at + tokens) * per);
      writeOutputs(columns, sums, tokens, per, at, target, totals.subarray(at * per));
    }
  });
  return weight;
}
