import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFiles } from '@prompt-limits/prompt-tuning/node';
import { tinyModelFiles } from '../../../../packages/prompt-tuning/test/support/tinyModel.ts';

/** A random Llama model of two layers and width 48 (narrower ones cannot rank 263 tokens freely) in a folder of its own. */
export async function tinyFolder(root: string): Promise<string> {
  const files = tinyModelFiles({ hidden_size: 48 });
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const folder = join(root, 'tiny');
  await writeFiles(folder, await Promise.all(names.map(async (name) => [name, await files.read(name)] as const)));
  return folder;
}

/** A temporary folder and what removes it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'prompt-limits-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
