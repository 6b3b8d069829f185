/**
 * What a certificate rests on. 'a-priori': the largest entries, n and d alone, as in Theorem 3.2. 'a-posteriori': the norms of this
 * input and the sums of this run. 'sampled': an exact check of random rows, true with a stated confidence. The first two are proofs.
 */
export type CertificateKind = 'a-priori' | 'a-posteriori' | 'sampled';

/** The parts of a bound, each as a fraction of the range of the row of V; their sum bounds `relative`. All 0 where nothing is approximate. */
export interface ErrorTerms {
  /** The polynomial in place of e^x. */
  readonly polynomial: number;
  /** Centred, scaled and stored inputs: what rounding them does to the scores and values. */
  readonly input: number;
  /** Rounding in sums, of the monomial kernels and of exact parts. */
  readonly sums: number;
  /** Rounding of the stored output. */
  readonly storage: number;
}

/** What the check of random rows found. */
export interface SampleStatement {
  /** Rows (a query of a head) that were computed exactly. */
  readonly rows: number;
  /** Rows in all. */
  readonly population: number;
  /** The probability with which the statement holds, over the choice of rows. */
  readonly confidence: number;
  /** At least this fraction of all rows has an error of at most the bound. */
  readonly fraction: number;
}

/** An error bound of an attention output and what it rests on. */
export interface Certificate {
  /** What the bound rests on. */
  readonly kind: CertificateKind;
  /** No entry of the output is further from exact attention on the given numbers than this. */
  readonly bound: number;
  /** The same for every entry as a fraction of the range of its row of V; 0 for a row of equal values, which is returned exactly. */
  readonly relative: number;
  /** `bound` for each row of the output, heads x dv. */
  readonly perRow: Float64Array;
  /** `relative` for each query at `head * queries + i`, where it was asked for. */
  readonly perQuery?: Float64Array;
  /** The parts of `relative`, the largest of each over all heads. */
  readonly terms: ErrorTerms;
  /** Where the kind is 'sampled'. */
  readonly sample?: SampleStatement;
  /** All of it in words. */
  readonly says: readonly string[];
}

/** The terms of nothing. */
export const noTerms: ErrorTerms = { polynomial: 0, input: 0, sums: 0, storage: 0 };

/** The largest of each term. */
export function largestTerms(a: ErrorTerms, b: ErrorTerms): ErrorTerms {
  return {
    polynomial: Math.max(a.polynomial, b.polynomial),
    input: Math.max(a.input, b.input),
    sums: Math.max(a.sums, b.sums),
    storage: Math.max(a.storage, b.storage),
  };
}
