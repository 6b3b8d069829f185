import { describe, expect, test } from 'vitest';
import { createPlainKernels, monomialReadVjpRounding, monomialRounding, monomialSet, monomialSetOf, type FloatArray, type MonomialSet } from '../../src/index.ts';
import { kernelModule, supportedBuilds, type RawKernels } from '../../src/kernels/wasmModule.ts';
import { allKernels, filled, firstBeyond, numbers } from './fixtures.ts';

const plain64 = createPlainKernels({ precision: 'float64' });
const builds = supportedBuilds().filter((build) => build !== 'plain');

/** Every product of two different variables, each variable and 1: parents end before the first segment does. */
const pairs = monomialSetOf(11, Array.from({ length: 11 }, (_, i) => Array.from({ length: i + 1 }, (_unused, j) => [i, j]))
  .flat().map(([i, j]) => Array.from({ length: 11 }, (_, c) => (i !== j && (c === i || c === j) ? 1 : 0)))
  .filter((row) => row.includes(1))
  .concat(Array.from({ length: 12 }, (_, i) => Array.from({ length: 11 }, (_unused, c) => (c === i ? 1 : 0)))).flat());

// Around blocks of 128 tokens, segments of 32 monomials, groups of 8 segments, tiles of 6 columns; more tokens than one
// task takes, so that two threads share them; a set whose parents fill several segments.
const shapes: readonly (readonly [name: string, set: MonomialSet, n: number, columns: number])[] = [
  ['n = 127', monomialSet(7, 2), 127, 12],
  ['n = 128', monomialSet(7, 2), 128, 11],
  ['n = 129', monomialSet(7, 2), 129, 10],
  ['n = 1021', monomialSet(3, 4), 1021, 19],
  ['rank 455', monomialSet(3, 12), 389, 8],
  ['rank 256', monomialSet(255, 1), 131, 3],
  ['rank 3876', monomialSet(4, 15), 131, 2],
  ['d = 64', monomialSet(64, 2), 67, 129],
  ['d = 16, degree 3', monomialSet(16, 3), 257, 17],
  ['pairs', pairs, 150, 9],
  ['n = 130: two tokens alone', monomialSet(7, 2), 130, 25],
  ['n = 1', monomialSet(3, 12), 1, 31],
];

describe.each((await allKernels()).slice(1))('large shapes, %s', (_, kernels) => {
  test.each(shapes)('%s', (_name, set, n, columns) => {
    const { d, rank } = set;
    const next = numbers(n + columns);
    const arrays = [n * d, n * columns, rank * columns, rank * columns].map((length) => Float32Array.from({ length }, next));
    const [x, y, weights, old] = arrays.map((array) => Float64Array.from(array)) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const sized = (array: FloatArray) => array.map(Math.abs) as Float64Array;
    const results = (k: typeof kernels, [a, b, w, o]: readonly FloatArray[]) => {
      const moments = filled(k, rank * columns, (i) => o![i]!, true);
      k.monomialMoments(set, n, a!, columns, b!, moments);
      const out = filled(k, n * columns, () => Number.NaN, true);
      k.monomialRead(set, n, a!, columns, w!, out);
      const dx = filled(k, n * d, () => 0, true);
      k.monomialReadVjp(set, n, a!, columns, w!, b!, dx);
      return { moments, out, dx };
    };
    const actual = kernels.scratch(() => results(kernels, arrays));
    const exact = results(plain64, [x, y, weights, old]);
    // The same functions of absolute values are the sums that the bounds are relative to.
    const sizes = results(plain64, [x, y, weights, old].map(sized));
    const [bounds, own] = [monomialRounding(set, n, kernels), monomialRounding(set, n, plain64)];
    const [vjp, ownVjp] = [monomialReadVjpRounding(set, columns, kernels), monomialReadVjpRounding(set, columns, plain64)];
    expect(firstBeyond(actual.moments, exact.moments, (i) => (bounds.moments + 2 * own.moments) * sizes.moments[i]! + 1e-40)).toBeUndefined();
    expect(firstBeyond(actual.out, exact.out, (i) => (bounds.read + 2 * own.read) * sizes.out[i]! + 1e-40)).toBeUndefined();
    expect(firstBeyond(actual.dx, exact.dx, (i) => (vjp.relative + 2 * ownVjp.relative) * sizes.dx[i]! + 1e-40)).toBeUndefined();
  });
});

