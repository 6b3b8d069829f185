import { attend } from '@prompt-limits/attention';
import type { AttentionWorkload } from '@prompt-limits/bench';
import { createKernels } from '@prompt-limits/core-linalg';
import { Matrix } from 'ml-matrix';
import { attentionModel, type AttentionGraph } from './onnxGraph.ts';

/** The implementations of exact attention that the suite compares. */
export const IMPLEMENTATIONS = ['prompt-limits', 'onnxruntime-node', 'onnxruntime-web', 'ml-matrix'] as const;

/** One of them. */
export type ImplementationName = (typeof IMPLEMENTATIONS)[number];

/** An implementation that holds its inputs. */
export interface Prepared {
  /** How the implementation was used, where it offers more than one way. */
  readonly variant: string;
  /** One attention; the result is thrown away. */
  run(): unknown;
  /** One attention; the output, token after token. */
  output(): Promise<ArrayLike<number>>;
}

/** Prepares `name` with `threads` threads for softmax(Q K^T) V, no factor on the scores. Inputs are copied where the library wants its own storage. */
export function prepare(name: ImplementationName, threads: number, workload: AttentionWorkload): Promise<Prepared> {
  if (name === 'prompt-limits') return preparePromptLimits(threads, workload);
  if (name === 'ml-matrix') return Promise.resolve(prepareMlMatrix(workload));
  return prepareOnnxRuntime(name, threads, workload);
}

async function preparePromptLimits(threads: number, { q, k, v }: AttentionWorkload): Promise<Prepared> {
  const kernels = await createKernels({ threads });
  const run = (): ArrayLike<number> => attend({ queries: q, keys: k, values: v, scale: 1 }, kernels).output.data;
  return { variant: kernels.build, run, output: async () => run() };
}

function prepareMlMatrix({ q, k, v }: AttentionWorkload): Prepared {
  const matrix = ({ d, n, data }: typeof q): Matrix => Matrix.from1DArray(n, d, Array.from(data));
  const [queries, keysTransposed, values] = [matrix(q), matrix(k).transpose(), matrix(v)];
  const run = (): Matrix => {
    const weights = queries.mmul(keysTransposed);
    for (let i = 0; i < weights.rows; i++) {
      const top = weights.maxRow(i);
      let sum = 0;
      for (let j = 0; j < weights.columns; j++) {
        const e = Math.exp(weights.get(i, j) - top);
        weights.set(i, j, e);
        sum += e;
      }
      weights.mulRow(i, 1 / sum);
    }
    return weights.mmul(values);
  };
  return { variant: 'Matrix.mmul', run, output: async () => run().to1DArray() };
}

/** The part of onnxruntime-common that both packages share. */
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly env: { readonly wasm: { numThreads?: number } };
}

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

/** Calls by which the faster of the runtime's graphs is found. */
const TRIALS = 3;

async function prepareOnnxRuntime(name: 'onnxruntime-node' | 'onnxruntime-web', threads: number, { q, k, v }: AttentionWorkload): Promise<Prepared> {
  // The number of WASM threads is read once per process, at the first session.
  const module = (await import(name)) as { default?: OnnxRuntime } & OnnxRuntime;
  const runtime = module.default ?? module;
  if (name === 'onnxruntime-web') runtime.env.wasm.numThreads = threads;
  const { n, d } = q;
  const feeds = Object.fromEntries(Object.entries({ q, k, v }).map(([key, t]) => [key, new runtime.Tensor('float32', t.data, [1, n, d])]));
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 };

  let best: { graph: AttentionGraph; session: Session; ms: number } | null = null;
  for (const graph of ['MatMul-Softmax-MatMul', 'MultiHeadAttention'] as const) {
    const session = await runtime.InferenceSession.create(attentionModel(graph, n, d), options);
    const ms = await shortest(session, feeds);
    if (ms < (best?.ms ?? Infinity)) {
      await best?.session.release();
      best = { graph, session, ms };
    } else await session.release();
  }
  if (!best) throw new Error(`${name}: no attention graph runs at n = ${n}, d = ${d}`);
  const { graph, session } = best;
  return { variant: graph, run: () => session.run(feeds), output: async () => (await session.run(feeds))['z']!.data };
}

/** The shortest of a few calls; Infinity where the runtime cannot run the graph (its fused operator overflows at some sizes). */
async function shortest(session: Session, feeds: Record<string, unknown>): Promise<number> {
  let ms = Infinity;
  try {
    for (let i = 0; i < TRIALS; i++) {
      const start = performance.now();
      await session.run(feeds);
      ms = Math.min(ms, performance.now() - start);
    }
  } catch {
    return Infinity;
  }
  return ms;
}
