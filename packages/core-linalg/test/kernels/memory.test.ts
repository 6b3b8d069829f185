import { afterAll, describe, expect, test } from 'vitest';
import { createKernels, createPlainKernels } from '../../src/index.ts';

const kernels = await createKernels({ threads: 1, memoryMiB: 2 });
const other = await createKernels({ threads: 1, memoryMiB: 1 });
afterAll(() => kernels.close());

describe('kernel memory', () => {
  test('arrays are zero, aligned to 16 bytes and apart', () => {
    kernels.scratch(() => {
      const arrays = [1, 5, 0, 17].map((length) => kernels.allocate(length));
      for (const [i, array] of arrays.entries()) {
        expect(array.byteOffset % 16).toBe(0);
        array.fill(i + 1);
      }
      expect(arrays.map((array) => Array.from(array).every((x, _, all) => x === all[0]))).toEqual([true, true, true, true]);
      expect(arrays.map((array) => array[0])).toEqual([1, 2, undefined, 4]);
    });
  });

  test('scratch frees what its body allocated, nested too, also when the body throws; reused memory is zero again', () => {
    const outer = kernels.scratch(() => {
      const first = kernels.allocate(100).fill(3);
      const inner = kernels.scratch(() => kernels.allocate(100).fill(4).byteOffset);
      expect(() => kernels.scratch(() => {
        kernels.allocate(50).fill(6);
        throw new Error('body');
      })).toThrow('body');
      const second = kernels.allocate(100);
      expect(second.byteOffset).toBe(inner);
      expect(Array.from(second)).toEqual(Array.from({ length: 100 }, () => 0));
      expect(first[99]).toBe(3);
      return first.byteOffset;
    });
    expect(kernels.allocate(0).byteOffset).toBe(outer);
  });

  test('a body that returns a promise is refused by every build', () => {
    for (const k of [kernels, createPlainKernels()]) {
      expect(() => k.scratch(async () => k.allocate(1))).toThrow(new TypeError('scratch: body must be synchronous, got a promise'));
    }
  });

  test('foreign arrays take no room after the call, and arrays of another memory are foreign', () => {
    const x = other.allocate(3);
    x.set([0, 1, 2]);
    const before = kernels.scratch(() => kernels.allocate(1).byteOffset);
    kernels.exp(3, x, x);
    expect(Array.from(x)).toEqual([1, Math.fround(Math.E), Math.fround(Math.E ** 2)]);
    expect(kernels.scratch(() => kernels.allocate(1).byteOffset)).toBe(before);
  });

  test('views into kernel memory work at any offset', () => {
    kernels.scratch(() => {
      const data = kernels.allocate(20).fill(1);
      kernels.exp(7, data.subarray(3), data.subarray(11));
      const e = Math.fround(Math.E);
      expect(Array.from(data)).toEqual(Array.from({ length: 20 }, (_, i) => (i >= 11 && i < 18 ? e : 1)));
    });
  });

  test('a full memory says what was asked for and what there is, and stays usable', () => {
    expect(() => kernels.allocate(2 ** 20)).toThrow(/^allocate: kernel memory must have room for 4\.0 MiB, got 1\.\d MiB free of 2\.0 MiB \(option memoryMiB\)$/);
    expect(() => kernels.gemm('NN', 1, 700, 700, 1, new Float32Array(700), new Float32Array(490_000), 0, new Float32Array(700))).toThrow(RangeError);
    const c = new Float32Array(1);
    kernels.gemm('NN', 1, 1, 1, 1, Float32Array.of(2), Float32Array.of(3), 0, c);
    expect(c[0]).toBe(6);
    expect(kernels.allocate(200_000).length).toBe(200_000);
  });

  test('the last values of the memory can be used', async () => {
    const small = await createKernels({ threads: 1, memoryMiB: 1 });
    const length = 245_744; // 1 MiB less the first page and the last line
    expect(() => small.allocate(length + 1)).toThrow(RangeError);
    const last = small.allocate(length).fill(1);
    small.softmaxRows(1, length - 1, last, last);
    expect(last[length - 1]).toBe(1);
    expect(last[length - 2]).toBe(last[0]);
  });
});
