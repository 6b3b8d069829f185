import { expectedTensors, type LlamaConfig } from '@prompt-limits/prompt-tuning';
import type { OnnxGraph, OnnxTensor } from './onnx.ts';

/** A weight under Hugging Face's name, its values computed when asked for. */
export interface DequantisedWeight {
  /** Hugging Face's name. */
  readonly name: string;
  /** Sizes, out x in for a matrix. */
  readonly shape: readonly number[];
  /** Float32 values, newly made, row-major. */
  values(): Float32Array;
}

/**
 * The Float32 weights of a Llama model that onnxruntime quantised dynamically: W = (q - zeroPoint) scale, with scale and
 * zero point for the whole tensor or for each column of q. Float32 holds (q - zeroPoint) scale rounded once.
 *
 * Matrices are found by the module path in the name of their MatMulInteger node and turned from ONNX's in x out to
 * out x in. The head of a tied model is quantised on its own, so it is a weight of its own here.
 *
 * @param config - of the model; its head is taken as not tied
 * @throws RangeError naming the weight that is missing or of another shape
 */
export function dequantisedWeights(graph: OnnxGraph, config: LlamaConfig): DequantisedWeight[] {
  const matrices = new Map<string, { readonly weights: string; readonly zeroPoint: string | undefined }>();
  for (const { name, operator, inputs } of graph.nodes) {
    const path = /^\/(.+)\/MatMul_quant$/.exec(name)?.[1];
    if (operator === 'MatMulInteger' && path && inputs[1]) {
      matrices.set(`${path.replaceAll('/', '.')}.weight`, { weights: inputs[1], zeroPoint: inputs[3] });
    }
  }
  return [...expectedTensors({ ...config, tiedHead: false })].map(([name, shape]) => {
    const where = `dequantisedWeights: ${name}`;
    const matrix = matrices.get(name);
    if (matrix) {
      const q = quantised(where, graph, matrix.weights, matrix.zeroPoint);
      checkShape(where, q.dims, [...shape].reverse());
      return { name, shape, values: () => dequantise(q, true) };
    }
    if (graph.tensors.has(`${name}_quantized`)) {
      const q = quantised(where, graph, `${name}_quantized`, `${name}_zero_point`);
      checkShape(where, q.dims, shape);
      return { name, shape, values: () => dequantise(q, false) };
    }
    const { dims, data } = tensor(where, graph, name);
    checkShape(where, dims, shape);
    if (!(data instanceof Float32Array)) throw new RangeError(`${where}: the tensor must hold floats, got ${data.constructor.name}`);
    return { name, shape, values: () => data.slice() };
  });
}

interface Quantised {
  readonly dims: readonly number[];
  readonly q: OnnxTensor['data'];
  /** One value, or one for each column. */
  readonly scale: OnnxTensor['data'];
  readonly zeroPoint: OnnxTensor['data'];
}

function quantised(where: string, graph: OnnxGraph, weights: string, zeroPoint: string | undefined): Quantised {
  const { dims, data: q } = tensor(where, graph, weights);
  // onnxruntime's quantiser names the three together.
  const { data: scale } = tensor(where, graph, weights.replace(/_quantized$/, '_scale'));
  if (q instanceof Float32Array) throw new RangeError(`${where}: ${weights} must hold 8-bit integers, got floats`);
  if (!(scale instanceof Float32Array)) throw new RangeError(`${where}: the scale must hold floats, got ${scale.constructor.name}`);
  // An input that is left out is zero.
  const zero = zeroPoint ? tensor(where, graph, zeroPoint).data : Int8Array.of(0);
  if (dims.length !== 2) throw new RangeError(`${where}: ${weights} must be a matrix, got dims [${dims.join(', ')}]`);
  for (const [what, values] of [['scale', scale], ['zero point', zero]] as const) {
    if (values.length !== 1 && values.length !== dims[1]) {
      throw new RangeError(`${where}: there must be 1 ${what} or one for each of the ${dims[1]} columns, got ${values.length}`);
    }
  }
  const bad = scale.find((x) => !(x > 0 && x < Infinity));
  if (bad !== undefined) throw new RangeError(`${where}: each scale must be finite and above 0, got ${bad}`);
  return { dims, q, scale, zeroPoint: zero };
}

function dequantise({ dims, q, scale, zeroPoint }: Quantised, transpose: boolean): Float32Array {
  const [rows, columns] = dims as readonly [number, number];
  const values = new Float32Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    const s = scale[scale.length > 1 ? j : 0]!;
    const z = zeroPoint[zeroPoint.length > 1 ? j : 0]!;
    for (let i = 0; i < rows; i++) values[transpose ? j * rows + i : i * columns + j] = (q[i * columns + j]! - z) * s;
  }
  return values;
}

function tensor(where: string, graph: OnnxGraph, name: string): OnnxTensor {
  const found = graph.tensors.get(name);
  if (!found) throw new RangeError(`${where}: the file must hold the tensor, got none of the name "${name}"`);
  return found;
}

function checkShape(where: string, dims: readonly number[], shape: readonly number[]): void {
  if (dims.join() !== shape.join()) throw new RangeError(`${where}: dims must be [${shape.join(', ')}] by config.json, got [${dims.join(', ')}]`);
}