/** Runs the raw functions on a fresh instance whose free memory holds NaN: nothing may depend on what lay there. */
async function raw(build: (typeof builds)[number], set: MonomialSet, kept: number, n: number, columns: number, step: number) {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
  const functions = (await WebAssembly.instantiate(await kernelModule(build, false), { env: { memory } })).exports as unknown as RawKernels;
  const call = (fn: string, ...args: readonly number[]): number => functions[fn]!(...args);
  let top = 65536;
  new Uint8Array(memory.buffer, top).fill(255);
  const reserve = (bytes: number): number => {
    const at = top;
    top = Math.ceil((top + bytes) / 16) * 16;
    return at;
  };
  const next = numbers(3);
  const array = (length: number, value: () => number): Float32Array => {
    const values = new Float32Array(memory.buffer, reserve(length * 4), length);
    for (let i = 0; i < length; i++) values[i] = value();
    return values;
  };
  const { d, rank } = set;
  const [x, y, weights] = [array(n * d, next), array(n * columns, next), array(rank * columns, next)];
  const [moments, out, dx] = [array(rank * columns, () => 0), array(n * columns, () => 0), array(n * d, () => 0)];
  const runs = reserve(set.runs.byteLength);
  new Int32Array(memory.buffer, runs, set.runs.length).set(set.runs);
  const sums = reserve(call('monomialSumBytes', rank, columns));
  new Uint8Array(memory.buffer, sums, call('monomialSumBytes', rank, columns)).fill(0);
  const scratch = reserve(Math.max(...['Moments', 'Read', 'ReadVjp'].map((name) => call(`monomial${name}ScratchBytes`, kept, d, columns))));
  const end = reserve(0);
  for (let t = 0; t < n; t += step) {
    const count = Math.min(step, n - t);
    const [xAt, yAt, outAt, dxAt] = [x.byteOffset + t * d * 4, y.byteOffset + t * columns * 4, out.byteOffset + t * columns * 4, dx.byteOffset + t * d * 4];
    call('monomialMoments', runs, rank, kept, d, xAt, columns, yAt, sums, count, scratch);
    call('monomialRead', runs, rank, kept, d, xAt, columns, weights.byteOffset, outAt, count, scratch);
    call('monomialReadVjp', runs, runs + set.runs.byteLength, rank, kept, d, xAt, columns, weights.byteOffset, yAt, dxAt, count, scratch);
  }
  call('monomialReduce', rank, columns, sums, 1, moments.byteOffset, 0, rank);
  expect(new Uint8Array(memory.buffer, end, 65536).every((byte) => byte === 255)).toBe(true); // the sizes were enough
  return { moments, out, dx };
}

describe.each(builds)('raw tasks, %s', (build) => {
  // 84 monomials, 28 of them parents: two segments are kept, one of 20 monomials follows. 330 monomials, 120 of them
  // parents: four segments are kept, and the sums of the first 8 of 11 go to float64.
  test.each([[monomialSet(6, 3), 64, 5], [monomialSet(7, 4), 128, 19]] as const)(
    'memory that holds NaN reaches no result, and reads and gradients do not depend on how tokens are split, %#',
    async (set, kept, columns) => {
      const n = 261;
      const whole = await raw(build, set, kept, n, columns, n);
      for (const values of Object.values(whole)) expect(values.every(Number.isFinite)).toBe(true);
      for (const step of [128, 37, 2, 1]) {
        const split = await raw(build, set, kept, n, columns, step);
        expect(split.out).toEqual(whole.out);
        expect(split.dx).toEqual(whole.dx);
        if (step === 128) expect(split.moments).toEqual(whole.moments); // the same blocks in the same order
      }
    },
  );
});
