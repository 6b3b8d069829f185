import { bytesOf, numberOf, protobufFields, textOf, varints, type ProtobufField } from './protobuf.ts';

/** A constant of an ONNX graph: float32, uint8 or int8. */
export interface OnnxTensor {
  /** Its name in the graph. */
  readonly name: string;
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /** Row-major values. */
  readonly data: Float32Array | Uint8Array | Int8Array;
}

/** An operation of an ONNX graph. */
export interface OnnxNode {
  /** Its name; exports from PyTorch keep the module's path in it. */
  readonly name: string;
  /** The operator. */
  readonly operator: string;
  /** Names of its inputs. */
  readonly inputs: readonly string[];
}

/** What a converter of weights needs of an ONNX file. */
export interface OnnxGraph {
  /** Constants by name. */
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** Operations in the order of the file, which is a topological order. */
  readonly nodes: readonly OnnxNode[];
}

// Field numbers and type codes of onnx.proto3.
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, tensor: 5 } as const;
const NODE = { input: 1, name: 3, operator: 4 } as const;
const TENSOR = { dims: 1, type: 2, floats: 4, int32s: 5, name: 8, raw: 9, location: 14 } as const;
const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
const EXTERNAL = 1;

/**
 * Parses the graph of an ONNX file. Values may be stored raw or as lists of floats or varints, packed or not.
 *
 * @throws RangeError naming tensor, field and value for a malformed file, another type of constant, values kept in
 *   another file, or sizes that do not fit the values
 */
export function parseOnnx(bytes: Uint8Array, file: string = 'onnx'): OnnxGraph {
  const where = `parseOnnx: ${file}`;
  const tensors = new Map<string, OnnxTensor>();
  const nodes: OnnxNode[] = [];
  for (const field of protobufFields(where, bytes)) {
    if (field.tag !== MODEL.graph) continue;
    for (const part of protobufFields(`${where}: graph`, bytesOf(where, field))) {
      if (part.tag === GRAPH.node) nodes.push(parseNode(`${where}: node ${nodes.length}`, bytesOf(where, part)));
      if (part.tag !== GRAPH.tensor) continue;
      const tensor = parseTensor(`${where}: tensor ${tensors.size}`, bytesOf(where, part));
      if (tensors.has(tensor.name)) throw new RangeError(`${where}: each tensor's name may occur once, got "${tensor.name}"`);
      tensors.set(tensor.name, tensor);
    }
  }
  if (nodes.length === 0) throw new RangeError(`${where}: the file must hold a graph with nodes, got none`);
  return { tensors, nodes };
}

function parseNode(where: string, bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  let name = '';
  let operator = '';
  for (const field of protobufFields(where, bytes)) {
    if (field.tag === NODE.input) inputs.push(textOf(where, field));
    else if (field.tag === NODE.name) name = textOf(where, field);
    else if (field.tag === NODE.operator) operator = textOf(where, field);
  }
  return { name, operator, inputs };
}

function parseTensor(place: string, bytes: Uint8Array): OnnxTensor {
  const fields = [...protobufFields(place, bytes)];
  const named = fields.findLast((field) => field.tag === TENSOR.name);
  const name = named ? textOf(place, named) : '';
  const where = `${place} "${name}"`;

  const dims = fields.filter((field) => field.tag === TENSOR.dims).flatMap((field) => varints(where, field));
  const type = last(where, fields, TENSOR.type);
  if (last(where, fields, TENSOR.location) === EXTERNAL) throw new RangeError(`${where}: the values must be in the file, got data_location EXTERNAL`);
  let size = 1;
  for (const [i, dim] of dims.entries()) {
    // No type has less than a byte a value; sizes beyond the safe integers come out larger than any file.
    if (dim < 0) throw new RangeError(`${where}: dims[${i}] must be at least 0, got ${dim}`);
    size *= dim;
  }
  const data = tensorData(where, type, fields);
  if (data.length !== size) throw new RangeError(`${where}: there must be ${size} values for dims [${dims.join(', ')}], got ${data.length}`);
  return { name, dims, data };
}

function last(where: string, fields: readonly ProtobufField[], tag: number): number {
  const field = fields.findLast((f) => f.tag === tag);
  return field ? numberOf(where, field) : 0;
}

function tensorData(where: string, type: number, fields: readonly ProtobufField[]): OnnxTensor['data'] {
  if (type !== FLOAT && type !== UINT8 && type !== INT8) throw new RangeError(`${where}: data_type must be 1 (float), 2 (uint8) or 3 (int8), got ${type}`);
  const raw = fields.findLast((field) => field.tag === TENSOR.raw);
  if (raw) {
    const bytes = bytesOf(where, raw);
    if (type === UINT8) return bytes;
    if (type === INT8) return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    return floats(where, [bytes]);
  }
  if (type === FLOAT) return floats(where, fields.filter((field) => field.tag === TENSOR.floats).map((field) => bytesOf(where, field)));
  const numbers = fields.filter((field) => field.tag === TENSOR.int32s).flatMap((field) => varints(where, field));
  const [low, high] = type === UINT8 ? [0, 255] : [-128, 127];
  const bad = numbers.find((x) => x < low || x > high);
  if (bad !== undefined) throw new RangeError(`${where}: int32_data must lie in [${low}, ${high}], got ${bad}`);
  return type === UINT8 ? Uint8Array.from(numbers) : Int8Array.from(numbers);
}

/** Little-endian floats of any alignment, in one or several pieces. */
function floats(where: string, pieces: readonly Uint8Array[]): Float32Array {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bad = pieces.find((piece) => piece.length % 4 !== 0);
  if (bad) throw new RangeError(`${where}: float data must have a multiple of 4 bytes, got ${bad.length}`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new Float32Array(bytes.buffer);
}
