import type { GapMagnitude, Magnitude } from './magnitude.ts';
import type { BitsUsed } from './measureGaps.ts';

/** What a construction is asked to prove, and how: see `buildContextualMapping`. */
export type MappingMode = 'lemma' | 'tight' | 'bound';

/** What is known of a contextual mapping. */
export interface MappingCertificate {
  /** How it was made. */
  readonly mode: MappingMode;
  /** `proved`: it is a (gammaProven, gapProven) contextual mapping of the sequences; `undecided`: the precision did not suffice. */
  readonly status: 'proved' | 'refuted' | 'undecided';
  /** The paper's $\gamma = \gamma_{\max} + \epsilon / 4$. */
  readonly gammaPaper: number;
  /** $\ln \delta$ of Lemma 2.2. */
  readonly lnDeltaPaper: number;
  /** Every context ID is shorter than this. */
  readonly gammaProven: number;
  /** Any two context IDs that Definition 2.6 asks about are farther apart than the lower end; null if it asks about none. */
  readonly gapProven: Magnitude | null;
  /** Encloses the smallest distance over all pairs that Definition 2.6 asks about, with a pair that has it; null likewise. */
  readonly gapMeasured: GapMagnitude | null;
  /** Pairs of one token in two contexts that were compared one by one. */
  readonly pairs: number;
  /** Precision used; null in float64. */
  readonly bits: BitsUsed | null;
  /** What is proved, in sentences. */
  readonly says: readonly string[];
}
