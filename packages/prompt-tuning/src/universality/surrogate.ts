import { assertInteger, assertLength, gridSize } from '@prompt-limits/core-linalg';
import type { FunctionTable } from './functionTable.ts';
import { assertShape, type SequenceShape } from './targetFunction.ts';

/** How a prompt says which function it asks for. */
export type PromptLayout = 'table' | 'dictionary' | 'none';

/** A quantised function h of prompt and input together, $h: G_{\delta,L_p+L} \to G_{\delta,L}$. */
export interface Surrogate extends SequenceShape {
  /** Grid points per entry, m >= 2. */
  readonly m: number;
  /** Tokens of the prompt. */
  readonly Lp: number;
  /** How h reads the prompt. */
  readonly layout: PromptLayout;
  /** The d L digits of $h([P, Z])_{:,L_p:}$ from the $d (L_p + L)$ digits of [P, Z]. */
  label(digits: Int32Array): Int32Array;
}

/** A quantised problem: sizes of the input and the grid. */
export interface GridProblem extends SequenceShape {
  /** Grid points per entry, an integer >= 2. */
  readonly m: number;
}

// A prompt of this many tokens is 2^24 d numbers; attention over it is the smaller worry.
const LARGEST_PROMPT = 2n ** 24n;

/**
 * The surrogate of the paper: the prompt is the whole table, one block of L columns for each of the $m^{dL}$ inputs, and
 * $h([P, Z])_{:,L_p:}$ is the block whose number is `gridIndex(Z)`. So for every $\bar f: G_{\delta,L} \to G_{\delta,L}$ the prompt `promptOfTable`
 * gives $h([P, \cdot]) = \bar f$, exactly.
 *
 * @returns h with $L_p = L\, m^{dL}$
 *
 * Paper: Lemma 2.3 and E.1, Eq. (E.3), with the last L columns (errata row 1).
 *
 * @throws RangeError if d, L or m is out of range, or the prompt would have more than $2^{24}$ tokens, with the number
 * @example
 * const h = tableSurrogate({ d: 1, L: 1, m: 3 });
 * h.Lp; // => 3
 * // P = (2, 0, 1) and Z = 1: the second block.
 * h.label(Int32Array.of(2, 0, 1, 1)); // => new Int32Array([0])
 */
export function tableSurrogate({ d, L, m }: GridProblem): Surrogate {
  assertProblem('tableSurrogate', { d, L, m });
  const width = d * L;
  // A power that is far too large is not computed.
  const log2 = width * Math.log2(m) + Math.log2(L);
  const length = log2 > 64 ? undefined : BigInt(L) * gridSize(d, L, m);
  if (length === undefined || length > LARGEST_PROMPT) {
    throw new RangeError(`tableSurrogate: L m^(dL) must be at most 2^24 prompt tokens, got ${length ?? `about 2^${Math.round(log2)}`}`);
  }
  const Lp = Number(length);
  return {
    d, L, m, Lp, layout: 'table',
    label(digits) {
      assertLength('label', 'digits', digits, d * (Lp + L), 'd (Lp + L)');
      let block = 0;
      for (let i = width - 1; i >= 0; i--) block = block * m + digits[d * Lp + i]!;
      return digits.slice(block * width, (block + 1) * width);
    },
  };
}

/**
 * A surrogate for memorisation: the prompt is a dictionary of N entries, each L columns of a key and L columns of its label; $h([P, Z])_{:,L_p:}$ is the
 * label of the first key that equals Z, and 0 if there is none. $L_p = 2 N L$, where the table needs $L\, m^{dL}$.
 *
 * The one transformer that imitates h memorises **every** dataset of N examples whose inputs lie in different cells, by prompt alone.
 *
 * Paper: takes the place of Lemma 2.3's table in Theorem 2.5, whose dataset has N examples and not $m^{dL}$.
 *
 * @throws RangeError if a size is out of range, or the prompt would have more than $2^{24}$ tokens, with the number
 * @example
 * const h = dictionarySurrogate({ d: 1, L: 1, m: 8, examples: 2 });
 * h.Lp; // => 4
 * h.label(Int32Array.of(5, 1, 3, 7, 3)); // => new Int32Array([7])
 * h.label(Int32Array.of(5, 1, 3, 7, 4)); // => new Int32Array([0])
 */
export function dictionarySurrogate({ d, L, m, examples }: GridProblem & { readonly examples: number }): Surrogate {
  assertProblem('dictionarySurrogate', { d, L, m });
  assertInteger('dictionarySurrogate', 'examples', examples, 1);
  const length = 2n * BigInt(examples) * BigInt(L);
  if (length > LARGEST_PROMPT) throw new RangeError(`dictionarySurrogate: 2 N L must be at most 2^24 prompt tokens, got ${length}`);
  const Lp = Number(length);
  const width = d * L;
  return {
    d, L, m, Lp, layout: 'dictionary',
    label(digits) {
      assertLength('label', 'digits', digits, d * (Lp + L), 'd (Lp + L)');
      for (let at = 0; at < d * Lp; at += 2 * width) {
        let i = 0;
        while (i < width && digits[at + i] === digits[d * Lp + i]) i++;
        if (i === width) return digits.slice(at + width, at + 2 * width);
      }
      return new Int32Array(width);
    },
  };
}

/**
 * The surrogate without a prompt: $h = \bar f$ for one table, $L_p = 0$.
 *
 * Paper: the quantised function of Theorem B.1.
 *
 * @throws RangeError if the table's sizes are out of range or its length does not fit them
 * @example
 * fixedSurrogate({ d: 1, L: 1, m: 3, digits: Int32Array.of(2, 0, 1) }).label(Int32Array.of(0)); // => new Int32Array([2])
 */
export function fixedSurrogate(table: FunctionTable): Surrogate {
  const { d, L, m, digits: entries } = table;
  assertProblem('fixedSurrogate', { d, L, m });
  const width = d * L;
  assertLength('fixedSurrogate', 'table.digits', entries, width * Number(gridSize(d, L, m)), 'd L m^(dL)');
  const copy = entries.slice();
  return {
    d, L, m, Lp: 0, layout: 'none',
    label(digits) {
      assertLength('label', 'digits', digits, width, 'd L');
      let block = 0;
      for (let i = width - 1; i >= 0; i--) block = block * m + digits[i]!;
      return copy.slice(block * width, (block + 1) * width);
    },
  };
}

function assertProblem(fn: string, { d, L, m }: GridProblem): void {
  assertShape(fn, { d, L });
  assertInteger(fn, 'm', m, 2, 2 ** 31);
}
