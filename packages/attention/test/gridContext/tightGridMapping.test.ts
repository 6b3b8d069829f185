import { fromDyadic, compareDyadic, dyadicFromNumber, midpoint } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { applyUpToAttention, contextDigits, gridCodes, inSingleAttentionClass, positionedCodes, positionedTokens, tightGridMapping, tightId } from '../../src/index.ts';
import { idle } from '../transformer/networks.ts';
import { naiveMean } from './contexts.ts';

const sizes = [
  [1, 3, 2, 1],
  [1, 4, 3, 1],
  [1, 5, 4, 1],
  [1, 10, 2, 2],
  [2, 5, 2, 1],
  [1, 3, 5, 3],
  [3, 3, 2, 2],
  [1, 1, 7, 1],
] as const;

test.each(sizes)('d = %i, n = %i, m = %i, %i read: every ID from the formula at 200 bits', (d, n, m, reads) => {
  const mapping = tightGridMapping({ d, m, n, reads });
  const { codes, beta, kappa, gapProven, gap, rounding, halfWidth, ids, head } = mapping;
  const count = m ** (d * n);
  expect(ids.centres.length).toBe(count * reads);
  // Every read token of every context is there once.
  expect(new Set(ids.contexts.map((c, i) => c * n + ids.tokens[i]!)).size).toBe(count * reads);
  const exact = Array.from(ids.centres, (centre, i) => {
    const a = positionedCodes(codes, contextDigits(codes, ids.contexts[i]!));
    const query = a[ids.tokens[i]!]!;
    const lambda = { m: dyadicFromNumber(beta).m * BigInt(query), e: dyadicFromNumber(beta).e };
    const mean = midpoint(naiveMean(a, lambda, 200));
    const id = (query + kappa * mean) / m;
    // The reference adds at most 4 roundings of its own.
    expect(Math.abs(centre - id)).toBeLessThanOrEqual(rounding + 4 * 2 ** -53 * id);
    return id;
  });
  for (let i = 1; i < exact.length; i++) {
    expect(ids.centres[i]! - ids.centres[i - 1]!).toBeGreaterThanOrEqual(gap);
    expect(exact[i]! - exact[i - 1]!).toBeGreaterThan(gapProven - 2 ** -50 * exact[i]!);
  }
  expect(2 * halfWidth).toBeLessThanOrEqual(gap);
  expect(Number.isInteger(Math.log2(halfWidth))).toBe(true);
  // Far above float64's rounding.
  expect(gap / rounding).toBeGreaterThan(1e5);
  expect(kappa * (codes.R * n + codes.D)).toBeLessThanOrEqual(0.5);
  expect(inSingleAttentionClass({ before: [idle(d)], heads: [head], after: [idle(d)] }, { form: 'B', h: 1, s: 1, r: 1, rank: 1 }).member).toBe(true);
});

test('centres are bit for bit what the network computes, m a power of two or not', () => {
  for (const [d, n, m, reads] of sizes) {
    const mapping = tightGridMapping({ d, m, n, reads });
    const { centres, contexts, tokens } = mapping.ids;
    for (let i = 0; i < centres.length; i += 7) {
      const z = positionedTokens(mapping.codes, contextDigits(mapping.codes, contexts[i]!));
      expect(tightId(mapping, z, tokens[i]!)).toBe(centres[i]);
      // A neuron whose weights are u / w sees the same sum over w.
      const q = applyUpToAttention({ before: [], heads: [mapping.head] }, z);
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (mapping.codes.direction[c]! / mapping.halfWidth) * q.data[tokens[i]! * d + c]!;
      expect(sum).toBe(centres[i]! / mapping.halfWidth);
    }
  }
});

test('the temperature matters: halved or doubled, the smallest gap shrinks', () => {
  const { gap, codes, head, kappa, beta } = tightGridMapping({ d: 1, m: 3, n: 4, reads: 1 });
  for (const factor of [0.25, 4]) {
    const other = { codes, head: { ...head, wQ: head.wQ.clone().mul(factor) } };
    const ids = Float64Array.from({ length: 81 }, (_, c) => tightId(other, positionedTokens(codes, contextDigits(codes, c)), 3)).sort();
    let least = Infinity;
    for (let i = 1; i < 81; i++) least = Math.min(least, ids[i]! - ids[i - 1]!);
    expect(least).toBeLessThan(gap / 2);
  }
  expect(kappa).toBe(2 ** -5);
  expect(compareDyadic(fromDyadic(dyadicFromNumber(beta)).low, { m: 1n, e: 0 })).toBe(-1);
});

test('positioned tokens are the nearest float64 of their fractions', () => {
  const grid = gridCodes({ d: 1, m: 7, n: 3, rho: 3 });
  expect(positionedTokens(grid, [3, 0, 6]).data).toEqual(Float64Array.of((3 * 7 + 3) / 7, 6, (9 * 7 + 6) / 7));
  expect(() => positionedTokens(grid, [7, 0, 0])).toThrow(RangeError);
});

test('bad input', () => {
  expect(() => tightGridMapping({ d: 1, m: 2, n: 17, reads: 1 })).toThrow(new RangeError('tightGridMapping: m^(d n) must be at most 65536 contexts, got 2^17; lemma and compact mode list none'));
  expect(() => tightGridMapping({ d: 1, m: 2, n: 16, reads: 5 })).toThrow(new RangeError('tightGridMapping: m^(d n) reads must be at most 262144 IDs, got 327680'));
  expect(() => tightGridMapping({ d: 1, m: 2, n: 3, reads: 4 })).toThrow(RangeError);
  expect(() => contextDigits(gridCodes({ d: 1, m: 2, n: 3 }), 8)).toThrow(new RangeError('contextDigits: index must be an integer from 0 to 7, got 8'));
  const mapping = tightGridMapping({ d: 1, m: 2, n: 3, reads: 1 });
  expect(() => tightId(mapping, positionedTokens(gridCodes({ d: 1, m: 2, n: 2 }), [0, 0]), 0)).toThrow(new RangeError('tightId: z must be 1 x 3, got 1 x 2'));
});
