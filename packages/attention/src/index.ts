/**
 * Exact softmax attention for tokens as columns, and its gradient, in O(n d) memory.
 *
 * @packageDocumentation
 */
export { isSeparated, tokenwiseSeparateness, type SeparationParameters, type SeparationVerdict, type TokenwiseSeparateness } from './contextualMapping/separateness.ts';
export {
  verifyContextualMapping,
  type ContextualMappingVerdict,
  type MappingCondition,
  type TokenEnclosures,
  type Verdict,
} from './contextualMapping/verifyContextualMapping.ts';
export { vocabulary, type TokenPosition, type Vocabulary } from './contextualMapping/vocabulary.ts';
export { attend, type AttentionResult } from './exact/attend.ts';
export type { AttentionProblem } from './exact/problem.ts';
export { attendVjp, type AttentionGradient } from './gradient/attendVjp.ts';
export { attendReference, type AttentionReference } from './reference/attendReference.ts';
export { attendVjpReference } from './reference/attendVjpReference.ts';
