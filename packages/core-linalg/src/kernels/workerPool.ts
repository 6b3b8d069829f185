import type { RawKernels } from './wasmModule.ts';
import { startWorkers, type WorkerHandle } from './workers.ts';

/**
 * The control block that all threads share, as indices into its Int32Array: how many tasks nobody has taken (-1
 * ends the workers), how many are finished, the length of the first failure's message, the function, its number of
 * arguments, which argument is the thread's scratch memory (-1: none), where scratch begins, bytes per thread.
 */
const slot = { remaining: 0, done: 1, failed: 2, fn: 3, args: 4, scratchArg: 5, scratchAt: 6, scratchBytes: 7 } as const;

/** Tasks that the control block holds: more run in turns. */
export const maxTasks = 64;
const maxArgs = 32;
const maxMessage = 200;
const argsOffset = 64;
const messageOffset = argsOffset + maxTasks * maxArgs * 8;
const controlBytes = messageOffset + maxMessage * 2;

/** Turns of a waiting loop before a thread sleeps: some 100 microseconds, more than what a caller does between two kernels, or two calls of attention. */
const spins = 10000;

/**
 * What a worker runs; `WorkerPool.run` takes tasks in the same way. A task is taken by lowering `remaining`, so a
 * worker that wakes late finds 0 and does nothing, and nobody waits for a worker that has no task. The arguments
 * of a taken task cannot change, because the next call starts only when every task is done.
 */
const workerBody = `({ module, memory, buffer, thread }, ready) => {
  const raw = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const names = Object.keys(raw);
  const control = new Int32Array(buffer, 0, 16);
  ready();
  for (;;) {
    let left = Atomics.load(control, ${slot.remaining});
    for (let i = 0; left === 0 && i < ${spins}; i++) left = Atomics.load(control, ${slot.remaining});
    if (left < 0) return;
    if (left === 0) {
      Atomics.wait(control, ${slot.remaining}, 0);
      continue;
    }
    if (Atomics.compareExchange(control, ${slot.remaining}, left, left - 1) !== left) continue;
    try {
      const args = new Float64Array(buffer, ${argsOffset} + (left - 1) * ${maxArgs * 8}, control[${slot.args}]).slice();
      const at = control[${slot.scratchArg}];
      if (at >= 0) args[at] = (control[${slot.scratchAt}] >>> 0) + thread * control[${slot.scratchBytes}];
      raw[names[control[${slot.fn}]]](...args);
    } catch (error) {
      const text = String(error).slice(0, ${maxMessage});
      new Uint16Array(buffer, ${messageOffset}, text.length).set(Array.from(text, (c) => c.charCodeAt(0)));
      Atomics.store(control, ${slot.failed}, text.length);
    }
    Atomics.add(control, ${slot.done}, 1);
    Atomics.notify(control, ${slot.done});
  }
}`;

/** Scratch memory of a call: which argument receives its address, where it begins, bytes for each thread. */
export interface TaskScratch {
  readonly argument: number;
  readonly at: number;
  readonly bytes: number;
}

/** Worker threads over one shared WASM memory; the calling thread works along and then waits for the last task. */
export class WorkerPool {
  readonly #raw: RawKernels;
  readonly #names: readonly string[];
  readonly #buffer: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #workers: readonly WorkerHandle[];
  readonly #maySleep: boolean;

  private constructor(raw: RawKernels, buffer: SharedArrayBuffer, workers: readonly WorkerHandle[]) {
    this.#raw = raw;
    this.#names = Object.keys(raw);
    this.#buffer = buffer;
    this.#control = new Int32Array(buffer, 0, 16);
    this.#workers = workers;
    this.#maySleep = maySleep();
  }

  /**
   * Starts `threads - 1` workers and resolves when all are ready.
   *
   * @throws Error if a worker does not start
   */
  static async start(threads: number, raw: RawKernels, module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<WorkerPool> {
    const buffer = new SharedArrayBuffer(controlBytes);
    const data = Array.from({ length: threads - 1 }, (_, i) => ({ module, memory, buffer, thread: i + 1 }));
    return new WorkerPool(raw, buffer, await startWorkers(workerBody, data));
  }

  /** Threads, the caller's included. */
  get threads(): number {
    return this.#workers.length + 1;
  }

  /** Calls `fn` once for each line of arguments, on whichever thread is free, and returns when all are done. */
  run(fn: string, tasks: readonly (readonly number[])[], scratch: TaskScratch | null): void {
    for (let from = 0; from < tasks.length; from += maxTasks) this.#turn(fn, tasks.length <= maxTasks ? tasks : tasks.slice(from, from + maxTasks), scratch);
  }

  #turn(fn: string, tasks: readonly (readonly number[])[], scratch: TaskScratch | null): void {
    const control = this.#control;
    tasks.forEach((args, i) => new Float64Array(this.#buffer, argsOffset + i * maxArgs * 8, maxArgs).set(args));
    control[slot.done] = 0;
    control[slot.failed] = 0;
    control[slot.fn] = this.#names.indexOf(fn);
    control[slot.args] = tasks[0]?.length ?? 0;
    control[slot.scratchArg] = scratch?.argument ?? -1;
    control[slot.scratchAt] = scratch?.at ?? 0; // addresses above 2^31 wrap here and are read back unsigned
    control[slot.scratchBytes] = scratch?.bytes ?? 0;
    Atomics.store(control, slot.remaining, tasks.length);
    Atomics.notify(control, slot.remaining, tasks.length - 1);

    let failure: unknown;
    for (let left = tasks.length; left > 0; left = Atomics.load(control, slot.remaining)) {
      if (Atomics.compareExchange(control, slot.remaining, left, left - 1) !== left) continue;
      try {
        const args = [...tasks[left - 1]!];
        if (scratch !== null) args[scratch.argument] = scratch.at;
        this.#raw[fn]!(...args);
      } catch (error) {
        failure ??= error;
      }
      Atomics.add(control, slot.done, 1);
    }
    for (let turn = 0; ; turn++) {
      const finished = Atomics.load(control, slot.done);
      if (finished === tasks.length) break;
      if (turn > spins && this.#maySleep) Atomics.wait(control, slot.done, finished);
    }
    const length = Atomics.load(control, slot.failed);
    if (failure === undefined && length > 0) {
      failure = new Error(`${fn}: every thread must finish its task, got ${String.fromCharCode(...new Uint16Array(this.#buffer, messageOffset, length))}`);
    }
    if (failure !== undefined) throw failure;
  }

  /** Ends the workers. */
  close(): void {
    Atomics.store(this.#control, slot.remaining, -1);
    Atomics.notify(this.#control, slot.remaining);
    for (const worker of this.#workers) worker.end();
  }
}

/** Whether this thread may sleep in Atomics.wait; the main thread of a page may not and spins. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0); // 0 is not 1, so this returns at once
    return true;
  } catch {
    return false;
  }
}
