/**
 * The Boltzmann operator, the log partition and the Gibbs entropy of Appendix C, stable over all of float64.
 *
 * @packageDocumentation
 */
export { boltz } from './boltz.ts';
export { boltzGradient } from './boltzGradient.ts';
export { boltzHessian, boltzSecondDerivatives } from './boltzHessian.ts';
export { gibbsEntropy } from './gibbsEntropy.ts';
export { lemmaC1 } from './lemmaC1.ts';
export type { Hypothesis, LemmaCheck, Relation } from './lemmaCheck.ts';
export { logPartition } from './logPartition.ts';
export { softmax } from './softmax.ts';
