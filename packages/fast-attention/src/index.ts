/**
 * Near-linear softmax attention with a proven error, and the efficiency criterion of prompt tuning (Theorems 3.1 and 3.2).
 *
 * @packageDocumentation
 */
export { attend, type FastAttention, type FastAttentionOptions, type SampleOptions } from './attend/attend.ts';
export type { HeadPlan, PlanBlock } from './attend/planHead.ts';
export type { Certificate, CertificateKind, ErrorTerms, SampleStatement } from './certificate/certificate.ts';
export { outputBound } from './certificate/outputBound.ts';
export { sampledFraction } from './certificate/sampledFraction.ts';
export { adaptiveTruncation, type AdaptiveTruncation, type TruncationLimits } from './anisotropic/adaptiveTruncation.ts';
export { blockPolynomial, type BlockPolynomial, type BlockQuestion } from './anisotropic/blockPolynomial.ts';
export type { TruncationProblem } from './anisotropic/coordinates.ts';
export { appendToCompiled } from './compiled/appendToCompiled.ts';
export type { CompiledAttention } from './compiled/attendCompiled.ts';
export { attendWithCompiled, type CompiledProblem, type MergedCompiled } from './compiled/attendWithCompiled.ts';
export { loadCompiledPrompt, saveCompiledPrompt, type LoadOptions } from './compiled/compiledFile.ts';
export type { CompiledHead } from './compiled/compiledHead.ts';
export type { CompiledPrompt } from './compiled/compiledPrompt.ts';
export { compilePrompt, type CompileOptions, type PromptSource } from './compiled/compilePrompt.ts';
export { mergeCompiled } from './compiled/mergeCompiled.ts';
export type { PromptBlock } from './compiled/promptTokens.ts';
export { attentionCost, expOperations, type AttentionCost, type CostSizes } from './criterion/attentionCost.ts';
export {
  efficiencyCriterion,
  type CriterionProblem,
  type EfficiencyCriterion,
  type LargestEntries,
  type PolynomialSize,
} from './criterion/efficiencyCriterion.ts';
export type { ScoreProblem } from './criterion/problem.ts';
export { scoreRange, type Centre, type ScoreRange, type ScoreRangeOptions } from './criterion/scoreRange.ts';
export {
  attendVjp,
  type FastGradient,
  type GradientCertificate,
  type GradientOptions,
  type GradientPlan,
  type PerInput,
} from './gradient/attendVjp.ts';
export { gradientBound, type GradientBound, type GradientClass } from './gradient/gradientBound.ts';
export { promptGradient, type PromptGradientOptions } from './gradient/promptGradient.ts';
export type { RelativeErrors } from './gradient/rowErrors.ts';
export { calibrate, type CalibrateOptions, type Clock } from './plan/calibrate.ts';
export { nominalCosts, predictedTimes, type CostModel, type LinearCost, type PredictedTimes, type TimedSizes } from './plan/costModel.ts';
export { planAttention, type AttentionPlan, type PlanAttentionOptions } from './plan/planAttention.ts';
export {
  expPolynomial,
  expPolynomialFor,
  type ExpPolynomial,
  type ExpPolynomialOptions,
  type ExpPolynomialQuestion,
} from './polynomial/expPolynomial.ts';
export { minimaxExp, type MinimaxExp } from './polynomial/minimaxExp.ts';
export { monomialCount } from './polynomial/monomialCount.ts';
export { polynomialDegree } from './polynomial/polynomialDegree.ts';
export { ratioToExp, ratioWithin, type RatioToExp } from './polynomial/ratioToExp.ts';
export { taylorDegree, type DegreeQuestion } from './polynomial/taylorDegree.ts';
export { weightTolerance } from './polynomial/weightTolerance.ts';
