import { applyFeedForward } from '@prompt-limits/attention';
import { assertFinite, assertOneOf, tokens, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import type { DeepValueMap } from './deepValueMap.ts';
import { applyStack, type StackOptions } from './layerStack.ts';
import type { WideValueMap } from './wideValueMap.ts';

/**
 * Applies a value map of either form to every token: `full` with all its neurons, `lazy` with those of the hat that holds the token.
 *
 * Deep maps give the same bits both ways, wide maps where `bitwise` is true; elsewhere the two differ by the rounding that `labelError` bounds.
 *
 * @param map - from `deepValueMap` or `wideValueMap`
 * @param z - d x n tokens, finite; not changed
 * @returns d x n tokens in Float64
 *
 * Paper: the layers after the attention in Eq. (2.4), Theorems 2.3 and 2.4.
 *
 * @throws RangeError if the widths differ, a value is NaN or infinite, or the map promises nothing for a token
 * @example
 * const parts = { direction: [1], ids: { d: 1, n: 2, data: Float64Array.of(2, 3) }, labels: { d: 1, n: 2, data: Float64Array.of(1, 0.25) } };
 * const z = { d: 1, n: 3, data: Float64Array.of(3, 2, 2.5) };
 * applyValueMap(deepValueMap(parts), z).data; // => new Float64Array([0.25, 1, 2.5])
 * applyValueMap(wideValueMap(parts), z, { evaluator: 'full' }).data; // => new Float64Array([0.25, 1, 0])
 */
export function applyValueMap(map: DeepValueMap | WideValueMap, z: Tokens, { evaluator = 'lazy' }: StackOptions = {}): Tokens<Float64Array> {
  assertOneOf('applyValueMap', 'evaluator', evaluator, ['full', 'lazy']);
  if (map.form === 'deep') return applyStack(map.stack, z, { evaluator });
  const { d } = map;
  const { n, data } = tokens(z.d, z.data);
  if (z.d !== d) throw new RangeError(`applyValueMap: z must have the map's width (d = ${d}), got d = ${z.d}`);
  assertFinite('applyValueMap', 'z', data);
  for (let k = 0; k < n; k++) {
    const reason = map.refusal(data.subarray(k * d, (k + 1) * d));
    if (reason !== undefined) throw new RangeError(`applyValueMap: token ${k}: ${reason}`);
  }
  if (evaluator === 'full') return applyFeedForward(map.network(), z);
  const result = zeroTokens(d, n);
  for (let k = 0; k < n; k++) {
    const token = data.subarray(k * d, (k + 1) * d);
    result.data.set(applyFeedForward(map.part(token), tokens(d, token)).data, k * d);
  }
  return result;
}
