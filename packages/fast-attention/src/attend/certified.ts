import type { AttentionProblem } from '@prompt-limits/attention';
import type { FloatArray, RandomSource } from '@prompt-limits/core-linalg';
import { largestTerms, noTerms, type Certificate, type CertificateKind } from '../certificate/certificate.ts';
import { sampledFraction } from '../certificate/sampledFraction.ts';
import type { HeadBounds } from './headBounds.ts';
import type { HeadPlan } from './planHead.ts';
import type { CheckedProblem } from './problem.ts';
import { sampleRows } from './sampleRows.ts';
import type { ValueColumns } from './valueColumns.ts';

const short = (x: number): string => String(Number(x.toPrecision(3)));

const basis: Record<CertificateKind, string> = {
  'a-priori': 'proven from the largest entries of queries, keys and values and the shape alone; fractions are of twice the largest value',
  'a-posteriori': 'proven from the norms of this input and the sums of this run; fractions are of the range of each row of V',
  sampled: 'found by exact computation of random rows; fractions are of the range of each row of V',
};

/** The certificate of all heads together, in numbers and in words. */
export function certified(
  problem: AttentionProblem, checked: CheckedProblem, heads: readonly { readonly bounds: HeadBounds; readonly columns: ValueColumns }[],
  plan: readonly HeadPlan[], kind: CertificateKind, perQuery: boolean, output: FloatArray,
  sample: { readonly rows: number; readonly confidence: number; readonly random: RandomSource } | null,
): Certificate {
  const { shape, group } = checked;
  const polynomials = plan.filter((p) => p.method === 'polynomial').length;
  const how = `${polynomials} of ${plan.length} heads by polynomial${polynomials < plan.length ? `; exact: ${[...new Set(plan.filter((p) => p.method === 'exact').map((p) => p.reason))].join('; ')}` : ''}`;
  if (sample !== null) {
    const { perRow, relative } = sampleRows(problem, checked, output, sample.rows, sample.random);
    const fraction = sampledFraction(sample.rows, sample.confidence);
    return {
      kind, bound: Math.max(...perRow), relative, perRow, terms: noTerms,
      sample: { rows: sample.rows, population: shape.heads * shape.queries, confidence: sample.confidence, fraction },
      says: [how, basis[kind], `with confidence ${sample.confidence} at least ${short(fraction * 100)}% of all rows have errors of at most ${short(relative)} of the range, the largest of ${sample.rows} rows checked`],
    };
  }
  const perRow = new Float64Array(shape.heads * shape.dv);
  let [relative, terms] = [0, noTerms];
  const each = perQuery ? new Float64Array(shape.heads * shape.queries) : null;
  heads.forEach(({ bounds, columns }, head) => {
    terms = largestTerms(terms, bounds.terms);
    bounds.perColumn.forEach((fraction, c) => {
      relative = Math.max(relative, fraction);
      for (let j = 0; j < group; j++) perRow[(head * group + j) * shape.dv + c] = fraction * columns.range[c]! * (1 + 2 ** -50);
    });
    if (each !== null) {
      for (let j = 0; j < group; j++) for (let i = 0; i < shape.queries; i++) each[(head * group + j) * shape.queries + i] = bounds.perQuery![i * group + j]!;
    }
  });
  return {
    kind, bound: Math.max(...perRow), relative, perRow, terms, ...(each === null ? {} : { perQuery: each }),
    says: [how, basis[kind], `no entry is off by more than ${short(relative)} of that range: polynomial ${short(terms.polynomial)}, inputs ${short(terms.input)}, sums ${short(terms.sums)}, storage ${short(terms.storage)}`],
  };
}
