import { assertInteger, describe } from '@prompt-limits/core-linalg';
import { jsonFields, type JsonFields, parseJson, refuse } from '@prompt-limits/core-linalg/files';
import { Tokenizer } from '@huggingface/tokenizers';
import type { ModelFiles } from '../files/modelFiles.ts';

const MODEL = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';

// What is used of a Tokenizer; the package's own declarations import without extensions, so NodeNext sees no types there.
interface Inner {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/** Text to tokens and back. */
export interface TextTokenizer {
  /**
   * The tokens of a text. `specialTokens: true` adds what the model's template adds, such as a beginning token.
   * A special token spelled out in the text is always recognised.
   *
   * @throws RangeError if a character of the text has no token
   */
  encode(text: string, options?: { readonly specialTokens?: boolean }): number[];
  /**
   * The text of tokens, special tokens spelled out unless `skipSpecialTokens` is true. The text is not tidied, so a
   * byte-level tokenizer gives back what was encoded; a character cut in two reads as U+FFFD.
   *
   * @throws RangeError for a token that the vocabulary does not have
   */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  /**
   * The id of a token as the vocabulary spells it.
   *
   * @throws RangeError for a token that the vocabulary does not have
   */
  tokenId(token: string): number;
  /** One more than the largest id, added tokens included. */
  readonly vocabularySize: number;
}

/**
 * Reads a model's tokenizer from tokenizer.json and tokenizer_config.json.
 *
 * @throws RangeError naming folder, file and field if a file is missing, is not JSON, or describes no tokenizer that
 *   `@huggingface/tokenizers` can build
 * @example
 * const model = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] };
 * const steps = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
 * const json = JSON.stringify({ model, added_tokens: [], ...steps });
 * const files = filesFromMap('memory', [['tokenizer.json', json], ['tokenizer_config.json', '{}']]);
 * (await readTokenizer(files)).encode('abb'); // => [2, 1]
 */
export async function readTokenizer(files: ModelFiles): Promise<TextTokenizer> {
  const where = `readTokenizer: ${files.name}`;
  for (const file of [MODEL, CONFIG]) {
    if (!(await files.has(file))) refuse(where, 'the file must exist', file);
  }
  const model = await readObject(where, files, MODEL);
  const config = await readObject(where, files, CONFIG);
  const vocabularySize = 1 + largestId(`${where}: ${MODEL}`, model);

  let tokenizer: Inner;
  try {
    tokenizer = new Tokenizer({ ...Object.fromEntries(model), model: withUnknown(model.get('model')) }, Object.fromEntries(config));
  } catch (error) {
    refuse(`${where}: ${MODEL}`, `the tokenizer must be one that can be built (${(error as Error).message})`);
  }

  return {
    vocabularySize,
    encode: (text, { specialTokens = false } = {}) => {
      if (typeof text !== 'string') throw new TypeError(`encode: text must be a string, got ${describe(text)}`);
      const { ids } = tokenizer.encode(text, { add_special_tokens: specialTokens });
      const lacksToken = (c: string): boolean => tokenizer.encode(c, { add_special_tokens: false }).ids.includes(undefined);
      return ids.map((id) => id ?? refuse('encode', 'every character of the text must have a token', [...text].find(lacksToken) ?? text));
    },
    decode: (ids, { skipSpecialTokens = false } = {}) => {
      if (ids.length === 0) return '';
      const list = Array.from(ids);
      for (const [i, id] of list.entries()) {
        assertInteger('decode', `ids[${i}]`, id, 0, vocabularySize - 1);
        // Ids may have gaps.
        if (tokenizer.id_to_token(id) === undefined) refuse('decode', `ids[${i}] must be a token of the vocabulary`, id);
      }
      return tokenizer.decode(list, { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: false });
    },
    tokenId: (token) => tokenizer.token_to_id(token) ?? refuse('tokenId', 'token must be in the vocabulary', token),
  };
}

async function readObject(where: string, files: ModelFiles, file: string): Promise<JsonFields> {
  return jsonFields(`${where}: ${file}`, parseJson(`${where}: ${file}`, await files.read(file)));
}

// A BPE model without an unknown token drops what it cannot encode, silently. Given an unknown token that has no id,
// it says so with an undefined id.
function withUnknown(inner: unknown): unknown {
  const { type, unk_token: unknown } = inner as Record<string, unknown>;
  return type === 'BPE' && (unknown === null || unknown === undefined) ? { ...(inner as object), unk_token: '\0no token\0' } : inner;
}

// Ids index arrays, so they are checked before the tokenizer is built. 2^22 is far above any vocabulary in use.
const MAX_ID = 2 ** 22;

function largestId(where: string, model: JsonFields): number {
  let largest = -1;
  const inner = jsonFields(`${where}: model`, model.get('model'));
  const vocab = inner.get('vocab');
  if (Array.isArray(vocab)) largest = vocab.length - 1; // Unigram lists its pieces, whose ids are their places
  else {
    for (const [token, id] of jsonFields(`${where}: model: vocab`, vocab)) {
      largest = Math.max(largest, tokenId(`${where}: model: vocab: ${describe(token)}`, id));
    }
  }
  const added = model.get('added_tokens');
  if (!Array.isArray(added)) refuse(where, 'added_tokens must be a list', added);
  for (const [i, token] of added.entries()) {
    const place = `${where}: added_tokens[${i}]`;
    const fields = jsonFields(place, token);
    if (typeof fields.get('content') !== 'string' || fields.get('content') === '') refuse(place, 'content must be a text', fields.get('content'));
    largest = Math.max(largest, tokenId(place, fields.get('id')));
  }
  return largest;
}

function tokenId(where: string, id: unknown): number {
  if (!Number.isSafeInteger(id) || (id as number) < 0 || (id as number) > MAX_ID) refuse(where, `id must be an integer from 0 to ${MAX_ID}`, id);
  return id as number;
}
