import { afterAll } from 'vitest';
import { createKernels, createPlainKernels, type FloatArray, type Kernels } from '../../src/index.ts';
import { supportedBuilds } from '../../src/kernels/wasmModule.ts';

/** Rounding unit of a kernel's precision. */
export const unit = (kernels: Kernels): number => (kernels.precision === 'float32' ? 2 ** -24 : 2 ** -53);

/** Every kernel that runs here, with a name: both plain precisions, each WASM build on one thread, the best on two. */
export async function allKernels(): Promise<[name: string, kernels: Kernels][]> {
  const list: [string, Kernels][] = [
    ['plain float64', createPlainKernels({ precision: 'float64' })],
    ['plain float32', createPlainKernels()],
  ];
  const builds = supportedBuilds().filter((build) => build !== 'plain');
  for (const build of builds) list.push([build, await createKernels({ build, threads: 1, memoryMiB: 64 })]);
  if (builds.length > 0) list.push([`${builds[0]}, 2 threads`, await createKernels({ threads: 2, memoryMiB: 64 })]);
  afterAll(() => list.forEach(([, kernels]) => kernels.close()));
  return list;
}

/** Reproducible numbers in [-1, 1) (Park and Miller's generator), already rounded to float32. */
export function numbers(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return Math.fround((state / 2147483647) * 2 - 1);
  };
}

/** `length` values of `value(i)` in the kernels' precision: in kernel memory, or as a foreign array. */
export function filled(kernels: Kernels, length: number, value: (i: number) => number, foreign: boolean = false): FloatArray {
  const array = foreign ? (kernels.precision === 'float32' ? new Float32Array(length) : new Float64Array(length)) : kernels.allocate(length);
  for (let i = 0; i < length; i++) array[i] = value(i);
  return array;
}

/** Distance between neighbouring floats of a precision at |x|, the subnormal grid included. */
export function ulp(x: number, precision: 'float32' | 'float64'): number {
  const [digits, least] = precision === 'float32' ? [23, -126] : [52, -1022];
  return 2 ** (Math.max(least, Math.floor(Math.log2(Math.abs(x) || Number.MIN_VALUE))) - digits);
}

/** The index where |actual - expected| exceeds `bound(i)` (or one is NaN), with both values; undefined if there is none. */
export function firstBeyond(
  actual: ArrayLike<number>, expected: ArrayLike<number>, bound: (i: number) => number,
): { index: number; actual: number; expected: number; bound: number } | undefined {
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (!Object.is(a, e) && !(Math.abs(a - e) <= bound(i))) return { index: i, actual: a, expected: e, bound: bound(i) };
  }
  return undefined;
}

/** d f / d x[i] by the central difference with step h, leaving x as it was: error O(h^2) + O(2^-53 / h). */
export function centralDifference(f: () => number, x: FloatArray, i: number, h: number = 1e-5): number {
  const at = x[i]!;
  x[i] = at + h;
  const above = f();
  x[i] = at - h;
  const below = f();
  x[i] = at;
  return (above - below) / (2 * h);
}

/** sum_i a_i b_i, the loss whose gradient a vector-Jacobian product for b is. */
export function dot(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
