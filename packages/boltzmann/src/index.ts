/**
 * The Boltzmann operator, the log partition and the Gibbs entropy of Appendix C, stable over all of float64 and as intervals; Lemmas C.1 to C.9
 * as functions that say what holds for given vectors, and a search for counter-examples.
 *
 * @packageDocumentation
 */
export { boltz } from './boltz.ts';
export { boltzGradient } from './boltzGradient.ts';
export { boltzHessian, boltzSecondDerivatives } from './boltzHessian.ts';
export { gibbsEntropy } from './gibbsEntropy.ts';
export { boltzDifference, boltzInterval, entropyInterval, logPartitionInterval } from './intervals/boltzInterval.ts';
export { lemmaC1 } from './lemmas/lemmaC1.ts';
export { lemmaC2 } from './lemmas/lemmaC2.ts';
export { lemmaC3 } from './lemmas/lemmaC3.ts';
export { lemmaC4 } from './lemmas/lemmaC4.ts';
export { lemmaC5 } from './lemmas/lemmaC5.ts';
export { lemmaC6 } from './lemmas/lemmaC6.ts';
export { lemmaC7, type LemmaC7Options } from './lemmas/lemmaC7.ts';
export { lemmaC8 } from './lemmas/lemmaC8.ts';
export { lemmaC9, type LemmaC9Check, type LemmaC9Options } from './lemmas/lemmaC9.ts';
export type { Hypothesis, LemmaCheck, LemmaOptions, Relation, Verdict } from './lemmas/lemmaCheck.ts';
export { logPartition } from './logPartition.ts';
export type { LemmaName } from './search/problems.ts';
export { searchLemma, type SearchOptions, type SearchResult } from './search/searchLemma.ts';
export { softmax } from './softmax.ts';
