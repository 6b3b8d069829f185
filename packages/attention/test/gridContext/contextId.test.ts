import { fc, test } from '@fast-check/vitest';
import { randomSource, zeroTokens } from '@prompt-limits/core-linalg';
import {
  add,
  compare,
  compareDyadic,
  divide,
  dyadicFromNumber,
  exp,
  fromDyadic,
  fromNumber,
  fromRational,
  intersect,
  multiply,
  multiplyDyadic,
  negateDyadic,
  subtract,
  subtractDyadic,
  toFloat64,
  type Dyadic,
  type Interval,
} from '@prompt-limits/core-linalg/intervals';
import { expect } from 'vitest';
import { applyUpToAttention, contextId, gridContextMapping, positionedDigits, type GridContextMapping } from '../../src/index.ts';
import { allContexts, naiveId, randomContexts } from './contexts.ts';

const widthAtMost = (x: Interval, bits: number): boolean => compareDyadic(subtractDyadic(x.high, x.low), { m: 1n, e: -bits }) <= 0;

/** x in order: neighbours decide the smallest distance. */
const sorted = (ids: Interval[]): Interval[] => [...ids].sort((a, b) => compareDyadic(a.low, b.low));

const small = [
  [1, 2, 3, 1],
  [1, 3, 4, 2],
  [1, 2, 5, 5],
  [2, 2, 3, 3],
  [1, 7, 3, 2],
  [1, 13, 2, 2],
  [3, 2, 2, 1],
  [1, 5, 1, 1],
] as const;

for (const mode of ['lemma', 'compact'] as const) {
  test.each(small)(`${mode}, d = %i, m = %i, n = %i, %i read: every ID agrees with the formula, and all lie farther apart than proven`, (d, m, n, reads) => {
    const mapping = gridContextMapping({ d, m, n, reads, mode });
    const bits = mapping.bits + 32;
    const ids: Interval[] = [];
    for (const codes of allContexts(mapping.codes)) {
      for (let token = n - reads; token < n; token++) {
        const id = contextId(mapping, codes, token);
        expect(widthAtMost(id, mapping.bits)).toBe(true);
        expect(intersect(id, naiveId(mapping, codes, token, bits))).toBeDefined();
        ids.push(id);
      }
    }
    const order = sorted(ids);
    for (let i = 1; i < order.length; i++) {
      const gap = subtract(order[i]!, order[i - 1]!, bits);
      expect(compareDyadic(gap.low, mapping.gap.interval.high)).toBe(1);
    }
  });
}

test('the proven gap is not idle: compact gaps measured are within 2^20 of it', () => {
  for (const [d, m, n, reads] of small.slice(0, 4)) {
    const mapping = gridContextMapping({ d, m, n, reads, mode: 'compact' });
    const order = sorted(allContexts(mapping.codes).flatMap((codes) => Array.from({ length: reads }, (_, k) => contextId(mapping, codes, n - 1 - k))));
    const least = order.slice(1).reduce((smallest, x, i) => {
      const gap = subtract(x, order[i]!, 128);
      return compareDyadic(gap.low, smallest) < 0 ? gap.low : smallest;
    }, dyadicFromNumber(1));
    expect(compareDyadic(least, multiplyDyadic(mapping.gap.interval.low, dyadicFromNumber(2 ** 20)))).toBe(-1);
  }
});

test.prop([fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 0, max: 4 })], { numRuns: 30 })('any precision: intervals meet those of the mapping and are as narrow as asked', (bits, token) => {
  const mapping = gridContextMapping({ d: 2, m: 3, n: 5, reads: 5, mode: 'compact' });
  const [codes] = randomContexts(mapping.codes, 1, 5);
  const id = contextId(mapping, codes!, token, bits);
  expect(widthAtMost(id, bits)).toBe(true);
  expect(intersect(id, contextId(mapping, codes!, token))).toBeDefined();
});

/** A code off the grid as the formula has it. */
function naive(mapping: GridContextMapping, codes: readonly (number | Dyadic)[], token: number, bits: number): Interval {
  const exact = codes.map((a) => (typeof a === 'number' ? dyadicFromNumber(a) : a));
  const lambda = multiplyDyadic(mapping.beta, exact[token]!);
  let [total, weighted] = [fromNumber(0), fromNumber(0)];
  for (const a of exact) {
    const weight = exp(fromDyadic(multiplyDyadic(lambda, subtractDyadic(a, exact.at(-1)!))), bits);
    total = add(total, weight, bits);
    weighted = add(weighted, multiply(weight, fromDyadic(a), bits), bits);
  }
  const mean = divide(weighted, total, bits);
  return multiply(add(fromDyadic(exact[token]!), multiply(fromNumber(mapping.kappa), mean, bits), bits), fromRational(1n, BigInt(mapping.codes.m), bits), bits);
}

