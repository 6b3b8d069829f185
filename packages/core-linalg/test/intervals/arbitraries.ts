import { fc } from '@fast-check/vitest';
import { compareDyadic, type Dyadic, type Interval } from '../../src/intervals/index.ts';

/** Integers of up to `bits` bits, of every length and with long runs of equal bits. */
const integers = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.integer({ min: 1, max: bits }).chain((n) => fc.bigInt({ min: -(1n << BigInt(n)) + 1n, max: (1n << BigInt(n)) - 1n })),
    fc.tuple(fc.integer({ min: 1, max: bits }), fc.integer({ min: -2, max: 2 })).map(([n, k]) => (1n << BigInt(n)) + BigInt(k)),
  );

/** Dyadic numbers with mantissas of up to `bits` bits and magnitudes around 2^-top to 2^top. */
export const dyadics = (bits: number, top: number): fc.Arbitrary<Dyadic> =>
  fc
    .tuple(integers(bits), fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -top, max: top })))
    .map(([m, exponent]) => ({ m, e: exponent - m.toString(2).length }));

/** Intervals between two of them. */
export const intervals = (bits: number, top: number): fc.Arbitrary<Interval> =>
  fc.tuple(dyadics(bits, top), dyadics(bits, top), fc.boolean()).map(([x, y, point]) => (point ? { low: x, high: x } : ordered(x, y)));

/** An interval and a number in it. */
export const withMember = (bits: number, top: number): fc.Arbitrary<{ a: Interval; x: Dyadic }> =>
  fc.tuple(dyadics(bits, top), dyadics(bits, top), dyadics(bits, top)).map((three) => {
    const [low, x, high] = three.sort(compareDyadic) as [Dyadic, Dyadic, Dyadic];
    return { a: { low, high }, x };
  });

const ordered = (x: Dyadic, y: Dyadic): Interval => (compareDyadic(x, y) <= 0 ? { low: x, high: y } : { low: y, high: x });

/** The precisions of the tests. */
export const precisions = [53, 64, 113, 256, 1000, 5000] as const;
