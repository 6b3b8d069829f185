import type { FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { exactRounding, unitRoundoff } from '../certificate/rounding.ts';
import { errorTerms } from './planHead.ts';
import type { HeadRun, HeadSums } from './polynomialHead.ts';
import type { CheckedProblem } from './problem.ts';
import { largestEntry } from './views.ts';

/**
 * ln sum_j e^{scale k_j . q_i} = scale q_i . c + top + ln D_i from the denominators of a run, written at `(first + j) * queries + i`.
 *
 * @returns a bound on the error: the polynomial's ratio, inputs and sums as in the certificate, d + 4 roundings of the shift, the storage
 */
function polynomial(run: HeadRun, { totals, masses, least }: HeadSums, queries: number, first: number, logs: FloatArray): number {
  const { head, kernels, plan } = run;
  const { data, stride, offset, per, d } = head.queries;
  const direction = head.keyCentre.map((c) => c * run.scale);
  let [largest, shifted] = [0, 0];
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < per; j++) {
      const total = totals![i * per + j]!;
      let [shift, size] = [0, 0];
      for (let c = 0; c < d; c++) {
        const x = data[i * stride + offset + j * d + c]! * direction[c]!;
        shift += x;
        size += Math.abs(x);
      }
      const sum = together(Math.log(total), masses === null ? -Infinity : masses[i * per + j]!);
      const log = total > 0 ? shift + head.top + sum : -Infinity;
      logs[(first + j) * queries + i] = log;
      if (total > 0) largest = Math.max(largest, Math.abs(log), Math.abs(sum));
      shifted = Math.max(shifted, size);
    }
  }
  // Whatever the values are: where all are equal the output has no error, but the denominators have.
  const terms = errorTerms(plan, head, unitRoundoff(kernels), plan.vectors.halfWidth, least > 0 ? least : Number.MIN_VALUE, 0);
  const { low, high } = plan.scores.ratio(plan.vectors.halfWidth);
  const factor = low > 0 ? Math.max(Math.log(high), -Math.log(low), 0) : Infinity;
  // `terms.sums` bounds (|error of D|) / D twice over (numerator and denominator); ln(1 + t) <= t / (1 - t).
  const sums = terms.sums < 1 ? terms.sums / (1 - terms.sums) : Infinity;
  return factor + 2 * terms.input + sums + (unitRoundoff(kernels) + 4 * 2 ** -53) * (largest + 1) + (d + 6) * 2 ** -53 * (shifted + Math.abs(head.top));
}

/** ln(e^a + e^b). */
const together = (a: number, b: number): number => (b > a ? b + Math.log1p(Math.exp(a - b)) : a + Math.log1p(Math.exp(b - a)));

/** A bound on the error of the log partitions of an exact head. */
function exact({ shape, group, queries, keys }: CheckedProblem, head: number, kernels: Kernels): number {
  const { d } = shape;
  const S = Math.abs(shape.scale) * d * largestEntry(queries, head * group * d, (head + 1) * group * d) * largestEntry(keys, head * d, (head + 1) * d);
  const rounding = exactRounding(kernels, shape.keys, d, S);
  return rounding.eta + rounding.sums + rounding.log;
}

/** Log partitions with their error bounds, by method. */
export const logPartitions: { readonly polynomial: typeof polynomial; readonly exact: typeof exact } = { polynomial, exact };
