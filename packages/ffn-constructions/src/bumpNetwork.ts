import type { FeedForward } from '@prompt-limits/attention';
import { assertFinite, assertLength, assertNonEmpty, assertPositive, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { assemble, assertFits, cancel, type Neuron } from './neurons.ts';

/** What `bumpNetwork` builds. */
export interface BumpOptions {
  /** u, length d: the network looks at a token through the scalar $u^\top z$. */
  readonly direction: ArrayLike<number>;
  /** The values of $u^\top z$ that have a label, N >= 1 of them, any order. */
  readonly centers: ArrayLike<number>;
  /** Half the width of a hat's support: above 0 and at most half the smallest gap between centers. */
  readonly halfWidth: number;
  /** Labels y, d x N: token k is the output at `centers[k]`. */
  readonly labels: Tokens;
}

/**
 * Bump network $f(z) = \sum_k y_k\, \mathrm{hat}((u^\top z - c_k)/w)$ with
 * $\mathrm{hat}(x) = \mathrm{ReLU}(x - 1) - 2\, \mathrm{ReLU}(x) + \mathrm{ReLU}(x + 1) = \max(0, 1 - |x|)$,
 * as a layer of Eq. (2.3): 2 d neurons cancel the residual connection, three make each hat. $r = 3 N + 2 d$.
 *
 * In exact arithmetic the output is $y_k$ where $u^\top z = c_k$, and 0 where $u^\top z$ is at least w from every center; the supports do not
 * overlap. In float64 every hat is off by at most $(d + 13)(R + w)/w \cdot 2^{-53}$, $R = \max(\sum_i |u_i z_i|, \max_k |c_k|)$; with d = 1,
 * u = 1, w a power of two and z, centers multiples of $2^{-40} w$ below $2^{12} w$ it is exact.
 *
 * Paper: proof of Lemma F.2, f_bump, with the middle weight -2 that makes it a bump (errata row 11) and on the scalar
 * $u^\top z$ around an output of the attention, one hat for each (errata row 12). The paper's K is $1/w$.
 *
 * @throws RangeError if lengths do not match, hats would overlap, or a value is NaN, infinite or not positive where it must be
 * @throws TypeError if a value is not a number
 * @example
 * const labels = { d: 1, n: 2, data: Float64Array.of(5, -7) };
 * const bumps = bumpNetwork({ direction: [1], centers: [0, 1], halfWidth: 0.25, labels });
 * applyFeedForward(bumps, { d: 1, n: 4, data: Float64Array.of(0, 0.125, 0.5, 1) }).data; // => new Float64Array([5, 2.5, 0, -7])
 */
export function bumpNetwork({ direction, centers, halfWidth, labels }: BumpOptions): FeedForward {
  assertNonEmpty('bumpNetwork', 'direction', direction);
  assertFinite('bumpNetwork', 'direction', direction);
  assertNonEmpty('bumpNetwork', 'centers', centers);
  assertFinite('bumpNetwork', 'centers', centers);
  assertPositive('bumpNetwork', 'halfWidth', halfWidth);
  const d = direction.length;
  const { data } = tokens(labels.d, labels.data);
  if (labels.d !== d) throw new RangeError(`bumpNetwork: labels must have the width of direction (d = ${d}), got d = ${labels.d}`);
  assertLength('bumpNetwork', 'labels', { length: labels.n }, centers.length, 'one label a center');
  assertFinite('bumpNetwork', 'labels', data);
  assertApart(centers, halfWidth);
  assertFits('bumpNetwork', d, 3 * centers.length + 2 * d);
  const from = Float64Array.from(direction, (u) => u / halfWidth);
  assertFinite('bumpNetwork', 'direction / halfWidth', from);
  const hats = Array.from(centers, (center, k): Neuron[] => {
    const c = center / halfWidth;
    const y = Float64Array.from(data.subarray(k * d, (k + 1) * d));
    // The three neurons share their weights, so they round u.z alike and a hat that has passed falls back to 0.
    return [
      { from, bias: 1 - c, to: y },
      { from, bias: -c, to: y.map((value) => -2 * value) },
      { from, bias: -1 - c, to: y },
    ];
  });
  return assemble(d, [...Array.from({ length: d }, (_, i) => cancel(i, 'any sign')).flat(), ...hats.flat()]);
}

function assertApart(centers: ArrayLike<number>, halfWidth: number): void {
  const sorted = Float64Array.from(centers).sort();
  for (let k = 1; k < sorted.length; k++) {
    const gap = sorted[k]! - sorted[k - 1]!;
    if (gap < 2 * halfWidth) {
      throw new RangeError(`bumpNetwork: centers must be at least 2 halfWidth = ${2 * halfWidth} apart, got ${sorted[k - 1]} and ${sorted[k]}`);
    }
  }
}
