import type { AttentionProblem } from '@prompt-limits/attention';
import { normalTokens, randomSource, tokens, uniformTokens, type Tokens } from '@prompt-limits/core-linalg';
import type { FastAttentionOptions } from '@prompt-limits/fast-attention';

/** One measured problem. */
export interface FastCase {
  readonly n: number;
  readonly d: number;
  readonly data: string;
  readonly causal: boolean;
  readonly options: Pick<FastAttentionOptions, 'method' | 'truncation' | 'degree' | 'tolerance'>;
  /** Whether onnxruntime computes it too: uniform, no mask. */
  readonly peers: boolean;
  /** Both methods on one thread instead of those of the run. */
  readonly alone?: boolean;
}

/** Entries of the uniform problems, the scale being 1 / sqrt(d). */
export const ENTRIES = 0.5;
const TOLERANCE = 1e-3;
const SEED = 1;

const polynomial = { method: 'polynomial', tolerance: TOLERANCE } as const;
const uniform = (n: number): FastCase => ({ n, d: 8, data: 'uniform', causal: false, options: polynomial, peers: true });

/** Sizes between which the crossover against onnxruntime is sought. */
const CROSSOVER: readonly number[] = [256, 362, 512, 724, 1024, 2048];
/** Sizes of the slope. */
const SLOPE: readonly number[] = [4096, 8192, 16384, 32768, 65536, 131072];

/** All cases, and those of --quick, in the order of the rows. */
export function fastCases(quick: boolean): readonly FastCase[] {
  const slope = quick ? [4096, 16384, 131072] : SLOPE;
  const crossover = quick ? [512, 724, 1024] : CROSSOVER;
  return [
    ...[...crossover, ...slope].map(uniform),
    ...[false, true].flatMap((alone) => [16384, 65536].map((n): FastCase =>
      ({ n, d: 16, data: 'half-width 0.5', causal: false, options: { method: 'polynomial', degree: 3, truncation: 'isotropic' }, peers: false, alone }))),
    { n: 8192, d: 16, data: 'spectrum 0.5^i', causal: false, options: { ...polynomial, truncation: 'adaptive' }, peers: false },
    ...(quick ? [4096] : [4096, 16384]).map((n): FastCase => ({ n, d: 8, data: 'uniform', causal: true, options: polynomial, peers: false })),
    // Inside the criterion, inside but for a few tokens, and outside: normal entries of deviation 2; a head as wide as a language model's.
    { n: 4096, d: 8, data: 'uniform', causal: false, options: { method: 'auto', tolerance: TOLERANCE }, peers: false },
    { n: 16384, d: 8, data: 'uniform, 0.5% of the queries and keys 20 times as long', causal: false, options: { method: 'auto', tolerance: TOLERANCE }, peers: false },
    ...[1, 32, 256].map((n): FastCase => ({ n, d: 8, data: 'normal, deviation 2', causal: false, options: { method: 'auto', tolerance: TOLERANCE }, peers: false })),
    { n: 512, d: 8, data: 'normal, deviation 2', causal: false, options: { method: 'auto', tolerance: TOLERANCE }, peers: false },
    { n: 4096, d: 8, data: 'normal, deviation 2', causal: false, options: { method: 'auto', tolerance: TOLERANCE }, peers: false },
    { n: 512, d: 64, data: 'normal', causal: false, options: { method: 'auto', tolerance: TOLERANCE }, peers: false },
    { n: 2048, d: 64, data: 'normal', causal: true, options: { method: 'auto', tolerance: TOLERANCE }, peers: false },
    { n: 16384, d: 64, data: 'uniform', causal: false, options: { method: 'exact' }, peers: false },
  ];
}

/** Scales every vector so that none is longer than `length`. */
function within(t: Tokens<Float32Array>, length: number): Tokens<Float32Array> {
  let square = 0;
  for (let i = 0; i < t.n; i++) square = Math.max(square, t.data.subarray(i * t.d, (i + 1) * t.d).reduce((sum, x) => sum + x * x, 0));
  return tokens(t.d, t.data.map((x) => (x * length) / Math.sqrt(square)));
}

/** Queries, keys and values of a case. */
export function fastProblem({ n, d, data, causal }: FastCase): AttentionProblem<Float32Array> {
  const random = randomSource(SEED);
  const scale = 1 / Math.sqrt(d);
  const draw = (make: () => Tokens): [Tokens<Float32Array>, Tokens<Float32Array>, Tokens<Float32Array>] => [make(), make(), make()] as [Tokens<Float32Array>, Tokens<Float32Array>, Tokens<Float32Array>];
  if (data.startsWith('normal')) {
    const [queries, keys, values] = draw(() => normalTokens(random, d, n, data === 'normal' ? 1 : 2, 'float32'));
    return { queries, keys, values, scale, causal };
  }
  const [queries, keys, values] = draw(() => uniformTokens(random, d, n, -ENTRIES, ENTRIES, 'float32'));
  if (data === 'half-width 0.5') {
    // |scale q . k| <= scale 0.5 / scale for every pair.
    const length = Math.sqrt(0.499 / scale);
    return { queries: within(queries, length), keys: within(keys, length), values, scale, causal };
  }
  if (data.startsWith('spectrum')) {
    const [q, k] = [normalTokens(random, d, n, 1, 'float32'), normalTokens(random, d, n, 1, 'float32')] as [Tokens<Float32Array>, Tokens<Float32Array>];
    return { queries: within(q, 2), keys: within(tokens(d, k.data.map((x, at) => x * 0.5 ** (at % d))), 2), values, scale, causal };
  }
  if (data.includes('times as long')) for (const t of [queries, keys]) for (let i = 100; i < n; i += 200) for (let c = 0; c < d; c++) t.data[i * d + c]! *= 20;
  return { queries, keys, values, scale, causal };
}
