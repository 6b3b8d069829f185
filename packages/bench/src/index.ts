/**
 * Measurement that compares like with like, the statistics to read it with, and the limits report of a soft prompt.
 *
 * @module index
 */
export { interleave, type InterleaveOptions, type Samples, type TimedCase } from './measure/interleave.ts';
export { describeMachine, type Machine } from './measure/machine.ts';
export { limitsReport, type LimitsReportOptions, type ReportedText } from './report/limitsReport.ts';
export {
  LIMITS_REPORT_FORMAT,
  type AttentionFacts,
  type CostFacts,
  type FitFacts,
  type HeadFacts,
  type LengthFacts,
  type LimitsReport,
  type ModelFacts,
  type PromptFacts,
  type ReproductionFacts,
  type TokenFacts,
  type TuningFacts,
  type TuningStep,
} from './report/limitsReportTypes.ts';
export { bootstrapInterval, type BootstrapOptions, type Interval } from './statistics/bootstrap.ts';
export { geometricMean, geometricMeanRatio } from './statistics/geometricMean.ts';
export { logLogSlope, type PowerLaw } from './statistics/logLogSlope.ts';
export { median, quantile } from './statistics/quantile.ts';
export { attentionFlops, uniformAttention, type AttentionWorkload } from './workloads/attentionWorkload.ts';
