import { describe, expect, test } from 'vitest';
import { createKernels, createPlainKernels, type FloatArray, type GemmForm, type PackedMatrix } from '../../src/index.ts';

const plain64 = createPlainKernels({ precision: 'float64' });
const list = [['plain', createPlainKernels()], ['wasm', await createKernels({ threads: 1, memoryMiB: 1 })]] as const;
const f = (length: number) => new Float32Array(length);

describe.each(list)('arguments, %s', (_, k) => {
  const cases: readonly (readonly [run: () => unknown, error: Error])[] = [
    [() => k.gemm('NN', 5, 1, 7, 1, f(34), f(7), 0, f(5)), new RangeError('gemm: a must hold at least m * k = 35 values, got 34')],
    [() => k.gemm('TT' as GemmForm, 1, 1, 1, 1, f(1), f(1), 0, f(1)), new RangeError('gemm: form must be one of NN, NT, TN, got "TT"')],
    [() => k.gemm('NN', -1, 1, 1, 1, f(1), f(1), 0, f(1)), new RangeError('gemm: m must be at least 0, got -1')],
    [() => k.gemm('NN', 1, 1.5, 1, 1, f(1), f(1), 0, f(1)), new RangeError('gemm: n must be an integer, got 1.5')],
    [() => k.gemm('NN', 1, 1, 1, '1' as unknown as number, f(1), f(1), 0, f(1)), new TypeError('gemm: alpha must be a number, got "1"')],
    [() => k.gemm('NN', 1, 1, 1, 1, new Float64Array(1), f(1), 0, f(1)), new TypeError('gemm: a must be a Float32Array, got Float64Array(1)')],
    [() => k.gemm('NN', 1, 1, 1, 1, f(1), [1] as unknown as FloatArray, 0, f(1)), new TypeError('gemm: b must be a Float32Array, got Array(1)')],
    [() => k.pack('N', 3, 5, f(14)), new RangeError('pack: b must hold at least k * n = 15 values, got 14')],
    [() => k.gemmPacked(1, f(1), { k: 1, n: 1, data: f(8) }, f(1)), new TypeError('gemmPacked: b must be a matrix that these kernels packed, got Object')],
    [() => k.gemmPacked(1, f(1), null as unknown as PackedMatrix, f(1)), new TypeError('gemmPacked: b must be a matrix that these kernels packed, got null')],
    [() => k.gemmPacked(2, f(5), k.pack('N', 3, 2, f(6)), f(4)), new RangeError('gemmPacked: a must hold at least m * k = 6 values, got 5')],
    [() => k.exp(3, f(3), f(2)), new RangeError('exp: y must hold at least length = 3 values, got 2')],
    [() => k.softmaxRows(2, 3, f(5), f(6)), new RangeError('softmaxRows: x must hold at least rows * columns = 6 values, got 5')],
    [() => k.rmsNorm(2, 0, 0, f(0), f(0), f(0)), new RangeError('rmsNorm: d must be at least 1, got 0')],
    [() => k.rmsNorm(1, 2, -1, f(2), f(2), f(2)), new RangeError('rmsNorm: epsilon must be at least 0, got -1')],
    [() => k.rmsNorm(1, 2, 0, f(2), f(1), f(2)), new RangeError('rmsNorm: gain must hold at least d = 2 values, got 1')],
    [() => k.rmsNormVjp(1, 2, 0, f(2), f(2), f(2), f(2), f(1)), new RangeError('rmsNormVjp: dgain must hold at least d = 2 values, got 1')],
    [() => k.allocate(-1), new RangeError('allocate: length must be at least 0, got -1')],
    [() => attention({ heads: 3, keyHeads: 2 }), new RangeError('attention: keyHeads must divide heads = 3, got 2')],
    [() => attention({ scale: Number.NaN }), new RangeError('attention: scale must be finite, got NaN')],
    [() => attention({ causal: 0.5 }), new RangeError('attention: causal must be an integer, got 0.5')],
    [() => attention({ queries: 3 }), new RangeError('attention: q must hold at least queries * heads * d = 3 values, got 2')],
    [() => attention({ dv: 2 }), new RangeError('attention: v must hold at least keys * keyHeads * dv = 4 values, got 2')],
  ];
  const attention = (change: object) =>
    k.attention({ queries: 2, keys: 2, heads: 1, keyHeads: 1, d: 1, dv: 1, scale: 1, causal: null, ...change }, f(2), f(2), f(2), f(2), f(2));

  test.each(cases.map(([run, error]) => [error.message, run, error] as const))('%s', (_message, run, error) => {
    expect(run).toThrow(error);
  });
});

test('packs of other kernels and arrays of the other precision are refused', () => {
  const [, [, wasm]] = list;
  expect(() => plain64.gemmPacked(1, new Float64Array(1), wasm.pack('N', 1, 1, f(1)), new Float64Array(1))).toThrow(TypeError);
  expect(() => plain64.exp(1, f(1), f(1))).toThrow(new TypeError('exp: x must be a Float64Array, got Float32Array(1)'));
  expect(() => createPlainKernels({ precision: 'float16' as 'float32' })).toThrow('createPlainKernels: precision must be one of float32, float64, got "float16"');
});
