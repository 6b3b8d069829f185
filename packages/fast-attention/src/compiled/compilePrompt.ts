import { assertFiniteNumber, assertInRange, assertInteger, createPlainKernels, monomialSet, type Kernels } from '@prompt-limits/core-linalg';
import { scoreHalfWidth, type CompiledHead } from './compiledHead.ts';
import { compiledFrom, type CompiledPrompt } from './compiledPrompt.ts';
import { storedState, TokenFolder } from './foldTokens.ts';
import { assertCount, assertRank, coefficientsFor, framesOf, leastDegree, type FrameOptions } from './frames.ts';
import { assertInside, surveyPrompt, type PromptBlock } from './promptTokens.ts';

/** What `compilePrompt` folds: the prompt at once, or in blocks. */
export type PromptSource = PromptBlock | {
  /** Blocks in order, iterated three times: an array, or an object whose iterator starts afresh. Only one is in memory at a time. */
  readonly blocks: Iterable<PromptBlock>;
};

/** Options of `compilePrompt`. */
export interface CompileOptions extends FrameOptions {
  /** Factor on the scores, finite. */
  readonly scale: number;
  /** Queries with |q - queryCentre| at most this are served; above 0; one number for all key heads or one each. */
  readonly queryRadius: number | ArrayLike<number>;
  /** Largest error of an output as a fraction of the range of its row of V; above 0 and below 1. */
  readonly tolerance: number;
  /** keyHeads d values; zero unless given. */
  readonly queryCentre?: ArrayLike<number>;
  /** Query heads, 1 unless given. */
  readonly heads?: number;
  /** Key heads, a divisor of heads; `heads` unless given. Query head a reads key head floor(a keyHeads / heads). */
  readonly keyHeads?: number;
  /** Centre of the keys, keyHeads d values; near the centre of their smallest ball unless given. States merge if their centres are equal. */
  readonly keyCentre?: ArrayLike<number>;
  /** Radius about the key centre, one for all key heads or one each; the least for these keys unless given. More leaves room for later tokens. */
  readonly keyRadius?: number | ArrayLike<number>;
  /** Degree of the polynomial; the least that meets the tolerance unless given. */
  readonly degree?: number;
  /** true: keep keys and values, and serve queries outside the radius by exact attention over them. Not for blocks. */
  readonly keep?: boolean;
  /** Where to compute, and the precision for which `certificate` is made; plain kernels in the precision of the keys unless given. */
  readonly kernels?: Kernels;
}

/**
 * Folds a prompt of any length into moments of size rank x (dv + 1) for each key head, with a certificate for every query within a
 * radius: attention over the prompt then costs the same for 10^3 and for 10^6 tokens.
 *
 * With keys relative to c and queries relative to q0, $\mathrm{scale}\,q \cdot k_j = \mathrm{scale}\,q \cdot c + a_j + x_j$,
 * $a_j = \mathrm{scale}\,q_0 \cdot (k_j - c)$ and $|x_j| = |\mathrm{scale}\,(q - q_0) \cdot (k_j - c)| \le R = |\mathrm{scale}|\,\rho\,r$. The
 * first part cancels in the softmax, the second is a weight $\omega_j$ of the key, and $e^x$ becomes a polynomial on [-R, R], whose
 * monomials of k are summed once.
 *
 * @param prompt - keys and values, or blocks of them, at least one token in all; and the options
 * @returns the folded prompt. Every output is within `certificate.relative`, at most `tolerance`, of exact attention over the prompt as
 * a fraction of the range of its row of V, for every query with $|q - q_0| \le \rho$; `attend` certifies each query by its own
 * distance. All rounding is in it: of centring, of the sums, of the state in Float32, of reading it. Memory beyond the result is
 * O(block + rank dv), time O(tokens rank dv)
 *
 * Paper: Theorem 3.2 for a fixed prompt; the parts of Eq. (I.2) that do not depend on the user's tokens.
 *
 * @throws TypeError if keys or values are no Tokens
 * @throws RangeError if a value is NaN, infinite or beyond 2^400, shapes disagree, there is no token, blocks change between passes, a key
 * lies outside a given radius, R exceeds 8, the rank does not fit into memory, or the tolerance cannot be certified (the message says
 * which could be)
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const keys = tokens(1, Float64Array.of(-1, 0, 1));
 * const values = tokens(1, Float64Array.of(0, 1, 5));
 * const compiled = compilePrompt({ keys, values, scale: 1, queryRadius: 1, tolerance: 1e-3 });
 * [compiled.degree, compiled.rank, compiled.stateBytes]; // => [4, 5, 40]
 * const { output, certificate } = compiled.attend(tokens(1, Float64Array.of(0)));
 * Math.abs(output.data[0]! - 2) <= certificate.bound; // => true
 */
