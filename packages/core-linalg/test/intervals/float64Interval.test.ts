import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import * as wide from '../../src/intervals/index.ts';
import { absoluteFloat64, addFloat64, compareDyadic, compareFloat64, divideFloat64, dotFloat64, dyadicFromNumber, expFloat64, float64Interval, fromNumber, logFloat64, multiplyFloat64, negateFloat64, nextDown, nextUp, signFloat64, squareRootFloat64, subtractFloat64, sumFloat64, toFloat64, type Float64Interval, type Interval } from '../../src/intervals/index.ts';
import { randomSource } from '../../src/index.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const random = randomSource(20250);
const view = new DataView(new ArrayBuffer(8));

/** Any float64 but NaN and infinities, every exponent as likely as any other. */
function anyFloat64(): number {
  for (;;) {
    view.setUint32(0, Math.floor(random.uniform() * 2 ** 32));
    view.setUint32(4, Math.floor(random.uniform() * 2 ** 32));
    const x = view.getFloat64(0);
    if (Number.isFinite(x)) return x;
  }
}

const around = (outer: Float64Interval, inner: Interval): boolean =>
  (outer.low === -Infinity || compareDyadic(dyadicFromNumber(outer.low), inner.low) <= 0) && (outer.high === Infinity || compareDyadic(inner.high, dyadicFromNumber(outer.high)) <= 0);

/** Whether the ends are at most `ulps` float64s further out than the smallest float64 interval around the exact one. */
function within(outer: Float64Interval, inner: Interval, ulps: number): boolean {
  let { low, high } = toFloat64(inner);
  for (let i = 0; i < ulps; i++) [low, high] = [nextDown(low), nextUp(high)];
  return outer.low >= low && outer.high <= high;
}

const BITS = 200;
const point = fromNumber;
const cases: [string, number, (x: number, y: number) => { narrow: Float64Interval; exact: Interval; ulps: number } | undefined][] = [
  ['addFloat64', 1, (x, y) => ({ narrow: addFloat64(float64Interval(x), float64Interval(y)), exact: wide.add(point(x), point(y), BITS), ulps: 0 })],
  ['subtractFloat64', 1, (x, y) => ({ narrow: subtractFloat64(float64Interval(x), float64Interval(y)), exact: wide.subtract(point(x), point(y), BITS), ulps: 0 })],
  ['multiplyFloat64', 1, (x, y) => ({ narrow: multiplyFloat64(float64Interval(x), float64Interval(y)), exact: wide.multiply(point(x), point(y), BITS), ulps: ordinary(x * y, x, y) ? 0 : 1 })],
  ['divideFloat64', 1, (x, y) => (y === 0 ? undefined : { narrow: divideFloat64(float64Interval(x), float64Interval(y)), exact: wide.divide(point(x), point(y), BITS), ulps: ordinary(x / y, x, y) ? 0 : 1 })],
  ['squareRootFloat64', 1, (x) => ({ narrow: squareRootFloat64(float64Interval(Math.abs(x))), exact: wide.squareRoot(point(Math.abs(x)), BITS), ulps: 0 })],
  // 6.1 u and the two ends' roundings: 7 units of the lower binade.
  ['expFloat64', 800, (x) => ({ narrow: expFloat64(float64Interval(x)), exact: wide.exp(point(x), BITS), ulps: 7 })],
  ['logFloat64', 1, (x) => (x === 0 ? undefined : { narrow: logFloat64(float64Interval(Math.abs(x))), exact: wide.log(point(Math.abs(x)), BITS), ulps: 8 })],
];

const ordinary = (result: number, ...args: number[]): boolean => [result, ...args].every((x) => Math.abs(x) > 2 ** -900 && Math.abs(x) < 2 ** 900);

test.each(cases)('%s holds the exact value of 100,000 numbers of every size, and little more', (_, scale, f) => {
  let wrong = 0;
  let loose = 0;
  for (let i = 0; i < 100_000; i++) {
    // All of float64; numbers of ordinary size, their sums nearly cancelling; next to 1.
    const kind = i % 3;
    const x = kind === 0 && scale === 1 ? anyFloat64() : kind === 1 ? 1 + (random.uniform() - 0.5) * Math.abs(anyFloat64() % 1) : (random.uniform() - 0.5) * 2 * scale;
    const y = kind === 0 ? anyFloat64() : kind === 1 ? -x * (1 + (random.uniform() - 0.5) * 1e-14) : Math.round((random.uniform() - 0.5) * 2000);
    const result = f(x, y);
    if (!result) continue;
    if (!around(result.narrow, result.exact)) wrong++;
    if (!within(result.narrow, result.exact, result.ulps)) loose++;
  }
  expect({ wrong, loose }).toEqual({ wrong: 0, loose: 0 });
});

propertyTest.prop([finite])('nextUp and nextDown are the neighbours', (x) => {
  view.setFloat64(0, x === 0 ? 0 : x);
  const word = view.getBigInt64(0);
  view.setBigInt64(0, x === 0 ? 1n : word + (x > 0 ? 1n : -1n));
  expect(nextUp(x) === view.getFloat64(0)).toBe(true);
  expect(nextDown(nextUp(x)) === x).toBe(true);
});

test('neighbours where the gaps change', () => {
  for (const e of [-1074, -1073, -1023, -1022, -1021, -1020, -961, -960, -959, 0, 1023]) {
    const x = 2 ** e;
    const gap = 2 ** Math.max(e - 52, -1074);
    expect([nextUp(x) - x, x - nextDown(x)]).toEqual([gap, 2 ** Math.max(e - 53, -1074)]);
  }
  expect([nextUp(Number.MAX_VALUE), nextUp(Infinity), nextUp(-Infinity), nextDown(Infinity), nextDown(-Infinity)]).toEqual([Infinity, Infinity, -Number.MAX_VALUE, Number.MAX_VALUE, -Infinity]);
});

