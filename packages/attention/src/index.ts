/**
 * Exact softmax attention for tokens as columns, and its gradient, in O(n d) memory.
 *
 * @packageDocumentation
 */
export { attend, type AttentionResult } from './exact/attend.ts';
export type { AttentionProblem } from './exact/problem.ts';
export { attendVjp, type AttentionGradient } from './gradient/attendVjp.ts';
export { attendReference, type AttentionReference } from './reference/attendReference.ts';
export { attendVjpReference } from './reference/attendVjpReference.ts';
