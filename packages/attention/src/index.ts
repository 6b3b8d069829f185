/**
 * Exact softmax attention for tokens as columns, and its gradient, in O(n d) memory.
 *
 * @packageDocumentation
 */
export { anyRankWeights, type AnyRankOptions, type AnyRankWeights } from './contextualMapping/anyRankWeights.ts';
export {
  buildContextualMapping,
  type BoundMapping,
  type BuiltMapping,
  type LemmaMapping,
  type MappingOptions,
  type Separation,
  type TightMapping,
} from './contextualMapping/buildContextualMapping.ts';
export type { MappingCertificate, MappingMode } from './contextualMapping/certificate.ts';
export { certifyHead, type HeadCertificate } from './contextualMapping/certifyHead.ts';
export type { GapMagnitude, Magnitude } from './contextualMapping/magnitude.ts';
export { contextualMappingBounds, type MappingBounds, type MappingParameters, type NamedBound } from './contextualMapping/mappingBounds.ts';
export type { BitsUsed } from './contextualMapping/measureGaps.ts';
export { scoreSpacing, type ScoreSpacing } from './contextualMapping/scoreSpacing.ts';
export { isSeparated, tokenwiseSeparateness, type SeparationParameters, type SeparationVerdict, type TokenwiseSeparateness } from './contextualMapping/separateness.ts';
export {
  verifyContextualMapping,
  type ContextualMappingVerdict,
  type MappingCondition,
  type TokenEnclosures,
  type Verdict,
} from './contextualMapping/verifyContextualMapping.ts';
export { vocabulary, type TokenPosition, type Vocabulary } from './contextualMapping/vocabulary.ts';
export { mergeAttention, type MergedAttention } from './decomposition/mergeAttention.ts';
export { promptDecomposition, type AttentionShare, type PromptDecomposition } from './decomposition/promptDecomposition.ts';
export { attend, type AttentionResult } from './exact/attend.ts';
export type { AttentionProblem } from './exact/problem.ts';
export { attendVjp, type AttentionGradient } from './gradient/attendVjp.ts';
export { contextId } from './gridContext/contextId.ts';
export { decodeContext, locateContext, type DecodedContext, type LocatedContext, type NoContext } from './gridContext/decodeContext.ts';
export { gridCodes, positionedCodes, positionedDigits, positionedTokens, type GridCodes } from './gridContext/gridCodes.ts';
export { gridContextMapping, type GridContextMapping, type GridContextOptions } from './gridContext/gridContextMapping.ts';
export { gridSeparation, type GridSeparation, type GridSeparationOptions } from './gridContext/gridSeparation.ts';
export { contextDigits, tightGridMapping, tightId, type TightGridMapping, type TightGridOptions, type TightIds } from './gridContext/tightGridMapping.ts';
export { attendReference, type AttentionReference } from './reference/attendReference.ts';
export { attendVjpReference } from './reference/attendVjpReference.ts';
export { attentionMechanism, selfAttentionLayer, type AttentionHead } from './transformer/attentionHead.ts';
export { applyFeedForward, type FeedForward } from './transformer/feedForward.ts';
export {
  applySingleAttention,
  applyUpToAttention,
  inSingleAttentionClass,
  singleAttentionClass,
  type SingleAttentionClass,
  type SingleAttentionNetwork,
  type SingleAttentionParameters,
} from './transformer/singleAttention.ts';
export {
  applyBlock,
  applyNetwork,
  classOf,
  inClass,
  type ClassMembership,
  type ClassParameters,
  type HeadRanks,
  type NetworkClass,
  type TransformerBlock,
  type TransformerNetwork,
} from './transformer/transformer.ts';
