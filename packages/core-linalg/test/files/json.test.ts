import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { jsonFields, parseJson } from '../../src/files/json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseJson', () => {
  test.prop([fc.jsonValue(), fc.constantFrom(0, 2)])('reads what JSON.stringify wrote, however it is spaced', (value, indent) => {
    const text = JSON.stringify(value, null, indent);
    expect(parseJson('f', bytes(text))).toEqual(JSON.parse(text));
  });

  test('finds a key that an object repeats, at any depth', () => {
    const repeated = ['{"a":1,"a":1}', '{"b":[{"a":1},{"x":{},"a":2,"a" : 3}]}', '{"a":{"a":1},"b":"a","\\u0061":2}', '{"\\"":1,"\\"":2}', '{"__proto__":1,"__proto__":2}'];
    for (const text of repeated) expect(() => parseJson('f', bytes(text))).toThrow('f: each name may occur once in an object');
  });

  test('strings that look like keys, and keys of other objects, are no repetition', () => {
    for (const text of ['["a","a"]', '[{"a":1},{"a":1}]', '{"a":"a","b":"\\"a\\":1,\\"a\\":2"}', '{"a":{"a":{"a":[]}}}', '{"":{"":0}}', '"{"', '{"a\\\\":1,"a":2}']) {
      expect(parseJson('f', bytes(text))).toEqual(JSON.parse(text));
    }
  });

  test('deep nesting is no stack overflow', () => {
    const depth = 200_000;
    expect(() => parseJson('f', bytes('['.repeat(depth)))).toThrow('f: the text must be valid JSON');
    expect(parseJson('f', bytes('['.repeat(depth) + ']'.repeat(depth)))).toHaveLength(1);
  });

  test('refuses a byte order mark', () => {
    expect(() => parseJson('f', Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toThrow('f: the text must be valid JSON');
  });
});

test('jsonFields takes objects only', () => {
  expect([...jsonFields('f', JSON.parse('{"__proto__":1}'))]).toEqual([['__proto__', 1]]);
  for (const value of [null, [], 1, 'a', undefined]) expect(() => jsonFields('f', value)).toThrow('f: a JSON object is needed, got');
});
