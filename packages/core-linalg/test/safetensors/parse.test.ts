import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseSafetensors } from '../../src/safetensors/parse.ts';
import { tensorValues, tensorView } from '../../src/safetensors/values.ts';
import { writeSafetensors } from '../../src/safetensors/write.ts';

/** A file with this header and `size` bytes of data. */
function file(header: string | Uint8Array, size: number = 0, length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (dtype: string, shape: string, offsets: string): string => `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const one = (dtype: string, shape: string, offsets: string): string => `{"w":${entry(dtype, shape, offsets)}}`;

const BROKEN: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
  ['no bytes', new Uint8Array(0), 'the file must begin with 8 bytes of header length, got 0'],
  ['7 bytes', new Uint8Array(7), 'the file must begin with 8 bytes of header length, got 7'],
  ['no header', new Uint8Array(8), 'the header must begin with "{"'],
  ['header beyond the file', file('{}', 0, 3n), 'the header length must lie within the file\'s 10 bytes, got 3'],
  ['header over the cap', file('{}', 0, 100_000_001n), 'the header length must be at most 100000000, got 100000001'],
  ['header of 2^64 - 1 bytes', file('{}', 0, 2n ** 64n - 1n), 'got 18446744073709551615'],
  ['bad UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'header: the text must be valid UTF-8'],
  ['bad JSON', file('{"w":}'), 'header: the text must be valid JSON'],
  ['JSON behind white space', file(' {}'), 'the header must begin with "{", got " "'],
  ['a list', file('[]'), 'the header must begin with "{", got "["'],
  ['a tensor twice', file(`{"w":${entry('F32', '[1]', '[0,4]')},"w":${entry('F32', '[1]', '[0,4]')}}`, 4), 'each name may occur once in an object, got "w"'],
  ['a tensor twice, spelled otherwise', file(`{"w":${entry('F32', '[1]', '[0,4]')},"\\u0077" :${entry('F32', '[1]', '[0,4]')}}`, 4), 'got "w"'],
  ['a field twice', file('{"w":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', 4), 'got "dtype"'],
  ['a tensor that is a number', file('{"w":1}'), 'tensor "w": a JSON object is needed, got 1'],
  ['a name of half a surrogate pair', file(`{"\\ud800":${entry('F32', '[1]', '[0,4]')}}`, 4), 'the name must be valid Unicode'],
  ['metadata of numbers', file('{"__metadata__":{"a":1}}'), '__metadata__: "a" must be a string, got 1'],
  ['an unknown dtype', file(one('F33', '[1]', '[0,4]'), 4), 'tensor "w": dtype must be one of F64, F32, F16, BF16, got "F33"'],
  ['a dtype that every object has', file(one('constructor', '[1]', '[0,4]'), 4), 'dtype must be one of F64, F32, F16, BF16, got "constructor"'],
  ['fields that only the prototype has', file('{"w":{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}', 4), 'dtype must be one of F64, F32, F16, BF16, got undefined'],
  ['a negative size', file(one('F32', '[-1]', '[0,4]'), 4), 'shape[0] must be an integer from 0 to 2^53 - 1, got -1'],
  ['a fractional size', file(one('F32', '[1,0.5]', '[0,4]'), 4), 'shape[1] must be an integer from 0 to 2^53 - 1, got 0.5'],
  ['a size in a string', file(one('F32', '["1"]', '[0,4]'), 4), 'shape[0] must be an integer from 0 to 2^53 - 1, got "1"'],
  ['a huge size', file(one('F32', '[1e300]', '[0,4]'), 4), 'shape[0] must be an integer from 0 to 2^53 - 1, got 1e+300'],
  ['an overflowing product', file(one('F32', '[4294967296,4294967296]', '[0,4]'), 4), 'shape must multiply to a safe integer, got "4294967296 x 4294967296"'],
  ['a product that wraps to the right size', file(one('F16', '[9007199254740991,9007199254740991]', '[0,2]'), 2), 'shape must multiply to a safe integer'],
  ['a shape that is no list', file(one('F32', '{}', '[0,4]'), 4), 'shape must be a list of integers, got Object'],
  ['offsets that are missing', file('{"w":{"dtype":"F32","shape":[1]}}', 4), 'data_offsets must be a list of integers, got undefined'],
  ['three offsets', file(one('F32', '[1]', '[0,4,8]'), 8), 'data_offsets must hold a begin and an end, got Array(3)'],
  ['offsets backwards', file(one('F32', '[1]', '[4,0]'), 4), 'data_offsets must lie in order within the 4 bytes of data, got "4 to 0"'],
  ['offsets out of range', file(one('F32', '[2]', '[0,8]'), 4), 'data_offsets must lie in order within the 4 bytes of data, got "0 to 8"'],
  ['shape and bytes that disagree', file(one('F32', '[3]', '[0,8]'), 8), 'data_offsets must span 12 bytes (shape [3] of F32), got 8'],
  ['an overlap', file(`{"a":${entry('F32', '[2]', '[0,8]')},"b":${entry('F32', '[1]', '[4,8]')}}`, 8), 'tensor "b": data_offsets must begin at 8 and not overlap the tensor before it, got 4'],
  ['twins in one place', file(`{"a":${entry('F32', '[1]', '[0,4]')},"b":${entry('F32', '[1]', '[0,4]')}}`, 4), 'and not overlap the tensor before it, got 0'],
  ['a gap', file(`{"a":${entry('F32', '[1]', '[0,4]')},"b":${entry('F32', '[1]', '[8,12]')}}`, 12), 'tensor "b": data_offsets must begin at 4 and not leave a gap behind the tensor before it, got 8'],
  ['a gap in front', file(one('F32', '[1]', '[4,8]'), 8), 'data_offsets must begin at 0 and not leave a gap'],
  ['bytes left over', file(one('F32', '[1]', '[0,4]'), 5), 'the tensors must fill all 5 bytes of data, got 4'],
];

describe('a broken file is refused by name', () => {
  for (const [what, bytes, message] of BROKEN) {
    test(what, () => {
      expect(() => parseSafetensors(bytes, 'x.safetensors')).toThrow(RangeError);
      expect(() => parseSafetensors(bytes, 'x.safetensors')).toThrow(/^parseSafetensors: x\.safetensors: /);
      expect(() => parseSafetensors(bytes, 'x.safetensors')).toThrow(message);
    });
  }

  test('bytes of another kind', () => {
    expect(() => parseSafetensors([1] as unknown as Uint8Array)).toThrow(new TypeError('parseSafetensors: safetensors: bytes must be a Uint8Array, got Array(1)'));
  });

  test('names of every object are names like others', () => {
    const { tensors } = parseSafetensors(file(`{"__proto__":${entry('F32', '[1]', '[0,4]')},"constructor":${entry('F32', '[0]', '[4,4]')}}`, 4));
    expect([...tensors.keys()]).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['dtype']).toBeUndefined();
  });
});

const sample = writeSafetensors(
  [tensorView('alpha', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)), tensorView('beta', [5], Float32Array.of(1, 2, 3, 4, 5), 'BF16'), tensorView('gamma', [0, 7], new Float32Array(0), 'F16')],
  [['format', 'pt']],
);

describe('mutations', () => {
  const mutation = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });

  test.prop([mutation, fc.option(fc.nat(sample.length))], { numRuns: 3000 })('a damaged file is either refused by us or holds no more than its bytes', (changes, cut) => {
    const bytes = sample.slice(0, cut ?? undefined);
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    let total = 0;
    try {
      for (const tensor of parseSafetensors(bytes).tensors.values()) total += 2 * tensorValues(tensor).length;
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(/^parseSafetensors: safetensors: /);
    }
    expect(total).toBeLessThanOrEqual(bytes.length);
  });

  test.prop([fc.uint8Array({ maxLength: 64 })])('noise is refused', (noise) => {
    expect(() => parseSafetensors(noise)).toThrow(/^parseSafetensors: safetensors: /);
  });

  test.prop([fc.json()])('JSON of any shape is refused or holds no tensor', (json) => {
    let count = 0;
    try {
      count = parseSafetensors(file(json)).tensors.size;
    } catch (error) {
      expect((error as Error).message).toMatch(/^parseSafetensors: safetensors: /);
    }
    expect(count).toBe(0);
  });
});
