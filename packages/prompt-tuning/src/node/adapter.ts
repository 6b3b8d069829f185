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
 */
export async function saveAdapter(folder: string, prompt: SoftPrompt, sizes: AdapterModelSizes = {}): Promise<void> {
  await writeFiles(folder, peftAdapter(prompt, sizes));
}

/**
 * Loads a PEFT adapter folder; see `readPeftAdapter`.
 *
 * @throws RangeError naming folder, file, field and value
 */
export async function loadAdapter(folder: string): Promise<SoftPrompt> {
  return readPeftAdapter(openFolder(folder));
}
