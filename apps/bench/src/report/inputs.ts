import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseLlamaConfig, readTokenizer, type LlamaConfig } from '@prompt-limits/prompt-tuning';
import { openFolder } from '@prompt-limits/prompt-tuning/node';
import type { Progress } from '../cli/progress.ts';
import { UsageError } from '../cli/usageError.ts';
import type { ReportOptions } from './options.ts';

/** What the run works on, checked. */
export interface Inputs {
  /** The model folder. */
  readonly folder: string;
  /** What the report calls the model. */
  readonly name: string;
  /** Its sizes. */
  readonly config: LlamaConfig;
  /** The text to be reproduced. */
  readonly text: string;
  /** Its tokens. */
  readonly ids: readonly number[];
}

/** The text that is used unless another is given; at least 40 tokens of MiniMind2. Its folder is one level nearer to the bundled program. */
const OWN_TEXT = ['../../texts/soft-prompt.txt', '../texts/soft-prompt.txt'].map((path) => fileURLToPath(new URL(path, import.meta.url))).find(existsSync);

/** Finds model and text and refuses what does not fit, before a weight is read. */
export async function readInputs(options: ReportOptions, progress: Progress): Promise<Inputs> {
  const text = await readText(options);
  const { folder, name } = await findModel(options, progress);
  const files = openFolder(folder);
  if (!(await files.has('config.json'))) throw new UsageError(`--model: the folder must hold config.json, got ${folder}`);
  const config = parseLlamaConfig(parseConfig(folder, await files.read('config.json')), join(folder, 'config.json'));
  if (options.promptLength > config.contextLength) {
    throw new UsageError(`--prompt-length: must be at most the model's context of ${config.contextLength} tokens, got ${options.promptLength}`);
  }
  const ids = (await readTokenizer(files)).encode(text);
  if (options.promptLength + ids.length > config.contextLength) {
    throw new UsageError(`--prompt-length: prompt and text must fit into the model's context of ${config.contextLength} tokens, got ${options.promptLength} + ${ids.length}`);
  }
  return { folder, name, config, text, ids };
}

async function readText({ text: file, textString }: ReportOptions): Promise<string> {
  if (file !== undefined && textString !== undefined) throw new UsageError('--text: give either --text or --text-string, got both');
  const path = file ?? OWN_TEXT ?? 'texts/soft-prompt.txt';
  const option = textString === undefined ? `--text: ${path}` : '--text-string';
  // The last line's end belongs to the file, not to the text.
  const text = textString ?? decode(option, await readFile(path)).replace(/\r?\n$/, '');
  if (text === '') throw new UsageError(`${option}: the text must not be empty, got none`);
  return text;
}

function decode(option: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${option}: must be a text in UTF-8, got other bytes`);
  }
}

function parseConfig(folder: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UsageError(`--model: ${join(folder, 'config.json')} must be JSON: ${(error as Error).message}`);
  }
}

async function findModel({ model, cache }: ReportOptions, progress: Progress): Promise<{ folder: string; name: string }> {
  if (model !== undefined) return { folder: checkedFolder(model), name: basename(resolve(model)) };
  const { ensureMiniMind } = await import('../onnx/ensureMiniMind.ts');
  const step = progress.step('model');
  try {
    const folder = await ensureMiniMind(cache, { onProgress: (fraction) => step.update(fraction, 'converting, once') });
    step.done('MiniMind2-Small');
    return { folder, name: 'MiniMind2-Small' };
  } catch (error) {
    step.stop();
    throw error;
  }
}

function checkedFolder(path: string): string {
  try {
    openFolder(path);
  } catch {
    throw new UsageError(`--model: must be an existing folder, got ${path}`);
  }
  return path;
}
