import { availableParallelism, arch, cpus, platform, totalmem } from 'node:os';
import type { KernelBuild } from '@prompt-limits/core-linalg';
import type { Machine } from '../measure/machine.ts';

/** Bytes in a MiB. */
const MIB = 2 ** 20;

/**
 * The machine that this Node process runs on.
 *
 * @param kernels - the kernels in use, read for their build and threads
 * @example
 * describeNodeMachine().cores >= 1; // => true
 */
export function describeNodeMachine(kernels: { readonly build: KernelBuild; readonly threads: number } | null = null): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / MIB),
    platform: `${platform()} ${arch()}`,
    runtime: `Node ${process.versions.node}`,
    kernelBuild: kernels?.build ?? null,
    threads: kernels?.threads ?? null,
  };
}

/**
 * The most memory that this process has held so far (its peak resident set), in MiB.
 *
 * @example
 * peakMemoryMiB() > 1; // => true
 */
export function peakMemoryMiB(): number {
  return process.resourceUsage().maxRSS / 1024; // getrusage counts in KiB
}
