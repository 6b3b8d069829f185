import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseOnnx } from '../../src/onnx/onnx.ts';
import { tinyOnnx, type TinyNode, type TinyTensor } from '../support/tinyOnnx.ts';

const NODES: readonly TinyNode[] = [['/a/MatMul_quant', 'MatMulInteger', ['x', 'w', '', 'z']]];
const parse = (tensor: Partial<TinyTensor>): ReturnType<typeof parseOnnx> => parseOnnx(tinyOnnx([{ name: 'w', dims: [2, 3], type: 3, values: [-128, -1, 0, 1, 2, 127], ...tensor }], NODES), 'f.onnx');

describe('parseOnnx', () => {
  test('reads values however they are stored; negative int32 take ten bytes', () => {
    for (const storage of ['raw', 'packed', 'single'] as const) {
      expect(parse({ storage }).tensors.get('w')).toEqual({ name: 'w', dims: [2, 3], data: Int8Array.of(-128, -1, 0, 1, 2, 127) });
      expect(parse({ storage, type: 2, values: [0, 1, 127, 128, 254, 255] }).tensors.get('w')!.data).toEqual(Uint8Array.of(0, 1, 127, 128, 254, 255));
      expect(parse({ storage, type: 1, dims: [2], values: [1e-40, -Infinity] }).tensors.get('w')!.data).toEqual(Float32Array.of(1e-40, -Infinity));
      expect(parse({ storage, type: 1, dims: [], values: [0.5] }).tensors.get('w')).toEqual({ name: 'w', dims: [], data: Float32Array.of(0.5) });
    }
  });

  test('reads nodes in order', () => {
    expect(parse({}).nodes).toEqual([{ name: '/a/MatMul_quant', operator: 'MatMulInteger', inputs: ['x', 'w', '', 'z'] }]);
  });

  test('refuses by name', () => {
    const where = 'parseOnnx: f.onnx: tensor 0 "w": ';
    expect(() => parse({ type: 7 })).toThrow(`${where}data_type must be 1 (float), 2 (uint8) or 3 (int8), got 7`);
    expect(() => parse({ location: 1 })).toThrow(`${where}the values must be in the file, got data_location EXTERNAL`);
    expect(() => parse({ dims: [2, 4] })).toThrow(`${where}there must be 8 values for dims [2, 4], got 6`);
    expect(() => parse({ dims: [2 ** 50, 2 ** 50] })).toThrow('there must be');
    expect(() => parse({ dims: [-2, -3], storage: 'single' })).toThrow(`${where}dims[0] must be at least 0, got -2`);
    expect(() => parse({ values: [1, 2, 3, 4, 5, 200], storage: 'packed' })).toThrow(`${where}int32_data must lie in [-128, 127], got 200`);
    expect(() => parse({ type: 2, values: [1, 2, 3, 4, 5, -1], storage: 'single' })).toThrow(`${where}int32_data must lie in [0, 255], got -1`);
    expect(() => parseOnnx(tinyOnnx([], []), 'f.onnx')).toThrow('parseOnnx: f.onnx: the file must hold a graph with nodes, got none');
    expect(() => parseOnnx(new Uint8Array(0))).toThrow('the file must hold a graph with nodes, got none');
    const twice: TinyTensor = { name: 'w', dims: [], type: 1, values: [1] };
    expect(() => parseOnnx(tinyOnnx([twice, twice], NODES))).toThrow('each tensor\'s name may occur once, got "w"');
  });

  test('refuses fields that end beyond their message, and varints without end', () => {
    expect(() => parseOnnx(Uint8Array.of(0x3a, 200, 1, 0))).toThrow('parseOnnx: onnx: field 7 must lie within the message\'s 4 bytes, got 200 bytes at byte 3');
    expect(() => parseOnnx(Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))).toThrow('field 7 must lie within');
    expect(() => parseOnnx(Uint8Array.of(0x08, 0x80))).toThrow(/a varint must/);
    expect(() => parseOnnx(new Uint8Array(12).fill(0xff))).toThrow(/a varint must/);
    expect(() => parseOnnx(Uint8Array.of(0x3b, 0))).toThrow('field 7 must have wire type 0, 1, 2 or 5, got 3');
    expect(() => parseOnnx(Uint8Array.of(0x02, 0))).toThrow('a field number must be at least 1, got 0');
    expect(() => parseOnnx(Uint8Array.of(0x38, 1))).toThrow('field 7 must be bytes, got the varint 1');
  });

  const sample = tinyOnnx(
    [
      { name: 'w', dims: [2, 3], type: 3, values: [1, 2, 3, 4, 5, 6] },
      { name: 's', dims: [3], type: 1, values: [1, 2, 3], storage: 'packed' },
      { name: 'z', dims: [], type: 2, values: [128], storage: 'single' },
    ],
    NODES,
  );
  test.prop([fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.option(fc.nat(sample.length))], { numRuns: 3000 })(
    'a damaged file is either refused by us or holds no more than its bytes',
    (changes, cut) => {
      const bytes = sample.slice(0, cut ?? undefined);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      let total = 0;
      try {
        for (const { data } of parseOnnx(bytes).tensors.values()) total += data.byteLength;
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect((error as Error).message).toMatch(/^parseOnnx: onnx: /);
      }
      expect(total).toBeLessThanOrEqual(bytes.length);
    },
  );
});
