import { PbfWriter } from 'pbf';

/** A constant as onnxruntime's quantiser stores it. */
export interface TinyTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** 1 float, 2 uint8, 3 int8. */
  readonly type: number;
  readonly values: readonly number[];
  /** Bytes (the default), a packed list, or one field a value. */
  readonly storage?: 'raw' | 'packed' | 'single';
  /** data_location; 1 is another file. */
  readonly location?: number;
}

/** An operation: its name, operator and inputs. */
export type TinyNode = readonly [name: string, operator: string, inputs: readonly string[]];

/** An ONNX file of these constants and operations. */
export function tinyOnnx(tensors: readonly TinyTensor[], nodes: readonly TinyNode[]): Uint8Array {
  const model = new PbfWriter();
  model.writeVarintField(1, 8); // ir_version
  model.writeStringField(2, 'test'); // producer_name
  model.writeMessage(
    7,
    (_, graph) => {
      for (const node of nodes) graph.writeMessage(1, writeNode, node);
      graph.writeStringField(2, 'graph');
      for (const tensor of tensors) graph.writeMessage(5, writeTensor, tensor);
    },
    null,
  );
  return model.finish();
}

function writeNode([name, operator, inputs]: TinyNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  pbf.writeStringField(2, `${name}_output`);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, operator);
}

function writeTensor({ name, dims, type, values, storage = 'raw', location }: TinyTensor, pbf: PbfWriter): void {
  if (storage === 'packed') pbf.writePackedVarint(1, [...dims]);
  else for (const dim of dims) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, type);
  if (storage === 'packed') {
    if (type === 1) pbf.writePackedFloat(4, [...values]);
    else pbf.writePackedVarint(5, [...values]);
  } else if (storage === 'single') {
    for (const value of values) {
      if (type === 1) pbf.writeFloatField(4, value);
      else pbf.writeVarintField(5, value);
    }
  }
  pbf.writeStringField(8, name);
  if (storage === 'raw') pbf.writeBytesField(9, type === 1 ? new Uint8Array(Float32Array.from(values).buffer) : Uint8Array.from(values, (x) => x & 255));
  if (location !== undefined) pbf.writeVarintField(14, location);
}
