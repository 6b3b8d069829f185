import { setTimeout as pause } from 'node:timers/promises';
import { attend as exactly, type AttentionProblem } from '@prompt-limits/attention';
import { attentionFlops, geometricMeanRatio, interleave, logLogSlope, median } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, type Kernels } from '@prompt-limits/core-linalg';
import { attend, monomialCount, taylorDegree, weightTolerance, type FastAttention } from '@prompt-limits/fast-attention';
import type { Row } from '../cli/table.ts';
import { sampledError } from '../peers/exactRows.ts';
import { startPeer, type Peer } from '../peers/process.ts';
import { ENTRIES, fastCases, fastProblem, type FastCase } from './fastAttentionCases.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** Largest n at which exact attention is timed. Beyond, that n is timed in the same rounds, and its time grows with n^2. */
const EXACT_LIMIT = 16384;
/** Likewise onnxruntime, and with --quick. */
const PEER_LIMITS = [16384, 4096] as const;
/** Queries whose outputs are compared with exact attention in float64. */
const SAMPLED = 8;
/** Threads of a runtime go on spinning for a while after a call; this long (ms) they are given to fall asleep. */
const REST = 20;
/** Milliseconds of calls before anything is timed. */
const WARM_UP = 500;

/** Fast attention against exact attention and onnxruntime. */
export const fastAttention: Suite = {
  name: 'fast-attention',
  claim:
    'Certified to 1e-3 of the range of V, entries within 0.5, d = 8: at n = 131072 at least 120 times as fast as onnxruntime-node on 2 threads (timed up to 16384, beyond by n^2), time linear in n (slope at most 1.1), the crossover below n = 1000; at d = 16 and degree 3 at least 15 and 60 times as fast as our exact attention on as many threads, one or all, at n = 16384 and 65536; auto never slower than 1.05 times the method exact.',
  columns: {
    n: 'tokens, queries and keys',
    d: 'width of a token',
    B: 'largest entry of Q, K and V',
    data: 'uniform: entries within 0.5; half-width 0.5: scaled so that no score exceeds 0.5; spectrum 0.5^i: key coordinate i shrunk by 0.5^i, no score above 1; 20 times as long: every 200th query and key; the scale is 1 / sqrt(d). The last rows are figures of the run, in `value`',
    causal: '1: a query sees the keys up to its own token',
    asked: 'the method that was asked for',
    method: 'the method that ran',
    truncation: 'isotropic: all monomials of a degree; adaptive: those that this head needs',
    degree: 'degree of the polynomial',
    rank: 'its monomials',
    taylorRank: 'monomials of Taylor\'s polynomial for the same half-width and tolerance',
    threads: 'threads that share the work',
    ms: 'median milliseconds, checks, plan and certificate included',
    exactMs: 'median milliseconds of our exact attention on as many threads, in turn with it; where auto was asked for, of attend with method exact, checks and certificate included',
    exactScaledFrom: 'n at which exactMs was timed, in the same rounds, if another: scaled by n^2',
    ortMs1: 'median milliseconds of onnxruntime-node on one thread, the faster of its graphs, in a process of its own',
    ortMs2: 'the same on `threads` threads',
    ortScaledFrom: 'n at which both were timed, if another: scaled by n^2',
    ratioToExact: 'time over exact, geometric mean over the rounds',
    speedupOverExact: 'its inverse',
    speedupOverOrt2: 'how many times as fast as onnxruntime-node on `threads` threads, geometric mean over the rounds',
    maxError: `largest difference from exact attention in float64 over ${SAMPLED} queries, as a fraction of the range of V`,
    certified: 'the bound on it for all queries',
    certificateKind: 'what the bound rests on',
    gflops: '(4 n^2 d + n^2) / time, 10^9 per second, of exact attention',
    value: 'the figure that the row is named after',
  },
  run,
};

type Stepped = Omit<SuiteOptions, 'onProgress'> & { onProgress: (f: number) => void };

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const kernels = await createKernels({ threads });
  const alone = await createKernels({ threads: 1 });
  const peers = [...new Set([1, threads])].map((t) => startPeer('onnxruntime-node', t));
  try {
    const rows: Row[] = [];
    const list = fastCases(quick);
    warmUp(fastProblem(list[0]!), kernels);
    warmUp(fastProblem(list[0]!), alone);
    for (const [i, c] of list.entries()) {
      signal.throwIfAborted();
      const step = (f: number): void => onProgress((i + f) / list.length, `n = ${c.n}, d = ${c.d}, ${c.data}`);
      rows.push(await measure(c, c.alone ? alone : kernels, peers, { quick, threads, signal, onProgress: step }));
    }
    return { machine: describeNodeMachine(kernels), rows: [...rows, ...figures(rows)] };
  } finally {
    kernels.close();
    alone.close();
    for (const peer of peers) peer.close();
  }
}

/** Calls until the engine has compiled all that a call runs through, which takes longer than the first rounds. */
function warmUp(problem: AttentionProblem, kernels: Kernels): void {
  for (const start = performance.now(); performance.now() - start < WARM_UP; ) attend(problem, { method: 'polynomial', tolerance: 1e-3, kernels });
}

