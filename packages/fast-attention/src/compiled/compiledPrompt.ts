import type { FloatArray, Kernels, MonomialSet, Tokens } from '@prompt-limits/core-linalg';
import type { Certificate } from '../certificate/certificate.ts';
import { attendCompiled, type CompiledAttention } from './attendCompiled.ts';
import { prepareHead, type CompiledHead, type PreparedHead } from './compiledHead.ts';
import { headBounds, uniformCertificate, type HeadBounds } from './headBounds.ts';
import type { PromptBlock } from './promptTokens.ts';

/** A prompt folded into moments, with a certificate. Made by `compilePrompt`; its arrays are not to be written to. */
export interface CompiledPrompt {
  /** Tokens folded. */
  readonly tokens: number;
  /** Width of a query and key of a head. */
  readonly d: number;
  /** Width of a value of a head. */
  readonly dv: number;
  /** Query heads. */
  readonly heads: number;
  /** Key heads, each with its own moments. */
  readonly keyHeads: number;
  /** Factor on the scores. */
  readonly scale: number;
  /** Degree of the polynomial. */
  readonly degree: number;
  /** Monomials up to that degree, C(d + degree, degree). */
  readonly rank: number;
  /** Bytes of the moments of one key head, 4 rank (dv + 1), whatever the length of the prompt. */
  readonly stateBytes: number;
  /** The error that was asked for, as a fraction of the range of V; `certificate.relative` does not exceed it. */
  readonly tolerance: number;
  /** Holds for every query within the radius, read by the kernels that compiled it or by more exact ones. */
  readonly certificate: Certificate;
  /** Moments and frame of each key head. */
  readonly parts: readonly CompiledHead[];
  /** The prompt itself where it was kept for queries outside the radius. */
  readonly kept: PromptBlock | null;
  /**
   * Attention over the prompt alone.
   *
   * @param queries - (heads d) x n, either precision
   * @param kernels - in the precision of the queries; plain ones unless given
   * @throws TypeError if queries are no Tokens or the kernels have the other precision
   * @throws RangeError for a query that is not finite, or outside the radius where the prompt was not kept
   */
  attend<A extends FloatArray>(queries: Tokens<A>, kernels?: Kernels): CompiledAttention<A>;
}

/** What a compiled prompt is made from. */
export interface CompiledSource extends Pick<CompiledPrompt, 'tokens' | 'heads' | 'scale' | 'tolerance' | 'parts' | 'kept'> {
  readonly set: MonomialSet;
}

/** What only this package needs of a compiled prompt. */
export interface CompiledInside {
  readonly source: CompiledSource;
  readonly prepared: readonly PreparedHead[];
  /** The kernels for which the certificate was made. */
  readonly kernels: Kernels;
  /** Errors when read by `kernels`, found once for each. */
  boundsFor(kernels: Kernels): readonly HeadBounds[];
}

const insides = new WeakMap<CompiledPrompt, CompiledInside>();

/** The inside of a compiled prompt; refuses what was not made here, whose arrays nobody has checked. */
export function insideOf(fn: string, compiled: CompiledPrompt): CompiledInside {
  const inside = typeof compiled === 'object' && compiled !== null ? insides.get(compiled) : undefined;
  if (inside === undefined) throw new TypeError(`${fn}: compiled must be made by compilePrompt or loadCompiledPrompt`);
  return inside;
}

/** The compiled prompt of folded heads, its certificate made for `kernels`. */
export function compiledFrom(source: CompiledSource, kernels: Kernels): CompiledPrompt {
  const { set, parts, ...rest } = source;
  const prepared = parts.map((part) => prepareHead(set, source.scale, part));
  const known = new WeakMap<Kernels, readonly HeadBounds[]>();
  const boundsFor = (used: Kernels): readonly HeadBounds[] => {
    const bounds = known.get(used) ?? prepared.map((head) => headBounds(set, head, used));
    known.set(used, bounds);
    return bounds;
  };
  const dv = parts[0]!.low.length;
  const compiled: CompiledPrompt = Object.freeze({
    ...rest, parts, dv,
    d: set.d,
    keyHeads: parts.length,
    degree: set.degree,
    rank: set.rank,
    stateBytes: 4 * set.rank * (dv + 1),
    certificate: uniformCertificate(boundsFor(kernels), source.heads, set.d, kernels),
    attend: <A extends FloatArray>(queries: Tokens<A>, used?: Kernels): CompiledAttention<A> => attendCompiled(compiled, queries, used),
  });
  insides.set(compiled, { source, prepared, kernels, boundsFor });
  return compiled;
}

/** Passes a compiled prompt whose certificate meets its tolerance. */
export function certified(fn: string, compiled: CompiledPrompt): CompiledPrompt {
  const { tolerance, certificate: { relative } } = compiled;
  if (!(relative <= tolerance)) {
    throw new RangeError(`${fn}: the certificate must stay within the tolerance ${tolerance} of the prompt, got ${relative}`);
  }
  return compiled;
}
