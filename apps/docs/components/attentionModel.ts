/** What the live demo shows, computed by the packages; the page and its test call the same function. */
import { attend } from '@prompt-limits/attention';
import { boltz, gibbsEntropy, logPartition } from '@prompt-limits/boltzmann';
import { tokens, tokensFromColumns, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';

/** A token of the demo: d = 2, so that it can be drawn. */
export type Point = readonly [number, number];

/** One prompt token and the input tokens; the last of them asks. */
export interface DemoState {
  readonly prompt: Point;
  readonly input: readonly Point[];
  readonly scale: number;
}

/** What the page shows first. */
export const initialState: DemoState = { prompt: [1.2, 1.3], input: [[-1.4, 0.6], [-0.5, -1.3], [1.5, -0.7], [0.8, 0.5]], scale: 1 };

/** Everything that the page prints and draws. */
export interface DemoView {
  /** Scores of the query against [P, X]: scale k_j . q. */
  readonly scores: Float64Array;
  /** Softmax of every column of scores: weights[i][j] is what query i gives to token j. */
  readonly weights: readonly (readonly number[])[];
  /** The output token of the query, with the prompt and without it. */
  readonly output: Point;
  readonly withoutPrompt: Point;
  /** Share of the prompt in the query's attention, Psi(P, x) / Psi([P, X], x) of Eq. (I.2). */
  readonly promptShare: number;
  /** Boltz, log partition and entropy of the query's scores; Lemma C.1 ties them together. */
  readonly boltz: number;
  readonly logPartition: number;
  readonly entropy: number;
  /** Largest difference between the Float32 kernels and the Float64 reference over all weights. */
  readonly float32Error: number;
}

const identity = (n: number): Float64Array => Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
const inFloat32 = (t: Tokens<FloatArray>): Tokens<Float32Array> => tokens(t.d, Float32Array.from(t.data));
const last = (z: Tokens<FloatArray>): Point => [z.data[z.data.length - 2]!, z.data[z.data.length - 1]!];

/** The demo's figures for one state; `kernels` are the Float32 kernels that the page loaded. */
export function view({ prompt, input, scale }: DemoState, kernels: Kernels): DemoView {
  const x = tokensFromColumns([prompt, ...input]) as Tokens<Float64Array>;
  const bare = tokensFromColumns(input) as Tokens<Float64Array>;
  const n = x.n;
  // Values that are the identity return the columns of the softmax themselves.
  const unit = tokens(n, identity(n));
  const weights = attend({ queries: x, keys: x, values: unit, scale }).output.data;
  const fast = attend({ queries: inFloat32(x), keys: inFloat32(x), values: inFloat32(unit), scale }, kernels).output.data;
  const query = input.at(-1)!;
  const scores = Float64Array.from([prompt, ...input], (k) => scale * (k[0] * query[0] + k[1] * query[1]));
  const own = weights.subarray((n - 1) * n);
  return {
    scores,
    weights: Array.from({ length: n }, (_, i) => [...weights.subarray(i * n, (i + 1) * n)]),
    output: last(attend({ queries: x, keys: x, values: x, scale }).output),
    withoutPrompt: last(attend({ queries: bare, keys: bare, values: bare, scale }).output),
    promptShare: own[0]!,
    boltz: boltz(scores),
    logPartition: logPartition(scores),
    entropy: gibbsEntropy(own),
    float32Error: weights.reduce((worst, w, i) => Math.max(worst, Math.abs(w - fast[i]!)), 0),
  };
}
