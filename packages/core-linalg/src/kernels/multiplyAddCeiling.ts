import { assertInteger, assertOneOf } from '../checks/checks.ts';
import type { KernelBuild } from './kernels.ts';
import { kernelModule, supportedBuilds, type RawKernels } from './wasmModule.ts';

/** The most arithmetic that one thread can do in one build; made by `multiplyAddCeiling`. */
export interface MultiplyAddCeiling {
  /** Operations in one round, a multiply-add counted as two. */
  readonly operationsPerRound: number;
  /** Does `rounds` rounds; returns their sum. */
  run(rounds: number): number;
}

// Twelve vectors of four lanes, two operations each: assembly/ceiling.ts.
const operationsPerRound = 12 * 4 * 2;

/**
 * A loop of Float32 multiply-adds that touches no memory: the time of `run` gives the ceiling, in operations per
 * second, that a kernel of this build can be compared with on this machine at this moment.
 *
 * @param build - a WASM build that runs here
 * @returns a loop of $a \leftarrow a x + y$ with $x = 1/2$, $y = 1$ on 48 sums, which tend to 2
 *
 * @throws RangeError if the build does not run here or is plain
 * @example
 * (await multiplyAddCeiling('simd128')).run(100); // => 96
 */
export async function multiplyAddCeiling(build: KernelBuild): Promise<MultiplyAddCeiling> {
  assertOneOf('multiplyAddCeiling', 'build', build, ['relaxed-simd', 'simd128']);
  if (!supportedBuilds().includes(build)) throw new RangeError(`multiplyAddCeiling: build must run here, got "${build}"`);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = await WebAssembly.instantiate(await kernelModule(build, false), { env: { memory } });
  const { multiplyAdds } = exports as unknown as RawKernels;
  return {
    operationsPerRound,
    run(rounds) {
      assertInteger('multiplyAddCeiling', 'rounds', rounds, 0, 2 ** 31 - 1);
      return multiplyAdds!(rounds, 0.5, 1);
    },
  };
}
