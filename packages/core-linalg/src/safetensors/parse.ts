import { describe } from '../checks/checks.ts';
import { jsonFields, parseJson } from '../files/json.ts';
import { refuse } from '../files/refuse.ts';
import { DTYPE_BYTES, elementCount, MAX_HEADER_BYTES, METADATA_KEY, type SafetensorsFile, type TensorDtype, type TensorView } from './safetensors.ts';

/**
 * Parses a safetensors file: 8 bytes of header length, a JSON header, then the tensors' bytes.
 *
 * The file may come from anyone. Every length is checked against the bytes that are there before anything is allocated,
 * and the tensors must fill the space behind the header exactly: no overlap, no gap, no bytes left over.
 * Tensors are views, so the parse itself needs memory for the header only.
 *
 * @param bytes - the whole file
 * @param name - how errors call the file
 * @returns the metadata and the tensors by name, in the order of the header
 *
 * @throws RangeError naming file, tensor, field and value: a header that is cut off, over 100 MB, not UTF-8 or not JSON;
 *   a repeated name; a dtype other than F64, F32, F16 and BF16; a shape or byte range that is malformed or does not fit
 * @example
 * const file = writeSafetensors([tensorView('w', [1, 2], Float32Array.of(3, 4))]);
 * parseSafetensors(file).tensors.get('w')?.shape; // => [1, 2]
 */
export function parseSafetensors(bytes: Uint8Array, name: string = 'safetensors'): SafetensorsFile {
  const where = `parseSafetensors: ${name}`;
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${where}: bytes must be a Uint8Array, got ${describe(bytes)}`);
  const start = headerEnd(where, bytes);
  const data = bytes.subarray(start);

  // A header must begin with its brace: JSON alone would also allow white space in front.
  if (bytes[8] !== 0x7b) refuse(where, 'the header must begin with "{"', String.fromCharCode(bytes[8] ?? 0));
  const header = jsonFields(`${where}: header`, parseJson(`${where}: header`, bytes.subarray(8, start)));

  let metadata: ReadonlyMap<string, string> = new Map();
  const tensors = new Map<string, TensorView>();
  for (const [key, value] of header) {
    if (key === METADATA_KEY) metadata = parseMetadata(`${where}: ${METADATA_KEY}`, value);
    else tensors.set(key, parseTensor(`${where}: tensor ${describe(key)}`, key, value, data));
  }
  checkCoverage(where, tensors, data);
  return { metadata, tensors };
}

function headerEnd(where: string, bytes: Uint8Array): number {
  if (bytes.length < 8) refuse(where, 'the file must begin with 8 bytes of header length', bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) refuse(where, `the header length must be at most ${MAX_HEADER_BYTES}`, length);
  const end = 8 + Number(length);
  if (end > bytes.length) refuse(where, `the header length must lie within the file's ${bytes.length} bytes`, length);
  return end;
}

function parseMetadata(where: string, value: unknown): ReadonlyMap<string, string> {
  const fields = jsonFields(where, value);
  for (const [key, text] of fields) {
    if (typeof text !== 'string') refuse(where, `${describe(key)} must be a string`, text);
  }
  return fields as ReadonlyMap<string, string>;
}

function parseTensor(where: string, name: string, value: unknown, data: Uint8Array): TensorView {
  if (/\p{Surrogate}/u.test(name)) refuse(where, 'the name must be valid Unicode');
  const fields = jsonFields(where, value);

  const dtype = fields.get('dtype');
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    refuse(where, `dtype must be one of ${Object.keys(DTYPE_BYTES).join(', ')}`, dtype);
  }
  const shape = sizes(where, 'shape', fields.get('shape'));
  const offsets = sizes(where, 'data_offsets', fields.get('data_offsets'));
  if (offsets.length !== 2) refuse(where, 'data_offsets must hold a begin and an end', offsets);

  const [begin, end] = offsets as [number, number];
  if (begin > end || end > data.length) {
    refuse(where, `data_offsets must lie in order within the ${data.length} bytes of data`, `${begin} to ${end}`);
  }
  const count = elementCount(shape);
  if (count === undefined) refuse(where, 'shape must multiply to a safe integer', shape.join(' x '));
  const size = count * DTYPE_BYTES[dtype as TensorDtype];
  if (end - begin !== size) {
    refuse(where, `data_offsets must span ${size} bytes (shape [${shape.join(', ')}] of ${dtype})`, end - begin);
  }
  return { name, dtype: dtype as TensorDtype, shape, bytes: data.subarray(begin, end) };
}

function sizes(where: string, field: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) refuse(where, `${field} must be a list of integers`, value);
  for (const [i, x] of value.entries()) {
    if (!Number.isSafeInteger(x) || x < 0) refuse(where, `${field}[${i}] must be an integer from 0 to 2^53 - 1`, x);
  }
  return value as number[];
}

function checkCoverage(where: string, tensors: ReadonlyMap<string, TensorView>, data: Uint8Array): void {
  const inOrder = [...tensors.values()].sort((a, b) => a.bytes.byteOffset - b.bytes.byteOffset || a.bytes.length - b.bytes.length);
  let end = 0;
  for (const { name, bytes } of inOrder) {
    const begin = bytes.byteOffset - data.byteOffset;
    if (begin !== end) {
      const fault = begin < end ? 'overlap the tensor before it' : 'leave a gap behind the tensor before it';
      refuse(`${where}: tensor ${describe(name)}`, `data_offsets must begin at ${end} and not ${fault}`, begin);
    }
    end = begin + bytes.length;
  }
  if (end !== data.length) refuse(where, `the tensors must fill all ${data.length} bytes of data`, end);
}
