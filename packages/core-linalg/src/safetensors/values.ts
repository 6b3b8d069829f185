import { assertInteger, assertLength, describe } from '../checks/checks.ts';
import { refuse } from '../files/refuse.ts';
import type { FloatArray } from '../tokens/tokens.ts';
import { narrowToBfloat, narrowToHalf, widenBfloat, widenHalf } from './halfPrecision.ts';
import { DTYPE_BYTES, elementCount, type TensorDtype, type TensorView } from './safetensors.ts';

/**
 * The values of a tensor as Float32, row-major. F16 and BF16 are widened exactly, subnormals and infinities included; F64 is
 * rounded to nearest (`tensorFloat64Values` keeps it).
 *
 * @returns for F32 at an address that is a multiple of 4 a view of the file's bytes, not to be written to; a new array otherwise
 *
 * @throws RangeError if a finite F64 value is too large for Float32
 * @example
 * tensorValues(tensorView('w', [2], Float32Array.of(1, 2 ** -24), 'F16'))[1]; // => 5.9604644775390625e-8
 */
export function tensorValues(view: TensorView): Float32Array {
  const { bytes, dtype } = view;
  if (dtype === 'F32') {
    const aligned = alignedTo(4, bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
  }
  if (dtype === 'F64') {
    const wide = tensorFloat64Values(view);
    const values = Float32Array.from(wide);
    const at = values.findIndex((x, i) => !Number.isFinite(x) && Number.isFinite(wide[i]));
    if (at >= 0) refuse(`tensorValues: tensor ${describe(view.name)}`, 'each value must fit Float32', wide[at]);
    return values;
  }
  const widen = dtype === 'F16' ? widenHalf : widenBfloat;
  const values = new Float32Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = widen(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return values;
}

/** The same bytes where they begin at a multiple of `size`, else a copy that does. */
const alignedTo = (size: number, bytes: Uint8Array): Uint8Array => (bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes));

/**
 * The values of a tensor as Float64, row-major, exactly: nothing is rounded whatever the dtype.
 *
 * @returns for F64 at an address that is a multiple of 8 a view of the file's bytes, not to be written to; a new array otherwise
 * @example
 * tensorFloat64Values(tensorView('w', [1], Float64Array.of(1 / 3)))[0] === 1 / 3; // => true
 */
export function tensorFloat64Values(view: TensorView): Float64Array {
  if (view.dtype !== 'F64') return Float64Array.from(tensorValues(view));
  const aligned = alignedTo(8, view.bytes);
  return new Float64Array(aligned.buffer, aligned.byteOffset, view.bytes.length / 8);
}

/**
 * A tensor to write, from its values. F16 and BF16 are rounded to nearest, ties to even; NaN and infinities stay what they are.
 *
 * @param name - any text
 * @param shape - sizes, integers >= 0, whose product is the number of values
 * @param values - row-major
 * @param dtype - F32 (the default), F16 or BF16 for a Float32Array; F64 for a Float64Array
 * @returns for F32 and F64 a view of `values`; a copy otherwise
 *
 * @throws RangeError if shape and values disagree, or a finite value is too large for the dtype
 * @example
 * tensorView('w', [1, 3], Float32Array.of(1, 2, 3), 'BF16').bytes.length; // => 6
 */
export function tensorView(
  name: string, shape: readonly number[], values: FloatArray, dtype: TensorDtype = values instanceof Float64Array ? 'F64' : 'F32',
): TensorView {
  const where = `tensorView: tensor ${describe(name)}`;
  const kind = dtype === 'F64' ? Float64Array : Float32Array;
  if (!(values instanceof kind)) throw new TypeError(`${where}: values must be a ${kind.name} for ${dtype}, got ${describe(values)}`);
  shape.forEach((size, i) => assertInteger(where, `shape[${i}]`, size));
  const count = elementCount(shape);
  if (count === undefined) throw new RangeError(`${where}: shape must multiply to a safe integer, got ${shape.join(' x ')}`);
  assertLength(where, 'values', values, count, `shape [${shape.join(', ')}]`);
  if (dtype === 'F32' || dtype === 'F64') return { name, dtype, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };

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
