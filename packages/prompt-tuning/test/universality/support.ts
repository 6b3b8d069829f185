import { gridTokens, tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { expect } from 'vitest';
import type { FunctionTable } from '../../src/index.ts';

/** All m^width sequences of digits, the first digit running fastest. */
export function* everyDigits(width: number, m: number): Generator<Int32Array> {
  for (let index = 0; index < m ** width; index++) yield Int32Array.from({ length: width }, (_, i) => Math.floor(index / m ** i) % m);
}

/** Tokens k/m of digits k. */
export const gridInput = (d: number, digits: ArrayLike<number>, m: number): Tokens<Float64Array> => gridTokens(digits, { d, m });

export const randomDigits = (random: RandomSource, length: number, m: number): Int32Array => Int32Array.from({ length }, () => random.integer(m));

/** A random function of the grid. */
export const randomTable = (random: RandomSource, d: number, L: number, m: number): FunctionTable => ({ d, L, m, digits: randomDigits(random, m ** (d * L) * d * L, m) });

/** The value at Z read off the table by a search for Z among all inputs in their order. */
export function valueAt({ d, L, m, digits }: FunctionTable, z: ArrayLike<number>): number[] {
  let block = 0;
  for (const candidate of everyDigits(d * L, m)) {
    if (candidate.every((k, i) => k === z[i])) return [...digits.subarray(block * d * L, (block + 1) * d * L)];
    block++;
  }
  throw new Error('no such input');
}

/** Fails unless every entry is within `error` of k/m. */
export function expectDigits(output: Tokens, digits: ArrayLike<number>, m: number, error: number): void {
  expect(output.data.length).toBe(digits.length);
  for (let i = 0; i < digits.length; i++) {
    // A comparison of thousands of numbers: `expect` only where it fails.
    if (!(Math.abs(output.data[i]! - digits[i]! / m) <= error)) expect({ entry: i, output: [...output.data] }).toEqual({ entry: i, output: Array.from(digits, (k) => k / m) });
  }
}

export const column = (...values: number[]): Tokens<Float64Array> => tokens(values.length, Float64Array.from(values));
export const row = (...values: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(values));
