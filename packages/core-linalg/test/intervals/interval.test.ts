import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { addDyadic, compare, compareDyadic, contains, decimal, dot, dyadicFromNumber, exp, fromDyadic, fromNumber, fromRational, hull, log2Size, midpoint, multiplyDyadic, nextDown, nextUp, relativeWidth, roundDown, roundUp, sign, sum, toFloat64, type Dyadic } from '../../src/intervals/index.ts';
import { bitLength } from '../../src/intervals/dyadic.ts';
import { integerRoot } from '../../src/intervals/squareRoot.ts';
import { units } from '../exact.ts';
import { dyadics, intervals, withMember } from './arbitraries.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

propertyTest.prop([finite])('a float64 becomes the number it stands for, with an odd mantissa', (x) => {
  const { m, e } = dyadicFromNumber(x);
  expect(m << BigInt(e + 1074)).toBe(units(x));
  expect(m === 0n || m % 2n !== 0n).toBe(true);
});

propertyTest.prop([dyadics(2500, 10)])('bit lengths are those of the binary print', ({ m }) => {
  expect(bitLength(m)).toBe(m === 0n ? 0 : m.toString(2).replace('-', '').length);
});

test('bit lengths next to powers of two, below and above what a float64 holds', () => {
  for (const n of [1, 52, 53, 54, 1023, 1024, 1025, 1984, 1985, 4000, 1_000_003]) {
    expect([(1n << BigInt(n)) - 1n, 1n << BigInt(n), -(1n << BigInt(n)) + 1n].map(bitLength)).toEqual([n, n + 1, n]);
  }
});

propertyTest.prop([dyadics(300, 200), dyadics(300, 200)])('comparison is the sign of the difference, also far apart', (x, y) => {
  const low = Math.min(x.e, y.e);
  const difference = (x.m << BigInt(x.e - low)) - (y.m << BigInt(y.e - low));
  expect(compareDyadic(x, y)).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
});

propertyTest.prop([dyadics(300, 200), fc.integer({ min: 1, max: 200 })])('rounding gives the nearest numbers of that many bits on either side', (x, bits) => {
  const [down, up] = [roundDown(x, bits), roundUp(x, bits)];
  expect(compareDyadic(down, x) <= 0 && compareDyadic(x, up) <= 0).toBe(true);
  // Either x itself, or neighbours: equal exponents differ by one unit where the lower has all its bits.
  const e = Math.min(down.e, up.e);
  const gap = (up.m << BigInt(up.e - e)) - (down.m << BigInt(down.e - e));
  if (compareDyadic(down, x) === 0) expect(gap).toBe(0n);
  else {
    const digits = [down, up].map(({ m }) => m.toString(2).replace('-', '').replace(/0+$/, '').length);
    expect(Math.max(...digits)).toBeLessThanOrEqual(bits);
    expect(gap).toBe(1n << BigInt(Math.max(0, Math.max(down.e, up.e) - e)));
  }
});

propertyTest.prop([fc.bigInt({ min: 0n, max: 1n << 4000n })])('the integer root is the floor', (n) => {
  for (const value of [n, n * n, n * n - 1n, n >> 3900n, n >> 3950n]) {
    if (value < 0n) continue;
    const { root, rest } = integerRoot(value);
    expect(root * root + rest).toBe(value);
    expect(rest >= 0n && rest <= 2n * root).toBe(true);
  }
});

propertyTest.prop([intervals(200, 1200)])('toFloat64 is the smallest float64 interval around it', (a) => {
  const { low, high } = toFloat64(a);
  if (low !== -Infinity) expect(compareDyadic(dyadicFromNumber(low), a.low)).toBeLessThanOrEqual(0);
  if (high !== Infinity) expect(compareDyadic(a.high, dyadicFromNumber(high))).toBeLessThanOrEqual(0);
  if (low !== Number.MAX_VALUE) expect(compareDyadic(a.low, dyadicFromNumber(nextUp(low)))).toBe(-1);
  if (high !== -Number.MAX_VALUE) expect(compareDyadic(dyadicFromNumber(nextDown(high)), a.high)).toBe(-1);
});

