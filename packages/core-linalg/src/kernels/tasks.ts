import type { KernelMemory } from './wasmMemory.ts';
import type { RawKernels } from './wasmModule.ts';
import { maxTasks, type WorkerPool } from './workerPool.ts';

/**
 * Nanoseconds of work below which a task is not worth handing over: waking a sleeping thread costs about as much.
 * Estimates of work count one nanosecond for 30 floating-point operations of a product or for one exponential.
 */
const leastWork = 10_000;

/**
 * Tasks for each thread where there is enough work. A thread that is held up, or a last range shorter than the others,
 * holds up the rest by at most one task: with 3 a thread, attention at n = 4096 was 43 blocks in ranges of 8, 24
 * against 19, and two threads were 1.57 times as fast as one; with 8 they are 1.9 times.
 */
const tasksPerThread = 8;

/** Calls of raw kernels, cut into tasks where there are threads to share them. */
export interface Tasks {
  readonly raw: RawKernels;
  readonly memory: KernelMemory;
  readonly threads: number;
  /** Into how many tasks `work` nanoseconds should be cut. */
  pieces(work: number): number;
  /** Calls `fn` for every line of arguments; with `scratchBytes` argument `scratchArgument` is the thread's own memory. */
  run(fn: string, lines: readonly (readonly number[])[], scratchArgument?: number, scratchBytes?: number): void;
  close(): void;
}

/** Tasks on `pool`, or on the calling thread alone. */
export function taskRunner(raw: RawKernels, memory: KernelMemory, pool: WorkerPool | null): Tasks {
  let workers = pool;
  return {
    raw,
    memory,
    get threads() {
      return workers?.threads ?? 1;
    },
    pieces: (work) => (workers === null ? 1 : Math.max(1, Math.min(maxTasks, workers.threads * tasksPerThread, Math.floor(work / leastWork)))),
    run(fn, lines, scratchArgument = -1, scratchBytes = 0) {
      const shared = workers !== null && lines.length > 1;
      const bytes = Math.ceil(scratchBytes / 64) * 64;
      const at = bytes === 0 ? 0 : memory.reserve(fn, bytes * (shared ? this.threads : 1));
      if (shared) {
        workers!.run(fn, lines, scratchArgument < 0 ? null : { argument: scratchArgument, at, bytes });
        return;
      }
      for (const line of lines) {
        const args = [...line];
        if (scratchArgument >= 0) args[scratchArgument] = at;
        raw[fn]!(...args);
      }
    },
    close() {
      workers?.close();
      workers = null;
    },
  };
}

/** [0, total) in at most `pieces` ranges, all but the last a multiple of `step` long. */
export function ranges(total: number, pieces: number, step: number = 1): (readonly [from: number, to: number])[] {
  const size = Math.max(step, Math.ceil(total / pieces / step) * step);
  const parts: (readonly [from: number, to: number])[] = [];
  for (let from = 0; from < total; from += size) parts.push([from, Math.min(total, from + size)]);
  return parts;
}
