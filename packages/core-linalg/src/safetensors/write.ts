import { describe } from '../checks/checks.ts';
import { refuse } from '../files/refuse.ts';
import { DTYPE_BYTES, elementCount, METADATA_KEY, type TensorView } from './safetensors.ts';

/** A tensor before its bytes are known. */
export type TensorDescription = Omit<TensorView, 'bytes'>;

/** Where everything of a safetensors file goes; for files too large to be built in memory. */
export interface SafetensorsLayout<T extends TensorDescription = TensorDescription> {
  /** Header length, JSON and padding: the first bytes of the file, a multiple of 8. */
  readonly header: Uint8Array;
  /** The tensors in the order in which their bytes follow the header. */
  readonly tensors: readonly T[];
}

// Largest first, so that no tensor is misaligned, in the order of the reference implementation.
const DTYPE_RANK = { F64: 0, F32: 1, BF16: 2, F16: 3 } as const;

/**
 * The header of a safetensors file and the order of its tensors. As in the reference implementation the tensors are
 * sorted by dtype, widest first, then by name, and the header is padded with spaces to a multiple of 8 bytes.
 *
 * @param tensors - names (each once), dtypes and shapes
 * @param metadata - the file's own notes
 * @throws RangeError for a name that occurs twice, is `__metadata__` or is no valid Unicode, or a shape of no safe size
 * @example
 * safetensorsLayout([{ name: 'w', dtype: 'F32', shape: [2, 3] }]).header.length % 8; // => 0
 */
export function safetensorsLayout<T extends TensorDescription>(
  tensors: Iterable<T>,
  metadata: Iterable<readonly [string, string]> = [],
): SafetensorsLayout<T> {
  const sorted = [...tensors].sort((a, b) => DTYPE_RANK[a.dtype] - DTYPE_RANK[b.dtype] || (a.name < b.name ? -1 : 1));
  const names = new Set<string>();
  // The JSON is put together from its parts because an object literal would treat the key __proto__ specially.
  const members: string[] = [];
  const notes = [...new Map(metadata)].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  if (notes.length > 0) members.push(`"${METADATA_KEY}":{${notes.join(',')}}`);
  let at = 0;
  for (const { name, dtype, shape } of sorted) {
    const where = `safetensorsLayout: tensor ${describe(name)}`;
    if (name === METADATA_KEY || /\p{Surrogate}/u.test(name)) refuse(where, `the name must be valid Unicode other than ${METADATA_KEY}`);
    if (names.has(name)) refuse(where, 'each name may occur once');
    names.add(name);
    const bad = shape.find((size) => !Number.isSafeInteger(size) || size < 0);
    if (bad !== undefined) refuse(where, 'shape must hold integers from 0 to 2^53 - 1', bad);
    const end = at + (elementCount(shape) ?? NaN) * DTYPE_BYTES[dtype];
    if (!Number.isSafeInteger(end)) refuse(where, 'shape must multiply to a safe integer', shape.join(' x '));
    members.push(`${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${at},${end}]}`);
    at = end;
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return { header, tensors: sorted };
}

/**
 * A whole safetensors file in memory; the layout is that of {@link safetensorsLayout}.
 *
 * @param tensors - see `tensorView`
 * @param metadata - the file's own notes, such as `format: pt`
 * @throws RangeError as `safetensorsLayout`, or if a tensor's bytes do not fit its shape
 * @example
 * writeSafetensors([tensorView('w', [1], Float32Array.of(7))], [['format', 'pt']]).at(-1); // => 64
 */
export function writeSafetensors(tensors: Iterable<TensorView>, metadata: Iterable<readonly [string, string]> = []): Uint8Array {
  const { header, tensors: sorted } = safetensorsLayout(tensors, metadata);
  let size = header.length;
  for (const { name, shape, dtype, bytes } of sorted) {
    const needed = elementCount(shape)! * DTYPE_BYTES[dtype];
    if (bytes.length !== needed) refuse(`writeSafetensors: tensor ${describe(name)}`, `${needed} bytes are needed for its shape`, bytes.length);
    size += needed;
  }
  const file = new Uint8Array(size);
  file.set(header);
  let at = header.length;
  for (const { bytes } of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
