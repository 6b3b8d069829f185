import { assertInteger, assertLength, describe } from '@prompt-limits/core-linalg';
import { narrowToBfloat, narrowToHalf, widenBfloat, widenHalf } from './halfPrecision.ts';
import { DTYPE_BYTES, elementCount, type TensorDtype, type TensorView } from './safetensors.ts';

/**
 * The values of a tensor as Float32, row-major. F16 and BF16 are widened exactly, subnormals and infinities included.
 *
 * @returns for F32 at an address that is a multiple of 4 a view of the file's bytes, not to be written to; a new array otherwise
 * @example
 * tensorValues(tensorView('w', [2], Float32Array.of(1, 2 ** -24), 'F16'))[1]; // => 5.9604644775390625e-8
 */
export function tensorValues(view: TensorView): Float32Array {
  const { bytes, dtype } = view;
  if (dtype === 'F32') {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
  }
  const widen = dtype === 'F16' ? widenHalf : widenBfloat;
  const values = new Float32Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = widen(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return values;
}

/**
 * A tensor to write, from its values. F16 and BF16 are rounded to nearest, ties to even; NaN and infinities stay what they are.
 *
 * @param name - any text
 * @param shape - sizes, integers >= 0, whose product is the number of values
 * @param values - row-major
 * @returns for F32 a view of `values`; a copy otherwise
 *
 * @throws RangeError if shape and values disagree, or a finite value is too large for the dtype
 * @example
 * tensorView('w', [1, 3], Float32Array.of(1, 2, 3), 'BF16').bytes.length; // => 6
 */
export function tensorView(name: string, shape: readonly number[], values: Float32Array, dtype: TensorDtype = 'F32'): TensorView {
  const where = `tensorView: tensor ${describe(name)}`;
  if (!(values instanceof Float32Array)) throw new TypeError(`${where}: values must be a Float32Array, got ${describe(values)}`);
  shape.forEach((size, i) => assertInteger(where, `shape[${i}]`, size));
  const count = elementCount(shape);
  if (count === undefined) throw new RangeError(`${where}: shape must multiply to a safe integer, got ${shape.join(' x ')}`);
  assertLength(where, 'values', values, count, `shape [${shape.join(', ')}]`);
  if (dtype === 'F32') return { name, dtype, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };

  const [narrow, infinity] = dtype === 'F16' ? [narrowToHalf, 0x7c00] : [narrowToBfloat, 0x7f80];
  const bytes = new Uint8Array(values.length * DTYPE_BYTES[dtype]);
  for (let i = 0; i < values.length; i++) {
    const bits = narrow(values[i]!);
    if ((bits & 0x7fff) === infinity && Number.isFinite(values[i])) {
      throw new RangeError(`${where}: values must fit ${dtype}, got ${values[i]} at index ${i}`);
    }
    bytes[2 * i] = bits & 255;
    bytes[2 * i + 1] = bits >>> 8;
  }
  return { name, dtype, shape, bytes };
}
