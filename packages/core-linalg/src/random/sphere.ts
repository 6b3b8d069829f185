import { assertInteger } from '../checks/checks.ts';
import { column, zeroTokens, type Tokens } from '../tokens/tokens.ts';
import type { RandomSource } from './randomSource.ts';

function fillSpherePoint(random: RandomSource, point: Float64Array): void {
  let square = 0;
  // The normal density depends on the length only, so its direction is uniform. A zero vector has none: draw again.
  while (square === 0) {
    square = 0;
    for (let i = 0; i < point.length; i++) {
      const x = random.normal();
      point[i] = x;
      square += x * x;
    }
  }
  const length = Math.sqrt(square);
  for (let i = 0; i < point.length; i++) point[i]! /= length;
}

/**
 * A point uniform on the unit sphere $S^{d-1} = \lbrace x \in \mathbb R^d : \|x\|_2 = 1 \rbrace$.
 *
 * @param d - dimension, an integer >= 1; for d = 1 the sphere is -1 and 1
 * @returns d values whose Euclidean norm is 1 up to (d + 4) half-ulps
 *
 * @throws RangeError if d is not an integer >= 1
 * @example
 * Math.abs(spherePoint(randomSource(7), 1)[0]); // => 1
 */
export function spherePoint(random: RandomSource, d: number): Float64Array {
  assertInteger('spherePoint', 'd', d, 1);
  const point = new Float64Array(d);
  fillSpherePoint(random, point);
  return point;
}

/**
 * $n$ independent points uniform on the unit sphere, as the columns of $d \times n$ tokens.
 *
 * @param d - dimension, an integer >= 1
 * @param n - number of points, an integer >= 0
 *
 * @throws RangeError if d or n is out of range
 * @example
 * spherePoints(randomSource(7), 3, 5).n; // => 5
 */
export function spherePoints(random: RandomSource, d: number, n: number): Tokens<Float64Array> {
  assertInteger('spherePoints', 'd', d, 1);
  assertInteger('spherePoints', 'n', n);
  const points = zeroTokens(d, n);
  for (let k = 0; k < n; k++) fillSpherePoint(random, column(points, k));
  return points;
}
