import { PbfWriter } from 'pbf';

/** A node of an ONNX graph. */
interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Empty for the standard operators. */
  readonly domain?: string;
  readonly attributes?: readonly Attribute[];
}

/** A named integer, list of integers or float on a node. */
type Attribute = { readonly name: string } & ({ readonly i: number } | { readonly ints: readonly number[] } | { readonly f: number });

/** A Float32 input or output and its shape. */
interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

// Numbers of fields and enumerations are those of onnx.proto3 (ONNX IR version 9).
const IR_VERSION = 9;
const OPSET = 20;
const FLOAT = 1;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

function writeAttribute(a: Attribute, pbf: PbfWriter): void {
  pbf.writeStringField(1, a.name);
  if ('f' in a) pbf.writeFloatField(2, a.f);
  else if ('i' in a) pbf.writeVarintField(3, a.i);
  else for (const i of a.ints) pbf.writeVarintField(8, i);
  pbf.writeVarintField(20, 'f' in a ? ATTRIBUTE_FLOAT : 'i' in a ? ATTRIBUTE_INT : ATTRIBUTE_INTS);
}

function writeNode(node: Node, pbf: PbfWriter): void {
  for (const name of node.inputs) pbf.writeStringField(1, name);
  for (const name of node.outputs) pbf.writeStringField(2, name);
  pbf.writeStringField(4, node.op);
  for (const a of node.attributes ?? []) pbf.writeMessage(5, writeAttribute, a);
  if (node.domain) pbf.writeStringField(7, node.domain);
}

function writeShape(shape: readonly number[], pbf: PbfWriter): void {
  for (const size of shape) pbf.writeMessage(1, (s: number, p: PbfWriter) => p.writeVarintField(1, s), size);
}

function writeValue(value: Value, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(
    2,
    (v: Value, type: PbfWriter) =>
      type.writeMessage(
        1,
        (w: Value, tensor: PbfWriter) => {
          tensor.writeVarintField(1, FLOAT);
          tensor.writeMessage(2, writeShape, w.shape);
        },
        v,
      ),
    value,
  );
}

function writeGraph(graph: Graph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, 'attention');
  for (const input of graph.inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValue, output);
}

function writeOpset(opset: { domain: string; version: number }, pbf: PbfWriter): void {
  if (opset.domain) pbf.writeStringField(1, opset.domain);
  pbf.writeVarintField(2, opset.version);
}

function encode(graph: Graph): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeMessage(7, writeGraph, graph);
  pbf.writeMessage(8, writeOpset, { domain: '', version: OPSET });
  pbf.writeMessage(8, writeOpset, { domain: 'com.microsoft', version: 1 });
  return pbf.finish();
}

const value = (name: string, shape: readonly number[]): Value => ({ name, shape });

/** How the runtimes are asked for attention: by three standard operators, or by the runtime's own fused one. */
export type AttentionGraph = 'MatMul-Softmax-MatMul' | 'MultiHeadAttention';

/**
 * An ONNX model of single-head attention without a factor on the scores, softmax(Q K^T) V with rows as tokens:
 * inputs q, k, v and output z, each 1 x n x d, Float32.
 */
export function attentionModel(kind: AttentionGraph, n: number, d: number): Uint8Array {
  const shape = [1, n, d];
  const inputs = [value('q', shape), value('k', shape), value('v', shape)];
  const outputs = [value('z', shape)];
  if (kind === 'MultiHeadAttention') {
    const attributes = [{ name: 'num_heads', i: 1 }, { name: 'scale', f: 1 }];
    return encode({ nodes: [{ op: kind, domain: 'com.microsoft', inputs: ['q', 'k', 'v'], outputs: ['z'], attributes }], inputs, outputs });
  }
  return encode({
    nodes: [
      { op: 'Transpose', inputs: ['k'], outputs: ['kt'], attributes: [{ name: 'perm', ints: [0, 2, 1] }] },
      { op: 'MatMul', inputs: ['q', 'kt'], outputs: ['s'] },
      { op: 'Softmax', inputs: ['s'], outputs: ['p'], attributes: [{ name: 'axis', i: 2 }] },
      { op: 'MatMul', inputs: ['p', 'v'], outputs: ['z'] },
    ],
    inputs,
    outputs,
  });
}
