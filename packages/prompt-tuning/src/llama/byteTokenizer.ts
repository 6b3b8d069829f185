import { assertInteger, describe } from '@prompt-limits/core-linalg';
import type { TextTokenizer } from '../tokenizer/tokenizer.ts';

/** One token per byte of UTF-8, so every text has tokens; a vocabulary below 256 knows the first bytes only. */
export function byteTokenizer(vocabularySize: number): TextTokenizer {
  const known = Math.min(256, vocabularySize);
  const encode = (text: string): number[] => {
    if (typeof text !== 'string') throw new TypeError(`encode: text must be a string, got ${describe(text)}`);
    const ids = [...new TextEncoder().encode(text)];
    for (const id of ids) if (id >= known) throw new RangeError(`encode: every byte must be below ${known}, got ${id}`);
    return ids;
  };
  return {
    vocabularySize,
    encode,
    decode(ids) {
      const list = Array.from(ids);
      for (const [i, id] of list.entries()) assertInteger('decode', `ids[${i}]`, id, 0, vocabularySize - 1);
      // Tokens past the bytes, of a larger vocabulary, have no text: they read as U+FFFD.
      return new TextDecoder().decode(Uint8Array.from(list, (id) => (id < 256 ? id : 0xff)));
    },
    tokenId(token) {
      const ids = encode(token);
      if (ids.length !== 1) throw new RangeError(`tokenId: token must be one byte, got ${describe(token)}`);
      return ids[0]!;
    },
  };
}
