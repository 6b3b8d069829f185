import { afterEach, describe, expect, test, vi } from 'vitest';
import { createKernels, type KernelBuild, type Kernels } from '../../src/index.ts';
import { supportedBuilds } from '../../src/kernels/wasmModule.ts';
import { numbers } from './fixtures.ts';

afterEach(() => vi.unstubAllGlobals());

describe('createKernels', () => {
  test("'auto' takes the first supported build, and every supported build can be asked for", async () => {
    const builds = supportedBuilds();
    expect(builds.at(-1)).toBe('plain');
    expect((await createKernels({ threads: 1 })).build).toBe(builds[0]);
    for (const build of builds) expect((await createKernels({ build, threads: 1 })).build).toBe(build);
  });

  test('without relaxed SIMD, without SIMD and without WebAssembly the next build computes', async () => {
    const real = WebAssembly;
    const accept = (most: number) => {
      let asked = 0;
      // Probes are asked in the order simd128, relaxed SIMD.
      vi.stubGlobal('WebAssembly', new Proxy(real, { get: (target, key) => (key === 'validate' ? () => asked++ < most : Reflect.get(target, key)) }));
    };
    accept(1);
    expect(supportedBuilds()).toEqual(['simd128', 'plain']);
    accept(1);
    await expect(createKernels({ build: 'relaxed-simd' })).rejects.toThrow('createKernels: build must run here (simd128, plain), got "relaxed-simd"');
    accept(0);
    expect((await createKernels()).build).toBe('plain');
    vi.stubGlobal('WebAssembly', undefined);
    const plain = await createKernels();
    expect([plain.build, plain.precision, plain.threads]).toEqual(['plain', 'float32', 1]);
  });

  test('without shared memory there is one thread', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect((await createKernels({ threads: 2 })).threads).toBe(1);
  });

  test('options out of range are refused', async () => {
    await expect(createKernels({ build: 'fast' as KernelBuild })).rejects.toThrow('createKernels: build must be one of auto, relaxed-simd, simd128, plain, got "fast"');
    await expect(createKernels({ threads: 0 })).rejects.toThrow('createKernels: threads must be an integer from 1 to 64, got 0');
    await expect(createKernels({ memoryMiB: 0.5 })).rejects.toThrow('createKernels: memoryMiB must be an integer, got 0.5');
    await expect(createKernels({ memoryMiB: 5000 })).rejects.toThrow('createKernels: memoryMiB must be an integer from 1 to 4096, got 5000');
  });
});

describe('threads', () => {
  test('two threads give what one gives, and after close one goes on', async () => {
    const one = await createKernels({ threads: 1 });
    const two = await createKernels({ threads: 2 });
    expect([one.threads, two.threads]).toEqual([1, 2]);
    const [m, n, k] = [131, 257, 113];
    const next = numbers(1);
    const a = Float32Array.from({ length: m * k }, next);
    const b = Float32Array.from({ length: k * n }, next);
    const product = (kernels: Kernels, form: 'NN' | 'TN') => {
      const c = new Float32Array(m * n);
      kernels.gemm(form, m, n, k, 1, a, b, 0, c);
      return c;
    };
    const expected = { NN: product(one, 'NN'), TN: product(one, 'TN') };
    // Many calls, so that workers are met asleep, awake and between two calls.
    for (let turn = 0; turn < 300; turn++) {
      const form = turn % 2 === 0 ? 'NN' : 'TN';
      expect(product(two, form)).toEqual(expected[form]);
      if (turn % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    two.close();
    expect(two.threads).toBe(1);
    expect(product(two, 'NN')).toEqual(expected.NN);
    two.close();
  });
});
