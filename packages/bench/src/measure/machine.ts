import type { KernelBuild } from '@prompt-limits/core-linalg';

/** The machine that a figure was measured on. */
export interface Machine {
  /** The processor's name, as the operating system gives it. */
  readonly cpu: string;
  /** Logical processors. */
  readonly cores: number;
  /** Memory in MiB; null where the platform does not say. */
  readonly memoryMiB: number | null;
  /** Operating system and architecture, such as "linux x64". */
  readonly platform: string;
  /** What runs the code, such as "Node 24.1.0". */
  readonly runtime: string;
  /** The kernels that computed; null where none did. */
  readonly kernelBuild: KernelBuild | null;
  /** Threads that they shared the work among; null where none did. */
  readonly threads: number | null;
}

/**
 * The machine as far as a browser tells: cores and the user agent.
 *
 * In Node use `describeNodeMachine` of `@prompt-limits/bench/node`, which knows the processor and the memory.
 *
 * @param kernels - the kernels in use, read for their build and threads
 * @example
 * describeMachine({ build: 'plain', threads: 1 }).kernelBuild; // => 'plain'
 */
export function describeMachine(kernels: { readonly build: KernelBuild; readonly threads: number } | null = null): Machine {
  const agent = globalThis.navigator as Navigator | undefined;
  return {
    cpu: 'unknown',
    cores: agent?.hardwareConcurrency ?? 1,
    memoryMiB: null,
    platform: 'browser',
    runtime: agent?.userAgent ?? 'unknown',
    kernelBuild: kernels?.build ?? null,
    threads: kernels?.threads ?? null,
  };
}