export function compilePrompt(prompt: PromptSource & CompileOptions): CompiledPrompt {
  const fn = 'compilePrompt';
  const { scale, tolerance, heads = 1, keyHeads = heads, degree, keep = false } = prompt;
  assertFiniteNumber(fn, 'scale', scale);
  assertInRange(fn, 'tolerance', tolerance, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  assertInteger(fn, 'heads', heads, 1);
  assertInteger(fn, 'keyHeads', keyHeads, 1);
  if (heads % keyHeads !== 0) throw new RangeError(`${fn}: keyHeads must divide heads = ${heads}, got ${keyHeads}`);
  if (degree !== undefined) assertInteger(fn, 'degree', degree, 0, 64);
  const whole = 'blocks' in prompt ? null : { keys: prompt.keys, values: prompt.values };
  if (keep && whole === null) throw new RangeError(`${fn}: keep must be false for blocks, got true`);
  const blocks: Iterable<PromptBlock> = 'blocks' in prompt ? prompt.blocks : [prompt];

  const survey = surveyPrompt(fn, blocks, keyHeads);
  const { d, dv, tokens } = survey;
  const frames = framesOf(fn, prompt, survey, blocks, keyHeads);
  const kernels = prompt.kernels ?? createPlainKernels({ precision: survey.precision });
  const widths = frames.map((frame) => scoreHalfWidth(scale, d, frame));

  const fold = (g: number): CompiledPrompt => {
    assertRank(fn, d, dv, g);
    const set = monomialSet(d, g);
    const parts = frames.map((frame, a) => Object.assign({
      coefficients: coefficientsFor(widths[a]!, g),
      low: survey.valueLow.slice(a * dv, (a + 1) * dv),
      high: survey.valueHigh.slice(a * dv, (a + 1) * dv),
    }, frame));
    const folders = parts.map((part) => new TokenFolder(set, scale, part, kernels, tokens));
    let count = 0;
    for (const block of blocks) {
      count += block.keys.n;
      assertInside(fn, block, parts);
      folders.forEach((folder, a) => folder.add(block, a));
    }
    assertCount(fn, count, tokens);
    const folded = parts.map((part, a): CompiledHead => Object.assign(storedState(fn, set, folders[a]!.finish()), part));
    return compiledFrom({ set, tokens, heads, scale, tolerance, parts: folded, kept: keep ? whole : null }, kernels);
  };

  let g = degree ?? leastDegree(fn, widths, d, dv, tolerance, 0);
  let rounding = 0;
  while (g !== null) {
    const compiled = fold(g);
    const { relative, terms } = compiled.certificate;
    if (relative <= tolerance) return compiled;
    rounding = relative - terms.polynomial;
    if (degree !== undefined) throw refused(relative * 1.001);
    // What is left without the polynomial grows little with the degree.
    g = rounding * 1.1 < tolerance ? leastDegree(fn, widths, d, dv, tolerance - rounding * 1.05, g + 1) : null;
  }
  throw refused(rounding * 1.3);

  function refused(possible: number): RangeError {
    return new RangeError(`${fn}: tolerance must be at least ${possible.toPrecision(3)} or so to be certified here with ${kernels.build} ${kernels.precision} kernels, got ${tolerance}`);
  }
}
