/**
 * Tokens, checks, norms, seeded randomness and fast kernels: what the other packages stand on.
 *
 * @module index
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
export { multiply } from './decompositions/multiply.ts';
export { qr, type QrDecomposition } from './decompositions/qr.ts';
export { solve, type Solution } from './decompositions/solve.ts';
export { singularValues, svd, type SingularValueDecomposition } from './decompositions/svd.ts';
export type { DifferenceKind, Objective } from './directions/differences.ts';
export { gridDirection, type GridDirection } from './directions/gridDirection.ts';
export { separatedDirection, type DirectionMethod, type DirectionOptions, type SeparatedDirection } from './directions/separatedDirection.ts';
export {
  gridDigits,
  gridDigitsOf,
  gridIndex,
  gridSize,
  gridTokens,
  quantiseToGrid,
  tokenCodes,
  type GridDigitsOptions,
  type GridShape,
} from './grids/grid.ts';
export { fromDigits, toDigits } from './grids/mixedRadix.ts';
export { createKernels, type KernelOptions } from './kernels/createKernels.ts';
export type { AttentionShape, GemmForm, KernelBuild, Kernels, PackedMatrix } from './kernels/kernels.ts';
export { multiplyAddCeiling, type MultiplyAddCeiling } from './kernels/multiplyAddCeiling.ts';
export { createPlainKernels, type PlainKernelsOptions } from './kernels/plain.ts';
export { monomialReadVjpRounding, monomialRounding, type MonomialRounding, type MonomialVjpRounding } from './monomials/monomialRounding.ts';
export { monomialSet, monomialSetOf, type MonomialSet } from './monomials/monomialSet.ts';
export { entrywiseNorm, frobeniusNorm, maxNorm } from './norms/entrywise.ts';
export { numericalRank, spectralNorm } from './norms/spectral.ts';
export { randomSource, type RandomSource } from './random/randomSource.ts';
export { normalTokens, uniformTokens } from './random/randomTokens.ts';
export { spherePoint, spherePoints } from './random/sphere.ts';
export { tokensFromMatrix, tokensToMatrix, type MatrixLike } from './tokens/matrix.ts';
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
export { Matrix } from 'ml-matrix';
