import { assertInteger } from '@prompt-limits/core-linalg';
import { assertShape, type SequenceShape } from '../targetFunction.ts';

/** A grid of sequences. */
export interface GridOfSequences extends SequenceShape {
  /** Grid points per entry, an integer >= 2. */
  readonly m: number;
}

/** A number that may be too large to be written down. */
export interface FunctionCount {
  /** The number itself where it has at most $2^{20}$ bits, else null. */
  readonly exact: bigint | null;
  /** Its binary logarithm, relative error below $2^{-48}$; Infinity past $2^{1024}$. */
  readonly log2: number;
}

/** Counts of more bits are given as logarithms only. */
export const LARGEST_COUNT_BITS: number = 2 ** 20;

/** Checks d, L and m >= 2. */
export function assertGrid(fn: string, { d, L, m }: GridOfSequences): void {
  assertShape(fn, { d, L });
  assertInteger(fn, 'm', m, 2, 2 ** 31);
}

/** log2 of a positive integer of any size, relative error below 2^-50. */
export function log2Of(x: bigint): number {
  const direct = Number(x);
  if (direct < Number.MAX_VALUE) return Math.log2(direct);
  const hex = x.toString(16);
  return Math.log2(Number(`0x${hex.slice(0, 16)}`)) + 4 * (hex.length - 16);
}

/**
 * How many functions $G_{\delta,L} \to G_{\delta,L}$ there are, Lipschitz or not: $N^N$ with $N = m^{dL}$, $\delta = 1/m$.
 *
 * Each is one table, one prompt of $L_p = L m^{dL}$ grid tokens: as many functions as prompts, so for **all** functions of the
 * grid no shorter prompt of that precision can do (`necessaryPromptLength`).
 *
 * Paper: $m = n^n$ of Lemma E.1, which calls the class C-Lipschitz; those are far fewer (errata row 21, `countLipschitzFunctions`).
 *
 * @throws RangeError if d, L or m is out of range
 * @example
 * countQuantisedFunctions({ d: 1, L: 2, m: 2 }); // => { exact: 256n, log2: 8 }
 * countQuantisedFunctions({ d: 2, L: 4, m: 8 }); // => { exact: null, log2: 402653184 }
 */
export function countQuantisedFunctions({ d, L, m }: GridOfSequences): FunctionCount {
  assertGrid('countQuantisedFunctions', { d, L, m });
  const log2 = d * L * Math.log2(m) * m ** (d * L);
  const exact = log2 <= LARGEST_COUNT_BITS ? BigInt(m) ** (BigInt(d * L) * BigInt(m) ** BigInt(d * L)) : null;
  return { exact, log2 };
}
