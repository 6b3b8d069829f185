import { numericalRank } from '@prompt-limits/core-linalg';
import { compare, compareDyadic, fromDyadic, fromNumber, log, multiply, multiplyDyadic, dyadicFromNumber, toFloat64 } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { gridContextMapping, gridSeparation, inSingleAttentionClass } from '../../src/index.ts';
import { idle } from '../transformer/networks.ts';

const sizes = [
  [1, 20, 21, 1],
  [1, 64, 65, 1],
  [1, 8, 130, 2],
  [2, 8, 65, 1],
  [3, 5, 126, 1],
  [1, 7, 700, 7],
  [1, 2, 2, 2],
  [1, 101, 2, 2],
  [2, 31, 3, 3],
  [7, 3, 5, 1],
] as const;

test.each(sizes)('lemma mode, d = %i, m = %i, n = %i, %i read: step 1, spacing above 4 ln n, a gap above that of Lemma C.9', (d, m, n, reads) => {
  const mapping = gridContextMapping({ d, m, n, reads, mode: 'lemma' });
  const { codes, beta, gap, separation } = mapping;
  expect([codes.rho, separation.proven]).toEqual([1, true]);
  const least = multiplyDyadic(beta, dyadicFromNumber(codes.R * (n - reads + 1)));
  expect(compare(fromDyadic(least), multiply(fromNumber(4), log(fromNumber(n), 128), 128))).toBe('greater');
  expect(gap.log10 / Math.log10(2)).toBeGreaterThan(mapping.paperGapLog2!);
});

test.each(sizes)('compact mode, d = %i, m = %i, n = %i, %i read: O(n log m^d) bits', (d, m, n, reads) => {
  const mapping = gridContextMapping({ d, m, n, reads, mode: 'compact' });
  const { codes, beta, separation, bits, paperGapLog2 } = mapping;
  const { R, D, rho } = codes;
  expect([separation.proven, paperGapLog2]).toEqual([true, null]);
  // The conditions are those of the least temperature.
  const lambda = multiplyDyadic(beta, dyadicFromNumber(R * (n - reads + 1)));
  expect(gridSeparation({ R, D, lambda, onlyLast: reads === 1 })).toEqual(separation);
  // lambda R near ln(2 D) + ln(1 + ln 2 D) a token at the least temperature; the largest is (R n + D) / (R (n - reads + 1)) times that, and D
  // reaches 1 / rho of a position beyond. 64 bits resolve, the rest are kappa, m and mu.
  const each = (Math.log2(2 * D) + Math.log2(2 + Math.log(2 * D))) * (1 + 2 / rho);
  const spread = (R * n + D) / (R * (n - reads + 1));
  expect(bits).toBeLessThan(each * n * spread + Math.log2(2 * m * (R * n + D)) + 64 + 20);
  expect(bits).toBeGreaterThan((n - 1) * d * Math.log2(m) + 64);
});

test.each(['lemma', 'compact'] as const)('%s: kappa, half-width and bits keep what they promise; the head is exact, of size and rank 1', (mode) => {
  for (const [d, m, n, reads] of sizes) {
    const { codes, beta, kappa, gap, halfWidth, bits, head } = gridContextMapping({ d, m, n, reads, mode });
    const { R, D } = codes;
    expect(kappa * (R * n + D)).toBeLessThanOrEqual(0.5);
    expect(kappa * (R * n + D)).toBeGreaterThan(0.125);
    expect(compareDyadic(multiplyDyadic({ m: 16n, e: 0 }, halfWidth), gap.interval.low)).toBeLessThanOrEqual(0);
    expect(bits).toBe(64 - halfWidth.e);
    for (let i = 0; i < d; i++) {
      const u = dyadicFromNumber(m ** i);
      const wanted = multiplyDyadic(multiplyDyadic(beta, dyadicFromNumber(m * m)), u);
      expect(compareDyadic(dyadicFromNumber(head.wQ.get(0, i)), wanted)).toBe(0);
      expect([head.wK.get(0, i), head.wV.get(0, i), head.wO.get(i, 0)]).toEqual([m ** i, m ** i, i === 0 ? kappa : 0]);
    }
    expect(numericalRank(head.wQ)).toBe(1);
    expect(inSingleAttentionClass({ before: [idle(d, 4)], heads: [head], after: [idle(d, 4)] }, { form: 'A', h: 1, s: 1, r: 4, rank: 1 })).toEqual({ member: true, reasons: [] });
    // The deep form relies on it: labels in [0, 1]^d have u.y <= S, below every ID of a read token by more than w.
    const S = D / (m - 1);
    expect((R * (n - reads + 1) + kappa * R) / m).toBeGreaterThan(S + toFloat64(fromDyadic(halfWidth)).high);
  }
});

test('one bit more a digit, not a square: bits in compact mode against lemma mode', () => {
  const bits = (mode: 'lemma' | 'compact', n: number): number => gridContextMapping({ d: 1, m: 5, n, reads: 1, mode }).bits;
  // Twice the tokens: twice the bits, and in lemma mode ln n more.
  for (const n of [101, 202, 404]) {
    expect(bits('compact', 2 * n) / bits('compact', n)).toBeLessThan(2.02);
    expect(bits('lemma', 2 * n) / bits('lemma', n)).toBeGreaterThan(2.1);
  }
});

test('bad input', () => {
  const good = { d: 1, m: 3, n: 2, reads: 1, mode: 'lemma' } as const;
  expect(() => gridContextMapping({ ...good, m: 1 })).toThrow(new RangeError('gridContextMapping: m must be at least 2, got 1'));
  expect(() => gridContextMapping({ ...good, reads: 3 })).toThrow(new RangeError('gridContextMapping: reads must be an integer from 1 to 2, got 3'));
  expect(() => gridContextMapping({ ...good, reads: 0 })).toThrow(RangeError);
  expect(() => gridContextMapping({ ...good, n: 0 })).toThrow(RangeError);
  expect(() => gridContextMapping({ ...good, mode: 'tight' as 'lemma' })).toThrow('mode must be one of lemma, compact, got "tight"');
  expect(() => gridContextMapping({ ...good, d: 40, m: 7 })).toThrow('must be below 2^50');
  expect(() => gridContextMapping({ ...good, d: 1, m: 2 ** 24, n: 2 })).toThrow('m^(d + 1) must be at most 2^45');
});
