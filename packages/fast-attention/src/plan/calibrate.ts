import { monomialSet, randomSource, uniformTokens, type FloatArray, type Kernels } from '@prompt-limits/core-linalg';
import { nominalCosts, type CostModel, type LinearCost } from './costModel.ts';

/** A clock in milliseconds. */
export type Clock = () => number;

/** Options of `calibrate`. */
export interface CalibrateOptions {
  /** `performance.now` unless given. */
  readonly clock?: Clock;
  /** Times each case, the fastest counts; 3 unless given. */
  readonly rounds?: number;
}

const measuredHere = new Map<string, CostModel>();

/** Kernels of one build, precision and number of threads are equally fast, whichever object they are. */
const nameOf = ({ build, precision, threads }: Kernels): string => `${build} ${precision} ${threads}`;

/** The least time of several runs, in nanoseconds, after one that compiles. */
function fastest(run: () => void, clock: Clock, rounds: number): number {
  run();
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = clock();
    run();
    least = Math.min(least, clock() - start);
  }
  return Math.max(least, 1e-6) * 1e6;
}

/** The line through two points, held to costs that are not negative. */
function line(x1: number, y1: number, x2: number, y2: number): LinearCost {
  const each = Math.max(0, (y2 - y1) / (x2 - x1));
  const base = Math.max(0, y1 - each * x1);
  return base + each > 0 ? { base, each } : { base: y1, each: 0 };
}

/**
 * Measures what exact attention and the monomial kernels cost on this machine: about 60 ms with WASM kernels, a third of that with plain
 * ones. The result is remembered for kernels of the same build, precision and number of threads, and 'auto' uses it from then on.
 *
 * @param kernels - the kernels whose speed counts
 * @param options - another clock, or more rounds on a noisy machine
 * @returns a model for `predictedTimes`: two widths of exact attention and two numbers of columns of the monomial kernels, a line through
 * each two; the costs of centring and packing are nominal
 *
 * @throws RangeError if the kernels have no memory for the probes (about 2 MiB)
 * @example
 * import { createPlainKernels } from '@prompt-limits/core-linalg';
 * calibrate(createPlainKernels({ precision: 'float32' })).measured; // => true
 */
export function calibrate(kernels: Kernels, { clock = () => performance.now(), rounds = 3 }: CalibrateOptions = {}): CostModel {
  const wasm = kernels.build !== 'plain';
  const random = randomSource(1);
  const model = kernels.scratch((): CostModel => {
    const filled = (length: number): FloatArray => {
      const x = kernels.allocate(length);
      x.set(uniformTokens(random, 1, length, -0.5, 0.5).data);
      return x;
    };
    // Large enough for all threads to share the work.
    const [queries, keys] = wasm ? [2048, 1024] : [32, 128];
    const pair = (d: number): number => kernels.scratch(() => {
      const [q, k, v, z, logs] = [filled(queries * d), filled(keys * d), filled(keys * d), filled(queries * d), filled(queries)];
      const shape = { queries, keys, heads: 1, keyHeads: 1, d, dv: d, scale: 0.1, causal: null };
      return fastest(() => kernels.attention(shape, q, k, v, z, logs), clock, rounds) / (queries * keys);
    });
    const set = monomialSet(16, 2);
    const n = wasm ? 4096 : 32;
    const monomial = (columns: number): number => kernels.scratch(() => {
      const [x, y, out] = [filled(n * set.d), filled(n * columns), filled(n * columns)];
      const moments = filled(set.rank * columns);
      const both = fastest(() => kernels.monomialMoments(set, n, x, columns, y, moments), clock, rounds)
        + fastest(() => kernels.monomialRead(set, n, x, columns, moments, out), clock, rounds);
      return both / (2 * n * set.rank);
    });
    const { token, call } = nominalCosts(kernels);
    return { exactPair: line(16, pair(8), 96, pair(48)), monomial: line(9, monomial(9), 49, monomial(49)), token, call, measured: true };
  });
  measuredHere.set(nameOf(kernels), model);
  return model;
}

/** What was measured of such kernels, or the nominal costs. */
export function knownCosts(kernels: Kernels): CostModel {
  return (measuredHere.size === 0 ? undefined : measuredHere.get(nameOf(kernels))) ?? nominalCosts(kernels);
}

/** A calibration is worth its time where exact attention would take this many nominal milliseconds. */
const worthCalibrating = 2000;

/**
 * The costs to decide with: measured ones if there are any or if the problem is so large that measuring (60 ms) is at most 3% of the time
 * exact attention would take; else nominal ones.
 */
export function costsFor(kernels: Kernels, exactMilliseconds: number): CostModel {
  return exactMilliseconds > worthCalibrating && !measuredHere.has(nameOf(kernels)) ? calibrate(kernels) : knownCosts(kernels);
}
