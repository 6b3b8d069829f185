import type { Tokens } from '@prompt-limits/core-linalg';
import type { SoftPrompt } from './softPrompt.ts';

/** The tokens of a prompt that is given as a `SoftPrompt` or as bare tokens. */
export function promptEmbeddings(prompt: Tokens | SoftPrompt): Tokens {
  return 'embeddings' in prompt ? prompt.embeddings : prompt;
}
