/** How the two sides of a statement are to compare. */
export type Relation = '=' | '<' | '<=' | '>' | '>=';

/** One hypothesis of a lemma, looked at for the numbers given. */
export interface Hypothesis {
  /** The hypothesis in words and letters of the paper. */
  readonly statement: string;
  /** Whether the numbers given meet it. */
  readonly met: boolean;
}

/** A lemma evaluated at concrete numbers: both sides by their own routes, and how far they may be off. */
export interface LemmaCheck {
  /** The paper's number, such as 'Lemma C.1'. */
  readonly lemma: string;
  /** The hypotheses one by one; none if the lemma holds for all finite scores. */
  readonly hypotheses: readonly Hypothesis[];
  /** Left side as computed. */
  readonly left: number;
  /** The relation that the lemma claims. */
  readonly relation: Relation;
  /** Right side as computed. */
  readonly right: number;
  /** Bound on the error of left - right as computed: from an analysis of the roundings, or the widths of intervals. */
  readonly error: number;
  /** Room that the computed sides leave: left - right for '>' and '>=', right - left for the reverse, $-|left - right|$ for '='. */
  readonly slack: number;
  /** The numbers agree with the claim: slack is at least -error. False refutes it, if the hypotheses are met. */
  readonly holds: boolean;
  /** The numbers alone prove the claim: slack exceeds error (reaches it for '<=' and '>='). Never for '='. */
  readonly proven: boolean;
}

/**
 * Compares two sides within `error`.
 *
 * @internal
 */
export function checkSides(lemma: string, hypotheses: readonly Hypothesis[], left: number, relation: Relation, right: number, error: number): LemmaCheck {
  const difference = left - right;
  const slack = relation === '=' ? -Math.abs(difference) : relation.startsWith('>') ? difference : -difference;
  const proven = relation !== '=' && (relation.length === 2 ? slack >= error : slack > error);
  return { lemma, hypotheses, left, relation, right, error, slack, holds: slack >= -error, proven };
}
