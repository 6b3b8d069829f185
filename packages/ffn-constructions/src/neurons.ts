import type { FeedForward } from '@prompt-limits/attention';
import { assertInRange } from '@prompt-limits/core-linalg';

/** A vector with one non-zero entry. */
interface Single {
  readonly coordinate: number;
  readonly weight: number;
}

/** One hidden neuron: its weights from the coordinates, its bias, and its weights to the outputs. */
export interface Neuron {
  /** Weights from the d coordinates. */
  readonly from: Float64Array | Single;
  /** Bias inside the ReLU. */
  readonly bias: number;
  /** Weights to the d outputs. */
  readonly to: Float64Array | Single;
}

// 2^27 weights are 1 GiB for each of the two matrices: beyond that the dense form is the wrong one.
const MAX_WEIGHTS = 2 ** 27;

/**
 * Refuses a network whose dense weights would not fit, before its neurons are listed.
 *
 * @internal
 */
export function assertFits(fn: string, d: number, r: number): void {
  assertInRange(fn, `d x r = ${d} x ${r} weights`, d * r, 0, MAX_WEIGHTS);
}

/**
 * Writes neurons into the dense form.
 *
 * @internal
 */
export function assemble(d: number, neurons: readonly Neuron[]): FeedForward {
  const r = neurons.length;
  const network = { d, r, w1: new Float64Array(r * d), b1: new Float64Array(r), w2: new Float64Array(d * r), b2: new Float64Array(d) };
  neurons.forEach(({ from, bias, to }, j) => {
    network.b1[j] = bias;
    if ('weight' in from) network.w1[j * d + from.coordinate] = from.weight;
    else network.w1.set(from, j * d);
    if ('weight' in to) network.w2[to.coordinate * r + j] = to.weight;
    else for (let i = 0; i < d; i++) network.w2[i * r + j] = to[i]!;
  });
  return network;
}

/**
 * -ReLU(z_i) + ReLU(-z_i) = -z_i: two neurons that cancel the residual connection of coordinate i, exactly.
 * Where z_i >= 0 is known the first alone does it.
 *
 * @internal
 */
export function cancel(i: number, sign: 'any sign' | 'not negative'): Neuron[] {
  const positive = { from: { coordinate: i, weight: 1 }, bias: 0, to: { coordinate: i, weight: -1 } };
  return sign === 'not negative' ? [positive] : [positive, { from: { coordinate: i, weight: -1 }, bias: 0, to: { coordinate: i, weight: 1 } }];
}

/**
 * height (ReLU(x - c) - ReLU(x - c - 1)) with x = weight z_i: 0 up to c, height from c + 1 on.
 *
 * @internal
 */
export function step(i: number, weight: number, c: number, height: number): Neuron[] {
  return [
    { from: { coordinate: i, weight }, bias: -c, to: { coordinate: i, weight: height } },
    { from: { coordinate: i, weight }, bias: -c - 1, to: { coordinate: i, weight: -height } },
  ];
}
