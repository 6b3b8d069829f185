import type { EfficiencyCriterion } from './efficiencyCriterion.ts';

const short = (x: number): string => String(Number(x.toPrecision(3)));

/** What the theorems say at these figures. */
function side(c: Omit<EfficiencyCriterion, 'verdict'>): string {
  const figures = `B = ${short(c.largest.overall)}, ${short(c.scaled.overall)} in the 1/d scale of the theorems, against sqrt(ln n) = ${short(c.threshold)} at n = ${c.n}, d = ${c.d}`;
  if (c.n === 1) return `${c.side} by the formula, which means nothing at n = 1, where ln n = 0: ${figures}.`;
  const width = `They also take d = O(log n); here d is ${short(c.d / Math.log(c.n))} ln n.`;
  if (c.side === 'within') {
    return `within: ${figures}. Theorem 3.2 gives almost linear time for families of heads with B = o(sqrt(log n)); one head at one n cannot show which family it belongs to, and the side only compares B with sqrt(ln n). ${width}`;
  }
  const values = Math.max(c.scaled.queries, c.scaled.keys) <= c.threshold
    ? ' Only the values exceed it, and dividing V by a constant costs nothing but the same factor in the error.'
    : '';
  return `outside: ${figures}.${values} Theorem 3.2 promises nothing here. Theorem 3.1 says, if SETH holds, that no sub-quadratic method serves all heads with B of the order of sqrt(log n); its constant is not known and it does not speak of this one head. ${width}`;
}

/** What the two methods cost at this n. */
function cost(c: Omit<EfficiencyCriterion, 'verdict'>): string {
  const range = `scores within +-${short(c.scores.halfWidth)} after centring`;
  if (c.polynomial === null) return `With ${range}, e^x itself leaves float64: compute exactly.`;
  const { degree, rank } = c.polynomial;
  const { exact, polynomial } = c.cost;
  const ratio = c.faster === 'polynomial' ? exact / polynomial : polynomial / exact;
  const digits = rank.toString();
  const size = digits.length > 15 ? `about 10^${digits.length - 1}` : digits;
  const gain = Number.isFinite(ratio) ? `${short(ratio)} times cheaper, ${short(exact)} exact against ${short(polynomial)}` : 'cheaper beyond any float64 ratio';
  return `With ${range} and an error of ${short(c.tolerance)} of the range of V, the polynomial has degree ${degree} and rank ${size}: by count of operations the ${c.faster} method is ${gain}.`;
}

/** The criterion in words. */
export function verdict(criterion: Omit<EfficiencyCriterion, 'verdict'>): string {
  return `${side(criterion)} ${cost(criterion)}`;
}
