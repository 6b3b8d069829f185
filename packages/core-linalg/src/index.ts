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
export {
  column,
  concatTokens,
  sliceColumns,
  tokens,
  tokensFromColumns,
  zeroTokens,
  type FloatArray,
  type Precision,
  type Tokens,
} from './tokens/tokens.ts';
