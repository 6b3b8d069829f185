import type { Kernels } from '@prompt-limits/core-linalg';
import { certified, compiledFrom, insideOf, type CompiledPrompt } from './compiledPrompt.ts';
import type { CompiledHead, PreparedHead } from './compiledHead.ts';
import { joined } from './appendToCompiled.ts';
import { storedState, type FoldedTokens } from './foldTokens.ts';

const unit = 2 ** -53;

/**
 * The compiled prompt of the tokens of a followed by those of b, in O(rank dv): long prompts can be compiled in parts, in any place, and
 * merged.
 *
 * Moments add once they are measured alike: with values relative to another middle and width, $y' = \alpha y + \beta$ with
 * $\alpha = width / width'$ and $\beta = (middle - middle') / width'$, the moments are $\alpha S_c + \beta S_1$, and another shift is a factor
 * of all. Both are exact but for rounding, which the certificate counts.
 *
 * @param a - a compiled prompt
 * @param b - another with the same heads, widths, scale, degree, query centre and radius, key centre and key radius: compile both with the
 * same `keyCentre`, `keyRadius` and `degree`
 * @param kernels - for which the certificate is made; those of a unless given
 * @returns a compiled prompt within the larger of both tolerances; it keeps the prompt if both do
 *
 * Paper: Eq. (I.2) for parts of a prompt.
 *
 * @throws TypeError if an argument is no compiled prompt
 * @throws RangeError if they differ in what has to be equal (the message names it), or the tolerance would be exceeded
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const part = (key: number, value: number) => compilePrompt({
 *   keys: tokens(1, Float64Array.of(key)), values: tokens(1, Float64Array.of(value)),
 *   scale: 1, queryRadius: 1, keyCentre: [0], keyRadius: 1, degree: 4, tolerance: 1e-3,
 * });
 * const both = mergeCompiled(part(-0.5, 1), part(0.5, 3));
 * both.attend(tokens(1, Float64Array.of(0))).output.data[0]; // => 2.00
 */
export function mergeCompiled(a: CompiledPrompt, b: CompiledPrompt, kernels?: Kernels): CompiledPrompt {
  const fn = 'mergeCompiled';
  const [first, second] = [insideOf(fn, a), insideOf(fn, b)];
  for (const name of ['d', 'dv', 'heads', 'keyHeads', 'scale', 'degree'] as const) {
    if (a[name] !== b[name]) throw new RangeError(`${fn}: both must have the same ${name}, got ${a[name]} and ${b[name]}`);
  }
  const { set } = first.source;
  const parts = first.prepared.map((x, i): CompiledHead => {
    const y = second.prepared[i]!;
    for (const name of ['queryRadius', 'keyRadius'] as const) {
      if (x[name] !== y[name]) throw new RangeError(`${fn}: both must have the same ${name} in head ${i}, got ${x[name]} and ${y[name]}`);
    }
    for (const name of ['queryCentre', 'keyCentre', 'coefficients'] as const) {
      const at = x[name].findIndex((value, c) => value !== y[name][c]);
      if (at >= 0) throw new RangeError(`${fn}: both must have the same ${name} in head ${i}, got ${x[name][at]} and ${y[name][at]} at index ${at}`);
    }
    const low = x.low.map((value, c) => Math.min(value, y.low[c]!));
    const high = x.high.map((value, c) => Math.max(value, y.high[c]!));
    const middle = low.map((value, c) => (value === high[c] ? value : value / 2 + high[c]! / 2));
    const width = middle.map((value, c) => Math.max(high[c]! - value, value - low[c]!));
    const frame = { middle, width, shift: Math.max(x.shift, y.shift) };
    const [u, v] = [remeasured(x, frame), remeasured(y, frame)];
    const sum = { weighted: u.weighted.map((value, k) => value + v.weighted[k]!), errors: u.errors.map((value, k) => value + v.errors[k]!) };
    const { queryCentre, queryRadius, keyCentre, keyRadius, coefficients } = x;
    return { queryCentre, queryRadius, keyCentre, keyRadius, coefficients, low, high, ...frame, ...storedState(fn, set, sum) };
  });
  const [k, l] = [a.kept, b.kept];
  const kept = k && l ? { keys: joined(k.keys, l.keys), values: joined(k.values, l.values) } : null;
  const source = { ...first.source, tokens: a.tokens + b.tokens, tolerance: Math.max(a.tolerance, b.tolerance), parts, kept };
  return certified(fn, compiledFrom(source, kernels ?? first.kernels));
}

/** The moments of a head measured from another middle, width and shift, with their errors. */
function remeasured(head: PreparedHead, to: Pick<CompiledHead, 'middle' | 'width' | 'shift'>): FoldedTokens {
  const { state, errors, norms, middle, width } = head;
  const dv = middle.length;
  const columns = dv + 1;
  const factor = Math.exp(head.shift - to.shift);
  // The exponent is rounded once and the exponential errs by a few u; alpha and beta have two roundings each, the result three.
  const relative = ((Math.abs(head.shift) + Math.abs(to.shift)) * 2 + 16) * unit;
  const alpha = width.map((w, c) => (to.width[c] === 0 ? 0 : w / to.width[c]!));
  const beta = middle.map((m, c) => (to.width[c] === 0 ? 0 : (m - to.middle[c]!) / to.width[c]!));
  const mixed = (values: ArrayLike<number>, i: number, signed: boolean): number => {
    const c = i % columns;
    const ones = values[i - c + dv]!;
    if (c === dv) return factor * ones;
    return factor * (alpha[c]! * values[i]! + (signed ? beta[c]! : Math.abs(beta[c]!)) * ones);
  };
  return {
    weighted: Float64Array.from(state, (_, i) => mixed(state, i, true)),
    errors: errors.map((_, i) => (mixed(errors, i, false) + relative * mixed(norms, i, false)) * (1 + 16 * unit + relative)),
  };
}
