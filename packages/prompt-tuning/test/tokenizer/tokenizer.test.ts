import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { filesFromMap, type ModelFiles } from '../../src/files/modelFiles.ts';
import { readTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { tinyModelFiles } from '../support/tinyModel.ts';

// The parts of a tokenizer.json that the tests break.
interface TokenizerJson {
  model: { vocab: Record<string, number> };
  added_tokens?: { id: number; content: string }[];
  pre_tokenizer: { type: string };
}

const tiny = tinyModelFiles();

async function changed(change: (model: TokenizerJson) => void): Promise<ModelFiles> {
  const model = JSON.parse(new TextDecoder().decode(await tiny.read('tokenizer.json'))) as TokenizerJson;
  change(model);
  return filesFromMap('changed', [['tokenizer.json', JSON.stringify(model)], ['tokenizer_config.json', '{}']]);
}

function bad(json: string): ModelFiles {
  return filesFromMap('bad', [['tokenizer.json', json], ['tokenizer_config.json', '{}']]);
}

describe('a byte-level tokenizer', () => {
  test.prop([fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 9 })])('gives back every text', async (a, b) => {
    const tokenizer = await readTokenizer(tiny);
    for (const text of [a, b, `${a} ${b}\n`]) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('merges as its rules say and knows special tokens', async () => {
    const tokenizer = await readTokenizer(tiny);
    // he, ll and hell are merges 0, 1 and 2, behind 3 special tokens and 256 bytes.
    expect(tokenizer.encode('hell')).toEqual([261]);
    expect(tokenizer.encode('help').slice(0, 1)).toEqual([259]);
    expect(tokenizer.encode('<|start|>he<|end|>')).toEqual([1, 259, 2]);
    expect(tokenizer.decode([1, 259, 2])).toBe('<|start|>he<|end|>');
    expect(tokenizer.decode([1, 259, 2], { skipSpecialTokens: true })).toBe('he');
    expect(tokenizer.tokenId('<|end|>')).toBe(2);
    expect(tokenizer.vocabularySize).toBe(263);
  });

  test('encodes and decodes nothing as nothing; shows half a character as U+FFFD', async () => {
    const tokenizer = await readTokenizer(tiny);
    expect(tokenizer.encode('')).toEqual([]);
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode(tokenizer.encode('é').slice(0, 1))).toBe('\ufffd');
  });

  test('tidies nothing away', async () => {
    const tokenizer = await readTokenizer(tiny);
    expect(tokenizer.decode(tokenizer.encode(" it 's , so ."))).toBe(" it 's , so .");
  });
});

describe('bad input', () => {
  test('unknown tokens and ids are named', async () => {
    const tokenizer = await readTokenizer(tiny);
    expect(() => tokenizer.tokenId('<|nobody|>')).toThrow('tokenId: token must be in the vocabulary, got "<|nobody|>"');
    expect(() => tokenizer.decode([5, 263])).toThrow('decode: ids[1] must be an integer from 0 to 262, got 263');
    expect(() => tokenizer.decode([0.5])).toThrow('decode: ids[0] must be an integer, got 0.5');
    expect(() => tokenizer.encode(7 as unknown as string)).toThrow('encode: text must be a string, got 7');
  });

  test('a text without tokens is refused by a vocabulary that lacks its bytes', async () => {
    const tokenizer = await readTokenizer(tinyModelFiles({ vocab_size: 101 }));
    expect(tokenizer.decode(tokenizer.encode('plain ASCII\n'))).toBe('plain ASCII\n');
    expect(() => tokenizer.encode('né')).toThrow('encode: every character of the text must have a token, got "é"');
  });

  test('a gap between ids is no token', async () => {
    const tokenizer = await readTokenizer(await changed((m) => m.added_tokens!.push({ ...m.added_tokens![2]!, id: 300, content: '<|far|>' })));
    expect(tokenizer.vocabularySize).toBe(301);
    expect(tokenizer.decode([300])).toBe('<|far|>');
    expect(() => tokenizer.decode([299])).toThrow('decode: ids[0] must be a token of the vocabulary, got 299');
  });

  test('missing and broken files are named', async () => {
    await expect(readTokenizer(filesFromMap('empty', []))).rejects.toThrow('readTokenizer: empty: the file must exist, got "tokenizer.json"');
    await expect(readTokenizer(filesFromMap('half', [['tokenizer.json', '{}']]))).rejects.toThrow('half: the file must exist, got "tokenizer_config.json"');
    await expect(readTokenizer(bad('{'))).rejects.toThrow('readTokenizer: bad: tokenizer.json: the text must be valid JSON');
    await expect(readTokenizer(bad('{}'))).rejects.toThrow('tokenizer.json: model: a JSON object is needed, got undefined');
    await expect(readTokenizer(await changed((m) => (m.model.vocab['a'] = 2 ** 40)))).rejects.toThrow('vocab: "a": id must be an integer from 0 to 4194304, got 1099511627776');
    await expect(readTokenizer(await changed((m) => (m.model.vocab['a'] = -1)))).rejects.toThrow('id must be an integer from 0 to 4194304, got -1');
    await expect(readTokenizer(await changed((m) => (m.added_tokens![1]!.content = '')))).rejects.toThrow('added_tokens[1]: content must be a text, got ""');
    await expect(readTokenizer(await changed((m) => (m.pre_tokenizer.type = 'Nonsense')))).rejects.toThrow('tokenizer.json: the tokenizer must be one that can be built (Unknown PreTokenizer type: Nonsense)');
    await expect(readTokenizer(await changed((m) => delete m.added_tokens))).rejects.toThrow('added_tokens must be a list, got undefined');
  });
});
