import { createKernels, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { forward, kernelMemoryMiB, loadModel, parseLlamaConfig } from '@prompt-limits/prompt-tuning';
import { openFolder } from '@prompt-limits/prompt-tuning/node';
import { ensureMiniMind } from '../onnx/ensureMiniMind.ts';
import type { AttentionProblem } from '@prompt-limits/attention';

/** What the attention layers of MiniMind2-Small read over a text, causal, one problem a layer with all its heads. */
export async function modelHeads(text: string, onProgress: (fraction: number) => void): Promise<readonly AttentionProblem<Float32Array>[]> {
  const folder = openFolder(await ensureMiniMind(undefined, { onProgress }));
  const config = parseLlamaConfig(JSON.parse(new TextDecoder().decode(await folder.read('config.json'))));
  const maxTokens = 512;
  const kernels = await createKernels({ threads: 1, memoryMiB: kernelMemoryMiB(config, { gradients: false, maxTokens }) });
  try {
    const model = await loadModel(folder, { kernels, maxTokens });
    const ids = model.tokenizer.encode(text).slice(0, maxTokens);
    const problems: AttentionProblem<Float32Array>[] = [];
    const copied = (data: ArrayLike<number>, d: number, n: number): Tokens<Float32Array> => tokens(d, Float32Array.from({ length: d * n }, (_, at) => data[at]!));
    forward(model, model.embed(ids), {
      from: ids.length,
      onAttention: (_, { shape, q, k, v }) => {
        const { heads, keyHeads, d, dv, queries, keys, scale } = shape;
        problems.push({
          queries: copied(q, heads * d, queries), keys: copied(k, keyHeads * d, keys), values: copied(v, keyHeads * dv, keys),
          scale, heads, keyHeads, causal: shape.causal ?? false,
        });
      },
    });
    return problems;
  } finally {
    kernels.close();
  }
}
