import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadAdapter, saveAdapter } from '../../src/node/adapter.ts';
import { softPrompt } from '../../src/softPrompt/softPrompt.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'prompt-limits-'));
});
afterEach(() => rm(root, { recursive: true }));

const prompt = softPrompt({ d: 3, n: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) }, { baseModel: 'tiny' });

test('an adapter folder comes back and holds the two files only', async () => {
  const folder = join(root, 'adapter');
  await saveAdapter(folder, prompt, { layers: 2, heads: 6 });
  expect(await loadAdapter(folder)).toEqual(prompt);
  expect((await readdir(folder)).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
});

test('a prompt that cannot be saved leaves no folder', async () => {
  const broken = { ...prompt, embeddings: { d: 1, n: 1, data: Float32Array.of(NaN) } };
  await expect(saveAdapter(join(root, 'adapter'), broken)).rejects.toThrow('must be finite, got NaN');
  expect(await readdir(root)).toEqual([]);
});

test('a missing folder and a damaged file are named', async () => {
  await expect(loadAdapter(join(root, 'none'))).rejects.toThrow('openFolder: path must be an existing folder, got');
  await saveAdapter(root, prompt);
  await writeFile(join(root, 'adapter_config.json'), '{"peft_type":');
  await expect(loadAdapter(root)).rejects.toThrow(`readPeftAdapter: ${root}: adapter_config.json: the text must be valid JSON`);
});
