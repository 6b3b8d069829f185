import { fc } from '@fast-check/vitest';
import { tokens, type Tokens } from '@prompt-limits/core-linalg';

/** Finite `x` in units of 2^-1074: doubled, which is exact, until it is an integer. */
export function units(x: number): bigint {
  let [m, e] = [x, 0];
  while (!Number.isInteger(m)) [m, e] = [m * 2, e + 1];
  return BigInt(m) << BigInt(1074 - e);
}

/** The exact square of the Euclidean distance of a and b (of the norm of a without b), in units of 2^-2148. */
export function exactSquare(a: ArrayLike<number>, b?: ArrayLike<number>): bigint {
  return Array.from(a).reduce((sum, x, i) => sum + (units(x) - (b ? units(b[i]!) : 0n)) ** 2n, 0n);
}

/** The exact square of `x` in the units of `exactSquare`, negative if x is. */
export const square = (x: number): bigint => (x < 0 ? -1n : 1n) * units(x) ** 2n;

/** A few magnitudes that collide often, with signed zero, subnormal and huge values among them. */
export const extreme: fc.Arbitrary<number> = fc.constantFrom(0, -0, 1, -1, 0.5, 3, 5e-324, -1e-323, 2 ** -1022, 1e-200, 1e300, -1e300, 2 ** 1022, 1 + 2 ** -52);

/** Sequences of one width with tokens of `entry`, n_i from 1 to 5. */
export function sequencesOf(entry: fc.Arbitrary<number>, d: number): fc.Arbitrary<Tokens<Float64Array>[]> {
  const token = fc.array(entry, { minLength: d, maxLength: d });
  const sequence = fc.array(token, { minLength: 1, maxLength: 5 }).map((columns) => tokens(d, Float64Array.from(columns.flat())));
  return fc.array(sequence, { minLength: 1, maxLength: 5 });
}

/** All tokens with their positions. */
export function all(sequences: readonly Tokens[]): { sequence: number; token: number; values: number[] }[] {
  return sequences.flatMap((z, sequence) =>
    Array.from({ length: z.n }, (_, token) => ({ sequence, token, values: Array.from(z.data.subarray(token * z.d, (token + 1) * z.d)) })),
  );
}

export const same = (a: readonly number[], b: readonly number[]): boolean => a.every((x, i) => x === b[i]);
