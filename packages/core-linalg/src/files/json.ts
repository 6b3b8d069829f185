import { refuse } from './refuse.ts';

/** The members of a JSON object. A Map has no inherited members, so a key such as `__proto__` is a key like any other. */
export type JsonFields = ReadonlyMap<string, unknown>;

/**
 * Parses UTF-8 JSON strictly: malformed UTF-8 and repeated keys are errors, where JSON.parse would keep the last.
 *
 * @param where - function and file, as errors begin
 * @param bytes - the whole text
 * @returns what JSON.parse returns
 *
 * @throws RangeError with `where` in front
 * @example
 * parseJson('read: a.json', new TextEncoder().encode('[1, 2]')); // => [1, 2]
 */
export function parseJson(where: string, bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse(where, 'the text must be valid UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse(where, `the text must be valid JSON (${(error as Error).message})`);
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) refuse(where, 'each name may occur once in an object', repeated);
  return value;
}

/**
 * The members of a JSON object.
 *
 * @param where - function and file, as errors begin
 * @throws RangeError unless `value` is an object that is no list
 * @example
 * jsonFields('read: a.json', JSON.parse('{"__proto__": 1}')).get('__proto__'); // => 1
 */
export function jsonFields(where: string, value: unknown): JsonFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'a JSON object is needed', value);
  return new Map(Object.entries(value));
}

/** The first key that an object of `text` holds twice; `text` is valid JSON, so only strings and brackets matter. */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = []; // one entry per open bracket: the keys of an object, null for an array
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '{') open.push(new Set());
    else if (c === '[') open.push(null);
    else if (c === '}' || c === ']') open.pop();
    else if (c === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      const keys = open.at(-1);
      if (!keys || !isFollowedByColon(text, i + 1)) continue;
      // Two spellings of one key ("a" and "\u0061") are the same key, so the decoded text is compared.
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++;
  return text[i] === ':';
}
