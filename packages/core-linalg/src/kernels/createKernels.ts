import { assertInteger, assertOneOf } from '../checks/checks.ts';
import { checkedKernels } from './checkedKernels.ts';
import type { KernelBuild, Kernels } from './kernels.ts';
import { createPlainKernels } from './plain.ts';
import { taskRunner } from './tasks.ts';
import { wasmAttention } from './wasmAttention.ts';
import { wasmGemm } from './wasmGemm.ts';
import { KernelMemory } from './wasmMemory.ts';
import { kernelModule, supportedBuilds, type RawKernels } from './wasmModule.ts';
import { wasmMonomials } from './wasmMonomials.ts';
import { wasmRows } from './wasmRows.ts';
import { wasmTokens } from './wasmTokens.ts';
import { wasmTokensVjp } from './wasmTokensVjp.ts';
import { WorkerPool } from './workerPool.ts';
import { availableThreads, canShareMemory } from './workers.ts';

/** Options of `createKernels`. */
export interface KernelOptions {
  /** Which code computes; 'auto' (the default) takes the fastest that runs here. */
  readonly build?: KernelBuild | 'auto';
  /**
   * Threads that share the work, 1 to 64; 'auto' (the default) means the processors available, at most 8.
   * One thread where memory cannot be shared (pages that are not cross-origin isolated) and for the plain build;
   * with 'auto' also where workers may not start.
   */
  readonly threads?: number | 'auto';
  /** Size of the kernel memory in MiB, 1 to 4096, 256 unless given; pages that are never written cost nothing. */
  readonly memoryMiB?: number;
}

/** Above this many threads one waits for memory rather than for arithmetic on the machines at hand. */
const autoThreads = 8;

/**
 * Float32 kernels in WebAssembly, the fastest build that runs here: relaxed SIMD with fused multiply-add, simd128,
 * or plain TypeScript where there is neither.
 *
 * A sum of k products has error at most (k + 2) u sum |a_p b_p| with u = 2^-24; e^x is at most 1.02 ulp off. Results of
 * one build depend on the number of threads by rounding only. The memory has a fixed size and holds what `allocate`
 * and `pack` return, copies of other arrays during a call, and workspace. In Node the worker threads do not keep the
 * process alive; `close` ends them.
 *
 * @throws RangeError if a build is asked for that does not run here, or an option is out of range
 * @throws Error if a number of threads is asked for and a worker does not start
 * @example
 * const kernels = await createKernels({ threads: 1 });
 * const x = kernels.allocate(3);
 * x.set([0, 1, -Infinity]);
 * kernels.exp(3, x, x);
 * Array.from(x); // => [1, 2.7182817459106445, 0]
 */
export async function createKernels(options: KernelOptions = {}): Promise<Kernels> {
  const { build = 'auto', threads = 'auto', memoryMiB = 256 } = options;
  assertOneOf('createKernels', 'build', build, ['auto', 'relaxed-simd', 'simd128', 'plain']);
  if (threads !== 'auto') assertInteger('createKernels', 'threads', threads, 1, 64);
  assertInteger('createKernels', 'memoryMiB', memoryMiB, 1, 4096);
  const builds = supportedBuilds();
  const chosen = build === 'auto' ? builds[0]! : build;
  if (!builds.includes(chosen)) throw new RangeError(`createKernels: build must run here (${builds.join(', ')}), got "${chosen}"`);
  if (chosen === 'plain') return createPlainKernels({ precision: 'float32' });

  const wanted = threads === 'auto' ? Math.min(availableThreads(), autoThreads) : threads;
  const shared = wanted > 1 && canShareMemory();
  const module = await kernelModule(chosen, shared);
  const memory = new KernelMemory(memoryMiB, shared);
  const instance = await WebAssembly.instantiate(module, { env: { memory: memory.memory } });
  const raw = instance.exports as unknown as RawKernels;
  memory.clear = (at, bytes) => void raw['clear']!(at, bytes);
  const tasks = taskRunner(raw, memory, shared ? await startPool(threads, wanted, raw, module, memory.memory) : null);
  return checkedKernels({
    build: chosen,
    precision: 'float32',
    get threads() {
      return tasks.threads;
    },
    allocate: (length) => memory.allocate(length),
    scratch: (body) => memory.scope(body),
    ...wasmGemm(tasks),
    ...wasmRows(tasks),
    ...wasmAttention(tasks),
    ...wasmMonomials(tasks),
    ...wasmTokens(tasks),
    ...wasmTokensVjp(tasks),
    close: () => tasks.close(),
  });
}

/** The pool; null where 'auto' meets a page whose security policy refuses workers. */
async function startPool(
  threads: number | 'auto', wanted: number, raw: RawKernels, module: WebAssembly.Module, memory: WebAssembly.Memory,
): Promise<WorkerPool | null> {
  try {
    return await WorkerPool.start(wanted, raw, module, memory);
  } catch (error) {
    if (threads === 'auto') return null;
    throw error;
  }
}
