import {
  applySingleAttention,
  applyUpToAttention,
  contextDigits,
  contextId,
  locateContext,
  positionedDigits,
  positionedTokens,
  type GridCodes,
  type GridContextMapping,
  type SingleAttentionNetwork,
  type TightGridMapping,
} from '@prompt-limits/attention';
import { concatTokens, sliceColumns, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { divide, fromDyadic, fromNumber, subtract, toFloat64, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { applyValueMap, deepValueMap, lazyValueMap, wideValueMap, type DeepValueMap, type LayerStack, type LocatedHat, type WideValueMap } from '@prompt-limits/ffn-constructions';
import { codesOf, columnOf, quantised, withPositions, type FrontQuantiser } from './quantiseTokens.ts';
import type { Surrogate } from './surrogate.ts';

/** What turns a prompt into a function of Z: the prompt's part is done once. */
export interface Evaluator {
  /** Bound on the difference of an output entry from its label where all rounding is counted. */
  readonly labelError: number;
  /** Hats of the value map. */
  readonly hat: 'tip' | 'plateau';
  /** Bound on the magnitude of every output entry, on ramps too. */
  readonly largestOutput: number;
  /** The whole network, if it is small enough to be stored. */
  network?(): SingleAttentionNetwork;
  /** Loads the prompt; the result maps d x L inputs in [0, 1] to d x L outputs. */
  load(P: Tokens<Float64Array>): (Z: Tokens<Float64Array>) => Tokens<Float64Array>;
}

/** A front, a surrogate and the positions between them. */
export interface Parts {
  readonly surrogate: Surrogate;
  readonly front: FrontQuantiser;
  readonly theta: number;
}

/** All layers of a stack, stored. */
const stored = (stack: LayerStack) => Array.from({ length: stack.count }, (_, i) => stack.layer(i));

/** Float64 throughout: the value map has a hat for each listed ID. `full` multiplies every neuron, `lazy` those of the hat that holds the token. */
export function tightEvaluator({ surrogate, front, theta }: Parts, mapping: TightGridMapping, evaluator: 'full' | 'lazy'): Evaluator {
  const { d, m, Lp } = surrogate;
  const { codes, ids, head } = mapping;
  const count = ids.centres.length;
  const [q, y] = [zeroTokens(d, count), zeroTokens(d, count)];
  // IDs of one context lie apart in the sorted list: its tokens are computed once.
  const known = new Map<number, { readonly label: Int32Array; readonly tokens: Tokens<Float64Array> }>();
  for (let i = 0; i < count; i++) {
    const index = ids.contexts[i]!;
    let context = known.get(index);
    if (context === undefined) {
      const digits = contextDigits(codes, index);
      context = { label: surrogate.label(digits), tokens: applyUpToAttention({ before: [], heads: [head] }, positionedTokens(codes, digits)) };
      known.set(index, context);
    }
    const token = ids.tokens[i]!;
    q.data.set(context.tokens.data.subarray(token * d, (token + 1) * d), i * d);
    for (let c = 0; c < d; c++) y.data[i * d + c] = context.label[(token - Lp) * d + c]! / m;
  }
  const parts = { direction: codes.direction, ids: q, labels: y };
  const map: DeepValueMap | WideValueMap = front.form === 'deep' ? deepValueMap(parts) : wideValueMap(parts);
  let built: SingleAttentionNetwork | undefined;
  const network = (): SingleAttentionNetwork => (built ??= {
    before: front.form === 'deep' ? stored(front.stack) : [front.network],
    heads: [head],
    after: map.form === 'deep' ? stored(map.stack) : [map.network()],
  });
  const last = (z: Tokens<Float64Array>): Tokens<Float64Array> => tokens(d, sliceColumns(z, Lp).data.slice());
  return {
    labelError: map.labelError,
    hat: front.form === 'deep' ? 'plateau' : 'tip',
    largestOutput: front.form === 'deep' ? deepOutput(codes) : wideOutput(map, m),
    network,
    load(P) {
      const prompt = withPositions(P, 1, 1, theta);
      if (evaluator === 'full') {
        return (Z) => last(applySingleAttention(network(), concatTokens(prompt, withPositions(Z, Lp + 1, 1, theta))) as Tokens<Float64Array>);
      }
      const ready = quantised(front, prompt);
      return (Z) => {
        const M = concatTokens(ready, quantised(front, withPositions(Z, Lp + 1, 1, theta)));
        return applyValueMap(map, last(applyUpToAttention({ before: [], heads: [head] }, M)));
      };
    },
  };
}

// Bits after the point of numbers up to 2^50: 2^-78 is far below what float64 shows of an output.
const TOKEN_BITS = 128;

/**
 * Arbitrary precision: the front runs in float64, the context ID as an interval, and the value map at the one hat that can hold it, found from the ID alone. Nothing of
 * the $L\, m^{d(L_p+L)}$ hats is stored.
 */
export function lazyEvaluator({ surrogate, front, theta }: Parts, mapping: GridContextMapping): Evaluator {
  const { d, L, m, Lp } = surrogate;
  const { codes, kappa } = mapping;
  const { rho, direction } = codes;
  // The attention adds kappa A / m = x - u.M to the first coordinate.
  const moved = (x: Interval, code: number | Dyadic): number => middle(subtract(x, overM(code, m), TOKEN_BITS), kappa);
  // `locateContext` proves that no other hat holds x: half-widths are at most a sixteenth of the proven gap. The decoded context is all it is given.
  const locate = (x: Interval): LocatedHat | null => {
    const found = locateContext(mapping, x);
    if (found.codes === undefined) return null;
    const digits = positionedDigits(codes, found.codes);
    const label = surrogate.label(digits);
    const at = (found.token - Lp) * d;
    // On a ramp x may be the ID of another token: the deep form adds y - q of that one.
    const id = positionedTokens(codes, digits).data.slice(found.token * d, (found.token + 1) * d);
    id[0]! += moved(found.id, found.codes[found.token]!);
    return { label: Float64Array.from({ length: d }, (_, c) => label[at + c]! / m), offset: found.offset, id };
  };
  const map = lazyValueMap({ form: front.form, d, locate });
  const codesFrom = (z: Tokens<Float64Array>, first: number) => codesOf(front.points, z, direction, { m, rho, first });
  return {
    labelError: 0,
    hat: 'plateau',
    largestOutput: front.form === 'deep' ? deepOutput(codes) : 1,
    load(P) {
      const before = codesFrom(quantised(front, withPositions(P, 1, rho, theta)), 1);
      return (Z) => {
        const M = quantised(front, withPositions(Z, Lp + 1, rho, theta));
        const all = [...before, ...codesFrom(M, Lp + 1)];
        const result = zeroTokens(d, L);
        for (let k = 0; k < L; k++) {
          const x = contextId(mapping, all, Lp + k);
          const token = columnOf(M, k).data.slice();
          token[0]! += moved(x, all[Lp + k]!);
          result.data.set(map(x, token).value, k * d);
        }
        return result;
      };
    },
  };
}

// A token is at most rho n + (m - 1)/m, and the attention adds at most 1/(2m). On a hat it moves along y - q: as u.z is within w of u.q, both have one
// position, so z - q + y lies in (-1, 2)^d.
const deepOutput = ({ rho, n }: GridCodes): number => rho * n + 2;

/**
 * A tip is raised by 1 / (1 - t), t at most half of the lattice of its middle, 2^-51 of the largest centre in half-widths; labels are at most 1 - 1/m.
 * Hats do not meet.
 */
function wideOutput(map: { readonly centers: Float64Array; readonly halfWidth: number; readonly labelError: number }, m: number): number {
  return Math.max(1, (1 - 1 / m) / (1 - (map.centers.at(-1)! / map.halfWidth) * 2 ** -51)) + 2 * map.labelError;
}

const overM = (code: number | Dyadic, m: number): Interval => divide(typeof code === 'number' ? fromNumber(code) : fromDyadic(code), fromNumber(m), TOKEN_BITS);

/** The middle of an enclosure of a number in (0, 1/2]. */
function middle(x: Interval, kappa: number): number {
  const { low, high } = toFloat64(x);
  return Math.max(kappa * 2 ** -60, low / 2 + high / 2);
}