test.each(['lemma', 'compact'] as const)('%s: codes off the grid, of keys and of the query, in numbers and dyadics', (mode) => {
  const mapping = gridContextMapping({ d: 1, m: 7, n: 5, reads: 2, mode });
  const random = randomSource(11);
  for (let run = 0; run < 20; run++) {
    const [codes] = randomContexts(mapping.codes, 1, run);
    const mixed: (number | Dyadic)[] = Array.from(codes!);
    const place = random.integer(5);
    const moved = codes![place]! - random.uniform();
    mixed[place] = run % 2 === 0 ? Math.min(moved, mapping.codes.R * 5 + 6) : { m: dyadicFromNumber(moved).m * 2n ** 70n + 1n, e: dyadicFromNumber(moved).e - 70 };
    // The last code has to stay at its position.
    if (place === 4) mixed[4] = codes![4]! + 0.25 * (run % 3) * (mapping.codes.R * 5 + 6 - codes![4]!);
    for (const token of [3, 4]) {
      const id = contextId(mapping, mixed, token);
      expect(widthAtMost(id, mapping.bits)).toBe(true);
      expect(intersect(id, naive(mapping, mixed, token, mapping.bits + 64))).toBeDefined();
    }
  }
});

test('the head in float64 computes the same IDs, to its rounding', () => {
  for (const mode of ['lemma', 'compact'] as const) {
    for (const [d, m, n, reads] of [[1, 5, 4, 2], [2, 4, 3, 3], [3, 3, 2, 1]] as const) {
      const mapping = gridContextMapping({ d, m, n, reads, mode });
      const { codes: grid, head } = mapping;
      for (const codes of randomContexts(grid, 20, 7)) {
        const digits = positionedDigits(grid, codes);
        const z = zeroTokens(d, n);
        digits.forEach((digit, at) => (z.data[at] = grid.rho * (Math.floor(at / d) + 1) + digit / m));
        const q = applyUpToAttention({ before: [], heads: [head] }, z);
        for (let k = n - reads; k < n; k++) {
          let x = 0;
          for (let i = 0; i < d; i++) x += grid.direction[i]! * q.data[k * d + i]!;
          // kappa A / m <= 1 / (2 m): scores up to S move the mean, below G, by about 2 S 2^-53 G of it; u.q adds d + 2 roundings of x.
          const top = grid.R * n + grid.D;
          const S = Number(mapping.beta.m) * 2 ** mapping.beta.e * top * top;
          const tolerance = (4 * (d + 4) * S + 16 * (n + d)) * 2 ** -53 * ((2 * top) / m);
          expect(Math.abs(x - toFloat64(contextId(mapping, codes, k)).low)).toBeLessThan(tolerance);
        }
      }
    }
  }
});

test('a larger code lowers the mean unless it is the last: order is lexicographic, read from the end', () => {
  const mapping = gridContextMapping({ d: 1, m: 11, n: 7, reads: 1, mode: 'compact' });
  const contexts = randomContexts(mapping.codes, 40, 3).map((codes) => codes.with(6, mapping.codes.R * 7 + 5));
  const byCodes = contexts.sort((a, b) => {
    for (let j = 6; j >= 0; j--) if (a[j] !== b[j]) return b[j]! - a[j]!;
    return 0;
  });
  const ids = byCodes.map((codes) => contextId(mapping, codes, 6));
  for (let i = 1; i < ids.length; i++) expect(compare(ids[i - 1]!, ids[i]!)).toBe('less');
});

test('bad input', () => {
  const mapping = gridContextMapping({ d: 1, m: 3, n: 2, reads: 1, mode: 'lemma' });
  expect(() => contextId(mapping, [3], 1)).toThrow(new RangeError('contextId: codes must have length 2 (n), got 1'));
  expect(() => contextId(mapping, [3, 6], 2)).toThrow(new RangeError('contextId: token must be an integer from 0 to 1, got 2'));
  expect(() => contextId(mapping, [3, 5], 1)).toThrow(new RangeError('contextId: codes[1] must lie in [6, 8], got 5'));
  expect(() => contextId(mapping, [NaN, 6], 1)).toThrow(new RangeError('contextId: codes[0] must lie in [0, 8], got NaN'));
  expect(() => contextId(mapping, [negateDyadic({ m: 1n, e: 0 }), 6], 1)).toThrow('codes[0] must lie in [0, 8], got -1 2^0');
  expect(() => contextId(mapping, ['3' as never, 6], 1)).toThrow(TypeError);
  expect(() => contextId(mapping, [0, 6], 0)).toThrow('contextId: codes[0] must be above 0, got 0');
  expect(() => contextId(mapping, [3, 6], 1, 2e6)).toThrow('the compact mode needs fewer');
});
