import { fc, test as propertyTest } from '@fast-check/vitest';
import { add, contains, divide, exp, fromNumber, log, multiply, subtract, type Interval } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { float64Reals as r } from '../../src/intervals/reals.ts';

const finite = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ min: -50, max: 50, noNaN: true }), fc.constantFrom(0, -0, 5e-324, -5e-324, 2 ** -1022, 2 ** -1021, 1, -2, Number.MAX_VALUE));

/** Whether the float64 interval holds the number that 3000 bits enclose. */
function holds({ low, high }: { low: number; high: number }, exact: Interval): boolean {
  return (low === -Infinity || contains({ low: fromNumber(low).low, high: exact.high }, exact.low)) && (high === Infinity || contains({ low: exact.low, high: fromNumber(high).low }, exact.high));
}

propertyTest.prop([finite, finite])('+ - * / of two numbers hold the exact result, at most 2 units wide', (x, y) => {
  const [a, b, p, q] = [r.of(x), r.of(y), fromNumber(x), fromNumber(y)];
  const results = [
    [r.add(a, b), add(p, q, 3000)],
    [r.subtract(a, b), subtract(p, q, 3000)],
    [r.multiply(a, b), multiply(p, q, 3000)],
    ...(y > 0 ? [[r.divide(a, b), divide(p, q, 3000)] as const] : []),
  ] as const;
  for (const [got, exact] of results) {
    expect(holds(got, exact), `${x} ${y} ${JSON.stringify(got)}`).toBe(true);
    if (Number.isFinite(got.low) && Number.isFinite(got.high)) expect(got.high / 4 - got.low / 4).toBeLessThanOrEqual(Math.max(Math.abs(got.low), Math.abs(got.high)) * 2 ** -52 + 2 ** -1072);
  }
});

propertyTest.prop([fc.double({ min: -800, max: 800, noNaN: true })])('exp and log hold the exact result', (x) => {
  expect(holds(r.exp(r.of(x)), exp(fromNumber(x), 200))).toBe(true);
  if (x > 0) expect(holds(r.log(r.of(x)), log(fromNumber(x), 200))).toBe(true);
});

const interval = fc.tuple(finite, finite).map(([x, y]) => ({ low: Math.min(x, y), high: Math.max(x, y) }));

propertyTest.prop([interval, interval, fc.boolean(), fc.boolean()])('of two intervals: the results of their ends are held', (a, b, atHighA, atHighB) => {
  const [x, y] = [atHighA ? a.high : a.low, atHighB ? b.high : b.low];
  expect(holds(r.add(a, b), add(fromNumber(x), fromNumber(y), 3000))).toBe(true);
  expect(holds(r.subtract(a, b), subtract(fromNumber(x), fromNumber(y), 3000))).toBe(true);
  expect(holds(r.multiply(a, b), multiply(fromNumber(x), fromNumber(y), 3000))).toBe(true);
  if (b.low > 0) expect(holds(r.divide(a, b), divide(fromNumber(x), fromNumber(y), 3000))).toBe(true);
  expect(holds(r.absolute(a), fromNumber(Math.abs(x)))).toBe(true);
});

test('exact sums stay exact; a 0 times an unbounded end is no NaN; a divisor that may be 0 says nothing', () => {
  expect(r.subtract(r.of(12), r.of(3.5))).toEqual({ low: 8.5, high: 8.5 });
  expect(r.bounds(r.multiply({ low: 0, high: Infinity }, r.of(0)))).toEqual({ low: 0, high: 0 });
  expect(r.divide(r.of(1), { low: 0, high: 1 })).toEqual({ low: -Infinity, high: Infinity });
  expect(r.add({ low: 0, high: Infinity }, { low: -Infinity, high: 0 })).toEqual({ low: -Infinity, high: Infinity });
  expect([r.sign(r.of(2)), r.sign(r.of(-2)), r.sign(r.of(0)), r.sign({ low: 0, high: 1 })]).toEqual([1, -1, 0, 'undecided']);
});
