import type { FloatArray, Kernels, PackedMatrix } from '@prompt-limits/core-linalg';

/** A frozen linear map y = W x on tokens, W of shape outputs x inputs. */
export interface Projection {
  /** W laid out for y = x W^T. */
  readonly forward: PackedMatrix;
  /** Lays W out for dx = dy W too, if that is not done yet: memory that inference alone does not need. */
  prepare(): void;
  /** The layout of `prepare`. */
  readonly backward: PackedMatrix;
}

/** Wraps W, read from `weights` once for the forward product and once more if a gradient is asked for. */
export function createProjection(kernels: Kernels, outputs: number, inputs: number, weights: () => FloatArray): Projection {
  const forward = kernels.pack('T', inputs, outputs, weights());
  let backward: PackedMatrix | null = null;
  return {
    forward,
    prepare() {
      backward ??= kernels.pack('N', outputs, inputs, weights());
    },
    get backward() {
      if (backward === null) throw new Error('createProjection: prepare must be called before a gradient is asked for');
      return backward;
    },
  };
}
