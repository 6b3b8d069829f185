import { randomSource } from '@prompt-limits/core-linalg';
import { add, fromDyadic, fromNumber, midpoint, multiplyDyadic, subtract, dyadicFromNumber, type Interval } from '@prompt-limits/core-linalg/intervals';
import { describe, expect, test } from 'vitest';
import { contextId, decodeContext, gridContextMapping, locateContext, type GridContextMapping } from '../../src/index.ts';
import { allContexts, randomContexts } from './contexts.ts';

const modes = ['lemma', 'compact'] as const;

/** x moved by `share` half-widths, exactly. */
function moved(mapping: GridContextMapping, x: Interval, share: number): Interval {
  const by = fromDyadic(multiplyDyadic(mapping.halfWidth, dyadicFromNumber(share)));
  return add(x, by, mapping.bits + 128);
}

// Inside by 2^-20 of w, which an enclosure of 2^-64 w does not blur.
const inside = [1 - 2 ** -20, 2 ** -20 - 1, 0.5, -0.25];
const outside = [1 + 2 ** -20, -1 - 2 ** -20, 1.5, -2, 3];

describe.each(modes)('%s', (mode) => {
  test.each([
    [1, 2, 5, 3],
    [1, 3, 4, 4],
    [2, 2, 3, 3],
    [1, 11, 2, 2],
    [2, 3, 2, 1],
    [1, 7, 1, 1],
    [3, 2, 2, 2],
  ] as const)('d = %i, m = %i, n = %i, %i read: every context is decoded from each of its IDs, moved by almost w too', (d, m, n, reads) => {
    const mapping = gridContextMapping({ d, m, n, reads, mode });
    for (const codes of allContexts(mapping.codes)) {
      for (let token = n - reads; token < n; token++) {
        const x = contextId(mapping, codes, token);
        expect(decodeContext(mapping, x)).toEqual({ token, codes });
        for (const share of inside) {
          const found = locateContext(mapping, moved(mapping, x, share));
          expect(found.codes).toEqual(codes);
          if (found.codes) expect(midpoint({ low: dyadicFromNumber(found.offset.low), high: dyadicFromNumber(found.offset.high) })).toBeCloseTo(share, 15);
        }
        for (const share of outside) expect(locateContext(mapping, moved(mapping, x, share)).reason).toBeDefined();
      }
    }
  });

  test.each([
    [1, 20, 21, 1, 12],
    [1, 64, 65, 1, 1],
    [1, 8, 130, 2, 2],
    [2, 8, 65, 1, 1],
    [1, 7, 29, 5, 5],
    [2, 5, 13, 3, 12],
    [3, 3, 11, 11, 5],
    [1, 101, 3, 3, 12],
    [5, 2, 7, 2, 12],
  ] as const)('d = %i, m = %i, n = %i, %i read: random contexts and the extreme ones', (d, m, n, reads, count) => {
    const mapping = gridContextMapping({ d, m, n, reads, mode });
    const { R, D } = mapping.codes;
    const extremes = [0, D].map((c) => Float64Array.from({ length: n }, (_, j) => R * (j + 1) + c));
    for (const [run, codes] of [...randomContexts(mapping.codes, count, 13), ...extremes].entries()) {
      const token = n - 1 - (run % reads);
      const x = contextId(mapping, codes, token);
      expect(locateContext(mapping, moved(mapping, x, inside[run % 4]!))).toMatchObject({ token, codes });
      expect(locateContext(mapping, moved(mapping, x, outside[run % 5]!)).codes).toBeUndefined();
    }
  });

  test('neighbours in the order of IDs: the last digit to be decoded', () => {
    const mapping = gridContextMapping({ d: 1, m: 5, n: 17, reads: 1, mode });
    const [codes] = randomContexts(mapping.codes, 1, 2);
    for (let c = 0; c < 5; c++) {
      const next = codes!.with(0, mapping.codes.R + c);
      expect(decodeContext(mapping, contextId(mapping, next, 16)).codes).toEqual(next);
    }
  });

  test.each([
    [1, 7, 5, 2],
    [1, 53, 4, 3],
    [1, 211, 3, 2],
    [2, 5, 4, 4],
    [3, 7, 3, 2],
  ] as const)('d = %i, m = %i, n = %i, %i read: last digits apart by one, the rest as far as it goes the other way', (d, m, n, reads) => {
    const mapping = gridContextMapping({ d, m, n, reads, mode });
    const { R, D } = mapping.codes;
    for (let c = 0; c < D; c += Math.ceil(D / 50)) {
      for (const [top, rest] of [[c, 0], [c + 1, D]] as const) {
        const codes = Float64Array.from({ length: n }, (_, j) => R * (j + 1) + (j === n - 1 ? top : rest)).with(n - reads, R * (n - reads + 1) + 1);
        for (const share of [inside[0]!, inside[1]!]) expect(decodeContext(mapping, moved(mapping, contextId(mapping, codes, n - reads), share)).codes).toEqual(codes);
      }
    }
  });

  test('codes off the grid are near no ID: an input on a ramp, at every position', () => {
    const mapping = gridContextMapping({ d: 1, m: 5, n: 7, reads: 2, mode });
    for (const [run, codes] of randomContexts(mapping.codes, 14, 3).entries()) {
      const place = run % 7;
      const ramp = codes.with(place, Math.min(mapping.codes.R * (place + 1) + 3.625, codes[place]! + 0.375));
      for (const token of [5, 6]) expect(locateContext(mapping, contextId(mapping, ramp, token)).codes).toBeUndefined();
    }
  });

  test('scalars at random, far outside and between query codes are no IDs', () => {
    const mapping = gridContextMapping({ d: 2, m: 3, n: 5, reads: 2, mode });
    const random = randomSource(17);
    for (let run = 0; run < 200; run++) expect(locateContext(mapping, fromNumber(random.uniform() * 200)).codes).toBeUndefined();
    for (const x of [0, -1, -1e300, 1e300, 5e-324]) expect(locateContext(mapping, fromNumber(x)).reason).toMatch(/query code/);
    const last = mapping.codes.R * 5 + mapping.codes.D;
    expect(decodeContext(mapping, fromNumber((last + 1.25) / 3)).reason).toBe(`the query code ${last + 1} is none from ${mapping.codes.R * 4} to ${last}`);
  });
});

test('an ID of a token that is not read is none', () => {
  const mapping = gridContextMapping({ d: 1, m: 3, n: 4, reads: 1, mode: 'compact' });
  const [codes] = randomContexts(mapping.codes, 1, 1);
  expect(locateContext(mapping, contextId(mapping, codes!, 2)).reason).toMatch(/query code/);
});

test('bad input: an enclosure too wide to decide', () => {
  const mapping = gridContextMapping({ d: 1, m: 3, n: 4, reads: 1, mode: 'compact' });
  const x = contextId(mapping, randomContexts(mapping.codes, 1, 1)[0]!, 3);
  const wide = { low: subtract(x, fromDyadic(mapping.halfWidth), 200).low, high: x.high };
  expect(() => decodeContext(mapping, wide)).toThrow(/decodeContext: x must be at most halfWidth = 2\^-\d+ wide, got one of about 2\^-\d+/);
});