const interval = fc.tuple(finite, finite, fc.double({ min: 0, max: 1, noNaN: true })).map(([x, y, t]) => {
  const a = { low: Math.min(x, y), high: Math.max(x, y) };
  const inner = a.low * (1 - t) + a.high * t;
  return { a, x: Math.min(a.high, Math.max(a.low, Number.isNaN(inner) ? a.low : inner)) };
});

propertyTest.prop([interval, interval])('operations on intervals hold those on members', ({ a, x }, { a: b, x: y }) => {
  const [X, Y] = [point(x), point(y)];
  expect(around(addFloat64(a, b), wide.add(X, Y, BITS))).toBe(true);
  expect(around(subtractFloat64(a, b), wide.subtract(X, Y, BITS))).toBe(true);
  expect(around(multiplyFloat64(a, b), wide.multiply(X, Y, BITS))).toBe(true);
  expect(around(dotFloat64([a, b], [b, b]), wide.dot([X, Y], [Y, Y], BITS))).toBe(true);
  expect(around(sumFloat64([a, b, a]), wide.sum([X, Y, X], BITS))).toBe(true);
  expect(around(absoluteFloat64(a), wide.absolute(X))).toBe(true);
  expect(around(negateFloat64(a), wide.negate(X))).toBe(true);
  if (b.low > 0 || b.high < 0) expect(around(divideFloat64(a, b), wide.divide(X, Y, BITS))).toBe(true);
  if (a.low > 0) expect(around(logFloat64(a), wide.log(X, BITS))).toBe(true);
  if (Math.abs(x) < 1e6) expect(around(expFloat64({ low: Math.max(a.low, -1e6), high: Math.min(a.high, 1e6) }), wide.exp(X, BITS))).toBe(true);
});

propertyTest.prop([interval, interval])('comparison agrees with that of exact intervals', ({ a }, { a: b }) => {
  const exact = (c: Float64Interval): Interval => ({ low: dyadicFromNumber(c.low), high: dyadicFromNumber(c.high) });
  expect(compareFloat64(a, b)).toBe(wide.compare(exact(a), exact(b)));
  expect(signFloat64(a)).toBe(wide.sign(exact(a)));
});

test('overflow ends in an infinity on one side, underflow in 0 or the smallest number', () => {
  const big = float64Interval(Number.MAX_VALUE);
  expect(addFloat64(big, big)).toEqual({ low: Number.MAX_VALUE, high: Infinity });
  expect(multiplyFloat64(big, float64Interval(-2))).toEqual({ low: -Infinity, high: -Number.MAX_VALUE });
  expect(expFloat64(float64Interval(1000))).toEqual({ low: Number.MAX_VALUE, high: Infinity });
  expect(expFloat64(float64Interval(-1000))).toEqual({ low: 0, high: Number.MIN_VALUE });
  expect(multiplyFloat64(float64Interval(5e-324), float64Interval(-0.25))).toEqual({ low: -5e-324, high: 0 });
  const unbounded = { low: 2, high: Infinity };
  expect(multiplyFloat64(unbounded, { low: 0, high: 3 })).toEqual({ low: 0, high: Infinity });
  expect(divideFloat64(float64Interval(1), unbounded).high).toBe(0.5);
  expect(expFloat64({ low: -Infinity, high: 0 })).toEqual({ low: 0, high: 1 });
  expect(logFloat64(unbounded).high).toBe(Infinity);
  expect(subtractFloat64(unbounded, unbounded)).toEqual({ low: -Infinity, high: Infinity });
});

test('e^x keeps to its side of 1, and ln 1 is 0', () => {
  for (const x of [5e-324, 1e-300, 1e-17, 2 ** -53]) {
    expect(expFloat64(float64Interval(x)).low).toBeGreaterThanOrEqual(1);
    expect(expFloat64(float64Interval(-x)).high).toBeLessThanOrEqual(1);
  }
  expect(expFloat64(float64Interval(0))).toEqual({ low: 1, high: 1 });
  expect(logFloat64(float64Interval(1))).toEqual({ low: 0, high: 0 });
});

test('exp at the ends of its range', () => {
  for (const x of [709.782712893384, 709.7827128933841, 709.79, 709.8, -708.3964185322641, -708.4, -744.44, -745.13, -745.14, -745.2, -745.21]) {
    expect(around(expFloat64(float64Interval(x)), wide.exp(point(x), BITS)), String(x)).toBe(true);
  }
});

test.each([
  ['a divisor that holds 0', () => divideFloat64(float64Interval(1), { low: -1, high: 2 }), 'divideFloat64: the divisor must not hold 0, got [-1, 2]'],
  ['a logarithm of 0', () => logFloat64({ low: 0, high: 2 }), 'logFloat64: the interval must lie above 0, got [0, 2]'],
  ['a root of a negative number', () => squareRootFloat64({ low: -1, high: 2 }), 'squareRootFloat64: the interval must not reach below 0, got [-1, 2]'],
  ['NaN', () => float64Interval(Number.NaN), 'float64Interval: x must be finite, got NaN'],
  ['lists of different lengths', () => dotFloat64([], [float64Interval(1)]), 'dotFloat64: b must have length 0 (the length of a), got 1'],
])('%s is refused', (_, work, message) => {
  expect(work).toThrow(RangeError);
  expect(work).toThrow(message);
});
