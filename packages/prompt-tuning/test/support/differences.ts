/**
 * Central differences of fourth order of a function R^n -> R:
 * (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h, error about h^4 f''''' / 30 + 1.5 u |f| / h.
 *
 * With h = 1e-3 both parts are near 1e-12 for values and derivatives of order 1.
 */
export function finiteDifferences(f: (x: Float64Array) => number, x: Float64Array, h: number = 1e-3): Float64Array {
  const at = (i: number, step: number): number => {
    const moved = x.slice();
    moved[i]! += step;
    return f(moved);
  };
  return x.map((_, i) => (8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h));
}

/** |a - b| / |b| in the Euclidean norm. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let gap = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    gap += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(gap / size);
}