async function measure(c: FastCase, kernels: Kernels, peers: readonly Peer[], { quick, signal, onProgress }: Stepped): Promise<Row> {
  const { n, d } = c;
  const problem = fastProblem(c);
  const exactOnly = c.options.method === 'exact';
  const exactN = Math.min(n, EXACT_LIMIT);
  const peerN = Math.min(n, PEER_LIMITS[quick ? 1 : 0]);
  const smaller = exactN === n ? problem : fastProblem({ ...c, n: exactN });
  if (c.peers) for (const peer of peers) await peer.prepare({ n: peerN, d, bound: ENTRIES, seed: 1, sampled: [0] });
  let result: FastAttention | null = null;
  const rested = (call: () => unknown) => async (repeats: number): Promise<number> => {
    await pause(REST);
    const start = performance.now();
    for (let k = 0; k < repeats; k++) call();
    return performance.now() - start;
  };
  // What auto chooses between certifies both ways.
  const exact = (): unknown => (c.options.method === 'auto' ? attend(smaller, { method: 'exact', kernels }) : exactly(smaller, kernels));
  const samples = await interleave(
    [
      { name: 'ours', time: rested(() => (exactOnly ? exactly(problem, kernels) : (result = attend(problem, { ...c.options, kernels })))) },
      ...(exactOnly ? [] : [{ name: 'exact', time: rested(exact) }]),
      ...(c.peers ? peers.map((peer, k) => ({ name: `peer ${k}`, time: async (repeats: number): Promise<number> => (await pause(REST), peer.time(repeats)) })) : []),
    ],
    { rounds: n > 4096 ? (quick ? 3 : 5) : quick ? 5 : 9, minMilliseconds: n > 4096 ? 60 : 20, signal, onProgress },
  );
  const ours = samples[0]!.milliseconds;
  const ms = median(ours);
  /** Samples by name, scaled by n^2 from the n that was timed. */
  const scaled = (name: string, from: number): readonly number[] | null => samples.find((x) => x.name === name)?.milliseconds.map((t) => t * (n / from) ** 2) ?? null;
  const exactMs = scaled('exact', exactN);
  const [ort1, ort2] = [scaled('peer 0', peerN), scaled(`peer ${peers.length - 1}`, peerN)];
  const ratio = exactMs === null ? null : geometricMeanRatio(ours, exactMs);
  return {
    n, d, B: largestOf(problem), data: c.data, causal: c.causal ? 1 : 0, asked: c.options.method ?? 'auto',
    ...described(result as FastAttention | null, problem, c, kernels),
    threads: kernels.threads, ms, exactMs: exactMs === null ? ms : median(exactMs), exactScaledFrom: exactN === n || exactOnly ? null : exactN,
    ortMs1: ort1 && median(ort1), ortMs2: ort2 && median(ort2), ortScaledFrom: ort2 === null || peerN === n ? null : peerN,
    ratioToExact: ratio, speedupOverExact: ratio && 1 / ratio, speedupOverOrt2: ort2 && geometricMeanRatio(ort2, ours),
    maxError: sampledError(problem, result === null ? exactly(problem, kernels).output.data : (result as FastAttention).output.data, SAMPLED),
    ...bounds(result), gflops: exactOnly ? attentionFlops(n, d) / ms / 1e6 : null, value: null,
  };
}

function largestOf({ queries, keys, values }: AttentionProblem): number {
  let most = 0;
  for (const { data } of [queries, keys, values]) for (const x of data) most = Math.max(most, Math.abs(x));
  return most;
}

const bounds = (result: FastAttention | null): Row => ({ certified: result?.certificate.relative ?? null, certificateKind: result?.certificate.kind ?? null });

/** What ran, and what Taylor's polynomial would have needed where monomials were chosen. */
function described(result: FastAttention | null, problem: AttentionProblem, { d, options }: FastCase, kernels: Kernels): Row {
  const plan = result?.plan[0];
  if (plan?.method !== 'polynomial') return { method: 'exact', truncation: null, degree: null, rank: null, taylorRank: null };
  let taylorRank: number | null = null;
  if (plan.truncation === 'adaptive') {
    // The half-width in the coordinates that are given.
    const { halfWidth } = attend(problem, { method: 'polynomial', truncation: 'isotropic', degree: 0, kernels }).plan[0]!;
    taylorRank = Number(monomialCount(d, taylorDegree({ halfWidth: halfWidth!, tolerance: weightTolerance(options.tolerance!) })));
  }
  return { method: plan.method, truncation: plan.truncation, degree: plan.degree, rank: plan.rank, taylorRank };
}

/** Slope and crossover from the rows that were measured. */
function figures(rows: readonly Row[]): readonly Row[] {
  const uniform = rows.filter((r) => r['data'] === 'uniform' && r['asked'] === 'polynomial' && r['causal'] === 0) as { n: number; ms: number; ortMs2: number; ortScaledFrom: number | null }[];
  const large = uniform.filter(({ n }) => n >= 4096);
  const slope = logLogSlope(large.map(({ n }) => n), large.map(({ ms }) => ms)).slope;
  // ln(ours / onnxruntime) against ln n is nearly a line between two sizes.
  const gaps = uniform.filter(({ ortScaledFrom }) => ortScaledFrom === null).map(({ n, ms, ortMs2 }) => ({ x: Math.log(n), y: Math.log(ms / ortMs2) }));
  const after = gaps.findIndex(({ y }, i) => y <= 0 && gaps.slice(i).every((g) => g.y <= 0));
  const [a, b] = [gaps[after - 1], gaps[after]];
  const crossover = b === undefined ? null : a === undefined ? Math.exp(b.x) : Math.exp(a.x + ((b.x - a.x) * a.y) / (a.y - b.y));
  return [
    { data: 'slope of log ms against log n, uniform, n from 4096', value: slope },
    { data: 'crossover n against onnxruntime-node on `threads` threads, uniform (at most, if the smallest n)', value: crossover },
  ];
}
