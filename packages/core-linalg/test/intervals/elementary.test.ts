import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { add, compareDyadic, contains, divide, dyadicFromNumber, exp, fromDyadic, fromNumber, fromRational, hull, intersect, log, log2Size, multiply, relativeWidth, sign, subtract, toFloat64, type Dyadic, type Interval } from '../../src/intervals/index.ts';
import { dyadics, intervals, precisions } from './arbitraries.ts';
import { mpfr, mpfr2 } from './mpfr.ts';

const bitsOf = fc.constantFrom(...precisions);
const inside = (inner: Interval, outer: Interval): boolean => compareDyadic(outer.low, inner.low) <= 0 && compareDyadic(inner.high, outer.high) <= 0;
const size = (x: Dyadic): Dyadic => ({ m: x.m < 0n ? -x.m : x.m, e: x.e });
const expectSame = (a: Interval, b: Interval): void => {
  expect(compareDyadic(a.low, b.low), 'low end').toBe(0);
  expect(compareDyadic(a.high, b.high), 'high end').toBe(0);
};

// 2^-40 to 2^28, MPFR's largest exponent being 2^30; short mantissas give small results their hardest cases.
propertyTest.prop([dyadics(200, 40).filter((x) => x.e + x.m.toString(2).length < 28), bitsOf])('exp has the ends that MPFR rounds down and up', (x, bits) => {
  expectSame(exp(fromDyadic(x), bits), mpfr('exp', x, bits));
});

propertyTest.prop([dyadics(200, 3000).filter((x) => x.m !== 0n), bitsOf])('log has the ends that MPFR rounds down and up', (x, bits) => {
  expectSame(log(fromDyadic(size(x)), bits), mpfr('log', size(x), bits));
});

propertyTest.prop([fc.integer({ min: 1, max: 2500 }), fc.integer({ min: -9, max: 9 }).filter((k) => k !== 0), bitsOf])('both do so next to 0 and 1, where bits cancel', (n, k, bits) => {
  const tiny = { m: BigInt(k), e: -n };
  const near = { m: (1n << BigInt(n + 4)) + BigInt(k), e: -n - 4 };
  expectSame(exp(fromDyadic(tiny), bits), mpfr('exp', tiny, bits));
  expectSame(log(fromDyadic(near), bits), mpfr('log', near, bits));
});

propertyTest.prop([intervals(100, 20), fc.integer({ min: 0, max: 400 }), bitsOf])('wide and narrow intervals have the ends of their ends', (a, narrow, bits) => {
  const limited = hull(fromDyadic(a.low), fromDyadic({ m: (a.low.m << 400n) + BigInt(narrow), e: a.low.e - 400 }));
  for (const x of [a, limited]) {
    expectSame(exp(x, bits), { low: exp(fromDyadic(x.low), bits).low, high: exp(fromDyadic(x.high), bits).high });
    if (x.low.m > 0n) expectSame(log(x, bits), { low: log(fromDyadic(x.low), bits).low, high: log(fromDyadic(x.high), bits).high });
  }
});

propertyTest.prop([intervals(100, 8), intervals(100, 8), bitsOf])('exp of a smaller interval lies within that of a larger one, and exp(log a) around a', (a, b, bits) => {
  expect(inside(exp(a, bits), exp(hull(a, b), bits))).toBe(true);
  if (a.low.m > 0n) {
    expect(inside(log(a, bits), log(hull(a, { low: a.low, high: hull(a, b).high }), bits))).toBe(true);
    expect(inside(a, exp(log(a, bits), bits))).toBe(true);
  }
});

propertyTest.prop([dyadics(80, 10), dyadics(80, 10), bitsOf])('exp(a + b) meets exp(a) exp(b), log(a b) meets log a + log b', (x, y, bits) => {
  const [a, b] = [fromDyadic(x), fromDyadic(y)];
  expect(intersect(exp(add(a, b, bits), bits), multiply(exp(a, bits), exp(b, bits), bits))).toBeDefined();
  fc.pre(x.m !== 0n && y.m !== 0n);
  const [p, q] = [fromDyadic(size(x)), fromDyadic(size(y))];
  expect(intersect(log(multiply(p, q, bits), bits), add(log(p, bits), log(q, bits), bits))).toBeDefined();
});