test('toFloat64 at the ends of the range', () => {
  const of = (m: bigint, e: number) => toFloat64(fromDyadic({ m, e }));
  for (const e of [1024, 1023, 5000]) {
    const [m, low] = e === 1023 ? [(1n << 60n) * 2n - 1n, e - 60] : [1n, e];
    expect(of(m, low)).toEqual({ low: Number.MAX_VALUE, high: Infinity });
    expect(of(-m, low)).toEqual({ low: -Infinity, high: -Number.MAX_VALUE });
  }
  expect(of(3n, -1075)).toEqual({ low: Number.MIN_VALUE, high: 2 * Number.MIN_VALUE });
  expect(of(-1n, -1075)).toEqual({ low: -Number.MIN_VALUE, high: 0 });
  expect(of(1n, -9999)).toEqual({ low: 0, high: Number.MIN_VALUE });
});

propertyTest.prop([finite])('a float64 goes there and back unchanged', (x) => {
  expect(toFloat64(fromNumber(x))).toEqual({ low: x === 0 ? 0 : x, high: x === 0 ? 0 : x });
  expect(midpoint(fromNumber(x))).toBeCloseTo(x, 10);
});

test('a rational is enclosed within a unit', () => {
  for (const bits of [53, 64, 1000]) {
    const a = fromRational(-10n, 7n, bits);
    expect(a.low.m * 7n <= -10n * 2n ** BigInt(-a.low.e) && a.high.m * 7n >= -10n * 2n ** BigInt(-a.high.e)).toBe(true);
    expect(a.high.m - a.low.m).toBe(1n);
  }
  expect(relativeWidth(fromRational(6n, 4n, 53))).toBe(0);
});

propertyTest.prop([fc.array(withMember(80, 300), { maxLength: 13 }), fc.constantFrom(53, 100, 700)])('sums hold the sum of members', (terms, bits) => {
  const exact = terms.reduce<Dyadic>((total, { x }) => addDyadic(total, x), { m: 0n, e: 0 });
  expect(contains(sum(terms.map(({ a }) => a), bits), exact)).toBe(true);
});

propertyTest.prop([fc.array(fc.tuple(withMember(80, 300), withMember(80, 300)), { maxLength: 11 }), fc.constantFrom(53, 100, 700)])('dot products hold those of members', (terms, bits) => {
  const exact = terms.reduce<Dyadic>((total, [{ x }, { x: y }]) => addDyadic(total, multiplyDyadic(x, y)), { m: 0n, e: 0 });
  expect(contains(dot(terms.map(([{ a }]) => a), terms.map(([, { a }]) => a), bits), exact)).toBe(true);
});

test('sums and dot products that cancel are exact at enough bits, and enclosed before', () => {
  const terms = [1e300, 1, -1e300, 2 ** -1074].map(fromNumber);
  expect(compareDyadic(sum(terms, 2200).low, addDyadic({ m: 1n, e: 0 }, { m: 1n, e: -1074 }))).toBe(0);
  const short = sum(terms, 53);
  expect(contains(short, addDyadic({ m: 1n, e: 0 }, { m: 1n, e: -1074 }))).toBe(true);
  expect(toFloat64(dot([], [], 53))).toEqual({ low: 0, high: 0 });
  expect(() => dot(terms, [], 53)).toThrow('dot: b must have length 4 (the length of a), got 0');
});

propertyTest.prop([intervals(60, 20), intervals(60, 20)])('comparison says what holds for all members, else undecided', (a, b) => {
  const expected = compareDyadic(a.high, b.low) < 0 ? 'less' : compareDyadic(b.high, a.low) < 0 ? 'greater' : 'undecided';
  const equal = [a.low, a.high, b.high].every((x) => compareDyadic(x, b.low) === 0);
  expect(compare(a, b)).toBe(equal ? 'equal' : expected);
  const flipped = { less: 'greater', greater: 'less', equal: 'equal', undecided: 'undecided' } as const;
  expect(compare(b, a)).toBe(flipped[compare(a, b)]);
});

