import { geometricMeanRatio, interleave, median } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, createPlainKernels, multiplyAddCeiling, type KernelBuild, type Kernels } from '@prompt-limits/core-linalg';
import type { Row } from '../cli/table.ts';
import { kernelCases, OPERATIONS, type KernelCase } from './kernelCases.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** MiB of memory that the cases need, with room to spare. */
const MEMORY_MIB = 256;

/** Numeric kernels, each in every build that runs here. */
export const kernels: Suite = {
  name: 'kernels',
  claim: 'One thread multiplies 512 x 512 Float32 matrices at 30 GFLOP/s or more where relaxed SIMD runs and its registers reach 36 to 47, and every kernel agrees with float64 to Float32 rounding.',
  columns: {
    kernel: 'what is computed; gemm NN, NT, TN name the form, gemmPacked uses a right operand laid out beforehand',
    shape: 'sizes: m x n x k of a product, rows x columns or the length of the rest, for monomials tokens x width, degree of the set of all monomials and columns; those with 512, 1408 and 6400 are MiniMind2-Small at 64 tokens',
    threads: 'threads that share the work',
    build: 'relaxed-simd (fused multiply-add), simd128 or plain TypeScript',
    us: 'median microseconds of one call, arguments in kernel memory',
    gflops: `10^9 operations per second: 2 m n k for a product, 2 n rank columns for monomials, whose own products do not count; per value ${Object.entries(OPERATIONS).map(([k, n]) => `${n} for ${k}`).join(', ')}`,
    gvalues: '10^9 values per second that come out; for exp these are exponentials',
    maxError: 'largest difference from float64 over sampled results: for products and monomials over the sum of |a b|, for exp over the result, else as it is',
    ofCeiling: 'share of what multiply-adds that touch no memory reach in the same build and the same rounds, on one thread; null for kernels that are no products',
    speedup: 'how many times as fast as the same build on one thread, geometric mean over the rounds',
    speedupOverPlain: 'how many times as fast as the plain build; null where --quick leaves that out',
  },
  run,
};

/** --quick leaves plain TypeScript out of cases with more operations than this: half a second and more a call. */
const PLAIN_QUICK_LIMIT = 1e8;

interface Contender {
  readonly name: string;
  readonly kernels: Kernels;
}

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const contenders = await contendersFor(threads);
  try {
    const cases = kernelCases();
    const rows: Row[] = [];
    for (const [index, c] of cases.entries()) {
      const note = `${c.kernel} ${c.shape}`;
      rows.push(...(await measureCase(c, contenders, { quick, signal, onProgress: (f) => onProgress((index + f) / cases.length, note) })));
    }
    return { machine: describeNodeMachine(contenders[0]!.kernels), rows };
  } finally {
    for (const c of contenders) c.kernels.close();
  }
}

/** The fastest build on one and on several threads, simd128, and plain TypeScript. */
async function contendersFor(threads: number): Promise<readonly Contender[]> {
  const best = await createKernels({ threads: 1, memoryMiB: MEMORY_MIB });
  const made = [best];
  if (threads > 1) made.push(await createKernels({ threads, memoryMiB: MEMORY_MIB }));
  if (best.build === 'relaxed-simd') made.push(await createKernels({ build: 'simd128', threads: 1, memoryMiB: MEMORY_MIB }));
  if (best.build !== 'plain') made.push(createPlainKernels({ precision: 'float32' }));
  return made.map((k) => ({ name: `${k.build}/${k.threads}`, kernels: k }));
}

async function measureCase(c: KernelCase, contenders: readonly Contender[], { quick, signal, onProgress }: Pick<SuiteOptions, 'quick' | 'signal'> & { onProgress: (f: number) => void }): Promise<readonly Row[]> {
  const taking = contenders.filter(({ kernels: k }) => !quick || k.build !== 'plain' || contenders.length === 1 || c.operations <= PLAIN_QUICK_LIMIT);
  const prepared = taking.map(({ name, kernels: k }) => ({ name, kernels: k, call: c.prepare(k) }));
  const ceilings = /^(gemm|monomial)/.test(c.kernel) ? await ceilingsFor(prepared.map((p) => p.kernels.build)) : [];
  const samples = await interleave([...prepared.map(({ name, call }) => ({ name, run: call.run })), ...ceilings], {
    rounds: quick ? 3 : 15,
    minMilliseconds: quick ? 10 : 30,
    signal,
    onProgress,
  });
  const plain = samples[prepared.findIndex((p) => p.kernels.build === 'plain')] ?? null;
  return prepared.map((p, i) => {
    const { milliseconds } = samples[i]!;
    const ms = median(milliseconds);
    const single = samples[prepared.findIndex((q) => q.kernels.build === p.kernels.build && q.kernels.threads === 1)]!;
    const ceiling = ceilings.findIndex(({ build }) => build === p.kernels.build && p.kernels.threads === 1);
    return {
      kernel: c.kernel,
      shape: c.shape,
      threads: p.kernels.threads,
      build: p.kernels.build,
      us: ms * 1000,
      gflops: c.operations / ms / 1e6,
      gvalues: c.values / ms / 1e6,
      maxError: p.call.maxError(),
      ofCeiling: ceiling < 0 ? null : (geometricMeanRatio(samples[prepared.length + ceiling]!.milliseconds, milliseconds) * c.operations) / ceilings[ceiling]!.operations,
      speedup: geometricMeanRatio(single.milliseconds, milliseconds),
      speedupOverPlain: plain && geometricMeanRatio(plain.milliseconds, milliseconds),
    };
  });
}

/** Operations of one call of a ceiling loop: some 0.2 ms, like the smaller products. */
const CEILING_OPERATIONS = 9_600_000;

/** The loops of register-only multiply-adds, one for each WASM build. */
async function ceilingsFor(builds: readonly KernelBuild[]): Promise<readonly { name: string; build: KernelBuild; operations: number; run: () => void }[]> {
  const wasm = [...new Set(builds)].filter((build) => build !== 'plain');
  return Promise.all(wasm.map(async (build) => {
    const { run: loop, operationsPerRound } = await multiplyAddCeiling(build);
    const rounds = Math.round(CEILING_OPERATIONS / operationsPerRound);
    return { name: `ceiling ${build}`, build, operations: rounds * operationsPerRound, run: () => void loop(rounds) };
  }));
}
