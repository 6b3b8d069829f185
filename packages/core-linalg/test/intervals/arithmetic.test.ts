import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { absolute, add, addDyadic, compareDyadic, contains, divide, dyadicFromNumber, fromDyadic, fromNumber, hull, intersect, multiply, multiplyDyadic, negate, power, round, scaleByPowerOfTwo, squareRoot, subtract, subtractDyadic, type Dyadic, type Interval } from '../../src/intervals/index.ts';
import { dyadics, intervals, precisions, withMember } from './arbitraries.ts';
import { mpfr, mpfr2, mpfrPower } from './mpfr.ts';

/** Bits of the mantissa without trailing zeros, by a route of its own. */
const length = (m: bigint): number => m.toString(2).replace('-', '').replace(/0+$/, '').length;
const same = (x: Dyadic, y: Dyadic): boolean => compareDyadic(x, y) === 0;
const inside = (inner: Interval, outer: Interval): boolean => compareDyadic(outer.low, inner.low) <= 0 && compareDyadic(inner.high, outer.high) <= 0;
const bitsOf = fc.constantFrom(...precisions);
const operations = { add, sub: subtract, mul: multiply, div: divide } as const;
const expectSame = (a: Interval, b: Interval, what: string): void => {
  expect(same(a.low, b.low), `${what}: low end`).toBe(true);
  expect(same(a.high, b.high), `${what}: high end`).toBe(true);
};

describe.each(['add', 'sub', 'mul', 'div'] as const)('%s', (op) => {
  propertyTest.prop([dyadics(300, 300), dyadics(300, 300), bitsOf])('of two numbers has the ends that MPFR rounds down and up', (x, y, bits) => {
    fc.pre(op !== 'div' || y.m !== 0n);
    expectSame(operations[op](fromDyadic(x), fromDyadic(y), bits), mpfr2(op, x, y, bits), op);
  });

  propertyTest.prop([dyadics(300, 1e6), dyadics(300, 1e6)])('does so for exponents up to a million apart', (x, y) => {
    fc.pre(op !== 'div' || y.m !== 0n);
    expectSame(operations[op](fromDyadic(x), fromDyadic(y), 64), mpfr2(op, x, y, 64), op);
  });

  propertyTest.prop([withMember(200, 90), withMember(200, 90), bitsOf])('holds x op y for every member', ({ a, x }, { a: b, x: y }, bits) => {
    fc.pre(op !== 'div' || b.low.m > 0n || b.high.m < 0n);
    const result = operations[op](a, b, bits);
    // Exactly: the sums and the product of dyadic numbers are such numbers; x / y <= q as x <= q y with y's sign.
    if (op === 'div') {
      const left = subtractDyadic(multiplyDyadic(result.low, y), x);
      const right = subtractDyadic(multiplyDyadic(result.high, y), x);
      const turn = y.m > 0n ? 1n : -1n;
      expect(left.m * turn <= 0n && right.m * turn >= 0n).toBe(true);
    } else {
      const exact = op === 'mul' ? multiplyDyadic(x, y) : op === 'add' ? addDyadic(x, y) : subtractDyadic(x, y);
      expect(contains(result, exact)).toBe(true);
    }
  });

  propertyTest.prop([intervals(100, 40), intervals(100, 40), intervals(100, 40), bitsOf])('of a smaller interval lies within that of a larger one', (a, wider, b, bits) => {
    fc.pre(op !== 'div' || b.low.m > 0n || b.high.m < 0n);
    expect(inside(operations[op](a, b, bits), operations[op](hull(a, wider), b, bits))).toBe(true);
  });

  test('keeps at most the bits asked for', () => {
    const third = divide(fromNumber(1), fromNumber(3), 200);
    const { low, high } = operations[op](third, fromNumber(7), 53);
    expect(Math.max(length(low.m), length(high.m))).toBeLessThanOrEqual(53);
  });
});

propertyTest.prop([withMember(120, 60), fc.integer({ min: -9, max: 9 }), bitsOf])('powers hold x^n for every member', ({ a, x }, n, bits) => {
  fc.pre(n >= 0 || a.low.m > 0n || a.high.m < 0n);
  const result = power(a, n, bits);
  let raised: Dyadic = { m: 1n, e: 0 };
  for (let i = 0; i < Math.abs(n); i++) raised = multiplyDyadic(raised, x);
  if (n >= 0) expect(contains(result, raised)).toBe(true);
  else {
    const one = { m: raised.m > 0n ? 1n : -1n, e: 0 };
    const size = { m: raised.m > 0n ? raised.m : -raised.m, e: raised.e };
    expect(compareDyadic(multiplyDyadic(result.low, size), one) <= 0 && compareDyadic(multiplyDyadic(result.high, size), one) >= 0).toBe(true);
  }
});

