/**
 * What one exponential counts as: a vectorised exp reduces its argument (4 operations) and evaluates a polynomial of degree 6
 * by multiply-adds (12).
 */
export const expOperations = 16;

/** The sizes that decide the cost of one head. */
export interface CostSizes {
  /** Query tokens. */
  readonly queries: number;
  /** Key and value tokens. */
  readonly keys: number;
  /** Pairs of a query and a key that it sees; queries * keys without a mask. */
  readonly pairs: number;
  /** Width of a query and a key. */
  readonly d: number;
  /** Width of a value. */
  readonly dv: number;
  /** Monomials of the polynomial. */
  readonly rank: number;
}

/** Floating point operations of the two methods; a multiply-add counts 2. */
export interface AttentionCost {
  /** pairs (2 d + 2 dv + 16): scores, weighted sums, one exponential a pair. */
  readonly exact: number;
  /** (queries + keys) rank (2 (dv + 1) + 1). */
  readonly polynomial: number;
}

/**
 * Counted operations of exact attention against attention by a polynomial of the scores with `rank` monomials. Exact: a pair
 * costs 2 d for its score, 16 for its exponential, 2 dv for its value. Polynomial: a key costs one multiplication a monomial and
 * 2 (dv + 1) to add it to the sums of values and of weights; a query costs the same to read them. The mask of a causal head
 * costs the polynomial nothing: the sums run along with the tokens.
 *
 * A count, not a time: it knows neither memory nor vector width.
 *
 * @example
 * attentionCost({ queries: 100, keys: 100, pairs: 10_000, d: 8, dv: 8, rank: 45 }); // => { exact: 480000, polynomial: 171000 }
 */
export function attentionCost({ queries, keys, pairs, d, dv, rank }: CostSizes): AttentionCost {
  return { exact: pairs * (2 * d + 2 * dv + expOperations), polynomial: (queries + keys) * rank * (2 * (dv + 1) + 1) };
}
