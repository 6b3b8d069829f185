/**
 * + - * / and the square root of float64s, rounded down; `-down(-a, ...)` rounds up. ECMAScript rounds + - * / to nearest,
 * and that is all these rely on: the sign of the exact error says on which side of the true value the result lies.
 */
import { powerOfTwo } from './dyadic.ts';

const SMALLEST = Number.MIN_VALUE; // 2^-1074
// u (1 + 2 u) with u = 2^-53: times |x| it is more than half the gap next to a normal x and less than 1.5 gaps.
const HALF_GAP = powerOfTwo(-53) * (1 + Number.EPSILON);
// Within these bounds the partial products of Dekker's method neither overflow nor lose bits below 2^-1074.
const DEKKER_LEAST = powerOfTwo(-960);
const DEKKER_MOST = powerOfTwo(990);
const SPLITTER = 134217729; // 2^27 + 1 halves 53 bits
const TWICE_NORMAL = powerOfTwo(-1021);
const [UP, DOWN] = [powerOfTwo(200), powerOfTwo(-200)] as const;
const [FAR_DOWN, FAR_UP] = [powerOfTwo(-700), powerOfTwo(700)] as const;

/**
 * The smallest float64 above x; Infinity for the largest one and for Infinity.
 *
 * @example
 * nextUp(1); // => 1.0000000000000002
 */
export function nextUp(x: number): number {
  const size = Math.abs(x);
  if (size >= DEKKER_LEAST && size < Infinity) return x + size * HALF_GAP;
  // Up to 2^-1021 all gaps are 2^-1074; between there and 2^-960 scaling keeps HALF_GAP's product exact enough.
  if (size < TWICE_NORMAL) return x + SMALLEST;
  if (size < DEKKER_LEAST) return (x * UP + size * UP * HALF_GAP) * DOWN;
  return x === -Infinity ? -Number.MAX_VALUE : x;
}

/**
 * The largest float64 below x; -Infinity for the lowest one and for -Infinity.
 *
 * @example
 * nextDown(0); // => -5e-324
 */
export function nextDown(x: number): number {
  return -nextUp(-x);
}

/** a + b rounded down. */
export function addDown(a: number, b: number): number {
  const s = a + b;
  // Knuth's sum: s + error = a + b exactly unless s overflows, which leaves NaN.
  const t = s - a;
  const error = a - (s - t) + (b - t);
  return error >= 0 ? s : nextDown(s);
}

/** a b - p exactly, for p = fl(a b), |a| and |b| below 2^990, |p| from 2^-960: Dekker's product. */
function productError(a: number, b: number, p: number): number {
  const ca = SPLITTER * a;
  const cb = SPLITTER * b;
  const highA = ca - (ca - a);
  const highB = cb - (cb - b);
  const lowA = a - highA;
  const lowB = b - highB;
  return lowA * lowB - (p - highA * highB - lowA * highB - highA * lowB);
}

const inDekkerRange = (p: number, a: number, b: number): boolean =>
  Math.abs(p) >= DEKKER_LEAST && Math.abs(p) < DEKKER_MOST && Math.abs(a) < DEKKER_MOST && Math.abs(b) < DEKKER_MOST;

/** a b rounded down, 1 ulp lower where the product is beyond 2^990 or below 2^-960; 0 for 0 times an infinity. */
export function multiplyDown(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  const p = a * b;
  if (inDekkerRange(p, a, b)) return productError(a, b, p) >= 0 ? p : nextDown(p);
  // A product that vanishes keeps its sign.
  return p === 0 ? (a < 0 === b < 0 ? 0 : -SMALLEST) : nextDown(p);
}

/** a / b rounded down for b > 0, 1 ulp lower near the ends of the range. */
export function divideDown(a: number, b: number): number {
  if (a === 0) return 0;
  const q = a / b;
  // A quotient that vanishes keeps its sign.
  if (q === 0) return a > 0 ? 0 : -SMALLEST;
  const p = q * b;
  if (!inDekkerRange(p, q, b) || Math.abs(q) < DEKKER_LEAST || Math.abs(a) >= DEKKER_MOST) return nextDown(q);
  // p is within an ulp or so of a: a - p is exact, and the next difference keeps the sign of a - q b.
  return a - p - productError(q, b, p) >= 0 ? q : nextDown(q);
}

/** Whether the square of s is at most x, exactly; x from 2^-700 to 2^700 and s near its root. */
function squareFits(s: number, x: number): boolean {
  const p = s * s;
  // p - x is exact where the two are near; far apart its sign decides.
  return p - x + productError(s, s, p) <= 0;
}

/** The square root of x >= 0 rounded down, and whether it is exact. ECMAScript only approximates Math.sqrt: checked. */
export function rootDown(x: number): { root: number; exact: boolean } {
  if (x === 0 || x === Infinity) return { root: x, exact: true };
  const [up, down] = x < FAR_DOWN ? [UP * UP, DOWN] : x > FAR_UP ? [DOWN * DOWN, UP] : [1, 1];
  const scaled = x * up;
  let root = Math.sqrt(scaled);
  while (!squareFits(root, scaled)) root = nextDown(root);
  for (let above = nextUp(root); squareFits(above, scaled); above = nextUp(root)) root = above;
  const p = root * root;
  return { root: root * down, exact: p === scaled && productError(root, root, p) === 0 };
}