test('at 100,000 bits exp has the ends of MPFR, and MPFR finds x between the exponentials of the ends of log x', () => {
  const bits = 100_000;
  const x = fromRational(-22n, 7n, bits).low;
  expectSame(exp(fromDyadic(x), bits), mpfr('exp', x, bits));
  // MPFR's logarithm of so many bits does not run in WebAssembly.
  const y = fromRational(1000n, 3n, bits).low;
  const { low, high } = log(fromDyadic(y), bits);
  expect(high.m - low.m).toBe(1n);
  expect(compareDyadic(mpfr('exp', low, bits + 64).high, y)).toBe(-1);
  expect(compareDyadic(mpfr('exp', high, bits + 64).low, y)).toBe(1);
  expectSame(divide(fromDyadic(x), fromDyadic(y), bits), mpfr2('div', x, y, bits));
});

test('at 20,000 bits log has the ends of MPFR', () => {
  const y = fromRational(1000n, 3n, 20_000).low;
  expectSame(log(fromDyadic(y), 20_000), mpfr('log', y, 20_000));
});

test('exp of far arguments keeps all bits and its exponent', () => {
  const x = exp(fromNumber(-1e12), 64);
  // log2 e^-1e12 = -1442695040888.96...
  expect(log2Size(x)).toBe(-1442695040888);
  expect(relativeWidth(x)).toBeLessThan(2 ** -62);
  expect(contains(log(x, 64), dyadicFromNumber(-1e12))).toBe(true);
  expect(toFloat64(exp(fromNumber(-2000), 64))).toEqual({ low: 0, high: Number.MIN_VALUE });
});

test('exact values stay exact', () => {
  expectSame(exp(fromNumber(0), 64), fromNumber(1));
  expectSame(log(fromNumber(1), 64), fromNumber(0));
  // An end of 0 or 1 in an interval so narrow that one evaluation serves both.
  const narrow = { low: { m: -1n, e: -80 }, high: { m: 0n, e: 0 } };
  expectSame({ low: exp(narrow, 64).high, high: exp(narrow, 64).high }, fromNumber(1));
  const below = { low: { m: (1n << 80n) - 1n, e: -80 }, high: { m: 1n, e: 0 } };
  expect(sign({ low: log(below, 64).high, high: log(below, 64).high })).toBe(0);
});

test('the difference of exponentials of close numbers has a sign at enough bits, and is undecided before', () => {
  const [a, b] = [fromNumber(1), fromDyadic({ m: (1n << 200n) + 1n, e: -200 })];
  expect(sign(subtract(exp(b, 64), exp(a, 64), 64))).toBe('undecided');
  expect(sign(subtract(exp(b, 256), exp(a, 256), 256))).toBe(1);
});

test.each([
  ['exp beyond 1e13', () => exp(fromNumber(1.1e13), 64), 'exp: the interval must lie within 1e13 of 0, got one that reaches 2^43'],
  ['exp below -1e13', () => exp(hull(fromNumber(-1e300), fromNumber(1)), 64), 'exp: the interval must lie within 1e13 of 0'],
  ['log of 0', () => log(fromNumber(0), 64), 'log: the interval must lie above 0, got one that starts at 0'],
  ['log of an interval that reaches 0', () => log(hull(fromNumber(-1), fromNumber(1)), 64), 'log: the interval must lie above 0, got one that reaches below'],
  ['a precision out of range', () => exp(fromNumber(1), 10), 'exp: bits must be an integer from 53 to 1000000, got 10'],
  ['a precision out of range', () => log(fromNumber(1), 2e6), 'log: bits must be an integer from 53 to 1000000, got 2000000'],
])('%s is refused', (_, work, message) => {
  expect(work).toThrow(RangeError);
  expect(work).toThrow(message);
});
