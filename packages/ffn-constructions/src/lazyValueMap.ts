import { assertFinite, assertInteger, assertLength, assertOneOf } from '@prompt-limits/core-linalg';
import {
  addFloat64,
  absoluteFloat64,
  float64Interval,
  multiplyFloat64,
  nextUp,
  subtractFloat64,
  type Float64Interval,
} from '@prompt-limits/core-linalg/intervals';
import type { HatShape } from './hats.ts';

/** The hat whose support holds a scalar. */
export interface LocatedHat {
  /** y, length d. */
  readonly label: ArrayLike<number>;
  /** (x - c)/w: the scalar's distance from the hat's centre in half widths, exact or enclosed. */
  readonly offset: number | Float64Interval;
  /** q, length d, for the deep form: the token whose scalar is c. If not given, the token itself stands for it. */
  readonly id?: ArrayLike<number>;
}

/**
 * A value map whose hats are never stored.
 *
 * @typeParam X - the scalar $u^\top z$ in whatever form `locate` reads: a number, an interval of any precision
 */
export interface LazyValueMapOptions<X> {
  /** `deep`: $z + (y - q)\, \mathrm{hat}$. `wide`: $y\, \mathrm{hat}$. */
  readonly form: 'deep' | 'wide';
  /** Width of a token. */
  readonly d: number;
  /** The one hat whose support may hold the scalar, found by decoding it; null where it is certain that no support does. */
  readonly locate: (x: X) => LocatedHat | null;
  /** Shape of the hats, `plateau` unless given: a scalar that is known up to w/2 still gets the label exactly. */
  readonly hat?: HatShape;
}

/** A token, enclosed. */
export interface EnclosedToken {
  /** d values. */
  readonly value: Float64Array;
  /** Each value is at most this far from the map's in real numbers; 0 if the values are exact. */
  readonly error: number;
}

/**
 * A value map of $N = L m^{dL'}$ hats, evaluated at the one hat that matters: what the N layers of the deep form or the $3 N$ or $4 N$ neurons of the wide form give
 * in real numbers, enclosed. Nothing is stored, so N may have thousands of digits.
 *
 * Right because the supports of different hats do not overlap, so all others add 0, and in the deep form because a token that has moved
 * lies below the supports of the layers to come (see `deepValueMap`). Both are the caller's to prove: w at most half, in the deep form a quarter, of the proven gap of context IDs.
 *
 * @returns the map: `(x, token)` gives the output at a token of d float64 values whose scalar is x
 *
 * Paper: Lemmas 2.4 and F.2, the layers after the attention.
 *
 * @throws RangeError if d is not an integer >= 1, the form or the hat is unknown, or (the map) a length is not d or a value not finite
 * @example
 * // One hat around every integer c > 0, with label 1/c.
 * const locate = (x: number) => ({ label: [1 / Math.round(x)], offset: (x - Math.round(x)) / 0.25 });
 * const map = lazyValueMap({ form: 'wide', d: 1, locate, hat: 'tip' });
 * map(2, [2]); // => { value: new Float64Array([0.5]), error: 0 }
 * map(2.125, [2.125]); // => { value: new Float64Array([0.25]), error: 0 }
 * map(2.5, [2.5]); // => { value: new Float64Array([0]), error: 0 }
 */
export function lazyValueMap<X>({ form, d, locate, hat = 'plateau' }: LazyValueMapOptions<X>): (x: X, token: ArrayLike<number>) => EnclosedToken {
  assertOneOf('lazyValueMap', 'form', form, ['deep', 'wide']);
  assertOneOf('lazyValueMap', 'hat', hat, ['tip', 'plateau']);
  assertInteger('lazyValueMap', 'd', d, 1);
  return (x, token) => {
    assertLength('lazyValueMap', 'token', token, d, 'd');
    assertFinite('lazyValueMap', 'token', token);
    const found = locate(x);
    if (found === null) return { value: form === 'wide' ? new Float64Array(d) : Float64Array.from(token), error: 0 };
    const { label, offset, id = token } = found;
    assertLength('lazyValueMap', 'label', label, d, 'd');
    assertFinite('lazyValueMap', 'label', label);
    assertLength('lazyValueMap', 'id', id, d, 'd');
    assertFinite('lazyValueMap', 'id', id);
    const height = hatOf(hat, typeof offset === 'number' ? float64Interval(offset) : offset);
    return enclosed(Array.from({ length: d }, (_, i) => {
      const part = multiplyFloat64(float64Interval(label[i]!), height);
      if (form === 'wide') return part;
      // z + (y - q) h = y h + z (1 - h) + (z - q) h: at h = 1 and z = q nothing rounds.
      const z = float64Interval(token[i]!);
      const rest = multiplyFloat64(z, subtractFloat64(float64Interval(1), height));
      return addFloat64(addFloat64(part, rest), multiplyFloat64(subtractFloat64(z, float64Interval(id[i]!)), height));
    }));
  };
}

/** max(0, 1 - |x|), or min(1, max(0, 2 - 2|x|)). */
function hatOf(shape: HatShape, offset: Float64Interval): Float64Interval {
  const away = absoluteFloat64(offset);
  const { low, high } = shape === 'tip'
    ? subtractFloat64(float64Interval(1), away)
    : subtractFloat64(float64Interval(2), multiplyFloat64(float64Interval(2), away));
  return { low: Math.min(1, Math.max(0, low)), high: Math.min(1, Math.max(0, high)) };
}

function enclosed(intervals: readonly Float64Interval[]): EnclosedToken {
  let error = 0;
  const value = Float64Array.from(intervals, ({ low, high }) => {
    if (low === high) return low;
    const middle = low / 2 + high / 2;
    error = Math.max(error, nextUp(Math.max(high - middle, middle - low)));
    return middle;
  });
  return { value, error };
}
