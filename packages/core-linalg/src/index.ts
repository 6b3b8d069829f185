/**
 * Tokens, checks, norms, seeded randomness and fast kernels: what the other packages stand on.
 *
 * @packageDocumentation
 */
export {
  assertFinite,
  assertFiniteNumber,
  assertInRange,
  assertInteger,
  assertLength,
  assertNonEmpty,
  assertNumber,
  assertOneOf,
  assertPositive,
  describe,
} from './checks/checks.ts';
export type { AttentionShape, GemmForm, KernelBuild, Kernels, PackedMatrix } from './kernels/kernels.ts';
export { createPlainKernels, type PlainKernelsOptions } from './kernels/plain.ts';
export { randomSource, type RandomSource } from './random/randomSource.ts';
export { normalTokens, uniformTokens } from './random/randomTokens.ts';
export { spherePoint, spherePoints } from './random/sphere.ts';
export {
  column,
  concatTokens,
  sliceColumns,
  tokens,
  tokensFromColumns,
  zeroTokens,
  type FloatArray,
  type FloatArrayOf,
  type Precision,
  type Tokens,
} from './tokens/tokens.ts';
