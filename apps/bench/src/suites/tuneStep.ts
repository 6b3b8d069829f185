import { median } from '@prompt-limits/bench';
import { describeNodeMachine, peakMemoryMiB } from '@prompt-limits/bench/node';
import { createKernels, randomSource } from '@prompt-limits/core-linalg';
import { kernelMemoryMiB, loadModel, parseLlamaConfig, tunePrompt, type LlamaModel } from '@prompt-limits/prompt-tuning';
import { openFolder } from '@prompt-limits/prompt-tuning/node';
import type { Row } from '../cli/table.ts';
import { ensureMiniMind } from '../onnx/ensureMiniMind.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** (promptLength, textLength) in tokens. */
const SIZES = [[16, 64], [64, 64], [16, 256]] as const;

/** --quick takes only the first of them. */
const QUICK_SIZES = 2;

const SEED = 1;

/** Steps that are run and thrown away first: the first one lays the weights out a second time. */
const WARM_UP = 2;

/** A tuning step of the real model. */
export const tuneStep: Suite = {
  name: 'tune-step',
  claim: 'One tuning step of MiniMind2-Small with 16 soft tokens and 64 text tokens, forward and backward through all 8 layers, takes at most 0.5 s on 2 cores, in less than 1.5 GB of memory.',
  columns: {
    promptLength: 'soft tokens',
    textLength: 'tokens of the text, drawn at random from the vocabulary',
    threads: 'threads that share the work',
    msPerStep: 'median milliseconds of a step: loss, exact gradient, Adam',
    tokensPerSecond: '(promptLength + textLength) / time of a step',
    lossDrop: 'loss before the first minus loss at the last of the measured steps, in nats: above 0, the steps do learn',
    peakMiB: 'most memory that the process has held so far, in MiB',
  },
  run,
};

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const folder = openFolder(await ensureMiniMind(undefined, { onProgress: (fraction) => onProgress(0, `converting the model, ${Math.round(fraction * 100)} %`) }));
  const config = parseLlamaConfig(JSON.parse(new TextDecoder().decode(await folder.read('config.json'))));
  const sizes = quick ? SIZES.slice(0, QUICK_SIZES) : SIZES;
  const maxTokens = Math.max(...sizes.map(([p, t]) => p + t));
  const rows: Row[] = [];
  const counts = threads > 1 ? [1, threads] : [1];
  const steps = quick ? 5 : 15;
  let machine = describeNodeMachine();
  for (const [i, count] of counts.entries()) {
    const kernels = await createKernels({ threads: count, memoryMiB: kernelMemoryMiB(config, { gradients: true, maxTokens }) });
    machine = describeNodeMachine(kernels);
    try {
      const model = await loadModel(folder, { kernels, maxTokens });
      for (const [j, [promptLength, textLength]] of sizes.entries()) {
        signal.throwIfAborted();
        onProgress((i * sizes.length + j) / (counts.length * sizes.length), `${promptLength} + ${textLength} tokens, ${count} threads`);
        rows.push({ promptLength, textLength, threads: kernels.threads, ...(await measure(model, promptLength, textLength, steps, signal)) });
      }
    } finally {
      kernels.close();
    }
  }
  return { machine, rows };
}

async function measure(model: LlamaModel, promptLength: number, textLength: number, steps: number, signal: AbortSignal): Promise<Row> {
  const random = randomSource(SEED);
  const target = Array.from({ length: textLength }, () => random.integer(model.config.vocabularySize));
  const milliseconds: number[] = [];
  let last = performance.now();
  const { history } = await tunePrompt(model, [{ target }], {
    promptLength,
    random,
    steps: WARM_UP + steps,
    stopAtAccuracy: null,
    signal,
    onProgress: () => {
      const now = performance.now();
      milliseconds.push(now - last);
      last = now;
    },
  });
  const ms = median(milliseconds.slice(WARM_UP));
  return {
    msPerStep: ms,
    tokensPerSecond: ((promptLength + textLength) / ms) * 1000,
    lossDrop: history[0]!.loss - history.at(-1)!.loss,
    peakMiB: Math.round(peakMemoryMiB()),
  };
}
