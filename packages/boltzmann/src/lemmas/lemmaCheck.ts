import { assertInteger } from '@prompt-limits/core-linalg';
import { float64Reals, type Reals, wideReals } from '../intervals/reals.ts';

/** How the two sides of a statement are to compare. */
export type Relation = '=' | '<' | '<=' | '>' | '>=';

/** What intervals say of a statement about real numbers: 'proved' and 'refuted' are certain, whatever was rounded. */
export type Verdict = 'proved' | 'refuted' | 'undecided';

/** One hypothesis of a lemma, looked at for the numbers given. */
export interface Hypothesis {
  /** The hypothesis in the letters of the paper. */
  readonly statement: string;
  /** By how much it is met: negative where it is missed, 0 on its boundary. */
  readonly margin: number;
  /** Whether it is met. */
  readonly verdict: Verdict;
  /** Not in the print: a repair of this package adds it. */
  readonly repair: boolean;
}

/** A lemma evaluated at concrete numbers. */
export interface LemmaCheck {
  /** The paper's number, such as 'Lemma C.1'. */
  readonly lemma: string;
  /** The hypotheses one by one; none if the lemma holds for all finite scores. */
  readonly hypotheses: readonly Hypothesis[];
  /** Whether all hypotheses are met. */
  readonly applies: Verdict;
  /** Left side, times $e^{\text{logScale}}$: the middle of its interval. */
  readonly left: number;
  /** The relation that the lemma claims. */
  readonly relation: Relation;
  /** Right side, times $e^{\text{logScale}}$. */
  readonly right: number;
  /** Both sides are given times e to this power, so that sides as small as $e^{-10000}$ can be read. 0 for most lemmas. */
  readonly logScale: number;
  /** Room that the sides leave: left - right for '>' and '>=', right - left for the reverse, $-|left - right|$ for '='. */
  readonly slack: number;
  /** Bound on the error of the slack: from the widths of the intervals. */
  readonly error: number;
  /** Whether the conclusion holds for these numbers, hypotheses or not. An equality is never proved by numbers unless both sides come out exact. */
  readonly verdict: Verdict;
  /** Bits that the verdicts took; 53 is float64. */
  readonly bits: number;
}

/** How far a lemma may go to decide. */
export interface LemmaOptions {
  /**
   * Largest precision, 53 to 1,000,000 bits. 53, the default, takes float64 intervals only; from 128 on, what they leave undecided is taken up with
   * 128, 256, ... bits.
   */
  readonly maxBits?: number;
}

/** A hypothesis before it is judged: every margin must be above 0, or at least 0. @internal */
export interface Condition<T> {
  readonly statement: string;
  readonly margins: readonly T[];
  readonly strict: boolean;
  readonly repair?: boolean;
}

/** A lemma at concrete numbers before it is judged. @internal */
export interface Claim<T> {
  readonly conditions: readonly Condition<T>[];
  readonly left: T;
  readonly relation: Relation;
  readonly right: T;
  readonly logScale?: T;
}

/**
 * Judges a claim by float64 intervals, then by wider ones while something is undecided and `maxBits` allows.
 *
 * @internal
 */
export function decide(lemma: string, claim: <T>(r: Reals<T>) => Claim<T>, { maxBits = 53 }: LemmaOptions): LemmaCheck {
  assertInteger(`lemma${lemma.slice(-3).replace('.', '')}`, 'maxBits', maxBits, 53, 1_000_000);
  let check = judge(lemma, float64Reals, claim(float64Reals));
  for (let bits = 128; bits <= maxBits && (check.verdict === 'undecided' || check.applies === 'undecided'); bits *= 2) {
    const r = wideReals(bits);
    check = judge(lemma, r, claim(r));
  }
  return check;
}

function judge<T>(lemma: string, r: Reals<T>, { conditions, left, relation, right, logScale }: Claim<T>): LemmaCheck {
  const hypotheses = conditions.map((c) => hypothesis(r, c));
  const [l, rt] = [r.bounds(left), r.bounds(right)];
  const difference = r.subtract(left, right);
  const { low, high } = r.bounds(difference);
  const distance = middle(low, high);
  const slack = 0 + (relation === '=' ? -Math.abs(distance) : relation.startsWith('>') ? distance : -distance); // 0 + makes -0 a 0
  return {
    lemma,
    hypotheses,
    applies: all(hypotheses.map((h) => h.verdict)),
    left: middle(l.low, l.high),
    relation,
    right: middle(rt.low, rt.high),
    logScale: logScale === undefined ? 0 : middle(...ends(r.bounds(logScale))),
    slack,
    error: (high - low) / 2 + Math.abs(slack) * 2 ** -53,
    verdict: compareSides(r.sign(difference), relation),
    bits: r.bits,
  };
}

function hypothesis<T>(r: Reals<T>, { statement, margins, strict, repair = false }: Condition<T>): Hypothesis {
  const margin = Math.min(...margins.map((m) => middle(...ends(r.bounds(m)))));
  return { statement, margin, verdict: all(margins.map((m) => compareSides(r.sign(m), strict ? '>' : '>='))), repair };
}

/** The verdict on left ~ right, given the sign of left - right. */
function compareSides(sign: -1 | 0 | 1 | 'undecided', relation: Relation): Verdict {
  if (sign === 'undecided') return 'undecided';
  const holds = relation === '=' ? sign === 0 : relation === '>' ? sign > 0 : relation === '>=' ? sign >= 0 : relation === '<' ? sign < 0 : sign <= 0;
  return holds ? 'proved' : 'refuted';
}

function all(verdicts: readonly Verdict[]): Verdict {
  return verdicts.includes('refuted') ? 'refuted' : verdicts.includes('undecided') ? 'undecided' : 'proved';
}

const ends = ({ low, high }: { low: number; high: number }): [number, number] => [low, high];

/** The middle; of a half-infinite interval its finite end. */
function middle(low: number, high: number): number {
  if (low === high) return low;
  if (low === -Infinity || high === Infinity) return low === -Infinity ? (high === Infinity ? 0 : high) : low;
  return low / 2 + high / 2;
}
