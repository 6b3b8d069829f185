import { setTimeout as pause } from 'node:timers/promises';
import { attentionFlops, geometricMeanRatio, interleave, median, uniformAttention, type Samples } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { randomSource } from '@prompt-limits/core-linalg';
import type { Row } from '../cli/table.ts';
import type { ImplementationName } from '../peers/implementations.ts';
import { startPeer, type Peer, type Problem } from '../peers/process.ts';
import { attentionReference } from '../peers/reference.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** (n, d) from small to large. */
const SIZES = [[1024, 8], [1024, 64], [4096, 8], [4096, 64]] as const;

/** Entries of Q, K and V are uniform in [-1, 1). */
const BOUND = 1;
const SEED = 1;

/** Tokens whose outputs are compared with the float64 reference: the first, the last and some between. */
const SAMPLED = 16;

/** ml-matrix needs seconds at n = 4096; --quick leaves it out there. */
const ML_MATRIX_QUICK_LIMIT = 1024;

/** Threads of a runtime go on spinning for a while after a call; this long (ms) they are given to fall asleep. */
const REST = 20;

interface Contender {
  readonly name: ImplementationName;
  readonly threads: number;
}

const label = ({ name, threads }: Contender): string => `${name}/${threads}`;

/** Exact attention against the runtimes that Node and browsers have. */
export const attentionExact: Suite = {
  name: 'attention-exact',
  claim:
    'Exact attention in WASM on one thread is at least 2.5 times (d = 8) and 1.6 times (d = 64) as fast as onnxruntime-web at n = 4096, within 1.6 and 3 times of native onnxruntime-node, and two threads are at least 1.6 times as fast as one.',
  columns: {
    n: 'tokens',
    d: 'width of a token',
    implementation: 'library',
    threads: 'threads that it may use',
    variant: 'the kernel build, or the faster of the graphs that were tried',
    ms: 'median milliseconds of one attention',
    msBest: 'the same in the best round: what is left where other work on the machine disturbs the rounds unevenly',
    gflops: '(4 n^2 d + n^2) / time, 10^9 per second',
    maxError: `largest absolute difference from a float64 reference over ${SAMPLED} tokens`,
    ratioToOrtNode1: 'time over that of onnxruntime-node on one thread, geometric mean over the rounds; below 1 is faster',
    ratioToOrtWeb1: 'time over that of onnxruntime-web on one thread, likewise',
    speedup: 'how many times as fast as the same implementation on one thread, likewise',
  },
  run,
};

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const contenders = contendersFor(threads);
  const peers = new Map(contenders.map((c) => [label(c), startPeer(c.name, c.threads)]));
  try {
    const rows: Row[] = [];
    for (const [index, [n, d]] of SIZES.entries()) {
      const taking = contenders.filter((c) => !quick || c.name !== 'ml-matrix' || n <= ML_MATRIX_QUICK_LIMIT);
      rows.push(...(await measureSize(n, d, taking, peers, { quick, threads, signal, onProgress: (f) => onProgress((index + f) / SIZES.length, `n = ${n}, d = ${d}`) })));
    }
    return { machine: describeNodeMachine(), rows };
  } finally {
    for (const peer of peers.values()) peer.close();
  }
}

function contendersFor(threads: number): readonly Contender[] {
  const counts = threads > 1 ? [1, threads] : [1];
  const parallel = (['prompt-limits', 'onnxruntime-node', 'onnxruntime-web'] as const).flatMap((name) => counts.map((t) => ({ name, threads: t })));
  return [...parallel, { name: 'ml-matrix', threads: 1 }];
}

async function measureSize(n: number, d: number, contenders: readonly Contender[], peers: ReadonlyMap<string, Peer>, options: Omit<SuiteOptions, 'onProgress'> & { onProgress: (f: number) => void }): Promise<readonly Row[]> {
  const sampled = Array.from({ length: SAMPLED }, (_, i) => Math.round((i * (n - 1)) / (SAMPLED - 1)));
  const problem: Problem = { n, d, bound: BOUND, seed: SEED, sampled };
  const reference = attentionReference(uniformAttention(randomSource(SEED), d, n, BOUND), sampled);
  const prepared = new Map<string, { variant: string; maxError: number }>();
  for (const c of contenders) {
    options.signal.throwIfAborted();
    const { variant, outputs } = await peers.get(label(c))!.prepare(problem);
    const maxError = Math.max(...outputs.flatMap((z, i) => z.map((x, j) => Math.abs(x - reference[i]![j]!))));
    prepared.set(label(c), { variant, maxError });
  }
  const cases = contenders.map((c) => ({
    name: label(c),
    time: async (repeats: number): Promise<number> => {
      await pause(REST);
      return peers.get(label(c))!.time(repeats);
    },
  }));
  const samples = await interleave(cases, {
    rounds: options.quick ? 3 : 7,
    minMilliseconds: options.quick ? 20 : 60,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const find = (name: ImplementationName): Samples => samples.find((s) => s.name === label({ name, threads: 1 }))!;
  return contenders.map((c, i) => {
    const { milliseconds } = samples[i]!;
    const ms = median(milliseconds);
    return {
      n,
      d,
      implementation: c.name,
      threads: c.threads,
      variant: prepared.get(label(c))!.variant,
      ms,
      msBest: Math.min(...milliseconds),
      gflops: attentionFlops(n, d) / ms / 1e6,
      maxError: prepared.get(label(c))!.maxError,
      ratioToOrtNode1: geometricMeanRatio(milliseconds, find('onnxruntime-node').milliseconds),
      ratioToOrtWeb1: geometricMeanRatio(milliseconds, find('onnxruntime-web').milliseconds),
      speedup: geometricMeanRatio(find(c.name).milliseconds, milliseconds),
    };
  });
}
