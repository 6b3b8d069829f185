import { afterAll, expect, test } from 'vitest';
import { KernelMemory } from '../../src/kernels/wasmMemory.ts';
import { kernelModule, supportedBuilds, type RawKernels } from '../../src/kernels/wasmModule.ts';
import { WorkerPool } from '../../src/kernels/workerPool.ts';
import { startWorkers } from '../../src/kernels/workers.ts';

const build = supportedBuilds()[0] as 'relaxed-simd' | 'simd128';
const memory = new KernelMemory(4, true);
const module = await kernelModule(build, true);
const raw = (await WebAssembly.instantiate(module, { env: { memory: memory.memory } })).exports as unknown as RawKernels;
const pool = await WorkerPool.start(2, raw, module, memory.memory);
afterAll(() => pool.close());

test('every task runs exactly once, whoever takes it', () => {
  const values = memory.allocate(64 * 4);
  for (let turn = 0; turn < 100; turn++) {
    // dx += dy silu'(0) with dy = 2: each run of a task adds 1.
    values.fill(0);
    const zeros = memory.allocate(4);
    const twos = memory.allocate(4).fill(2);
    pool.run('siluVjp', Array.from({ length: 64 }, (_, i) => [4, zeros.byteOffset, twos.byteOffset, values.byteOffset + i * 16]), null);
    expect(values.every((value) => value === 1)).toBe(true);
  }
});

test('more tasks than the pool holds at a time', () => {
  const count = 3 * 64 + 1;
  const values = memory.allocate(count * 4);
  const [zeros, twos] = [memory.allocate(4), memory.allocate(4).fill(2)];
  pool.run('siluVjp', Array.from({ length: count }, (_, i) => [4, zeros.byteOffset, twos.byteOffset, values.byteOffset + i * 16]), null);
  expect(values.every((value) => value === 1)).toBe(true);
});

test('a failure in any thread is thrown by the call, and the next call works', () => {
  const beyond = memory.memory.buffer.byteLength;
  // Tasks that read behind the memory: whichever thread takes one traps.
  for (let turn = 0; turn < 20; turn++) {
    expect(() => pool.run('exp', Array.from({ length: 8 }, () => [4096, beyond, beyond]), null)).toThrow(/memory access out of bounds/);
  }
  const x = memory.allocate(8);
  pool.run('exp', [[4, x.byteOffset, x.byteOffset], [4, x.byteOffset + 16, x.byteOffset + 16]], null);
  expect(Array.from(x)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
});

test('a failure in the worker alone reaches the caller', async () => {
  // A caller whose own functions do nothing: the worker takes some of many tasks and traps there.
  const idle = Object.fromEntries(Object.keys(raw).map((name) => [name, () => 0])) as RawKernels;
  const own = await WorkerPool.start(2, idle, module, memory.memory);
  const beyond = memory.memory.buffer.byteLength;
  const failure = (): string => {
    try {
      own.run('exp', Array.from({ length: 64 }, () => [4096, beyond, beyond]), null);
      return '';
    } catch (error) {
      return String(error);
    }
  };
  let message = '';
  for (let turn = 0; turn < 10_000 && message === ''; turn++) message = failure();
  own.close();
  expect(message).toMatch(/^Error: exp: every thread must finish its task, got RuntimeError: memory access out of bounds/);
});

test('a worker that cannot start is an error, not a wait', async () => {
  await expect(startWorkers(`() => { throw new Error('no start'); }`, [1])).rejects.toThrow('createKernels: every worker must start, got Error: no start');
});