test('signs at 0', () => {
  const zero = { m: 0n, e: 0 };
  expect([fromNumber(0), { low: zero, high: { m: 1n, e: -9999 } }, fromDyadic({ m: -1n, e: -9999 }), fromDyadic({ m: 1n, e: 9999 })].map(sign)).toEqual([0, 'undecided', -1, 1]);
});

test('sizes and widths', () => {
  expect([1, 0.999, -4, 0].map((x) => log2Size(fromNumber(x)))).toEqual([1, 0, 3, -Infinity]);
  expect(relativeWidth(hull(fromNumber(2), fromNumber(3)))).toBe(0.5);
  expect(relativeWidth(hull(fromNumber(-3), fromNumber(-2)))).toBe(0.5);
  expect(relativeWidth(hull(fromNumber(0), fromNumber(1)))).toBe(Infinity);
  expect(relativeWidth(hull(fromDyadic({ m: 1n, e: -5000 }), fromNumber(1)))).toBe(Infinity);
});

propertyTest.prop([dyadics(60, 200), fc.integer({ min: 1, max: 40 })])('decimals are the nearest of that many digits', (x, digits) => {
  fc.pre(x.m !== 0n);
  const printed = decimal(fromDyadic(x), digits);
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(printed)!;
  const fraction = match[3] ?? '';
  const exponent = Number(match[4] ?? 0) - fraction.length;
  const value = BigInt(`${match[1]}${match[2]}${fraction}`);
  const significant = `${match[2]}${fraction}`.replace(/^0+/, '').length;
  expect(significant).toBeLessThanOrEqual(digits);
  // |value 10^exponent - x| <= half a unit of `digits` digits, in integers; 1 part in 10^9 for the tie.
  const order = significant + exponent - digits;
  const low = Math.min(exponent, order, 0);
  const two = BigInt(Math.max(0, -x.e));
  const difference = ((value * 10n ** BigInt(exponent - low)) << two) - ((x.m << BigInt(Math.max(0, x.e))) * 10n ** BigInt(-low));
  const unit = 10n ** BigInt(order - low) << two;
  expect((difference < 0n ? -difference : difference) * 2_000_000_000n <= unit * 1_000_000_001n).toBe(true);
});

test('decimals of intervals print the digits that are known', () => {
  expect(decimal(fromRational(2n, 3n, 53), 40)).toBe('0.666666666666667');
  expect(decimal(exp(fromNumber(-1e12), 64), 10)).toBe('5.599797842e-434294481904');
  expect(decimal(hull(fromNumber(1), fromNumber(1.3)))).toBe('[1.0, 1.4]');
  expect(decimal(hull(fromNumber(-1e-30), fromNumber(0)))).toBe('[-1.1e-30, 0]');
  // 1e9 log10 2 = 301029995.66398..., and 10^0.66398 = 4.613.
  expect(decimal(hull(fromDyadic({ m: 1n, e: -1e9 }), fromDyadic({ m: 1n, e: 1e9 })), 3)).toBe('[2.1e-301029996, 4.7e+301029995]');
  expect(() => decimal(fromNumber(1), 0)).toThrow('decimal: digits must be an integer from 1 to 1000, got 0');
});

test.each([
  ['NaN', () => fromNumber(Number.NaN), 'fromNumber: x must be finite, got NaN'],
  ['an infinity', () => dyadicFromNumber(-Infinity), 'dyadicFromNumber: x must be finite, got -Infinity'],
  ['a denominator of 0', () => fromRational(1n, 0n, 64), 'fromRational: denominator must not be 0, got 0n'],
  ['an exponent that is no integer', () => fromDyadic({ m: 1n, e: 0.5 }), 'fromDyadic: e must be an integer below 2^53, got 0.5'],
])('%s is refused', (_, work, message) => {
  expect(work).toThrow(RangeError);
  expect(work).toThrow(message);
});

test('a mantissa that is no bigint is refused', () => {
  expect(() => fromDyadic({ m: 1 as unknown as bigint, e: 0 })).toThrow(new TypeError('fromDyadic: m must be a bigint, got 1'));
});
