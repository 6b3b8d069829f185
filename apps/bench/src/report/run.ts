import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { limitsReport, type LimitsReport, type ReproductionFacts, type TuningFacts } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, randomSource } from '@prompt-limits/core-linalg';
import {
  generate, kernelMemoryMiB, loadModel, tunePrompt, type LlamaModel, type PromptInit, type SoftPrompt, type TuningResult,
} from '@prompt-limits/prompt-tuning';
import { loadAdapter, openFolder, saveAdapter } from '@prompt-limits/prompt-tuning/node';
import type { Progress } from '../cli/progress.ts';
import { UsageError } from '../cli/usageError.ts';
import { writeFolder } from '../cli/writeFolder.ts';
import { figure } from '../html/words.ts';
import { reportPage } from '../html/page.ts';
import type { Inputs } from './inputs.ts';
import type { ReportOptions } from './options.ts';

const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors'] as const;

/** The main job: load, tune, save, read back, check, measure, write. Nothing reaches `--out` before all of it is done. */
export async function makeReport(inputs: Inputs, options: ReportOptions, progress: Progress, signal: AbortSignal): Promise<LimitsReport> {
  const { folder, name, config, ids, text } = inputs;
  const clock = stopwatch();
  const maxTokens = options.promptLength + ids.length;
  const kernels = await createKernels({ threads: options.threads, memoryMiB: kernelMemoryMiB(config, { gradients: true, maxTokens }) });
  const staging = join(options.out, `.adapter-${process.pid}`);
  try {
    const loading = progress.step('loading weights');
    const model = await loadModel(openFolder(folder), { kernels, name, maxTokens, onProgress: (done, total) => loading.update(done / total) });
    loading.done(name);
    clock.lap('loading');
    if (signal.aborted) throw new UsageError('report: stopped by Ctrl-C before tuning began, nothing was written');

    const tuned = await tune(model, inputs, options, progress, signal);
    const tuning = tuningFacts(tuned, options.steps, clock.lap('tuning'));

    await saveAdapter(staging, { ...tuned.prompt, baseModel: folder }, config);
    const saved = await loadAdapter(staging);
    const reproduction = await checkReproduction(model, saved, ids);
    clock.lap('greedy check');

    const heads = progress.step('measuring heads');
    const facts = {
      tuning,
      reproduction,
      aborted: tuned.stopReason === 'aborted',
      machine: describeNodeMachine(kernels),
      createdAt: new Date().toISOString(),
      runOptions: runOptions(inputs, options),
      onProgress: (fraction: number) => heads.update(fraction),
    };
    const measured = limitsReport(model, saved, { ids, text }, facts);
    heads.done(`${measured.attention.heads.length} heads`);
    clock.lap('measuring heads');
    const report: LimitsReport = { ...measured, timings: clock.laps };

    const adapter = await Promise.all(ADAPTER_FILES.map(async (file) => [`adapter/${file}`, await readFile(join(staging, file))] as const));
    await writeFolder(options.out, { ...Object.fromEntries(adapter), 'report.json': `${JSON.stringify(report, null, 2)}\n`, 'report.html': reportPage(report) });
    return report;
  } finally {
    await rm(staging, { recursive: true, force: true });
    kernels.close();
  }
}

async function tune(model: LlamaModel, { ids, text }: Inputs, options: ReportOptions, progress: Progress, signal: AbortSignal): Promise<TuningResult> {
  const step = progress.step('tuning', true);
  const init: PromptInit = options.init === 'text' ? { kind: 'text', text: options.initText ?? text } : { kind: options.init };
  try {
    const result = await tunePrompt(model, [{ target: ids }], {
      promptLength: options.promptLength,
      random: randomSource(options.seed),
      steps: options.steps,
      learningRate: options.learningRate,
      init,
      signal,
      onProgress: (r) => step.update(r.step / options.steps, `loss ${figure(r.loss)}, ${Math.round(r.accuracy * ids.length)} of ${ids.length} tokens`),
    });
    if (result.stopReason === 'aborted') step.stop();
    else step.done();
    return result;
  } catch (error) {
    step.stop();
    throw error;
  }
}

function tuningFacts({ history, step, stopReason }: TuningResult, budget: number, milliseconds: number): TuningFacts {
  return {
    steps: history.at(-1)?.step ?? 0,
    budget,
    stopped: stopReason === 'reached' ? 'reproduced' : stopReason,
    bestStep: step,
    milliseconds,
    history: history.map((h) => ({ step: h.step, loss: h.loss, accuracy: h.accuracy })),
  };
}

/** Greedy decoding from the prompt alone, as long as the text; end tokens are tokens like any other. */
async function checkReproduction(model: LlamaModel, { embeddings }: SoftPrompt, ids: readonly number[]): Promise<ReproductionFacts> {
  const made = await generate(model, { prompt: embeddings, maxTokens: ids.length, stopTokens: [] });
  const differs = ids.findIndex((id, i) => made.ids[i] !== id);
  const matchingTokens = differs < 0 ? ids.length : differs;
  return { exact: differs < 0, matchingTokens, generated: made.text, fromSavedAdapter: true };
}

function runOptions({ folder }: Inputs, options: ReportOptions): Record<string, string | number | null> {
  const { promptLength, steps, learningRate, init, initText, seed, threads, text } = options;
  return {
    model: folder,
    text: text ?? (options.textString === undefined ? 'the text of the program' : 'given directly'),
    'prompt length': promptLength,
    steps,
    'learning rate': learningRate,
    init,
    ...(init === 'text' ? { 'init text': initText ?? 'the text itself' } : {}),
    seed,
    threads,
  };
}

function stopwatch(): { readonly laps: Record<string, number>; lap(name: string): number } {
  let last = performance.now();
  const laps: Record<string, number> = {};
  return {
    laps,
    lap(name) {
      const now = performance.now();
      const ms = now - last;
      laps[name] = ms;
      last = now;
      return ms;
    },
  };
}
