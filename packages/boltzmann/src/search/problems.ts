import type { LemmaCheck, LemmaOptions } from '../lemmas/lemmaCheck.ts';
import { lemmaC1 } from '../lemmas/lemmaC1.ts';
import { lemmaC2 } from '../lemmas/lemmaC2.ts';
import { lemmaC3 } from '../lemmas/lemmaC3.ts';
import { lemmaC4 } from '../lemmas/lemmaC4.ts';
import { lemmaC5 } from '../lemmas/lemmaC5.ts';
import { lemmaC6 } from '../lemmas/lemmaC6.ts';
import { lemmaC7 } from '../lemmas/lemmaC7.ts';
import { lemmaC8 } from '../lemmas/lemmaC8.ts';
import { lemmaC9 } from '../lemmas/lemmaC9.ts';
import { concavityProblem, slopeProblem } from './derivatives.ts';
import { identityProblem } from './identity.ts';
import { oneEntryProblem } from './oneEntry.ts';
import { continuationProblem, flatteningProblem } from './ordering.ts';
import type { Problem } from './problem.ts';
import { firstEntryProblem, separationProblem, sharedEntriesProblem } from './separation.ts';

/** The lemmas of Appendix C by their short names. */
export type LemmaName = 'C.1' | 'C.2' | 'C.3' | 'C.4' | 'C.5' | 'C.6' | 'C.7' | 'C.8' | 'C.9';

interface Entry {
  readonly problem: () => Problem;
  readonly check: (vectors: readonly number[][], options: LemmaOptions) => LemmaCheck;
}

const entries: Readonly<Record<LemmaName, Entry>> = {
  'C.1': { problem: identityProblem, check: ([z], o) => lemmaC1(z!, o) },
  'C.2': { problem: slopeProblem, check: ([z], o) => lemmaC2(z!, 1, o) },
  'C.3': { problem: concavityProblem, check: ([z], o) => lemmaC3(z!, 1, o) },
  'C.4': { problem: flatteningProblem, check: ([z, delta], o) => lemmaC4(z!, delta![0]!, o) },
  'C.5': { problem: continuationProblem, check: ([z, longer], o) => lemmaC5(z!, longer!, o) },
  'C.6': { problem: firstEntryProblem, check: ([a, b], o) => lemmaC6(a!, b!, o) },
  'C.7': { problem: oneEntryProblem, check: ([a, b], o) => lemmaC7(a!, b!, o) },
  'C.8': { problem: sharedEntriesProblem, check: ([a, b], o) => lemmaC8(a!, b!, o) },
  'C.9': { problem: separationProblem, check: (vectors, o) => lemmaC9(vectors, o) },
};

/** Every name, in order. */
export const LEMMAS: readonly LemmaName[] = Object.keys(entries) as LemmaName[];

/** The search problem of a lemma, with scratch memory of its own. */
export const problemOf = (lemma: LemmaName): Problem => entries[lemma].problem();

/** The lemma's own function on the vectors of a case. */
export const checkCase = (lemma: LemmaName, vectors: readonly number[][], options: LemmaOptions): LemmaCheck => entries[lemma].check(vectors, options);
