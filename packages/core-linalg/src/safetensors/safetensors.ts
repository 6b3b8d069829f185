/** Storage type of a tensor: IEEE double, single, half, or the upper half of a single (bfloat16). */
export type TensorDtype = 'F64' | 'F32' | 'F16' | 'BF16';

/** One tensor of a safetensors file, its bytes not copied. */
export interface TensorView {
  /** Its name in the file. */
  readonly name: string;
  /** How each value is stored. */
  readonly dtype: TensorDtype;
  /** Sizes, outermost first; row-major. The empty shape is a single value. */
  readonly shape: readonly number[];
  /** Little-endian values, as a view of the file: of any alignment. */
  readonly bytes: Uint8Array;
}

/** A parsed safetensors file. */
export interface SafetensorsFile {
  /** The file's own notes, such as `format: pt`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Every tensor by name. */
  readonly tensors: ReadonlyMap<string, TensorView>;
}

/** Bytes of one value. */
export const DTYPE_BYTES: Readonly<Record<TensorDtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** The header may not be longer, as in the reference implementation; it holds names only. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The name under which the header keeps the metadata; no tensor may have it. */
export const METADATA_KEY = '__metadata__';

/**
 * Values in a tensor, the product of its sizes, or undefined where it is no safe integer.
 * Every size is a safe integer >= 0.
 */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    // count * size <= MAX_SAFE_INTEGER, tested by division because the product itself may round.
    if (size > 0 && count > Number.MAX_SAFE_INTEGER / size) return undefined;
    count *= size;
  }
  return count;
}
