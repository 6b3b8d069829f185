import { assertInteger, assertPositive } from '@prompt-limits/core-linalg';

/** What the counting bound needs to know. */
export interface CountingPromptLengthOptions {
  /** Tokens of the text, L >= 1. */
  readonly L: number;
  /** Tokens in the vocabulary, V >= 1. */
  readonly vocabularySize: number;
  /** Width of a token, d >= 1. */
  readonly d: number;
  /** Bits that one stored value of the prompt can tell apart, above 0: 32 for float32, less where fewer survive. */
  readonly bitsPerValue: number;
}

// V^L is written out only to settle a tie; past this many bits the bound is rounded down instead.
const EXACT_BITS = 2 ** 24;

/**
 * Necessary prompt length by counting: the smallest integer $L_p$ with $2^{b d L_p} \ge V^L$, that is
 * $\lceil L \log_2 V / (d b) \rceil$ with b bits per value.
 *
 * Statement: fix any deterministic map from prompts to texts, such as greedy decoding of one model. If **every** one of
 * the $V^L$ texts of L tokens is the output for some prompt whose entries take at most $2^b$ values each, then the
 * prompt has at least this many tokens: each prompt gives one text, so there must be at least as many prompts as texts.
 *
 * What it does not say: that so many tokens are enough for any model (that is for training or for a construction to
 * show), or that one particular text needs them. A text that the model finds likely may need far fewer; the bound is
 * on the hardest of all texts. It is no statement of the paper, whose Theorem 2.5 gives a sufficient length only
 * (errata row 20); see `sufficientPromptLength`.
 *
 * @returns the bound, never above the true one: a tie within rounding is decided exactly up to 2^24 bits of text and
 * rounded down past that
 *
 * @throws RangeError if L, vocabularySize or d is not an integer >= 1 or bitsPerValue is not above 0
 * @example
 * countingPromptLength({ L: 45, vocabularySize: 6400, d: 512, bitsPerValue: 32 }); // => 1
 * countingPromptLength({ L: 45, vocabularySize: 6400, d: 8, bitsPerValue: 4 }); // => 18
 */
export function countingPromptLength({ L, vocabularySize, d, bitsPerValue }: CountingPromptLengthOptions): number {
  assertInteger('countingPromptLength', 'L', L, 1);
  assertInteger('countingPromptLength', 'vocabularySize', vocabularySize, 1);
  assertInteger('countingPromptLength', 'd', d, 1);
  assertPositive('countingPromptLength', 'bitsPerValue', bitsPerValue);
  const bits = L * Math.log2(vocabularySize);
  const length = bits / (d * bitsPerValue);
  const nearest = Math.round(length);
  // The logarithm and three operations: at most 4 ulp of error. Farther from an integer than that, rounding up is safe.
  if (Math.abs(length - nearest) > 8 * Number.EPSILON * length) return Math.ceil(length);
  const available = d * bitsPerValue * nearest;
  if (bits > EXACT_BITS || !Number.isSafeInteger(available)) return nearest;
  return BigInt(vocabularySize) ** BigInt(L) <= 1n << BigInt(available) ? nearest : nearest + 1;
}
