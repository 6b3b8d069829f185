import { concatTokens, tokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { certified, compiledFrom, insideOf, type CompiledPrompt } from './compiledPrompt.ts';
import type { CompiledHead } from './compiledHead.ts';
import { storedState, TokenFolder } from './foldTokens.ts';
import { keyShift } from './frames.ts';
import { assertBlock, assertInside, type PromptBlock } from './promptTokens.ts';

/** Weights of appended keys may exceed those of the prompt by e^40, so that sums stay within Float32. */
const largestShift = 40;

/**
 * A compiled prompt with more tokens at its end, in O(rank dv) a token and without the tokens before.
 *
 * The new moments are added to the old, and the sum is stored in Float32 once more, which the certificate counts: appending in blocks costs
 * less of the tolerance than token by token.
 *
 * @param compiled - left as it is
 * @param block - keys and values as for `compilePrompt`; every key within the key radius of the centre (`keyRadius` of `compilePrompt`
 * leaves room). Values may widen the ranges
 * @param kernels - where to compute, and for which the certificate is made; those of `compiled` unless given
 * @returns a compiled prompt within the same tolerance. Its state differs from that of all tokens compiled at once in the same frame by
 * no more than the errors of both
 *
 * Paper: Eq. (I.2) again, the tokens appended being one more part.
 *
 * @throws TypeError if `compiled` is no compiled prompt or tokens are no Tokens
 * @throws RangeError if shapes disagree, a value is NaN or infinite, a key lies outside the radius or outweighs the prompt by more than e^40,
 * or the tolerance would be exceeded (compile all tokens again)
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const block = (key: number, value: number) => ({ keys: tokens(1, Float64Array.of(key)), values: tokens(1, Float64Array.of(value)) });
 * const first = compilePrompt({ ...block(0, 1), scale: 1, queryRadius: 1, keyRadius: 1, tolerance: 1e-3 });
 * const both = appendToCompiled(first, block(0.5, 3));
 * both.tokens; // => 2
 * both.attend(tokens(1, Float64Array.of(0))).output.data[0]; // => 2.00
 */
export function appendToCompiled(compiled: CompiledPrompt, block: PromptBlock, kernels?: Kernels): CompiledPrompt {
  const fn = 'appendToCompiled';
  const { source, kernels: own } = insideOf(fn, compiled);
  const used = kernels ?? own;
  const { set, scale, parts, kept } = source;
  const { dv, d } = compiled;
  assertBlock(fn, block, parts.length, { d, dv });
  const { keys, values } = block;
  const wider = parts.map((part, a): CompiledHead => {
    const [low, high] = [part.low.slice(), part.high.slice()];
    for (let j = 0; j < values.n; j++) {
      for (let c = 0; c < dv; c++) {
        const v = values.data[j * values.d + a * dv + c]!;
        [low[c], high[c]] = [Math.min(low[c]!, v), Math.max(high[c]!, v)];
      }
    }
    // The moments of a row of equal values are 0, so they serve any width.
    const width = part.width.map((w, c) => (w === 0 ? Math.max(high[c]! - part.middle[c]!, part.middle[c]! - low[c]!) : w));
    return { ...part, low, high, width };
  });
  assertInside(fn, block, wider);
  for (const [a, { keyCentre, queryCentre, shift }] of parts.entries()) {
    for (let j = 0; j < keys.n; j++) {
      const above = keyShift(keys.data, j * keys.d + a * d, keyCentre, queryCentre, scale) - shift;
      if (!(above <= largestShift)) throw new RangeError(`${fn}: scale q0 . k of every key must be at most ${largestShift} above the prompt's, got ${above} for token ${j}`);
    }
  }
  const folded = wider.map((part, a): CompiledHead => {
    const folder = new TokenFolder(set, scale, part, used, keys.n);
    folder.add(block, a);
    const { weighted, errors } = folder.finish();
    for (let i = 0; i < weighted.length; i++) weighted[i]! += part.state[i]!;
    for (let i = 0; i < errors.length; i++) errors[i]! += part.errors[i]!;
    return Object.assign({}, part, storedState(fn, set, { weighted, errors }));
  });
  const whole = kept === null ? null : { keys: joined(kept.keys, keys), values: joined(kept.values, values) };
  return certified(fn, compiledFrom({ ...source, tokens: source.tokens + keys.n, parts: folded, kept: whole }, used));
}

/** One after the other, in Float64 if either is. */
export function joined(a: Tokens, b: Tokens): Tokens {
  return a.data instanceof Float64Array || b.data instanceof Float32Array ? concatTokens(a, b) : concatTokens(tokens(a.d, Float64Array.from(a.data)), b);
}
