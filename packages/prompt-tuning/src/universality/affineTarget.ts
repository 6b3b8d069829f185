import { assertFinite, assertInRange, assertInteger, assertLength, describe, tokens, type Tokens } from '@prompt-limits/core-linalg';
import type { CellIntegral, MeasuredTarget } from './distance/distance.ts';
import { assertShape, type SequenceShape } from './targetFunction.ts';

/** $f(Z)_i = b_i + a_i Z_{s(i)}$, entries counted token after token. */
export interface AffineTargetOptions extends SequenceShape {
  /** $a_i$, d L numbers. */
  readonly slope: ArrayLike<number>;
  /** $b_i$, d L numbers with $b_i$ and $b_i + a_i$ in [0, 1]. */
  readonly offset: ArrayLike<number>;
  /** $s(i)$, the entry of Z that entry i reads, from 0 to d L - 1; i itself unless given. */
  readonly source?: ArrayLike<number>;
}

/** A target function that knows its integrals over cells. */
export interface AffineTarget extends MeasuredTarget {
  /** In closed form. */
  readonly cellIntegral: CellIntegral;
}

/**
 * Affine target function $f(Z)_i = b_i + a_i Z_{s(i)}$ on $[0,1]^{d \times L}$ with its integrals in closed form: with
 * $v = b_i + a_i z - y_i$ running from $v_0$ to $v_1$ over a cell, the mean of $|v|^\alpha$ is
 * $\bigl(v_1 |v_1|^\alpha - v_0 |v_0|^\alpha\bigr) / \bigl((\alpha + 1)(v_1 - v_0)\bigr)$.
 *
 * @returns f, C-Lipschitz in every $\|\cdot\|_\alpha$ for $C = \max_i |a_i|$ if no two entries have one source; its `cellIntegral` is
 * that of a function within $2^{-51}$ of f, with a relative error of about $(dL + 4 \alpha + 40)\, 2^{-53}$
 *
 * Paper: a member of Definition 2.3's class for which Eq. (E.1) has a closed form.
 *
 * @throws RangeError if a length is not d L, f would leave [0, 1] or a source is no entry
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const f = affineTarget({ d: 1, L: 2, slope: [-1, 0.5], offset: [1, 0], source: [1, 0] });
 * f(tokens(1, Float64Array.of(0.5, 0.25))).data; // => new Float64Array([0.75, 0.25])
 * // Over the whole square: the mean of |1 - z| is 1/2, that of z/2 is 1/4.
 * f.cellIntegral(new Float64Array(2), 1, new Float64Array(2), 1); // => 0.75
 */
export function affineTarget({ d, L, slope, offset, source }: AffineTargetOptions): AffineTarget {
  assertShape('affineTarget', { d, L });
  const width = d * L;
  for (const [name, values] of [['slope', slope], ['offset', offset], ['source', source ?? slope]] as const) {
    assertLength('affineTarget', name, values, width, 'd * L');
    assertFinite('affineTarget', name, values);
  }
  const a = Float64Array.from(slope);
  const b = Float64Array.from(offset);
  const from = Float64Array.from({ length: width }, (_, i) => source?.[i] ?? i);
  for (let i = 0; i < width; i++) {
    assertInRange('affineTarget', `offset ${i}`, b[i]!, 0, 1);
    assertInRange('affineTarget', `offset ${i} + slope ${i}`, b[i]! + a[i]!, 0, 1);
    assertInteger('affineTarget', `source ${i}`, from[i], 0, width - 1);
  }
  // b + a and b lie in [0, 1], and rounding keeps the order of b + a z between them.
  const f = (z: Tokens<Float64Array>): Tokens => {
    if (z?.data?.length !== width) throw new RangeError(`affineTarget: z must be ${d} x ${L} tokens, got ${describe(z?.data)}`);
    return tokens(d, a.map((slopeOf, i) => b[i]! + slopeOf * z.data[from[i]!]!));
  };
  const cellIntegral: CellIntegral = (corner, delta, y, alpha) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += meanPower(b[i]! + a[i]! * corner[from[i]!]! - y[i]!, a[i]! * delta, alpha);
    return sum * delta ** width;
  };
  return Object.assign(f, { cellIntegral });
}

/** The mean of |v|^alpha over v from v to v + h. */
function meanPower(v: number, h: number, alpha: number): number {
  if (h === 0) return Math.abs(v) ** alpha;
  if (h < 0) return meanPower(-v, -h, alpha); // |v| is even
  if (v < 0 && v + h > 0) return part(-v, h, alpha) + part(v + h, h, alpha);
  const low = v >= 0 ? v : -(v + h);
  if (low + h === low) return low ** alpha; // off by a relative alpha 2^-53 at most
  // Far from 0 the two powers nearly cancel: low^p ((1 + h/low)^p - 1) / (p h) does not.
  if (low > h) return (low ** alpha * (Math.expm1((alpha + 1) * Math.log1p(h / low)) * (low / h))) / (alpha + 1);
  return part(low + h, h, alpha) - part(low, h, alpha);
}

/** The integral of |v|^alpha from 0 to v, over h; v is at most 2 h, so nothing overflows, and what vanishes is that small. */
const part = (v: number, h: number, alpha: number): number => (v ** alpha * (v / h)) / (alpha + 1);
