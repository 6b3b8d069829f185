import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseSafetensors } from '../../src/safetensors/parse.ts';
import type { TensorDtype, TensorView } from '../../src/safetensors/safetensors.ts';
import { tensorFloat64Values, tensorValues, tensorView } from '../../src/safetensors/values.ts';
import { safetensorsLayout, writeSafetensors } from '../../src/safetensors/write.ts';

const WIDTH: Readonly<Record<TensorDtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };
const name = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', '0', ''), fc.string({ unit: 'grapheme', maxLength: 8 }));
const tensor = fc
  .record({
    name,
    dtype: fc.constantFrom<TensorDtype>('F64', 'F32', 'F16', 'BF16'),
    shape: fc.array(fc.constantFrom(0, 1, 2, 3, 5), { maxLength: 3 }),
    seed: fc.infiniteStream(fc.nat(255)),
  })
  .map(({ seed, name: tensorName, dtype, shape }): TensorView => {
    const size = shape.reduce((a, b) => a * b, WIDTH[dtype]);
    return { name: tensorName, dtype, shape, bytes: Uint8Array.from({ length: size }, () => seed.next().value as number) };
  });
const file = fc.record({
  tensors: fc.uniqueArray(tensor, { maxLength: 6, selector: (t) => t.name }),
  metadata: fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'grapheme' })), { selector: ([key]) => key }),
});

describe('what is written is read', () => {
  test.prop([file])('names, dtypes, shapes, bytes and metadata', ({ tensors, metadata }) => {
    const bytes = writeSafetensors(tensors, metadata);
    const parsed = parseSafetensors(bytes);
    expect([...parsed.metadata].sort()).toEqual([...metadata].sort());
    expect(parsed.tensors.size).toBe(tensors.length);
    for (const t of tensors) expect(parsed.tensors.get(t.name)).toEqual(t);
    // Widest first behind a padded header: every tensor is aligned to its own dtype.
    for (const t of parsed.tensors.values()) expect(t.bytes.byteOffset % WIDTH[t.dtype]).toBe(0);
  });

  test.prop([file, fc.constantFrom(1, 2, 3)])('at any alignment, with the same values', ({ tensors, metadata }, shift) => {
    const bytes = writeSafetensors(tensors, metadata);
    const moved = new Uint8Array(bytes.length + shift).subarray(shift);
    moved.set(bytes);
    const [here, there] = [parseSafetensors(bytes), parseSafetensors(moved)];
    for (const t of tensors) expect(tensorFloat64Values(there.tensors.get(t.name)!)).toEqual(tensorFloat64Values(here.tensors.get(t.name)!));
  });

  test('byte for byte what the format says', () => {
    const json = '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"a":{"dtype":"F16","shape":[],"data_offsets":[8,10]}}';
    const padded = Math.ceil(json.length / 8) * 8;
    const half = tensorView('a', [], Float32Array.of(1), 'F16');
    const bytes = writeSafetensors([half, tensorView('b', [1, 2], Float32Array.of(1, -2))], [['format', 'pt']]);
    const expected = [padded, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(json.padEnd(padded)), 0, 0, 128, 63, 0, 0, 0, 192, 0, 60];
    expect([...bytes]).toEqual(expected);
  });

  test('the empty file', () => {
    expect(parseSafetensors(writeSafetensors([])).tensors.size).toBe(0);
  });
});

describe('what cannot be written', () => {
  test('is refused', () => {
    const w = tensorView('w', [2], Float32Array.of(1, 2));
    expect(() => writeSafetensors([w, w])).toThrow('tensor "w": each name may occur once');
    expect(() => writeSafetensors([{ ...w, name: '__metadata__' }])).toThrow('the name must be valid Unicode other than __metadata__');
    expect(() => writeSafetensors([{ ...w, name: 'a\ud800' }])).toThrow('the name must be valid Unicode');
    expect(() => writeSafetensors([{ ...w, shape: [3] }])).toThrow('writeSafetensors: tensor "w": 12 bytes are needed for its shape, got 8');
    expect(() => writeSafetensors([{ ...w, shape: [-1] }])).toThrow('shape must hold integers from 0 to 2^53 - 1, got -1');
    expect(() => safetensorsLayout([{ ...w, shape: [2 ** 40, 2 ** 40] }])).toThrow('shape must multiply to a safe integer, got "1099511627776 x 1099511627776"');
    expect(() => tensorView('w', [3], Float32Array.of(1))).toThrow('tensorView: tensor "w": values must have length 3 (shape [3]), got 1');
    expect(() => tensorView('w', [1.5], Float32Array.of(1))).toThrow('shape[0] must be an integer, got 1.5');
    expect(() => tensorView('w', [2], Float32Array.of(1, -7e4), 'F16')).toThrow('tensor "w": values must fit F16, got -70000 at index 1');
    expect(() => tensorView('w', [1], [1] as unknown as Float32Array)).toThrow('values must be a Float32Array for F32, got Array(1)');
    expect(() => tensorView('w', [1], Float64Array.of(1), 'F16')).toThrow('values must be a Float32Array for F16, got Float64Array(1)');
    expect(() => tensorView('w', [1], Float32Array.of(1), 'F64')).toThrow('values must be a Float64Array for F64, got Float32Array(1)');
  });

  test('F64 keeps every bit, and is rounded only where Float32 is asked for', () => {
    const view = tensorView('w', [3], Float64Array.of(1 / 3, -Infinity, 2 ** -1074));
    expect(view.dtype).toBe('F64');
    const back = parseSafetensors(writeSafetensors([view])).tensors.get('w')!;
    expect([...tensorFloat64Values(back)]).toEqual([1 / 3, -Infinity, 2 ** -1074]);
    expect([...tensorValues(back)]).toEqual([Math.fround(1 / 3), -Infinity, 0]);
    expect(() => tensorValues(tensorView('w', [2], Float64Array.of(1, 1e300)))).toThrow('tensorValues: tensor "w": each value must fit Float32, got 1e+300');
  });

  test('infinities are kept, because they are no overflow', () => {
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      expect([...tensorValues(tensorView('w', [2], Float32Array.of(-Infinity, NaN), dtype))]).toEqual([-Infinity, NaN]);
    }
  });
});