propertyTest.prop([dyadics(120, 5), fc.integer({ min: -1000, max: 1000 }), bitsOf])('a power of one number is within one more unit of what MPFR rounds', (x, n, bits) => {
  fc.pre(x.m !== 0n);
  const result = power(fromDyadic(x), n, bits);
  const oracle = mpfrPower(x, n, bits);
  expect(inside(oracle, result)).toBe(true);
  // The documented bound is 1 + 2^-40 units a side; the widths of two neighbouring numbers of `bits` bits are within a factor of 2.
  const slack = compareDyadic(subtractDyadic(result.high, result.low), multiplyDyadic(mpfrUnit(oracle, bits), { m: 3n, e: 0 }));
  expect(slack).toBeLessThanOrEqual(0);
});

/** The largest unit of the last place in the interval. */
function mpfrUnit({ low, high }: Interval, bits: number): Dyadic {
  const top = Math.max(low.e + low.m.toString(2).replace('-', '').length, high.e + high.m.toString(2).replace('-', '').length);
  return { m: 1n, e: top - bits };
}

propertyTest.prop([dyadics(3000, 1e6), bitsOf])('square roots have the ends that MPFR rounds down and up', (x, bits) => {
  const size = { m: x.m < 0n ? -x.m : x.m, e: x.e };
  expectSame(squareRoot(fromDyadic(size), bits), mpfr('sqrt', size, bits), 'sqrt');
});

test('square roots of squares are exact', () => {
  for (const x of [3, 2 ** -537, 1e150, 5e-324]) {
    const square = multiplyDyadic(dyadicFromNumber(x), dyadicFromNumber(x));
    expectSame(squareRoot(fromDyadic(square), 53), fromNumber(x), String(x));
  }
});

propertyTest.prop([withMember(100, 50), fc.integer({ min: -1000, max: 1000 })])('negation, magnitude and powers of two are exact', ({ a, x }, k) => {
  const size = { m: x.m < 0n ? -x.m : x.m, e: x.e };
  expect(contains(absolute(a), size)).toBe(true);
  expect(contains(negate(a), { m: -x.m, e: x.e })).toBe(true);
  expectSame(negate(negate(a)), a, 'twice');
  expectSame(scaleByPowerOfTwo(scaleByPowerOfTwo(a, k), -k), a, 'there and back');
  expect(absolute(a).low.m >= 0n).toBe(true);
});

propertyTest.prop([intervals(100, 50), intervals(100, 50), dyadics(100, 50)])('hull and intersection hold what they should', (a, b, x) => {
  const both = intersect(a, b);
  expect(both !== undefined && contains(both, x)).toBe(contains(a, x) && contains(b, x));
  expect(inside(a, hull(a, b)) && inside(b, hull(a, b))).toBe(true);
  if (both) expect(inside(both, a) && inside(both, b)).toBe(true);
});

propertyTest.prop([intervals(2000, 50)])('rounding widens to the nearest numbers of that many bits', (a) => {
  const rounded = round(a, 53);
  expect(inside(a, rounded)).toBe(true);
  expectSame(round(rounded, 53), rounded, 'twice');
  expect(Math.max(length(rounded.low.m), length(rounded.high.m))).toBeLessThanOrEqual(53);
});

test('huge terms that cancel leave the small one', () => {
  const big = scaleByPowerOfTwo(fromNumber(1), 1e9);
  const one = fromNumber(1);
  const near = add(big, one, 64);
  // 1 is far below the last of 64 bits: the sum is next to 2^1e9, on the right side of it.
  expect(compareDyadic(near.low, big.low)).toBe(0);
  expect(compareDyadic(near.high, big.low)).toBe(1);
  expect(contains(subtract(near, big, 64), one.low)).toBe(true);
  expectSame(subtract(add(fromNumber(1e300), one, 1100), fromNumber(1e300), 53), one, '1e300 + 1 - 1e300');
});

test.each([
  ['a precision below 53', () => add(fromNumber(1), fromNumber(1), 52), 'add: bits must be an integer from 53 to 1000000, got 52'],
  ['a precision above a million', () => multiply(fromNumber(1), fromNumber(1), 1_000_001), 'multiply: bits must be an integer from 53 to 1000000, got 1000001'],
  ['a precision that is no integer', () => divide(fromNumber(1), fromNumber(1), 64.5), 'divide: bits must be an integer, got 64.5'],
  ['a divisor that holds 0', () => divide(fromNumber(1), hull(fromNumber(-1), fromNumber(1)), 64), 'divide: the divisor must not hold 0'],
  ['division by 0', () => divide(fromNumber(1), fromNumber(0), 64), 'divide: the divisor must not hold 0, got 0'],
  ['a negative power of an interval around 0', () => power(hull(fromNumber(-1), fromNumber(1)), -2, 64), 'divide: the divisor must not hold 0'],
  ['a root of a negative number', () => squareRoot(fromNumber(-1), 64), 'squareRoot: the interval must not reach below 0'],
  ['an exponent beyond the safe integers', () => power(fromDyadic({ m: 1n, e: 2 ** 40 }), 2 ** 30, 64), 'exponents must be below 2^53'],
  ['exact sums that would fill the memory', () => addDyadic({ m: 1n, e: 0 }, { m: 1n, e: 1e9 }), 'addDyadic: exponents must differ by at most 2^26'],
])('%s is refused', (_, work, message) => {
  expect(work).toThrow(RangeError);
  expect(work).toThrow(message);
});
