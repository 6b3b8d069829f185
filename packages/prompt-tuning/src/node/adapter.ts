import { peftAdapter, type AdapterModelSizes } from '../softPrompt/peftAdapter.ts';
import { readPeftAdapter } from '../softPrompt/readPeftAdapter.ts';
import type { SoftPrompt } from '../softPrompt/softPrompt.ts';
import { openFolder, writeFiles } from './folder.ts';

/**
 * Saves a soft prompt as a PEFT adapter folder; see `peftAdapter` for what is in it and `writeFiles` for how.
 *
 * @param folder - made if need be
 * @param sizes - of the base model, for PEFT's records
 * @throws RangeError for a prompt that no adapter can hold, before anything is written
 * @example
 * import { softPrompt } from '@prompt-limits/prompt-tuning';
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * const folder = await mkdtemp(`${tmpdir()}/prompt-limits-`);
 * await saveAdapter(folder, softPrompt({ d: 2, n: 1, data: Float32Array.of(3, 4) }));
 * await openFolder(folder).has('adapter_model.safetensors'); // => true
 * await rm(folder, { recursive: true });
 */
export async function saveAdapter(folder: string, prompt: SoftPrompt, sizes: AdapterModelSizes = {}): Promise<void> {
  await writeFiles(folder, peftAdapter(prompt, sizes));
}

/**
 * Loads a PEFT adapter folder; see `readPeftAdapter`.
 *
 * @throws RangeError naming folder, file, field and value
 * @example
 * import { softPrompt } from '@prompt-limits/prompt-tuning';
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * const folder = await mkdtemp(`${tmpdir()}/prompt-limits-`);
 * await saveAdapter(folder, softPrompt({ d: 2, n: 1, data: Float32Array.of(3, 4) }));
 * (await loadAdapter(folder)).embeddings.data[1]; // => 4
 * await rm(folder, { recursive: true });
 */
export async function loadAdapter(folder: string): Promise<SoftPrompt> {
  return readPeftAdapter(openFolder(folder));
}
